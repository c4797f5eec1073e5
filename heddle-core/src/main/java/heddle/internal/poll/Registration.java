package heddle.internal.poll;

import heddle.internal.socket.Errno;
import heddle.internal.trace.Counter;
import heddle.internal.trace.Dump;
import heddle.internal.trace.Recorder;
import heddle.internal.trace.Trace;
import heddle.time.Clock;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// How threads wait for a descriptor: in one of its two slots, which its poller signals, until readiness, the deadline
/// of that direction, or a cause to give up.
///
/// It is made with the descriptor and registered with a poller at the first wait: most short connections never wait for
/// writing, and a connection belongs to the poller of the carrier where its thread first waits. It is deregistered
/// right before the number is closed.
///
/// Ordering: in each pair both sides store first and read then. Each of these fields is volatile, so one side sees the
/// other.
///
/// - await() stores its thread, then reads the closing flag and the deadline. close() and setDeadline() store those,
///   then read the slot.
/// - A waiter's watch() stores the poller, then the waiter reads the deadline. setDeadline() stores the deadline, then
///   reads the poller: without one it leaves arming to the waiter.
/// - A timer that fires stores NOT_ARMED, then reads the slot. await() stores its thread, then reads armedAtNanos.
///
/// ReadinessSlotStress and DeadlineStress have twins that do it the other way round.
///
/// Source: Go's netpoll; epoll(7), "edge-triggered".
public final class Registration extends Watched {

    private static final VarHandle POLLER;
    private static final VarHandle READ_TIMER;
    private static final VarHandle WRITE_TIMER;

