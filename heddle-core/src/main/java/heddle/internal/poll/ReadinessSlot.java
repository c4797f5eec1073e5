package heddle.internal.poll;

import heddle.internal.trace.CoarseClock;
import heddle.internal.trace.Counter;
import heddle.internal.trace.Dump;
import heddle.internal.trace.Recorder;
import heddle.internal.trace.Trace;
import heddle.time.Clock;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Hands readiness of one direction of one descriptor from the poller to the thread that waits for it, and ends the
/// wait at the direction's deadline. `DescriptorLock` admits one waiter at a time. Any thread may signal, release or
/// move the deadline.
///
/// The slot is EMPTY, READY, or holds the thread that waits:
///
///     EMPTY  -> READY    ready()    nobody waits yet
///     EMPTY  -> waiter   await()    about to park
///     READY  -> EMPTY    await()    consumed without parking
///     READY  -> EMPTY    clear()    before a system call, which finds whatever made it ready
///     waiter -> READY    ready()    unpark; the waiter consumes it
///     waiter -> EMPTY    release()  close or deadline: unpark; the cause is in the flags and the deadline
///     waiter -> EMPTY    await()    saw a cause after storing itself, or an interrupt
///     EMPTY  -> waiter   await()    was taken out, but the deadline has moved on and no cause is left: waits again
///
/// 1. A READY stays until a waiter consumes or clears it. release() leaves it alone, so it cannot fake readiness.
/// 2. A thread taken out by another is unparked by that other, exactly once. An unpark too many (the permit is sticky)
///    is harmless: a waiter believes the slot, never the return from park.
/// 3. The deadline is stored, not armed. A timer exists once a thread has waited with a deadline, and fires at or
///    before the deadline in force. One that fires early finds the later deadline and arms itself again. So a deadline
///    that is moved for each message costs a store.
/// 4. The limit of a single wait, awaitUntil(), is stored before the waiter stores itself. For the waiter it is a
///    deadline that was set before the wait.
///
/// Ordering: in each pair both sides store first and read then. Each of these fields is volatile, so one side sees the
/// other.
///
/// - await() stores its thread, then reads the closing flag and the deadline. close() and setDeadline() store those,
///   then read the slot.
/// - A waiter's Registration.watch() stores the poller, then the waiter reads the deadline. setDeadline() stores the
///   deadline, then reads the poller: without one it leaves arming to the waiter.
/// - A timer that fires stores NOT_ARMED, then reads the slot. await() stores its thread, then reads armedAtNanos.
///
/// ReadinessSlotStress and DeadlineStress have twins that do it the other way round.
///
/// Source: Go's netpoll, which has the same states; epoll(7), "edge-triggered".
public final class ReadinessSlot {

    private static final Object READY = new Object();

