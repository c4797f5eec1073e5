package heddle.internal.sched;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import heddle.stress.Gap;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;
import org.openjdk.jcstress.infra.results.L_Result;

/**
 * {@link RunQueue}: each task exactly once, those of one producer in their order, with as few slots as there can be.
 *
 * <p>Left out, as they cannot show on x86, where stores stay in their order and loads in theirs: the twins whose
 * sequence numbers are stored or read plainly. SequenceBeforeTaskTwin does by the order of the program what another
 * processor may make of them.
 */
public final class RunQueueStress {

    private RunQueueStress() {}

    /** A task by its name. */
    record Task(String name) implements Runnable {

        static final Task A = new Task("A");
        static final Task B = new Task("B");
        static final Task C = new Task("C");
        static final Task D = new Task("D");

        static String name(@Nullable Runnable task) {
            return task instanceof Task named ? named.name : "-";
        }

        @Override
        public void run() {}
    }

    private static String drain(RunQueue queue) {
        var names = new StringBuilder();
        Runnable task;
        while ((task = queue.poll()) != null) {
            names.append(Task.name(task));
        }
        return names.toString();
    }

    /** Two add, and fill it. */
    @JCStressTest
    @Outcome(
            id = {"AB", "BA"},
            expect = ACCEPTABLE,
            desc = "Both are in it, in some order.")
    @Outcome(expect = FORBIDDEN, desc = "One is lost, or is there twice.")
    @State
    public static class TwoProducers {
        private final RunQueue queue = new RunQueue(2);

        @Actor
        public void one() {
            queue.offer(Task.A);
        }

        @Actor
        public void other() {
            queue.offer(Task.B);
        }

        @Arbiter
        public void drain(L_Result r) {
            r.r1 = RunQueueStress.drain(queue);
        }
    }

    /** Two take. */
    @JCStressTest
    @Outcome(
            id = {"A, B", "B, A"},
            expect = ACCEPTABLE,
            desc = "Each has one.")
    @Outcome(expect = FORBIDDEN, desc = "Both have the same, or one has none.")
    @State
    public static class TwoConsumers {
        private final RunQueue queue = new RunQueue(2);

        public TwoConsumers() {
            queue.offer(Task.A);
            queue.offer(Task.B);
        }

        @Actor
        public void one(LL_Result r) {
            r.r1 = Task.name(queue.poll());
        }

        @Actor
        public void other(LL_Result r) {
            r.r2 = Task.name(queue.poll());
        }
    }

    /** Reads the head, and claims it in a second step. */
    @JCStressTest
    @Outcome(
            id = {"A, B", "B, A"},
            expect = ACCEPTABLE,
            desc = "Each has one.")
    @Outcome(id = "A, A", expect = ACCEPTABLE_INTERESTING, desc = "Both have the same.")
    @Outcome(expect = FORBIDDEN, desc = "Not even this protocol does that.")
    @State
    public static class TwoConsumersTwin {
        private final Runnable[] tasks = {Task.A, Task.B};
        private volatile int head;

        @Actor
        public void one(LL_Result r) {
            r.r1 = Task.name(poll());
        }

        @Actor
        public void other(LL_Result r) {
            r.r2 = Task.name(poll());
        }

        private Runnable poll() {
            int seen = head;
            Gap.widen();
            head = seen + 1;
            return tasks[seen];
        }
    }

    /**
     * One adds three, one more than fit; one takes two meanwhile. What came out, then what was left, against what went
     * in.
     */
    @JCStressTest
    @Outcome(
            id = {"AB, AB", "ABC, ABC"},
            expect = ACCEPTABLE,
            desc = "What fitted, in its order; C fits once A is out.")
    @Outcome(expect = FORBIDDEN, desc = "Lost, twice, or in another order.")
    @State
    public static class ProducerConsumer {
        private final RunQueue queue = new RunQueue(2);
        private final StringBuilder in = new StringBuilder();
        private final StringBuilder out = new StringBuilder();

        @Actor
        public void producer() {
            add(Task.A);
            add(Task.B);
            add(Task.C);
        }

        private void add(Task task) {
            if (queue.offer(task)) {
                in.append(task.name());
            }
        }

        @Actor
        public void consumer() {
            take();
            take();
        }

        private void take() {
            Runnable task = queue.poll();
            if (task != null) {
                out.append(Task.name(task));
            }
        }

        @Arbiter
        public void drain(LL_Result r) {
            r.r1 = in.toString();
            r.r2 = out + RunQueueStress.drain(queue);
        }
    }

    /** Hands the slot over before the task is in it. */
    @JCStressTest
    @Outcome(id = "A", expect = ACCEPTABLE, desc = "The consumer came late enough.")
    @Outcome(id = "-", expect = ACCEPTABLE_INTERESTING, desc = "It took an empty slot.")
    @Outcome(expect = FORBIDDEN, desc = "Not even this protocol does that.")
    @State
    public static class SequenceBeforeTaskTwin {
        private volatile int sequence;
        private volatile @Nullable Runnable task;

        @Actor
        public void producer() {
            sequence = 1;
            Gap.widen();
            task = Task.A;
        }

        @Actor
        public void consumer(L_Result r) {
            while (sequence == 0) {
                Thread.onSpinWait();
            }
            r.r1 = Task.name(task);
        }
    }

    /** A full queue: one takes the oldest while another adds into its slot. */
    @JCStressTest
    @Outcome(id = "A, BC", expect = ACCEPTABLE, desc = "The slot was free in time.")
    @Outcome(id = "A, B", expect = ACCEPTABLE, desc = "It was not: C was refused.")
    @Outcome(expect = FORBIDDEN, desc = "A task was overwritten.")
    @State
    public static class FullAgainstPoll {
        private final RunQueue queue = new RunQueue(2);

        public FullAgainstPoll() {
            queue.offer(Task.A);
            queue.offer(Task.B);
        }

        @Actor
        public void consumer(LL_Result r) {
            r.r1 = Task.name(queue.poll());
        }

        @Actor
        public void producer() {
            queue.offer(Task.C);
        }

        @Arbiter
        public void drain(LL_Result r) {
            r.r2 = RunQueueStress.drain(queue);
        }
    }

    /** The consumer says that the slot is free before it has taken the task out. */
    @JCStressTest
    @Outcome(id = "A", expect = ACCEPTABLE, desc = "Taken in time.")
    @Outcome(
            id = "C",
            expect = ACCEPTABLE_INTERESTING,
            desc = "The producer's task came into the slot first: A is lost, C runs twice.")
    @Outcome(expect = FORBIDDEN, desc = "Not even this protocol does that.")
    @State
    public static class FreeBeforeTakenTwin {
        private volatile boolean free;
        private volatile Runnable task = Task.A;

        @Actor
        public void consumer(L_Result r) {
            free = true;
            Gap.widen();
            r.r1 = Task.name(task);
        }

        @Actor
        public void producer() {
            if (free) {
                task = Task.C;
            }
        }
    }
}
