package heddle.internal.poll;

import java.util.function.Consumer;

/**
 * A poller without a kernel. Its sleep lasts until it is woken or until {@link #othersAreDone}: if nobody woke it by
 * then, nobody will, so that no time need pass to see that a wake-up is lost.
 */
class ScriptedPoller extends Poller {

    /** All that its sleep could have waited for has happened. */
    volatile boolean othersAreDone;

    private volatile boolean signalled;

    /** What became of the last sleep; the polling thread's. */
    String slept = "NOT_YET";

    ScriptedPoller() {
        super(Slots.TRACE, cause -> {
            throw new AssertionError(cause);
        });
    }

    boolean isWoken() {
        return signalled;
    }

    @Override
    protected int register(Watched registration) {
        return 0;
    }

    @Override
    protected void deregister(Watched registration) {}

    @Override
    protected int select(long timeoutNanos) {
        if (timeoutNanos == 0) {
            slept = "STAYED_AWAKE";
        } else if (timeoutNanos > 0) {
            slept = "UNTIL_A_DEADLINE";
        } else {
            boolean done = false;
            while (!signalled && !done) {
                Thread.onSpinWait();
                done = othersAreDone;
            }
            slept = signalled ? "WOKEN" : "OVERSLEPT";
        }
        return 0;
    }

    @Override
    protected void await(long timeoutNanos) {
        select(timeoutNanos);
    }

    @Override
    public void wakeUp() {
        signalled = true;
    }

    @Override
    public void forEachWatched(Consumer<Watched> visitor) {}
}
