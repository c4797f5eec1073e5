package heddle.internal.fd;

import heddle.internal.poll.ReadinessSlot;
import heddle.internal.poll.Registration;
import heddle.internal.poll.Wait;
import heddle.internal.socket.Errno;
import heddle.internal.sys.Syscalls;

/// One direction of a descriptor: whose turn it is, and the loop that every call in it takes. By the threads that read
/// or write, one at a time between [#enter] and [#leave].
///
///     int refused = enter();            the lock; or CLOSED, INTERRUPTED
///     long n = prepare();               TRY; or CLOSED, or EXPIRED even if data is there
///     while (n == TRY) {
///         n = after(sys.recv(...));     EINTR: TRY; EAGAIN: wait, then TRY; anything else is the answer
///     }
///     leave();
///
/// Go's internal/poll has the same order.
abstract sealed class Direction permits Reads, Writes {

    /** Of {@link #begin} and {@link #after}: make the call, or make it again. No result of a call, no failure. */
    static final int TRY = Integer.MIN_VALUE;

    /** Longer transfers go without the ring, which would copy them once more: that costs as much as a call. */
    static final int BY_RING_MAX = 2 << 10;

    /** After how many calls without a wait their thread lets others run. */
    private static final int CALLS_A_TURN = 128;

    final Descriptor descriptor;
    final Syscalls sys;
    final int fd;
    final Traffic traffic;
    final Registration registration;
    final ReadinessSlot slot;

    /** How many bytes that a call moves count like another call: see {@link #giveWay}. */
    private final int bytesACall;

    Direction(Descriptor descriptor, Syscalls sys, Traffic traffic, ReadinessSlot slot, int bytesACall) {
        this.descriptor = descriptor;
        this.sys = sys;
        this.registration = descriptor.registration();
        this.fd = registration.fd();
        this.traffic = traffic;
        this.slot = slot;
        this.bytesACall = bytesACall;
    }

    /** Takes the direction's lock. */
    abstract DescriptorLock.Grant lock();

    /** Gives it back. True if the caller must destroy the descriptor. */
    abstract boolean unlock();

    /** Begins an operation: 0 with the lock, or a failure. */
    final int enter() {
        giveWay();
        return switch (lock()) {
            case HELD -> 0;
            case CLOSED -> Result.CLOSED;
            case INTERRUPTED -> Result.INTERRUPTED;
        };
    }

    /** Ends an operation that has the lock. */
    final void leave() {
        if (unlock()) {
            descriptor.destroy();
        }
    }

    /**
     * Lets others run after {@link #CALLS_A_TURN} calls without a wait, fewer if they move much at a time. Two threads
     * that answer each other on two carriers, or one behind a full buffer, may never have to wait.
     */
    final void giveWay() {
        if (slot.callsSinceWait() >= CALLS_A_TURN && Thread.currentThread().isVirtual()) {
            slot.gaveWay();
            descriptor.giveWay();
        }
    }

    /** {@link #TRY}, or the failure that keeps a call from being made. */
    final int begin() {
        return outcome(registration.begin(slot));
    }

    /**
     * The same before a system call, which finds what is ready: that is forgotten. Not where the deadline has passed,
     * as no call follows then.
     */
    final int prepare() {
        int n = begin();
        if (n == TRY) {
            slot.clear();
        }
        return n;
    }

    /** Waits for readiness: {@link #TRY}, or a failure. */
    final int await() {
        return outcome(registration.await(slot));
    }

    /** What {@code n}, a system call's result, means for its operation: {@link #TRY}, the answer or a failure. */
    final long after(long n) {
        if (n == -Errno.EINTR) {
            return TRY;
        }
        if (n == -Errno.EAGAIN) {
            return await();
        }
        return n;
    }

    /** The same of a call that moves bytes: how many counts when its thread is asked to {@link #giveWay}. */
    final long afterTransfer(long n) {
        moved(n);
        return after(n);
    }

    /** A call has moved {@code n} bytes, or failed. */
    final void moved(long n) {
        if (n >= bytesACall) {
            slot.countCalls((int) (n / bytesACall));
        }
    }

    /** {@code wait} as a number. */
    final int outcome(Wait wait) {
        return switch (wait) {
            case READY -> TRY;
            case CLOSED -> Result.CLOSED;
            case EXPIRED -> Result.EXPIRED;
            case INTERRUPTED -> Result.INTERRUPTED;
            case FAILED -> -registration.failure();
        };
    }
}
