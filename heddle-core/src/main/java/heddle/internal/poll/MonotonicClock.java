package heddle.internal.poll;

/**
 * {@link System#nanoTime} moved to a positive origin, so that deadlines compare as plain longs and 0 and negative values are free to
 * mean "none" and "in the past".
 */
public final class MonotonicClock {

    /** A deadline that never comes. */
    public static final long NONE = 0;

    /** Half of what a long holds: leaves room to add a timeout to a deadline. 146 years. */
    private static final long FAR = Long.MAX_VALUE / 2;

    private static final long ORIGIN = System.nanoTime() - 1;

    private MonotonicClock() {}

    /** Now, 1 or more, never falling. */
    public static long nanos() {
        return System.nanoTime() - ORIGIN;
    }

    /** {@code timeoutNanos} (positive) from now, clamped to the far future. */
    public static long after(long timeoutNanos) {
        return nanos() + Math.min(timeoutNanos, FAR);
    }

    /** Whether {@code deadlineNanos} is set and has come. */
    public static boolean hasPassed(long deadlineNanos) {
        return deadlineNanos != NONE && (deadlineNanos < 0 || deadlineNanos <= nanos());
    }
}
