package heddle.internal.poll;

import heddle.internal.sched.IdlePoll;

/**
 * Watches descriptors and turns what the kernel reports into unparks; fires deadlines.
 *
 * <p>All that a platform must supply:
 *
 * <ul>
 *   <li>{@link #register}, {@link #deregister}: any thread, once each for a descriptor; 0 or -errno;
 *   <li>{@link #arm}: any thread, before each wait; only for backends that forget interest once they reported it;
 *   <li>{@link #select}: one thread at a time; blocks at most so many nanoseconds (0 none, negative for ever); calls {@link
 *       Registration#signal} for what is ready, never for a generation that was deregistered;
 *   <li>{@link #wakeUp}: any thread; makes the current or else the next select return;
 *   <li>{@link #close}: when nobody polls any more.
 * </ul>
 *
 * Ordering: {@link #arm(DeadlineTimer, long)} pushes to the intake, then reads {@code blockedUntilNanos}; {@link #poll} stores that,
 * then reads the intake.
 */
public abstract class Poller implements IdlePoll {

    private static final long NOT_BLOCKED = 0;

    private final DeadlineQueue deadlines = new DeadlineQueue();

    /** Until when the polling thread may sleep. Written by it, read by any thread. */
    private volatile long blockedUntilNanos = NOT_BLOCKED;

    @Override
    public final void poll(long timeoutNanos) {
        if (deadlines.hasIntake()) {
            deadlines.takeIn();
        }
        if (timeoutNanos == 0) {
            select(0);
        } else {
            long untilNanos = deadlines.nextNanos();
            if (timeoutNanos > 0) {
                untilNanos = Math.min(untilNanos, MonotonicClock.after(timeoutNanos));
            }
            blockedUntilNanos = untilNanos;
            // Look again: an arm() before the store above saw nobody to wake.
            if (deadlines.hasIntake()) {
                select(0);
            } else if (untilNanos == DeadlineTimer.NOT_ARMED) {
                select(FOREVER);
            } else {
                select(Math.max(0, untilNanos - MonotonicClock.nanos()));
            }
            blockedUntilNanos = NOT_BLOCKED;
        }
        if (deadlines.hasIntake()) {
            deadlines.takeIn();
        }
        if (!deadlines.isEmpty()) {
            deadlines.fire(MonotonicClock.nanos());
        }
    }

    /** Makes {@code timer} fire at its slot's deadline, at most {@code deadlineNanos}. Any thread. */
    final void arm(DeadlineTimer timer, long deadlineNanos) {
        if (deadlines.arm(timer, deadlineNanos) && deadlineNanos < blockedUntilNanos) {
            wakeUp();
        }
    }

    /** Forgets {@code timer}. Any thread, once its descriptor is closing. */
    final void discard(DeadlineTimer timer) {
        deadlines.discard(timer);
    }

    /** Starts to watch both directions, edge-triggered: what is ready now is reported too. 0 or -errno. */
    protected abstract int register(Registration registration);

    /** Ends the watch; on return nothing of the poller refers to the descriptor's number any more. */
    protected abstract void deregister(Registration registration);

    /** A thread is about to wait for one direction: for backends that report each readiness once only when asked. */
    protected void arm(Registration registration, boolean write) {}

    /** Reports what is ready, waiting at most {@code timeoutNanos}. */
    protected abstract void select(long timeoutNanos);

    /** Gives back what it holds of the system. */
    public abstract void close();
}
