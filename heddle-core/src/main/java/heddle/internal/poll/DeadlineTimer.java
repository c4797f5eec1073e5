package heddle.internal.poll;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/** One slot's place in a {@link DeadlineQueue}; the comment at each field says which thread may touch it. */
class DeadlineTimer {

    /** {@link #armedAtNanos} of a timer that will not fire. */
    static final long NOT_ARMED = Long.MAX_VALUE;

    private static final VarHandle QUEUED;

    static {
        try {
            QUEUED = MethodHandles.lookup().findVarHandle(DeadlineTimer.class, "queued", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final ReadinessSlot slot;

    /** When it fires, at the latest. Written by the polling thread, read by any. */
    volatile long armedAtNanos = NOT_ARMED;

    /**
     * Whether it is in the intake. Set by any thread, cleared by the polling thread before it reads the slot's
     * deadline.
     */
    private volatile boolean queued;

    /** Its descriptor is closed: it shall not fire any more. Set by any thread, before it is pushed. */
    private volatile boolean discarded;

    /** Next in the intake; written before it is pushed. */
    @Nullable
    DeadlineTimer next;

    /** Place in the heap, -1 for none; the polling thread's. */
    int index = -1;

    /** Place in time, valid while in the heap; the polling thread's. */
    long whenNanos;

    DeadlineTimer(ReadinessSlot slot) {
        this.slot = slot;
    }

    final boolean claimForIntake() {
        return !queued && QUEUED.compareAndSet(this, false, true);
    }

    final void takenFromIntake() {
        queued = false;
    }

    final void discard() {
        discarded = true;
    }

    final boolean isDiscarded() {
        return discarded;
    }
}
