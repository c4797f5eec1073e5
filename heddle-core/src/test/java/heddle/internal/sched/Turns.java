package heddle.internal.sched;

import heddle.internal.jdk.VirtualThreads;
import heddle.internal.trace.Trace;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A real {@link Scheduler} under simulated threads, whose carriers the test's own thread moves by hand: a turn ends
 * when {@link #turn} says so, so each order of turns can be had, and had again. Time is the number of turns.
 *
 * <p>Counts how often one thread has run while another waited: since that became runnable ({@link #sinceRunnable}), and
 * since what it waits for was there, which the poller may not have told yet ({@link #sinceReady}).
 */
final class Turns {

    /** Stands for a carrier: who wakes is no thread of the scheduler's. */
    static final int OUTSIDE = -1;

    /** As many runs of a thread are remembered at most: a count that comes to this means "this or more". */
    private static final int COUNT_MAX = 512;

    private static final long LONG_NANOS = 1L << 60;

    final Scheduler scheduler;
    final Count sinceRunnable = new Count();
    final Count sinceReady = new Count();

    private final List<Carrier> carriers = new ArrayList<>();
    private final List<Kernel> kernels = new ArrayList<>();
    private final @Nullable SimThread[] running;
    private int threads;
    private long now;

    Turns(int processors) {
        for (int i = 0; i < processors; i++) {
            kernels.add(new Kernel(i));
        }
        scheduler = new Scheduler(
                VirtualThreads.probe().threads(),
                kernels,
                new Scheduler.Limits(LONG_NANOS, 1, 1, 0),
                new Trace(),
                cause -> {
                    throw new AssertionError(cause);
                });
        for (Processor processor : scheduler.processors()) {
            var carrier = new Carrier(scheduler, "simulated"); // Never started.
            carrier.assign(processor);
            processor.own();
            carriers.add(carrier);
        }
        running = new SimThread[processors];
    }

    /** What a thread does at the end of its turn, on processor {@code at}. */
    interface Then {
        void act(SimThread self, int at);
    }

    /** A thread, of which the scheduler sees only that it can run. */
    final class SimThread implements Runnable {

        private final String name;
        private final Then then;

        /**
         * When it ran: the {@code n}-th run's instant at {@code n} modulo the length, which grows until it is {@link
         * #COUNT_MAX}.
         */
        private long[] runs = new long[4];

        private int ran;

        SimThread(String kind, Then then) {
            this.name = kind + " " + threads++;
            this.then = then;
        }

        /** How often it has run. */
        int ran() {
            return ran;
        }

        private void ran(long instant) {
            if (ran == runs.length && ran < COUNT_MAX) {
                runs = Arrays.copyOf(runs, 2 * ran);
            }
            runs[ran++ % runs.length] = instant;
        }

        /** How often it has run since {@code instant}. */
        private int runsSince(long instant) {
            int count = 0;
            while (count < Math.min(ran, runs.length) && runs[(ran - 1 - count) % runs.length] > instant) {
                count++;
            }
            return count;
        }

        @Override
        public void run() {
            throw new AssertionError("the test runs it");
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /** Who waits, the longest first, and the most runs of another meanwhile. */
    static final class Count {

        private record Waiting(SimThread thread, long since, int ran) {}

        private final Deque<Waiting> waiting = new ArrayDeque<>();
        private int worst;
        private String example = "nobody waited";

        private void begin(SimThread thread, long since) {
            waiting.add(new Waiting(thread, since, thread.ran));
        }

        /** {@code runner} begins a turn: as it waits no more, all who are left waited in vain. */
        private void runs(SimThread runner) {
            // Those that ran meanwhile wait no more.
            while (!waiting.isEmpty() && waiting.peek().thread.ran != waiting.peek().ran) {
                waiting.remove();
            }
            Waiting longest = waiting.peek();
            if (longest != null) {
                int count = runner.runsSince(longest.since);
                if (count > worst) {
                    worst = count;
                    example = runner + " ran " + count + " times while " + longest.thread + " waited";
                }
            }
        }

        /** The most turns of one thread while another waited. */
        int worst() {
            return worst;
        }

        @Override
        public String toString() {
            return example;
        }
    }

    /** A processor's poller: threads are in it once what they wait for is there. */
    private final class Kernel implements IdlePoll {

        /** As of epoll: at most so many at a time, the longest ready first. */
        private static final int EVENTS_MAX = 128;

        /** As of the queue of deadlines. */
        private static final int FIRED_MAX = 64;

        private final int id;
        private final Deque<SimThread> ready = new ArrayDeque<>();
        private final Deque<SimThread> due = new ArrayDeque<>();
        private boolean asked;

        Kernel(int id) {
            this.id = id;
        }

        @Override
        public boolean isDue() {
            return asked;
        }

        @Override
        public int poll(long timeoutNanos) {
            asked = false;
            if (timeoutNanos != 0 && ready.isEmpty() && due.isEmpty()) {
                throw new Idle();
            }
            return tell(ready, EVENTS_MAX) + tell(due, FIRED_MAX);
        }

        private int tell(Deque<SimThread> threads, int most) {
            int told = 0;
            while (told < most && !threads.isEmpty()) {
                execute(threads.remove(), id);
                told++;
            }
            return told;
        }

        @Override
        public void wakeUp() {}
    }

    /** Nothing can run, and nothing is ready: a carrier would sleep. */
    private static final class Idle extends RuntimeException {
        private static final long serialVersionUID = 1;

        Idle() {
            super(null, null, false, false); // Thrown often, and its stack says nothing.
        }
    }

    /** Makes {@code thread} runnable, by a thread on processor {@code by} or from {@link #OUTSIDE}. */
    void wake(SimThread thread, int by) {
        sinceReady.begin(thread, now);
        execute(thread, by);
    }

    private void execute(SimThread thread, int by) {
        sinceRunnable.begin(thread, now);
        scheduler.execute(by == OUTSIDE ? null : carriers.get(by), thread);
    }

    /** What {@code thread} waits for in the poller of {@code processor} is there. */
    void ready(SimThread thread, int processor) {
        sinceReady.begin(thread, now);
        kernels.get(processor).ready.add(thread);
    }

    /** The deadline of {@code thread}, in the poller of {@code processor}, is there. */
    void due(SimThread thread, int processor) {
        sinceReady.begin(thread, now);
        kernels.get(processor).due.add(thread);
    }

    /** The poller of {@code processor} has so much to do that it is due. */
    void ask(int processor) {
        kernels.get(processor).asked = true;
    }

    /** Processor {@code at} ends its turn, if it is in one, and begins the next, if there is one. */
    void turn(int at) {
        SimThread ended = running[at];
        if (ended != null) {
            running[at] = null;
            ended.then.act(ended, at);
        }
        SimThread next;
        try {
            next = (SimThread) scheduler.next(scheduler.processors()[at]);
        } catch (Idle idle) {
            return;
        }
        if (next == null) {
            throw new AssertionError("the scheduler has stopped");
        }
        now++;
        next.ran(now);
        running[at] = next;
        sinceRunnable.runs(next);
        sinceReady.runs(next);
    }

    /** {@code turns} of the first processor. */
    void turns(int turns) {
        for (int i = 0; i < turns; i++) {
            turn(0);
        }
    }

    /**
     * {@code turns} of all processors, in an order of chance, during which now one, now another is stuck in its turn.
     */
    void turns(int turns, Random random) {
        int left = turns;
        while (left > 0) {
            int stuck = random.nextInt(running.length);
            for (int i = random.nextInt(400); i >= 0; i--, left--) {
                int at = random.nextInt(running.length - 1);
                turn(at < stuck ? at : at + 1);
            }
            for (int i = random.nextInt(40); i >= 0; i--, left--) {
                turn(random.nextInt(running.length));
            }
        }
    }
}