    private static final VarHandle STATE;
    private static final VarHandle TIMER;
    private static final VarHandle SINCE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(ReadinessSlot.class, "state", Object.class);
            TIMER = MethodHandles.lookup().findVarHandle(ReadinessSlot.class, "timer", DeadlineTimer.class);
            SINCE = MethodHandles.lookup().findVarHandle(ReadinessSlot.class, "sinceNanos", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Registration registration;

    /** null (EMPTY), READY, or the waiting thread. */
    private volatile @Nullable Object state;

    /** By the {@link Clock}; 0 is none, negative is past. Written by any thread. */
    private volatile long deadlineNanos;

    /**
     * Until when the present wait may last at most, besides the deadline; 0 for no such limit. Written by the waiter,
     * before it stores itself and once it is out; read by any thread.
     */
    private volatile long limitNanos;

    /** Made once, by the first wait with a deadline or by who moves it meanwhile; read by any thread. */
    private volatile @Nullable DeadlineTimer timer;

    /**
     * When the waiter came, by {@link CoarseClock}, for dumps; then, if waits are recorded, when readiness came for it.
     * Written by the waiter before it stores itself, and by who is about to take it out.
     */
    private long sinceNanos;

    /** See {@link #callsSinceWait}. Any thread's, without a guard: a call that is not counted does no harm. */
    private int calls;

    /** Number of the thread that made the last of them; likewise. */
    private long callerId;

    ReadinessSlot(Registration registration) {
        this.registration = registration;
    }

    /**
     * The calling thread begins a call that may or may not have to wait: how many calls this direction has had since a
     * wait in it, or since the thread that made the last of them waited in the other one. So the writes of an echo,
     * which waits for each request, do not add up; those of a thread that only writes do, whoever else reads and waits.
     */
    public int callsSinceWait() {
        long me = Thread.currentThread().threadId();
        if (callerId != me) {
            callerId = me;
        }
        return ++calls;
    }

    /** {@code thread} waits in the other direction. */
    void waited(Thread thread) {
        if (callerId == thread.threadId()) {
            calls = 0;
        }
    }

    /** Whether a call may begin: READY, or CLOSED, or EXPIRED even if data is there. By the direction's lock holder. */
    public Wait begin() {
        if (registration.isClosing()) {
            return Wait.CLOSED;
        }
        return hasExpired() ? Wait.EXPIRED : Wait.READY;
    }

    /**
     * Forgets readiness, right before the system call that will find what caused it. By the direction's lock holder. A
     * ready() that finds READY and stores nothing happened before this store, so before the call: its edge is not lost.
     */
    public void clear() {
        if (state == READY) {
            state = null;
        }
    }

    /**
     * The same as {@link #await()}, at most until {@code untilNanos}, whatever later deadline there is; 0 for no such
     * limit.
     */
    public Wait awaitUntil(long untilNanos) {
        limitNanos = untilNanos;
        try {
            return await();
        } finally {
            limitNanos = Clock.NONE;
        }
    }

    /** Waits until the poller signals, or a cause to give up appears. By the direction's lock holder. */
    public Wait await() {
        Thread me = Thread.currentThread();
        Trace trace = registration.trace();
        while (true) {
            long beganNanos = 0;
            if (state == null) {
                beganNanos = trace.ticks().nanos();
                SINCE.setOpaque(this, beganNanos);
            }
            if (!STATE.compareAndSet(this, null, me)) {
                // It was READY, the only other state while we hold the direction's lock.
                state = null;
                return Wait.READY;
            }
            trace.counters().add(Counter.PARKS, 1);
            Recorder.Park event = trace.recorder().beginPark();
            calls = 0;
            registration.waits(this, me);
            Wait outcome = parkUntilTakenOut(me);
            event = trace.recorder().endPark(event);
            if (event != null) {
                event.done(
                        registration.op(this),
                        registration,
                        outcome == null ? "AGAIN" : outcome,
                        outcome == Wait.READY ? readyNanos(beganNanos) : 0);
            }
            if (outcome != null) {
                return outcome;
            }
            // Taken out, yet no cause holds: the deadline was moved on while its timer fired. Wait again.
        }
    }

    /**
     * When readiness ended the wait that began at {@code beganNanos}; 0 if waits were not recorded yet when it came.
     */
    private long readyNanos(long beganNanos) {
        long stored = (long) SINCE.getOpaque(this);
        return stored == beganNanos ? 0 : stored;
    }

    /** From the moment this thread is in the slot; null if it was taken out for a cause that no longer holds. */
    private @Nullable Wait parkUntilTakenOut(Thread me) {
        // Look again: a close() or setDeadline() before the store above found no waiter to release.
        Wait cause = cause();
        if (cause == null && !registration.watch(this)) {
            cause = Wait.FAILED;
        }
        if (cause == null) {
            long deadline = deadlineNanos();
            if (deadline != Clock.NONE) {
                arm(deadline);
            }
        }
        while (state == me) {
            if (cause == null && me.isInterrupted()) {
                cause = Wait.INTERRUPTED;
            }
            if (cause == null) {
                LockSupport.park();
            } else if (STATE.compareAndSet(this, me, null)) {
                count(cause == Wait.EXPIRED ? Counter.EXPIRED : Counter.GIVEN_UP);
                if (cause == Wait.INTERRUPTED) {
                    Thread.interrupted();
                }
                return cause;
            }
        }
        if (state == READY) {
            state = null;
            return Wait.READY;
        }
        return cause();
    }

    /** CLOSED, EXPIRED or FAILED if one of them holds now. */
    private @Nullable Wait cause() {
        if (registration.isClosing()) {
            return Wait.CLOSED;
        }
        if (registration.isBroken()) {
            return Wait.FAILED;
        }
        return hasExpired() ? Wait.EXPIRED : null;
    }

    /**
     * Whether the deadline in force has come. One that is still there after the clock was read was not moved on before
     * it came.
     */
    private boolean hasExpired() {
        long deadline = deadlineNanos();
        while (clock().hasPassed(deadline)) {
            long seen = deadline;
            deadline = deadlineNanos();
            if (deadline == seen) {
                return true;
            }
        }
        return false;
    }

    private Clock clock() {
        return registration.trace().clock();
    }

    /** The poller saw the direction become ready: whether that ended a wait. Any thread. */
    public boolean ready() {
        while (true) {
            Object seen = state;
            if (seen == READY) {
                return false;
            }
            if (seen != null && registration.trace().recorder().recordsParks()) {
                SINCE.setOpaque(this, System.nanoTime());
            }
            if (STATE.compareAndSet(this, seen, READY)) {
                if (seen != null) {
                    LockSupport.unpark((Thread) seen);
                }
                return seen != null;
            }
        }
    }

    /**
     * Takes the waiter out, if there is one, to look at the flags and the deadline. Any thread, after storing those.
     */
    void release(Counter counter) {
        if (state instanceof Thread waiter && STATE.compareAndSet(this, waiter, null)) {
            count(counter);
            LockSupport.unpark(waiter);
        }
    }

    private void count(Counter counter) {
        registration.trace().counters().add(counter, 1);
    }

    /** Moves the deadline of the pending and of future waits. Any thread. */
    public void setDeadline(long nanos) {
        deadlineNanos = nanos;
        if (nanos == Clock.NONE || !(state instanceof Thread)) {
            return; // A waiter that comes later reads it.
        }
        if (clock().hasPassed(nanos)) {
            release(Counter.EXPIRED);
        } else {
            arm(nanos);
        }
    }

    private void arm(long deadline) {
        DeadlineTimer armed = timer;
        if (armed == null) {
            Poller poller = registration.poller();
            if (poller == null) {
                // A setDeadline() between a waiter's store and its registration: the waiter arms, having read the
                // deadline after.
                return;
            }
            var fresh = new DeadlineTimer(this, poller);
            armed = (DeadlineTimer) TIMER.compareAndExchange(this, null, fresh);
            if (armed == null) {
                armed = fresh;
            }
        }
        armed.poller.arm(armed, deadline);
    }

    /**
     * The timer fired, and is stored as not armed. By the polling thread.
     *
     * @return when to fire again, or {@link DeadlineTimer#NOT_ARMED} if nobody waits for it
     */
    long deadlineAfterFiring(long nowNanos) {
        long deadline = deadlineNanos();
        if (deadline == Clock.NONE || !(state instanceof Thread)) {
            return DeadlineTimer.NOT_ARMED;
        }
        if (deadline > nowNanos) {
            return deadline;
        }
        release(Counter.EXPIRED);
        return DeadlineTimer.NOT_ARMED;
    }

    /** The deadline in force: the earlier of the direction's and the present wait's. */
    public long deadlineNanos() {
        long deadline = deadlineNanos;
        long limit = limitNanos;
        if (limit == Clock.NONE) {
            return deadline;
        }
        return deadline == Clock.NONE ? limit : Math.min(deadline, limit);
    }

    /** Whether readiness is there that nobody has used yet, for tests. */
    public boolean isReady() {
        return state == READY;
    }

    /** The thread that waits here, for a dump and for tests. */
    public @Nullable Thread waiter() {
        return state instanceof Thread waiter ? waiter : null;
    }

    /** Shows {@code dump} who waits here, since when and until when at the latest. */
    void describe(Dump dump) {
        Thread waiter = waiter();
        if (waiter != null) {
            long since = (long) SINCE.getOpaque(this);
            long deadline = deadlineNanos();
            long left = deadline == Clock.NONE ? Dump.NO_DEADLINE : deadline - clock().nanos();
            if (state == waiter) { // Else it went meanwhile, and these may be another's.
                dump.waits(waiter, "IO wait", this, since, left);
            }
        }
    }

    /** What a wait here is for. */
    @Override
    public String toString() {
        return registration.describe(this);
    }

    Registration registration() {
        return registration;
    }

    /** Takes the timer out of the heap, since the descriptor is closed for good. */
    void discardTimer() {
        DeadlineTimer armed = timer;
        if (armed != null) {
            armed.poller.discard(armed);
        }
    }
}
