package heddle.internal.sched;

/**
 * A poller without a kernel. Its sleep lasts until it is woken or until {@link #othersAreDone}: if nobody woke it by
 * then, nobody will, so that no time need pass to see that a wake-up is lost.
 */
final class ScriptedPoll implements IdlePoll {

    /** All that its sleep could have waited for has happened. */
    volatile boolean othersAreDone;

    /** It slept on although there was something to wake it for; the polling thread's. */
    boolean overslept;

    private volatile boolean woken;

    boolean isWoken() {
        return woken;
    }

    @Override
    public int poll(long timeoutNanos) {
        if (timeoutNanos != 0) {
            boolean done = false;
            while (!woken && !done) {
                Thread.onSpinWait();
                done = othersAreDone;
            }
            overslept |= !woken;
            woken = false;
        }
        return 0;
    }

    @Override
    public void wakeUp() {
        woken = true;
    }
}
