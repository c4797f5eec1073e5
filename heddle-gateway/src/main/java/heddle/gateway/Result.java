package heddle.gateway;

/** What an ack says: its last byte. */
public final class Result {

    /** Introduced; or: the message is kept. */
    public static final int SUCCESS = 0;

    /** The request was malformed or unknown. */
    public static final int MALFORMED = 1;

    /** Not introduced, or not allowed. */
    public static final int NOT_ALLOWED = 2;

    /** Try again later: there is no room now. */
    public static final int OVERLOADED = 3;

    /** The sink never takes a message of this size. */
    public static final int TOO_LARGE = 4;

    /** Try again later: storing failed. */
    public static final int NOT_STORED = 5;

    /** Of a message that is kept once: its number is not the next one. It is not kept. */
    public static final int OUT_OF_SEQUENCE = 6;

    /** Of a message that is kept once: another connection has resumed the client's name. It is not kept. */
    public static final int TAKEN_OVER = 7;

    /** Of a message that is kept once: it may or may not be kept, as its commit failed half-way. A resume tells. */
    public static final int IN_DOUBT = 8;

    /** Never on the wire: the connection ended before the ack. The message may or may not have been taken. */
    public static final int UNKNOWN = -1;

    /**
     * Never on the wire: the server closed one connection after the other at this message, and answered nothing behind
     * it. Most likely the message is larger than the largest frame that the server takes, and so not kept. The client
     * infers that: a server that keeps a message and then fails at it every time looks the same.
     */
    public static final int NOT_TAKEN = -2;

    private Result() {}

    /**
     * The result in words.
     *
     * @param result one of the constants
     * @return a phrase for a message to a person
     */
    public static String text(int result) {
        return switch (result) {
            case SUCCESS -> "success";
            case MALFORMED -> "malformed or unknown";
            case NOT_ALLOWED -> "not introduced or not allowed";
            case OVERLOADED -> "overloaded, try again later";
            case TOO_LARGE -> "message too large for the sink";
            case NOT_STORED -> "not stored, try again later";
            case OUT_OF_SEQUENCE -> "out of sequence";
            case TAKEN_OVER -> "another connection has resumed this name";
            case IN_DOUBT -> "in doubt, may or may not be kept";
            case UNKNOWN -> "connection lost before the ack";
            case NOT_TAKEN -> "the server closes the connection at it: probably larger than its --max-frame";
            default -> "result " + result;
        };
    }
}
