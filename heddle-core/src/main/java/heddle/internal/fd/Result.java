package heddle.internal.fd;

/// What an operation of [Descriptor] came to, as a number: 0 or more is the result, `-errno` a failed system call, and
/// the constants here are the ends that are not the kernel's. `heddle.net` makes exceptions of them, knowing the
/// addresses.
///
/// A write tells two things, so its long holds:
///
///     bits  0-47  bytes that the kernel took
///     bits 48-62  0, or the failure negated
public final class Result {

    /** The peer's half-close: nothing more will come. */
    public static final int END_OF_STREAM = -10_000;

    /** This side closed. */
    public static final int CLOSED = -10_001;

    /** The deadline has passed. */
    public static final int EXPIRED = -10_002;

    /** The thread was interrupted; its status has been cleared. */
    public static final int INTERRUPTED = -10_003;

    /** Results at or below the negative of this are no errno; Linux's are below 4,096. */
    public static final int ERRNO_MAX = 10_000;

    private static final int FAILURE_SHIFT = 48;

    private Result() {}

    static long ofWrite(long bytes, int failure) {
        return (long) -failure << FAILURE_SHIFT | bytes;
    }

    /** The bytes that the kernel took, of a write's result. */
    public static long bytes(long result) {
        return result & (1L << FAILURE_SHIFT) - 1;
    }

    /** 0, -errno or a constant of this class, of a write's result. */
    public static int failure(long result) {
        return -(int) (result >>> FAILURE_SHIFT);
    }
}
