package heddle.gateway;

/** Who wants to know what became of a message. Called by the sink's writer, so it must neither wait nor throw. */
public interface Receipt {

    /**
     * A message's fate is known.
     *
     * @param id as given to {@link Sink#offer}
     * @param result {@link Result#SUCCESS} or {@link Result#NOT_STORED}
     */
    void settled(long id, int result);

    /** For now, no more {@link #settled} follows for messages of this receipt: pass on what was gathered. */
    void flush();
}
