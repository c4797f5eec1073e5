package heddle.net;

import heddle.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;

/**
 * An instant, after which calls fail with {@link DeadlineExceededException}. Immutable, thread-safe, and not affected
 * by changes of the wall clock. An instant further away than about 146 years is that far away.
 *
 * <p>It is an instant of the system's monotonic clock, unless {@link #after(Duration, Clock)} says otherwise. Set on a
 * connection of a runtime with another clock, it comes when as much time has passed by that.
 */
public final class Deadline {

    /** No deadline: a call may wait for ever. */
    public static final Deadline NONE = new Deadline(Clock.NONE, Clock.system());

    /** A deadline that has passed already: pending and future calls fail at once. */
    public static final Deadline PAST = new Deadline(-1, Clock.system());

    /** As {@link Clock} counts; {@link Clock#NONE} for none, negative in the past. */
    private final long nanos;

    private final Clock clock;

    private Deadline(long nanos, Clock clock) {
        this.nanos = nanos;
        this.clock = clock;
    }

    /**
     * A deadline {@code timeout} from now.
     *
     * @param timeout how long from now; zero or negative is in the past
     * @return the deadline
     */
    public static Deadline after(Duration timeout) {
        return after(timeout, Clock.system());
    }

    /**
     * A deadline {@code timeout} from now, by {@code clock}.
     *
     * @param timeout how long from now; zero or negative is in the past
     * @param clock such as {@link Heddle#clock}
     * @return the deadline
     */
    public static Deadline after(Duration timeout, Clock clock) {
        return after(TimeUnit.NANOSECONDS.convert(timeout), clock);
    }

    /**
     * A deadline {@code timeoutNanos} nanoseconds from now.
     *
     * @param timeoutNanos how long from now, in nanoseconds; zero or negative is in the past
     * @return the deadline
     */
    public static Deadline afterNanos(long timeoutNanos) {
        return after(timeoutNanos, Clock.system());
    }

    private static Deadline after(long timeoutNanos, Clock clock) {
        return timeoutNanos <= 0 ? PAST : new Deadline(clock.after(timeoutNanos), clock);
    }

    /**
     * The instant by a clock: as far away by that as it is by its own one.
     *
     * @param wanted the clock
     * @return the instant as that counts; {@link Clock#NONE} for {@link #NONE}, negative in the past
     */
    public long nanosBy(Clock wanted) {
        if (clock == wanted || nanos <= Clock.NONE) {
            return nanos;
        }
        long left = remainingNanos();
        return left == 0 ? PAST.nanos : wanted.after(left);
    }

    /**
     * The same by another clock: as far away now by that as it is by its own one.
     *
     * @param wanted such as {@link Heddle#clock}
     * @return a deadline of that clock
     */
    public Deadline by(Clock wanted) {
        return clock == wanted ? this : new Deadline(nanosBy(wanted), wanted);
    }

    /**
     * Whether this deadline has passed.
     *
     * @return true when it has; never for {@link #NONE}
     */
    public boolean hasPassed() {
        return clock.hasPassed(nanos);
    }

    /**
     * How far away it is.
     *
     * @return zero if it has passed; the duration of {@link java.time.temporal.ChronoUnit#FOREVER} for {@link #NONE}
     */
    public Duration remaining() {
        return isNone() ? ChronoUnit.FOREVER.getDuration() : Duration.ofNanos(remainingNanos());
    }

    /** How far away it is, in nanoseconds; 0 if it has passed. Meaningless for {@link #NONE}. */
    long remainingNanos() {
        return nanos < 0 ? 0 : Math.max(0, nanos - clock.nanos());
    }

    /** One {@code timeoutNanos} from now by the same clock. */
    Deadline sooner(long timeoutNanos) {
        return after(timeoutNanos, clock);
    }

    /** Parks the calling thread, at most until then. */
    void park(Object blocker) {
        if (isNone()) {
            LockSupport.park(blocker);
        } else {
            clock.parkUntil(blocker, nanos);
        }
    }

    /**
     * Waits for {@code condition} of {@code lock}, which the caller holds, at most until then; the caller looks again.
     */
    @SuppressWarnings("WaitNotInLoop") // The caller's loop.
    void await(Lock lock, Condition condition) throws InterruptedException {
        if (isNone()) {
            condition.await();
        } else {
            boolean _ = clock.awaitUntil(lock, condition, nanos);
        }
    }

    /** Whether it never comes, as {@link #NONE}. */
    boolean isNone() {
        return nanos == Clock.NONE;
    }

    /**
     * The earlier of this and {@code other}, {@link #NONE} being the latest of all.
     *
     * @param other the other one
     * @return one of the two
     */
    public Deadline earlier(Deadline other) {
        if (isNone()) {
            return other;
        }
        return other.isNone() || nanos <= other.nanosBy(clock) ? this : other;
    }

    /** Whether {@code other} is the same instant of the same clock. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Deadline that && nanos == that.nanos && (nanos <= Clock.NONE || clock == that.clock);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(nanos);
    }

    /** {@code no deadline}, {@code deadline in PT5S}, {@code deadline passed}. */
    @Override
    public String toString() {
        if (isNone()) {
            return "no deadline";
        }
        return hasPassed() ? "deadline passed" : "deadline in " + remaining();
    }
}
