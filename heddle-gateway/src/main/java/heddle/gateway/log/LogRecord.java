package heddle.gateway.log;

/** A message to be kept. */
public interface LogRecord {

    /** The name of the client that sent it; at most {@link Block#NAME_BYTES_MAX} bytes of UTF-8. */
    String client();

    /** Its number among those of its client, unsigned; 0 if it is not numbered. */
    long clientSequence();

    /** Its bytes; not changed, not kept. */
    byte[] payload();
}
