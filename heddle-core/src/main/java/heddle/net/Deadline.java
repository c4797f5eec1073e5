package heddle.net;

import heddle.internal.poll.MonotonicClock;

import java.time.Duration;
import java.time.temporal.ChronoUnit;

/**
 * An instant on the monotonic clock, after which calls fail with {@link DeadlineExceededException}. Immutable, thread-safe, and
 * not affected by changes of the wall clock. An instant further away than about 146 years is that far away.
 *
 * @param nanos the instant in the clock's own nanoseconds; 0 is {@link #NONE}, a negative value lies in the past. Use the factory
 *     methods: the origin of the clock is arbitrary.
 */
public record Deadline(long nanos) {

    /** No deadline: a call may wait for ever. */
    public static final Deadline NONE = new Deadline(0);

    /** A deadline that has passed already: pending and future calls fail at once. */
    public static final Deadline PAST = new Deadline(-1);

    /**
     * A deadline {@code timeout} from now.
     *
     * @param timeout how long from now; zero or negative is in the past
     * @return the deadline
     */
    public static Deadline after(Duration timeout) {
        return afterNanos(saturatedNanos(timeout));
    }

    /**
     * A deadline {@code timeoutNanos} nanoseconds from now.
     *
     * @param timeoutNanos how long from now, in nanoseconds; zero or negative is in the past
     * @return the deadline
     */
    public static Deadline afterNanos(long timeoutNanos) {
        return timeoutNanos <= 0 ? PAST : new Deadline(MonotonicClock.after(timeoutNanos));
    }

    /**
     * Whether this deadline has passed.
     *
     * @return true when it has; never for {@link #NONE}
     */
    public boolean hasPassed() {
        return MonotonicClock.hasPassed(nanos);
    }

    /**
     * How far away it is.
     *
     * @return zero if it has passed; the duration of {@link java.time.temporal.ChronoUnit#FOREVER} for {@link #NONE}
     */
    public Duration remaining() {
        return equals(NONE) ? ChronoUnit.FOREVER.getDuration() : Duration.ofNanos(remainingNanos());
    }

    /** How far away it is, in nanoseconds; 0 if it has passed. Meaningless for {@link #NONE}. */
    long remainingNanos() {
        return nanos < 0 ? 0 : Math.max(0, nanos - MonotonicClock.nanos());
    }

    /**
     * The earlier of this and {@code other}, {@link #NONE} being the latest of all.
     *
     * @param other the other one
     * @return one of the two
     */
    public Deadline earlier(Deadline other) {
        if (nanos == 0) {
            return other;
        }
        return other.nanos == 0 || nanos <= other.nanos ? this : other;
    }

    /** {@code timeout} in nanoseconds, at most and at least what a long holds. */
    static long saturatedNanos(Duration timeout) {
        try {
            return timeout.toNanos();
        } catch (ArithmeticException tooFar) { // 292 years: nobody waits for the difference
            return timeout.isNegative() ? Long.MIN_VALUE : Long.MAX_VALUE;
        }
    }
}
