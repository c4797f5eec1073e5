package heddle.internal.sched;

/**
 * What a processor does when it has nothing to run: wait for the network. Implemented by the poller, so that the
 * scheduler need not know it.
 */
public interface IdlePoll {

    /** Forever, as a timeout. */
    long FOREVER = -1;

    /** A poll that returns fewer has left no event of the network; one that returns as many or more may have. */
    int BATCH = 128;

    /**
     * Dispatches what is ready, waiting for it at most {@code timeoutNanos}: 0 looks only, {@link #FOREVER} waits for
     * an event, a deadline or {@link #wakeUp}. Called by one thread at a time. Never throws. Makes threads runnable
     * only once its wait is over: the scheduler takes the first of them for the sign that its carrier is awake.
     *
     * @return how many events and deadlines there were
     */
    int poll(long timeoutNanos);

    /** Whether so much was asked of this that it should poll before the next turn. By the thread that polls. */
    default boolean isDue() {
        return false;
    }

    /** Ends the current wait of {@link #poll}, or else the next one. Any thread; neither blocks nor throws. */
    void wakeUp();
}
