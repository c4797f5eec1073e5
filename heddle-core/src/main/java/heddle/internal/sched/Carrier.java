package heddle.internal.sched;

import heddle.internal.trace.Counter;
import heddle.internal.trace.Counters;
import heddle.internal.trace.Dump;

import org.jspecify.annotations.Nullable;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

/**
 * A platform thread that runs virtual threads: Go's M. Runs the processor that it was given until it loses it or the scheduler stops;
 * without one it waits for the next among the spares, and ends after a time.
 */
final class Carrier extends Thread {

    /** Stack of a carrier: continuations run on it in place, and come as deep as their code goes. */
    private static final long STACK_BYTES = 0; // the JVM's default, -Xss

    /** No word of a processor that runs something. */
    private static final long NO_TASK = 0;

    private static final VarHandle PROCESSOR;

    static {
        try {
            PROCESSOR =
                    MethodHandles.lookup()
                            .findVarHandle(Carrier.class, "processor", Processor.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Stands in {@link #processor} of a carrier that has ended. */
    private static final Processor RETIRED = new Processor(-1, NoPoll.INSTANCE);

    final Scheduler scheduler;

    /**
     * What this carrier runs; null while it is spare. Given by any thread, taken back by this one alone: after a hand-off it is stale
     * until the task ends, which is harmless (see {@link RunQueue}).
     */
    private volatile @Nullable Processor processor;

    /**
     * The word of {@link #processor} that says that this carrier runs a task there; {@link #NO_TASK} while it looks for one or polls. Its
     * own, so also of the virtual thread that it carries.
     */
    private long task = NO_TASK;

    /** When the processor was taken from it last, by {@link System#nanoTime}. Written by who took it, read by dumps. */
    volatile long lostSinceNanos;

    Carrier(Scheduler scheduler, ThreadGroup group, String name, Processor processor) {
        super(group, null, name, STACK_BYTES, false);
        this.scheduler = scheduler;
        this.processor = processor;
        setDaemon(true);
    }

    /** What it runs, or ran until now; null while it is spare. */
    @Nullable Processor processor() {
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

    /** Gives {@code next} to this spare; false if it has ended. */
    boolean assign(Processor next) {
        if (PROCESSOR.compareAndSet(this, null, next)) {
            Counters.add(Counter.SPARES, -1);
            LockSupport.unpark(this);
            return true;
        }
        return false;
    }

    @Override
    public void run() {
        Processor current = processor;
        while (current != null && current != RETIRED) {
            current.own();
            current.carrier = this;
            runTasks(current);
            if (scheduler.isStopped()) {
                break;
            }
            current = awaitProcessor();
        }
        scheduler.ended(this);
    }

    /** Runs {@code current} until it is lost, or the scheduler stops. */
    private void runTasks(Processor current) {
        int tick = 0;
        Runnable next;
        while ((next = scheduler.next(current, ++tick)) != null) {
            long running = current.beginTask();
            task = running;
            try {
                next.run();
            } catch (Throwable cause) { // Not what the thread's own code threw: the JDK's, about a
                // thread it cannot run.
                scheduler.failed(cause);
            }
            task = NO_TASK;
            if (!current.endTask(running)) {
                return;
            }
        }
    }

    /** Waits among the spares for a processor; one that means "end" if none comes. */
    private @Nullable Processor awaitProcessor() {
        processor = null;
        scheduler.addSpare(this);
        long endNanos = System.nanoTime() + Scheduler.SPARE_NANOS;
        Processor next;
        while ((next = processor) == null) {
            long leftNanos = endNanos - System.nanoTime();
            if ((leftNanos <= 0 || scheduler.isStopped())
                    && PROCESSOR.compareAndSet(this, null, RETIRED)) {
                Counters.add(Counter.SPARES, -1);
                scheduler.removeSpare(this);
                return RETIRED;
            }
            LockSupport.parkNanos(this, Math.max(leftNanos, 1));
        }
        return next;
    }

    /** Shows {@code dump} what this does, unless it runs a processor, which shows it. */
    void describe(Dump dump) {
        Processor given = processor;
        if (given == null) {
            dump.line(getName() + ": spare");
        } else if (given != RETIRED
                && given.carrier != this
                && Processor.state(given.word()) != Processor.TAKEN) {
            dump.line(
                    getName()
                            + ": runs a task without a processor for "
                            + dump.since(lostSinceNanos),
                    this);
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
