package heddle.net;

/** The address of both ends of a {@link Pipe}. */
enum PipeAddr implements Addr {
    INSTANCE;

    @Override
    public String network() {
        return "pipe";
    }

    @Override
    public String toString() {
        return "pipe";
    }
}
