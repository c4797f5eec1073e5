package heddle.gateway.log;

/** Gets what a {@link LogReader} reads, in the order of the numbers. */
public interface LogVisitor {

    /** A message. */
    void message(long number, long millis, String client, long sequence, byte[] payload);

    /** Numbers that are not there any more, {@code why} in words. */
    void gap(long first, long last, String why);
}
