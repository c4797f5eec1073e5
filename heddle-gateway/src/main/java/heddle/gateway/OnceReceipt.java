package heddle.gateway;

/** Who wants to know what became of a {@link Sequence}: of its resume and of its messages, by their numbers. */
public interface OnceReceipt extends Receipt {

    /**
     * What became of the resume. Called once if {@link Sink#resume} returned success; before it, all that older turns
     * of the name had handed over is kept or refused for good.
     *
     * @param id as given to {@link Sink#resume}
     * @param result {@link Result#SUCCESS}; or {@link Result#NOT_STORED}, and the turn has not begun
     * @param highest the highest number kept for the name; 0 for none, and after a failure
     */
    void resumed(long id, int result, long highest);
}
