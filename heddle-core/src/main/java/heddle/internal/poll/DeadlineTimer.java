package heddle.internal.poll;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/** One slot's place in a {@link DeadlineQueue}; the comment at each field says which thread may touch it. */
final class DeadlineTimer {

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

    /** Whose queue it is in, for good: a second attempt to register may choose another poller. */
    final Poller poller;

    /** When it fires, at the latest. Written by the polling thread, read by any. */
    volatile long armedAtNanos = NOT_ARMED;

    /**
     * Whether it is in the intake. Set by any thread, cleared by the polling thread before it reads the slot's
     * deadline.
     */
    private volatile boolean queued;

    /** Next in the intake; written before it is pushed. */
    @Nullable
    DeadlineTimer next;

    /** Place in the heap, -1 for none; the polling thread's. */
    int index = -1;

    /** Place in time, valid while in the heap; the polling thread's. */
    long whenNanos;

    DeadlineTimer(ReadinessSlot slot, Poller poller) {
        this.slot = slot;
        this.poller = poller;
    }

    boolean claimForIntake() {
        return !queued && QUEUED.compareAndSet(this, false, true);
    }

    void takenFromIntake() {
        queued = false;
    }
}
