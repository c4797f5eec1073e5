package heddle.time;

import java.time.Instant;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;

/** {@link System#nanoTime} moved to a positive origin. */
final class SystemClock extends Clock {

    static final SystemClock INSTANCE = new SystemClock();

    private static final long ORIGIN = System.nanoTime() - 1;

    private SystemClock() {}

    @Override
    public long nanos() {
        return System.nanoTime() - ORIGIN;
    }

    @Override
    public Instant instant() {
        return Instant.now();
    }

    @Override
    public long sleepNanos(long untilNanos) {
        return Math.max(0, untilNanos - nanos());
    }

    @Override
    public void parkUntil(Object blocker, long untilNanos) {
        LockSupport.parkNanos(blocker, untilNanos - nanos());
    }

    @Override
    @SuppressWarnings("WaitNotInLoop") // The caller's loop.
    public boolean awaitUntil(Lock lock, Condition condition, long untilNanos) throws InterruptedException {
        return condition.awaitNanos(untilNanos - nanos()) > 0;
    }

    @Override
    public Runnable onMove(Runnable moved) {
        return () -> {};
    }
}
