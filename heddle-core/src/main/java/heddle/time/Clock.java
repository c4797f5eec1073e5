package heddle.time;

import java.time.Instant;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;

/**
 * What time it is for a runtime, and how its threads wait for a later one: deadlines, time-outs and pauses go by it.
 * {@link #system} is the computer's; a {@link ManualClock} stands still until a test moves it, so that an hour passes
 * at once.
 *
 * <p>An instant is a count of nanoseconds since an arbitrary origin, never falls and is 1 or more. So 0 is free to mean
 * {@link #NONE}, and a negative value an instant in the past.
 *
 * <p>Any thread may call any method.
 */
public abstract sealed class Clock permits SystemClock, ManualClock {

    /** A deadline that never comes. */
    public static final long NONE = 0;

    /** Half of what a long holds: leaves room to add a time-out to a deadline. 146 years. */
    private static final long FAR = Long.MAX_VALUE / 2;

    Clock() {}

    /**
     * The computer's monotonic clock, {@link System#nanoTime}, which nobody sets.
     *
     * @return always the same
     */
    public static Clock system() {
        return SystemClock.INSTANCE;
    }

    /**
     * What time it is.
     *
     * @return now, in nanoseconds since the origin
     */
    public abstract long nanos();

    /**
     * The date and time of day, for people and records: it may be set and so may jump, both ways.
     *
     * @return now
     */
    public abstract Instant instant();

    /**
     * The instant that is {@code timeoutNanos} from now.
     *
     * @param timeoutNanos positive; one above 146 years counts as that
     * @return the instant
     */
    public final long after(long timeoutNanos) {
        return nanos() + Math.min(timeoutNanos, FAR);
    }

    /**
     * Whether a deadline has come.
     *
     * @param deadlineNanos an instant, {@link #NONE}, or negative for one in the past
     * @return true if it is set and has come
     */
    public final boolean hasPassed(long deadlineNanos) {
        return deadlineNanos != NONE && (deadlineNanos < 0 || deadlineNanos <= nanos());
    }

    /**
     * How long a thread may sleep in the system that is to be awake at an instant.
     *
     * @param untilNanos the instant
     * @return the system's nanoseconds; 0 for not at all, negative until {@link #onMove} tells
     */
    public abstract long sleepNanos(long untilNanos);

    /**
     * Parks the calling thread until an instant, or earlier, as {@link LockSupport#parkNanos(Object, long)} does.
     *
     * @param blocker for tools
     * @param untilNanos the instant, such as {@link #after} gives; returns at once if it has come
     */
    public abstract void parkUntil(Object blocker, long untilNanos);

    /**
     * Waits until an instant or a signal, or earlier, as {@link Condition#awaitNanos} does. The caller looks again
     * whether what it waits for is there.
     *
     * @param lock held by the calling thread
     * @param condition of that lock; all who wait for it may be signalled
     * @param untilNanos the instant, such as {@link #after} gives; returns at once if it has come
     * @return whether it has not come yet
     * @throws InterruptedException the calling thread was interrupted
     */
    public abstract boolean awaitUntil(Lock lock, Condition condition, long untilNanos) throws InterruptedException;

    /**
     * Asks to be told whenever the clock is moved, which the system's never is.
     *
     * @param moved called by who moves it, after it did; must not wait
     * @return ends that
     */
    public abstract Runnable onMove(Runnable moved);
}
