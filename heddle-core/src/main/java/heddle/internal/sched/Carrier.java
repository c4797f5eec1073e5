package heddle.internal.sched;

import heddle.internal.trace.Counter;
import heddle.internal.trace.Dump;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A platform thread that runs virtual threads: Go's M. Runs the processor that it was given until it loses it or the
 * scheduler stops; without one it waits for the next among the spares, and ends after a time.
 */
final class Carrier extends OwnThread {

    /**
     * How long this sleeps at a time after its time as a spare, being reserved: somebody is about to give it a
     * processor.
     */
    private static final long RESERVED_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** How long this sleeps after a failure, which may come again at once. */
    private static final long FAILED_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    /** No word of a processor that runs something. */
    private static final long NO_TASK = 0;

    private static final VarHandle PROCESSOR;

    static {
        try {
            PROCESSOR = MethodHandles.lookup().findVarHandle(Carrier.class, "processor", Processor.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Stands in {@link #processor} of a carrier that has ended. */
    private static final Processor RETIRED = new Processor(-1, NoPoll.INSTANCE);

    /** Stands there while somebody is about to give it one: until then it is not a spare, and does not end. */
    private static final Processor RESERVED = new Processor(-2, NoPoll.INSTANCE);

    final Scheduler scheduler;

    /**
     * What this carrier runs; null while it is spare. Given by whoever has reserved it, taken back by this one alone:
     * after a hand-off it is stale until the task ends, which is harmless (see {@link RunQueue}).
     */
    private volatile @Nullable Processor processor;

    /**
     * The word of {@link #processor} that says that this carrier runs a task there; {@link #NO_TASK} while it looks for
     * one or polls. Its own, so also of the virtual thread that it carries.
     */
    private long task = NO_TASK;

    /** See {@link Scheduler#keptByCarrier}. Its own, so also of the virtual thread that it carries. */
    private @Nullable Object kept;

    /** When the processor was taken from it last, by {@link System#nanoTime}. Written by who took it, read by dumps. */
    volatile long lostSinceNanos;

    /** A carrier that whoever makes it has reserved. */
    Carrier(Scheduler scheduler, String name) {
        super(name);
        this.scheduler = scheduler;
        this.processor = RESERVED;
    }

    /** What it runs, or ran until now; null while it is spare. */
    @Nullable
    Processor processor() {
        return processor;
    }

    /** Whether the calling thread is a task that this carries, not the carrier itself. By either. */
    boolean isRunningTask() {
        return task != NO_TASK;
    }

    /** See there. By the task that this carries. */
    long task() {
        return task;
    }

    /** See {@link Scheduler#keptByCarrier}. By the task that this carries. */
    Object kept(Supplier<?> make) {
        Object found = kept;
        if (found == null) {
            found = make.get();
            kept = found;
        }
        return found;
    }

    /** Makes sure that this spare does not end before {@link #assign} or {@link #setFree}; false if it has ended. */
    boolean reserve() {
        if (PROCESSOR.compareAndSet(this, null, RESERVED)) {
            scheduler.count(Counter.SPARES, -1);
            return true;
        }
        return false;
    }

    /** Gives {@code next} to this, which the caller has reserved. */
    void assign(Processor next) {
        processor = next;
        LockSupport.unpark(this);
    }

    /** Makes this, which the caller has reserved, a spare. */
    void setFree() {
        processor = null;
        scheduler.addSpare(this);
        // It may have seen meanwhile that its time is up, or the scheduler stopped.
        LockSupport.unpark(this);
    }

    @Override
    public void run() {
        Processor current;
        while ((current = awaitProcessor()) != RETIRED) {
            current.own();
            current.carrier = this;
            try {
                runTasks(current);
            } catch (Throwable cause) { // Ours: a task's own is caught there. It is still the owner.
                scheduler.failed(cause);
                LockSupport.parkNanos(this, FAILED_NANOS);
                continue; // Else whoever waits in the processor's poller would wait for ever.
            }
            if (scheduler.isStopped()) {
                break;
            }
            processor = null;
            scheduler.addSpare(this);
        }
        scheduler.ended(this);
    }

    /** Runs {@code current} until it is lost, or the scheduler stops. */
    private void runTasks(Processor current) {
        Runnable next;
        while ((next = scheduler.next(current)) != null) {
            long running = current.beginTask();
            task = running;
            try {
                next.run();
            } catch (Throwable cause) {
                // The JDK's, about a thread it cannot run, or an uncaught exception handler's.
                scheduler.failed(cause);
            }
            task = NO_TASK;
            if (!current.endTask(running)) {
                return;
            }
        }
    }

    /** Waits for a processor; {@link #RETIRED} if none comes. */
    private Processor awaitProcessor() {
        long endNanos = System.nanoTime() + scheduler.spareNanos();
        while (true) {
            Processor given = processor;
            if (given != null && given != RESERVED) {
                return given;
            }
            long leftNanos = endNanos - System.nanoTime();
            if ((leftNanos <= 0 || scheduler.isStopped()) && PROCESSOR.compareAndSet(this, null, RETIRED)) {
                scheduler.count(Counter.SPARES, -1);
                scheduler.removeSpare(this);
                return RETIRED;
            }
            LockSupport.parkNanos(this, Math.max(leftNanos, RESERVED_NANOS));
        }
    }

    /** Shows {@code dump} what this does, unless it runs a processor, which shows it. */
    void describe(Dump dump) {
        Processor given = processor;
        if (given == null || given == RESERVED) {
            dump.line(getName() + ": spare");
        } else if (given != RETIRED && given.carrier != this && Processor.state(given.word()) != Processor.TAKEN) {
            dump.line(getName() + ": runs a task without a processor for " + dump.since(lostSinceNanos), this);
        }
    }

    /** For a processor that runs nothing. */
    private enum NoPoll implements IdlePoll {
        INSTANCE;

        @Override
        public int poll(long timeoutNanos) {
            return 0;
        }

        @Override
        public void wakeUp() {}
    }
}
