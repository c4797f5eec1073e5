package heddle.internal.poll;

import heddle.internal.sched.IdlePoll;
import heddle.internal.trace.Counter;
import heddle.internal.trace.Dump;
import heddle.internal.trace.Recorder;
import heddle.internal.trace.Tally;
import heddle.internal.trace.Trace;
import heddle.time.Clock;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Watches descriptors and turns what the kernel reports into unparks; fires deadlines.
 *
 * <p>All that a platform must supply:
 *
 * <ul>
 *   <li>{@link #register}, {@link #deregister}: any thread, once each for a descriptor; 0 or -errno;
 *   <li>{@link #arm}: any thread, before each wait; only for backends that forget interest once they reported it, or
 *       that receive by themselves;
 *   <li>{@link #ask}: any thread; only for backends that receive and send by themselves;
 *   <li>{@link #isDue}: the polling thread; only for backends of which so much may be asked that a poll is due;
 *   <li>{@link #select}: one thread at a time; blocks at most so many nanoseconds (0 none, negative for ever); calls
 *       {@link Watched#signal} for what is ready, never for a generation that was deregistered, and adds the waits
 *       that this ended to {@link #woken};
 *   <li>{@link #await}: one thread at a time; waits as long as select would, and takes nothing;
 *   <li>{@link #wakeUp}: any thread; makes the current or else the next of both return;
 *   <li>{@link #forEachWatched}: any thread; by it a dead poller ends its waits, and a dump lists them;
 *   <li>{@link #abandon}: by the polling thread once the poller is dead; only for backends in which somebody waits for
 *       a select besides the registrations;
 *   <li>{@link #close}: when nobody polls any more.
 * </ul>
 *
 * Ordering: {@link #arm(DeadlineTimer, long)} pushes to the intake, then reads the deadline in force and {@code
 * blockedUntilNanos}; {@link #beginSleep} stores that, then reads the intake. PollerWakeUpStress has the twins without
 * it.
 *
 * <p>A poll that throws kills the poller: its failure is reported, all waits in it end with that as their cause, and so
 * does each later one. The thread that polls goes on, since it has other work.
 */
public abstract class Poller implements IdlePoll {

    private static final long NOT_BLOCKED = 0;

    /** How long a dead poller sleeps at a time: its carrier looks for other work that often, as nothing can wake it. */
    private static final long FAILED_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    /** How many waits the current {@link #select} has ended; the polling thread's, set by select. */
    protected int woken;

    /** What the polling thread counts. */
    private final Tally tally;

    final DeadlineQueue deadlines = new DeadlineQueue();
    private final Trace trace;
    private final Clock clock;
    private final Consumer<Throwable> onFailure;

    /** What killed this poller. Written once, by the polling thread; read by any. */
    private volatile @Nullable Throwable failure;

    /** Until when the polling thread may sleep. Written by it, read by any thread. */
    volatile long blockedUntilNanos = NOT_BLOCKED;

    /**
     * A poller that lives.
     *
     * @param trace counts what it does
     * @param onFailure told once, by the polling thread, what killed it
     */
    protected Poller(Trace trace, Consumer<Throwable> onFailure) {
        this.trace = trace;
        this.clock = trace.clock();
        this.tally = trace.counters().tally();
        this.onFailure = onFailure;
    }

    @Override
    public final int poll(long timeoutNanos) {
        if (failure != null) {
            if (timeoutNanos != 0) {
                LockSupport.parkNanos(this, FAILED_NANOS);
            }
            return 0;
        }
        try {
            return dispatch(timeoutNanos);
        } catch (Throwable cause) {
            fail(cause);
            return 0;
        }
    }

    private int dispatch(long timeoutNanos) {
        if (deadlines.hasIntake()) {
            deadlines.takeIn();
        }
        Recorder.Poll event = trace.recorder().beginPoll();
        woken = 0;
        int events;
        if (timeoutNanos == 0) {
            events = select(0);
        } else {
            long untilNanos = beginSleep(timeoutNanos < 0 ? DeadlineTimer.NOT_ARMED : clock.after(timeoutNanos));
            if (untilNanos == DeadlineTimer.NOT_ARMED) {
                events = select(FOREVER);
            } else {
                events = select(clock.sleepNanos(untilNanos));
            }
            endSleep();
        }
        tally.add(Counter.POLLS, 1);
        if (events > 0) {
            tally.add(Counter.BATCHES, 1);
            tally.add(Counter.EVENTS, events);
            tally.add(Counter.WAKES, woken);
            event = trace.recorder().endPoll(event);
        }
        if (event != null) {
            event.done(events, woken);
        }
        if (deadlines.hasIntake()) {
            deadlines.takeIn();
        }
        // If that leaves some that are due, the next poll does not sleep.
        int fired = deadlines.isEmpty() ? 0 : deadlines.fire(clock.nanos(), tally);
        return events + fired;
    }

    /** Sleeps until the next {@link #poll} would find something, and leaves that to it. By the polling thread. */
    final void sleep() {
        try {
            long untilNanos = beginSleep(DeadlineTimer.NOT_ARMED);
            await(untilNanos == DeadlineTimer.NOT_ARMED ? FOREVER : clock.sleepNanos(untilNanos));
            endSleep();
        } catch (Throwable cause) {
            fail(cause);
        }
    }

    /**
     * The polling thread is about to sleep, at most until {@code limitNanos}: from here to {@link #endSleep}, an
     * earlier deadline wakes it.
     *
     * @return until when it may, the next deadline being considered; {@link Long#MAX_VALUE} for ever, 0 not at all
     */
    private long beginSleep(long limitNanos) {
        long untilNanos = Math.min(limitNanos, deadlines.nextNanos());
        blockedUntilNanos = untilNanos;
        // Look again: an arm() before the store above saw nobody to wake.
        return deadlines.hasIntake() ? 0 : untilNanos;
    }

    /** The polling thread is awake again. */
    private void endSleep() {
        blockedUntilNanos = NOT_BLOCKED;
    }

    /** {@code cause} killed this poller: ends all waits in it, then says so. By the polling thread. */
    public final void fail(Throwable cause) {
        blockedUntilNanos = NOT_BLOCKED;
        // Before the registrations are looked at: one that comes later looks at it.
        failure = cause;
        forEachWatched(Watched::breakOff);
        abandon();
        // Last, as a log may wait for somebody who waits here.
        onFailure.accept(cause);
    }

    /** What killed this poller; null while it lives. */
    public final @Nullable Throwable failure() {
        return failure;
    }

    /** Makes {@code timer} fire at its slot's deadline, at most {@code deadlineNanos}. Any thread. */
    final void arm(DeadlineTimer timer, long deadlineNanos) {
        if (failure != null) {
            return; // Nobody will take it in, and the wait has ended.
        }
        if (deadlines.arm(timer, deadlineNanos)) {
            // Not the caller's: who pushed the timer first had a later one, and maybe saw no need
            // to wake anybody; who came second may have found it not pushed yet.
            long inForceNanos = timer.slot.deadlineNanos();
            if (inForceNanos != Clock.NONE && inForceNanos < blockedUntilNanos) {
                wakeUp();
            }
        }
    }

    /** Forgets {@code timer}. Any thread, once its descriptor is closing. */
    final void discard(DeadlineTimer timer) {
        if (failure == null) {
            deadlines.discard(timer);
        }
    }

    /**
     * Starts to watch both directions, edge-triggered: what is ready now is reported too. A backend with {@link
     * #arm(Watched, boolean)} may leave each direction to that, which comes before each wait; another thread may be
     * there before this returns. 0 or -errno.
     */
    protected abstract int register(Watched watched);

    /** Ends the watch; on return nothing of the poller refers to the descriptor's number any more. */
    protected abstract void deregister(Watched watched);

    /**
     * A thread is about to wait for one direction: for backends that report each readiness once only when asked. 0 or
     * -errno.
     */
    protected int arm(Watched watched, boolean write) {
        return 0;
    }

    /** Asks the polling thread of a ring. Any thread. */
    protected void ask(RingRequest request) {
        throw new UnsupportedOperationException("no ring");
    }

    /** Whether the polling thread sleeps, or is about to look whether it may. Any thread. */
    protected final boolean isAsleep() {
        return blockedUntilNanos != NOT_BLOCKED;
    }

    /** Reports what is ready, waiting at most {@code timeoutNanos}: how many events there were, wake-ups included. */
    protected abstract int select(long timeoutNanos);

    /** Waits at most {@code timeoutNanos} for what {@link #select} would report, and leaves it there. */
    protected abstract void await(long timeoutNanos);

    /** Shows all that this poller watches to {@code visitor}, weakly consistent. Any thread. */
    public abstract void forEachWatched(Consumer<Watched> visitor);

    /** Shows {@code dump} how much it watches, and whether it lives. Any thread. */
    public final void describe(Dump dump) {
        AtomicInteger watched = new AtomicInteger();
        forEachWatched(_ -> watched.incrementAndGet());
        Throwable cause = failure;
        dump.line("poller: " + watched + " descriptors watched" + (cause == null ? "" : ", dead: " + cause));
    }

    /**
     * The poller died and will not select again: lets go whoever waits for that besides the registrations. By the
     * polling thread.
     */
    protected void abandon() {}

    /** Counts {@code n} more of what any thread does. */
    protected final void count(Counter counter, int n) {
        trace.counters().add(counter, n);
    }

    /** Gives back what it holds of the system. */
    public void close() {
        trace.counters().retire(tally);
    }
}
