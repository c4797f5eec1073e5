package heddle.gateway;

/** Keeps messages of a store from being dropped by retention, for whoever has still to read them. Any thread. */
public interface Hold extends AutoCloseable {

    /**
     * Moves on.
     *
     * @param number what must stay: this message and those behind it
     */
    void moveTo(long number);

    /** Nothing must stay any more. */
    @Override
    void close();
}
