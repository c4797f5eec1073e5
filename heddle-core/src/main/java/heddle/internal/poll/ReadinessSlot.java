package heddle.internal.poll;

import heddle.internal.trace.CoarseClock;
import heddle.internal.trace.Trace;
import heddle.time.Clock;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Who waits in one direction of one descriptor, whether that is ready, and until when a wait may last. It knows
/// nobody:
/// [Registration] waits with it, the poller signals it, a [DeadlineQueue] looks at its deadline. `DescriptorLock`
/// admits one waiter at a time. Any thread may signal it, take the waiter out or move the deadline.
///
/// The slot is EMPTY, READY, or holds the thread that waits:
///
///     EMPTY  -> READY    ready()    nobody waits yet
///     EMPTY  -> waiter   enter()    about to park
///     READY  -> EMPTY    consume()  consumed without parking
///     READY  -> EMPTY    clear()    before a system call, which finds whatever made it ready
///     waiter -> READY    ready()    unpark; the waiter consumes it
///     waiter -> EMPTY    takeOut()  close or deadline: unpark; the cause is in the flags and the deadline
///     waiter -> EMPTY    leave()    saw a cause after storing itself, or an interrupt
///     EMPTY  -> waiter   enter()    was taken out, but the deadline has moved on and no cause is left: waits again
///
/// 1. A READY stays until a waiter consumes or clears it. takeOut() leaves it alone, so it cannot fake readiness.
/// 2. A thread taken out by another is unparked by that other, exactly once. An unpark too many (the permit is sticky)
///    is harmless: a waiter believes the slot, never the return from park.
/// 3. The deadline is stored, not armed. A timer exists once a thread has waited with a deadline, and fires at or
///    before the deadline in force. One that fires early finds the later deadline and arms itself again. So a deadline
///    that is moved for each message costs a store.
/// 4. The limit of a single wait is stored before the waiter stores itself. For the waiter it is a deadline that was
/// set
///    before the wait.
///
/// [Registration] has the order of these stores and loads.
///
/// Source: Go's netpoll, which has the same states.
public final class ReadinessSlot {

    private static final Object READY = new Object();

    private static final VarHandle STATE;
    private static final VarHandle SINCE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(ReadinessSlot.class, "state", Object.class);
            SINCE = MethodHandles.lookup().findVarHandle(ReadinessSlot.class, "sinceNanos", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** null (EMPTY), READY, or the waiting thread. */
    private volatile @Nullable Object state;

    /** By the {@link Clock}; 0 is none, negative is past. Written by any thread. */
    private volatile long deadlineNanos;

    /**
     * Until when the present wait may last at most, besides the deadline; 0 for no such limit. Written by the waiter,
     * before it stores itself and once it is out; read by any thread.
     */
    private volatile long limitNanos;

    /**
     * When the waiter came, by {@link CoarseClock}, for dumps; then, if waits are recorded, when readiness came for it.
     * Written by the waiter before it stores itself, and by who is about to take it out.
     */
    private long sinceNanos;

    /** See {@link #callsSinceWait}. Any thread's, without a guard: a call that is not counted does no harm. */
    private int calls;

    /**
     * The low 32 bits of the number of the thread that made the last of them; likewise. Two threads that share these
     * count as one, which does no harm either.
     */
    private int callerId;

    /**
     * The calling thread begins a call that may or may not have to wait: how many calls this direction has had since a
     * wait in it, or since the thread that made the last of them waited in the other one. So the writes of an echo,
     * which waits for each request, do not add up; those of a thread that only writes do, whoever else reads and waits.
     */
    public int callsSinceWait() {
        int me = (int) Thread.currentThread().threadId();
        if (callerId != me) {
            callerId = me;
        }
        return ++calls;
    }

    /** A call has moved much at a time, and so counts like {@code more} calls besides itself. */
    public void countCalls(int more) {
        calls += more;
    }

    /** The thread that makes the calls lets others run. */
    public void gaveWay() {
        calls = 0;
    }

    /** {@code thread} waits in the other direction. */
    void waited(Thread thread) {
        if (callerId == (int) thread.threadId()) {
            calls = 0;
        }
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

    /** Whether it was ready, and is no more. By the direction's lock holder. */
    boolean consume() {
        if (state != READY) {
            return false;
        }
        state = null;
        return true;
    }

    /** Notes that a waiter comes at {@code nanos}, unless it has no need to wait. By it, before {@link #enter}. */
    void comes(long nanos) {
        SINCE.setOpaque(this, nanos);
    }

    /** Whether nothing is here, neither readiness nor a waiter. */
    boolean isEmpty() {
        return state == null;
    }

    /** Stores {@code me}, the direction's lock holder, about to park; false if the slot is READY. */
    boolean enter(Thread me) {
        if (!STATE.compareAndSet(this, null, me)) {
            return false;
        }
        calls = 0;
        return true;
    }

    /** Whether {@code me} is in the slot. */
    boolean holds(Thread me) {
        return state == me;
    }

    /** Takes {@code me}, the calling waiter, out; false if somebody else has. */
    boolean leave(Thread me) {
        return STATE.compareAndSet(this, me, null);
    }

    /** Takes the waiter out: it, which the caller must unpark; null if there is none. Any thread. */
    @Nullable
    Thread takeOut() {
        return state instanceof Thread waiter && STATE.compareAndSet(this, waiter, null) ? waiter : null;
    }

    /**
     * The direction became ready: whether that ended a wait. Any thread.
     *
     * @param trace whether waits are recorded
     */
    boolean ready(Trace trace) {
        while (true) {
            Object seen = state;
            if (seen == READY) {
                return false;
            }
            if (seen != null && trace.recorder().recordsParks()) {
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

    /** Moves the deadline of the pending and of future waits: whether somebody waits. Any thread. */
    boolean deadline(long nanos) {
        deadlineNanos = nanos;
        return state instanceof Thread;
    }

    /** Limits the coming wait to {@code nanos}; 0 for no limit. By the direction's lock holder. */
    void limit(long nanos) {
        limitNanos = nanos;
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

    /**
     * Whether the deadline in force has come by {@code clock}. One that is still there after the clock was read was not
     * moved on before it came.
     */
    boolean hasExpired(Clock clock) {
        long deadline = deadlineNanos();
        while (clock.hasPassed(deadline)) {
            long seen = deadline;
            deadline = deadlineNanos();
            if (deadline == seen) {
                return true;
            }
        }
        return false;
    }

    /** What {@link #comes} stored last, or, where waits are recorded, when readiness came for that wait. */
    long sinceNanos() {
        return (long) SINCE.getOpaque(this);
    }

    /** Whether readiness is there that nobody has used yet, for tests. */
    public boolean isReady() {
        return state == READY;
    }

    /** The thread that waits here, for a dump and for tests. */
    public @Nullable Thread waiter() {
        return state instanceof Thread waiter ? waiter : null;
    }
}
