package heddle.gateway;

/**
 * Who wants to know what became of a message. Called by a thread of the sink's, on which other messages wait, or by the
 * one that offers, within the call; so it must neither wait nor throw. Several may call at a time.
 */
public interface Receipt {

    /**
     * Whose messages these are.
     *
     * @return the client's name; empty for one that has none
     */
    default String name() {
        return "";
    }

    /**
     * Who sends these messages: sources take turns at a sink, and share its room. What comes from one keeps its order.
     *
     * @return one object for each connection, compared by identity
     */
    default Object source() {
        return this;
    }

    /**
     * A message's fate is known.
     *
     * @param id as given to {@link Sink#offer}
     * @param result {@link Result#SUCCESS}, {@link Result#NOT_STORED}, or {@link Result#IN_DOUBT} if it failed in a way
     *     that may have left it where the sink keeps messages; {@link Result#OVERLOADED} or {@link Result#TOO_LARGE} if
     *     that was found out only after it was taken; of a message with a {@link Sequence} also {@link
     *     Result#OUT_OF_SEQUENCE} and {@link Result#TAKEN_OVER}
     */
    void settled(long id, int result);

    /**
     * For now, no more {@link #settled} follows for messages of this receipt: pass on what was gathered. Follows soon,
     * as the bytes of a message count as in flight until then.
     */
    void flush();
}
