package heddle.gateway;

/** Who wants to know what became of a message. Called by the sink's writer, so it must neither wait nor throw. */
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
     * A message's fate is known.
     *
     * @param id as given to {@link Sink#offer}
     * @param result {@link Result#SUCCESS}, {@link Result#NOT_STORED}, or {@link Result#IN_DOUBT} if the commit failed
     *     in a way that may have left it on the disk; of a message with a {@link Sequence} also {@link
     *     Result#OUT_OF_SEQUENCE} and {@link Result#TAKEN_OVER}
     */
    void settled(long id, int result);

    /** For now, no more {@link #settled} follows for messages of this receipt: pass on what was gathered. */
    void flush();
}
