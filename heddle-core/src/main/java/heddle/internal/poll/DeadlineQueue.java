package heddle.internal.poll;

import heddle.internal.trace.Counter;
import heddle.internal.trace.Tally;
import heddle.time.Clock;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// The deadlines that one poller must not sleep through. A binary heap, which only the polling thread touches, and an
/// intake: a lock-free stack onto which any thread pushes timers that must fire earlier than they would. Bounded by two
/// timers a descriptor.
///
/// 1. A timer's place in the heap is never later than the deadline of whoever waits with it, or the timer is in the
///    intake.
/// 2. Moving a deadline later, or waiting again with one that is later than the timer, touches neither: the timer fires
///    early, once, and finds the new deadline. So a connection that moves its deadline for each message costs a heap
///    operation a deadline's length, not one a message.
///
/// Ordering: a timer is stored as not armed before its slot is read, and as taken from the intake before its deadline
/// is read. Who moves a deadline or waits stores that first and then reads the timer. DeadlineStress has the twins that
/// do it the other way round.
///
/// Dropped: a timing wheel. Arming would be cheaper, which is rare here, and a deadline would fire late by the wheel's
/// tick.
@SuppressWarnings("NullAway") // The heap's places 1 to size are never null, which it cannot know.
final class DeadlineQueue {

    private static final VarHandle INTAKE;

    static {
        try {
            INTAKE = MethodHandles.lookup().findVarHandle(DeadlineQueue.class, "intake", DeadlineTimer.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /**
     * How many timers fire at a time at most: many connections often have one deadline, and what the network brings
     * meanwhile must not wait behind all the threads that wakes.
     */
    static final int FIRED_MAX = 64;

    /** Top of the stack of timers to be placed anew. Pushed to by any thread, emptied by the polling thread. */
    private volatile @Nullable DeadlineTimer intake;

    /** 1-based heap by whenNanos. */
    private @Nullable DeadlineTimer[] heap = new DeadlineTimer[16];

    private int size;

    /**
     * Makes {@code timer} fire at its slot's deadline, which is {@code deadlineNanos} or earlier. Any thread.
     *
     * @return whether the timer is, or soon will be, in the intake, at which the polling thread must take a look in
     *     time
     */
    boolean arm(DeadlineTimer timer, long deadlineNanos) {
        if (timer.armedAtNanos <= deadlineNanos) {
            return false;
        }
        push(timer);
        return true;
    }

    /**
     * Takes {@code timer} out for good. Any thread. Even if it is not armed: the polling thread may be about to place
     * it, having looked before it was discarded.
     */
    void discard(DeadlineTimer timer) {
        timer.discard();
        push(timer);
    }

    private void push(DeadlineTimer timer) {
        if (!timer.claimForIntake()) {
            // It is in the intake already, or another thread is about to push it, and the polling thread reads the
            // deadline after taking it.
            return;
        }
        DeadlineTimer top;
        do {
            top = intake;
            timer.next = top;
        } while (!INTAKE.compareAndSet(this, top, timer));
    }

    boolean hasIntake() {
        return intake != null;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** When the next timer fires, once {@link #takeIn} was called; {@link DeadlineTimer#NOT_ARMED} for never. */
    long nextNanos() {
        DeadlineTimer first = heap[1];
        return size == 0 || first == null ? DeadlineTimer.NOT_ARMED : first.whenNanos;
    }

    /** Places what was pushed. By the polling thread. */
    void takeIn() {
        var timer = (DeadlineTimer) INTAKE.getAndSet(this, null);
        while (timer != null) {
            DeadlineTimer next = timer.next;
            timer.next = null;
            timer.takenFromIntake();
            long deadline = timer.slot.deadlineNanos(); // After takenFromIntake: a later change pushes again.
            if (timer.isDiscarded()) {
                remove(timer);
            } else if (deadline != Clock.NONE && deadline < timer.armedAtNanos) {
                remove(timer);
                add(timer, deadline);
            }
            timer = next;
        }
    }

    /**
     * Fires what is due at {@code nowNanos}, up to {@link #FIRED_MAX}: how many there were. By the polling thread.
     *
     * @param tally counts the waits that this ends
     */
    int fire(long nowNanos, Tally tally) {
        int fired = 0;
        while (fired < FIRED_MAX && nextNanos() <= nowNanos) {
            fired++;
            DeadlineTimer due = heap[1];
            remove(due);
            fire(due, nowNanos, tally);
        }
        return fired;
    }

    /** {@code timer} is stored as not armed: ends its slot's wait, or arms it again if the deadline has moved on. */
    private void fire(DeadlineTimer timer, long nowNanos, Tally tally) {
        long deadline = timer.slot.deadlineNanos();
        if (deadline == Clock.NONE || timer.slot.waiter() == null) {
            return; // Who waits next arms it.
        }
        if (deadline > nowNanos) {
            add(timer, deadline);
            return;
        }
        Thread waiter = timer.slot.takeOut();
        if (waiter != null) {
            tally.add(Counter.EXPIRED, 1);
            LockSupport.unpark(waiter);
        }
    }

    private void add(DeadlineTimer timer, long whenNanos) {
        if (size + 1 == heap.length) {
            heap = Arrays.copyOf(heap, heap.length * 2);
        }
        timer.whenNanos = whenNanos;
        siftUp(++size, timer);
        timer.armedAtNanos = whenNanos;
    }

    @SuppressWarnings("ReferenceEquality") // Timers have no other.
    private void remove(DeadlineTimer timer) {
        int hole = timer.index;
        if (hole < 0) {
            return;
        }
        timer.index = -1;
        timer.armedAtNanos = DeadlineTimer.NOT_ARMED; // Before the slot is read: see ReadinessSlot, "Ordering".
        DeadlineTimer last = heap[size];
        heap[size--] = null;
        if (last != timer) {
            siftDown(hole, last);
            siftUp(last.index, last);
        }
    }

    private void siftUp(int from, DeadlineTimer timer) {
        int at = from;
        while (at > 1 && heap[at >> 1].whenNanos > timer.whenNanos) {
            place(at, heap[at >> 1]);
            at >>= 1;
        }
        place(at, timer);
    }

    private void siftDown(int from, DeadlineTimer timer) {
        int at = from;
        while (at << 1 <= size) {
            int child = at << 1;
            if (child < size && heap[child + 1].whenNanos < heap[child].whenNanos) {
                child++;
            }
            if (heap[child].whenNanos >= timer.whenNanos) {
                break;
            }
            place(at, heap[child]);
            at = child;
        }
        place(at, timer);
    }

    private void place(int at, DeadlineTimer timer) {
        heap[at] = timer;
        timer.index = at;
    }
}