    static {
        try {
            var lookup = MethodHandles.lookup();
            POLLER = lookup.findVarHandle(Registration.class, "poller", Poller.class);
            READ_TIMER = lookup.findVarHandle(Registration.class, "readTimer", Timer.class);
            WRITE_TIMER = lookup.findVarHandle(Registration.class, "writeTimer", Timer.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final PollerSource source;

    /** Who watches it; null before the first wait. Written by whoever waits first. */
    private volatile @Nullable Poller poller;

    /** Each made once, by the first wait with a deadline or by who moves it meanwhile; read by any thread. */
    private volatile @Nullable Timer readTimer;

    private volatile @Nullable Timer writeTimer;

    /** Names this in dumps. Written once, soon after the start; read by any thread. */
    private volatile @Nullable Object owner;

    /** A timer, and whose queue it is in, for good: a second attempt to register may choose another poller. */
    private static final class Timer extends DeadlineTimer {

        final Poller poller;

        Timer(ReadinessSlot slot, Poller poller) {
            super(slot);
            this.poller = poller;
        }
    }

    /** A wait in a slot, or one that may come. Its text says what for: {@code read tcp a->b}, {@code accept tcp a}. */
    private record Subject(Registration registration, ReadinessSlot slot) {

        @Override
        public String toString() {
            return registration.op(slot) + " " + registration;
        }
    }

    /** A descriptor that nobody waits for yet; its waits are noted in {@code trace}. */
    public Registration(int fd, PollerSource source, Trace trace) {
        super(fd, trace);
        this.source = source;
    }

    /** Names what {@link #toString} shall show: a connection, or what is {@link Pending}. */
    public void showAs(Object shown) {
        owner = shown;
    }

    /** Whether a call may begin: READY, or CLOSED, or EXPIRED even if data is there. By the direction's lock holder. */
    public Wait begin(ReadinessSlot slot) {
        if (isClosing()) {
            return Wait.CLOSED;
        }
        return slot.hasExpired(trace.clock()) ? Wait.EXPIRED : Wait.READY;
    }

    /**
     * The same as {@link #await}, at most until {@code untilNanos}, whatever later deadline there is; 0 for no such
     * limit.
     */
    public Wait awaitUntil(ReadinessSlot slot, long untilNanos) {
        slot.limit(untilNanos);
        try {
            return await(slot);
        } finally {
            slot.limit(Clock.NONE);
        }
    }

    /**
     * Waits in {@code slot}, one of this registration's, until the poller signals it, or a cause to give up appears. By
     * the direction's lock holder.
     */
    public Wait await(ReadinessSlot slot) {
        Thread me = Thread.currentThread();
        while (true) {
            long beganNanos = 0;
            if (slot.isEmpty()) {
                beganNanos = trace.ticks().nanos();
                slot.comes(beganNanos);
            }
            if (!slot.enter(me)) {
                // It was READY, the only other state while we hold the direction's lock.
                slot.consume();
                return Wait.READY;
            }
            trace.counters().add(Counter.PARKS, 1);
            Recorder.Park event = trace.recorder().beginPark();
            other(slot).waited(me);
            Wait outcome = parkUntilTakenOut(slot, me);
            event = trace.recorder().endPark(event);
            if (event != null) {
                event.done(
                        op(slot),
                        this,
                        outcome == null ? "AGAIN" : outcome,
                        outcome == Wait.READY ? readyNanos(slot, beganNanos) : 0);
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
    private static long readyNanos(ReadinessSlot slot, long beganNanos) {
        long stored = slot.sinceNanos();
        return stored == beganNanos ? 0 : stored;
    }

    /** From the moment this thread is in the slot; null if it was taken out for a cause that no longer holds. */
    private @Nullable Wait parkUntilTakenOut(ReadinessSlot slot, Thread me) {
        // Look again: a close() or setDeadline() before the store found no waiter to release.
        Wait cause = cause(slot);
        if (cause == null && !watch(slot)) {
            cause = Wait.FAILED;
        }
        if (cause == null) {
            long deadline = slot.deadlineNanos();
            if (deadline != Clock.NONE) {
                arm(slot, deadline);
            }
        }
        while (slot.holds(me)) {
            if (cause == null && me.isInterrupted()) {
                cause = Wait.INTERRUPTED;
            }
            if (cause == null) {
                LockSupport.park();
            } else if (slot.leave(me)) {
                trace.counters().add(cause == Wait.EXPIRED ? Counter.EXPIRED : Counter.GIVEN_UP, 1);
                if (cause == Wait.INTERRUPTED) {
                    Thread.interrupted();
                }
                return cause;
            }
        }
        return slot.consume() ? Wait.READY : cause(slot);
    }

    /** CLOSED, EXPIRED or FAILED if one of them holds now. */
    private @Nullable Wait cause(ReadinessSlot slot) {
        if (isClosing()) {
            return Wait.CLOSED;
        }
        if (isBroken()) {
            return Wait.FAILED;
        }
        return slot.hasExpired(trace.clock()) ? Wait.EXPIRED : null;
    }

    /**
     * Makes sure that a poller watches, before {@code slot}'s waiter parks; false with {@link #failure()} if it cannot.
     */
    private boolean watch(ReadinessSlot slot) {
        Poller watching = poller;
        if (watching == null) {
            watching = source.current();
            if (!POLLER.compareAndSet(this, null, watching)) {
                // The other direction's waiter is registering both: what is ready by then will be reported.
                watching = poller;
                if (watching == null) {
                    return watch(slot); // It failed meanwhile.
                }
            } else {
                int result = -Errno.EIO;
                try {
                    result = source.register(watching, this);
                } finally {
                    if (result < 0) {
                        failure = -result;
                        poller = null;
                        release(other(slot), Counter.GIVEN_UP); // Let it try for itself.
                    }
                }
                if (result < 0) {
                    return false;
                }
            }
        }
        int armed = watching.arm(this, slot == write);
        if (armed < 0) {
            failure = -armed;
            // Let it try for itself: where the poller keeps one word for both, it may have found its own interest
            // there, which was taken back since.
            release(other(slot), Counter.GIVEN_UP);
            return false;
        }
        // Look again: a poller that failed before it had this one to watch, or before the waiter
        // was there, released nobody.
        if (watching.failure() != null) {
            breakOff();
        }
        return true;
    }

    private ReadinessSlot other(ReadinessSlot slot) {
        return slot == read ? write : read;
    }

    /** Moves the deadline of the pending and of future waits in {@code slot}. Any thread. */
    public void setDeadline(ReadinessSlot slot, long nanos) {
        if (!slot.deadline(nanos) || nanos == Clock.NONE) {
            return; // A waiter that comes later reads it.
        }
        if (trace.clock().hasPassed(nanos)) {
            release(slot, Counter.EXPIRED);
        } else {
            arm(slot, nanos);
        }
    }

    private void arm(ReadinessSlot slot, long deadline) {
        Timer timer = timer(slot);
        if (timer == null) {
            Poller watching = poller;
            if (watching == null) {
                // A setDeadline() between a waiter's store and its registration: the waiter arms, having read the
                // deadline after.
                return;
            }
            Timer fresh = new Timer(slot, watching);
            timer = (Timer) (slot == write ? WRITE_TIMER : READ_TIMER).compareAndExchange(this, null, fresh);
            if (timer == null) {
                timer = fresh;
            }
        }
        timer.poller.arm(timer, deadline);
    }

    private @Nullable Timer timer(ReadinessSlot slot) {
        return slot == write ? writeTimer : readTimer;
    }

    /** Leaves the poller, right before the number is closed. By the descriptor's last user. */
    public void deregister() {
        Poller watching = poller;
        if (watching != null) {
            discard(readTimer);
            discard(writeTimer);
            watching.deregister(this);
        }
    }

    private static void discard(@Nullable Timer timer) {
        if (timer != null) {
            timer.poller.discard(timer);
        }
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // Pollers have no other.
    public boolean isWatchedBy(Object one) {
        return poller == one;
    }

    /** What killed the poller that watches this; null while that lives. */
    public @Nullable Throwable pollerFailure() {
        Poller watching = poller;
        return watching == null ? null : watching.failure();
    }

    /** The errno of the last attempt to register that failed. */
    public int failure() {
        return failure;
    }

    /** Where waits are noted. */
    public Trace trace() {
        return trace;
    }

    /** The poller that watches this, for tests; null before the first wait. */
    @Nullable
    Poller poller() {
        return poller;
    }

    /** What a wait in {@code slot} is for, once its text is asked for. */
    public Object subject(ReadinessSlot slot) {
        return new Subject(this, slot);
    }

    /** The first word of that text. */
    private String op(ReadinessSlot slot) {
        if (owner instanceof Pending pending) {
            return pending.op();
        }
        return slot == write ? "write" : "read";
    }

    /** Shows {@code dump} who waits here, since when and until when at the latest. Any thread. */
    public void describe(Dump dump) {
        describe(dump, read);
        describe(dump, write);
    }

    private void describe(Dump dump, ReadinessSlot slot) {
        Thread waiter = slot.waiter();
        if (waiter != null) {
            long since = slot.sinceNanos();
            long deadline = slot.deadlineNanos();
            long left = deadline == Clock.NONE
                    ? Dump.NO_DEADLINE
                    : deadline - trace.clock().nanos();
            if (slot.holds(waiter)) { // Else it went meanwhile, and these may be another's.
                dump.waits(waiter, "IO wait", subject(slot), since, left);
            }
        }
    }

    @Override
    public String toString() {
        Object shown = owner;
        return shown == null ? "descriptor " + fd() : shown.toString();
    }
}
