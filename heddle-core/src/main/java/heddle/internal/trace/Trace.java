package heddle.internal.trace;

/**
 * What one runtime notes about itself, for those who watch it: counters, slow waits, the time of the last tick, events for the flight
 * recorder. Made with the runtime and handed to each floor. Any thread.
 */
public final class Trace {

    private final Counters counters = new Counters();
    private final CoarseClock clock = new CoarseClock();
    private final Waits waits = new Waits(clock);
    private final Recorder recorder = new Recorder();

    public Counters counters() {
        return counters;
    }

    public CoarseClock clock() {
        return clock;
    }

    public Waits waits() {
        return waits;
    }

    public Recorder recorder() {
        return recorder;
    }
}
