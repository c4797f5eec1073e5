package heddle.lab;

/**
 * How far a run may go.
 *
 * @param connections how many connections S1 opens
 * @param slow whether what takes minutes is played
 */
public record Settings(int connections, boolean slow) {}
