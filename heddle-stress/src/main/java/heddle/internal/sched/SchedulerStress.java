package heddle.internal.sched;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import heddle.internal.jdk.VirtualThreads;
import heddle.internal.sched.RunQueueStress.Task;
import heddle.internal.trace.Trace;
import heddle.stress.Gap;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LZ_Result;
import org.openjdk.jcstress.infra.results.L_Result;
import org.openjdk.jcstress.infra.results.ZL_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * {@link Scheduler}, with actors for carriers: nobody sleeps on work, stealing and helping neither lose nor double a
 * task, and the order is kept.
 */
public final class SchedulerStress {

    private static final VirtualThreads THREADS = threads();

    private SchedulerStress() {}

    private static VirtualThreads threads() {
        VirtualThreads.Probe probe = VirtualThreads.probe();
        if (probe.threads() == null) {
            throw new AssertionError(probe.reason());
        }
        return probe.threads();
    }

    static Scheduler scheduler(ScriptedPoll... pollers) {
        return new Scheduler(THREADS, List.of(pollers), new Scheduler.Limits(1, 1, 1, 0), new Trace(), cause -> {
            throw new AssertionError(cause);
        });
    }

    /** A task from outside, and the only carrier on its way to sleep. */
    @JCStressTest
    @Outcome(id = "A, false", expect = ACCEPTABLE, desc = "Seen, or woken for it.")
    @Outcome(expect = FORBIDDEN, desc = "Sleeps with a task in the shared queue.")
    @State
    public static class ExecuteAgainstBlock {
        private final ScriptedPoll poll = new ScriptedPoll();
        private final Scheduler scheduler = scheduler(poll);
        private final Processor processor = scheduler.processors()[0];

        public ExecuteAgainstBlock() {
            processor.own();
        }

        @Actor
        public void carrier(LZ_Result r) {
            r.r1 = Task.name(scheduler.next(processor));
            r.r2 = poll.overslept;
        }

        @Actor
        public void outsider() {
            scheduler.execute(Task.A);
            poll.othersAreDone = true;
        }
    }

    /** The carrier looks, says that it is parked, and does not look again. */
    @JCStressTest
    @Outcome(id = "true, .*", expect = ACCEPTABLE, desc = "Seen.")
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "Woken for it.")
    @Outcome(id = "false, false", expect = ACCEPTABLE_INTERESTING, desc = "Sleeps with a task in the shared queue.")
    @State
    public static class ExecuteAgainstBlockTwin {
        private final ConcurrentLinkedQueue<Runnable> shared = new ConcurrentLinkedQueue<>();
        private final AtomicInteger parked = new AtomicInteger();

        @Actor
        public void carrier(ZZ_Result r) {
            r.r1 = !shared.isEmpty();
            Gap.widen();
            parked.incrementAndGet();
        }

        @Actor
        public void outsider(ZZ_Result r) {
            shared.add(Task.A);
            r.r2 = parked.get() > 0;
        }
    }

    /** A queue's own carrier, and another that has nothing and steals. */
    @JCStressTest
    @Outcome(id = "ABCD", expect = ACCEPTABLE, desc = "Each task once.")
    @Outcome(expect = FORBIDDEN, desc = "A task lost or doubled.")
    @State
    public static class OwnerAgainstThief {
        private final Scheduler scheduler = scheduler(new ScriptedPoll(), new ScriptedPoll());
        private final Processor owner = scheduler.processors()[0];
        private final Processor thief = scheduler.processors()[1];
        private final String[] taken = {"", "", "", ""};

        public OwnerAgainstThief() {
            owner.own();
            thief.own();
            for (Task task : new Task[] {Task.A, Task.B, Task.C, Task.D}) {
                owner.queue.offer(task);
            }
        }

        @Actor
        public void owner() {
            taken[0] = Task.name(scheduler.next(owner));
            taken[1] = Task.name(scheduler.next(owner));
        }

        @Actor
        public void thief() {
            taken[2] = Task.name(scheduler.next(thief));
        }

        @Arbiter
        public void drain(L_Result r) {
            taken[3] = SchedulerStress.drain(owner.queue) + SchedulerStress.drain(thief.queue);
            r.r1 = sorted(taken);
        }
    }

    /** A queue's own carrier, and another that saw tasks wait in it for too long. */
    @JCStressTest
    @Outcome(id = "ABCD", expect = ACCEPTABLE, desc = "Each task once.")
    @Outcome(expect = FORBIDDEN, desc = "A task lost or doubled.")
    @State
    public static class OwnerAgainstHelper {
        private final Scheduler scheduler = scheduler(new ScriptedPoll(), new ScriptedPoll());
        private final Processor owner = scheduler.processors()[0];
        private final Processor helper = scheduler.processors()[1];
        private final String[] taken = {"", "", "", ""};

        public OwnerAgainstHelper() {
            owner.own();
            helper.own();
            for (Task task : new Task[] {Task.A, Task.B, Task.C}) {
                owner.queue.offer(task);
            }
            helper.helped = owner.queue;
            helper.helpedEnd = owner.queue.added();
            helper.queue.offer(Task.D); // For when they are all taken.
        }

        @Actor
        public void owner() {
            taken[0] = Task.name(scheduler.next(owner));
            taken[1] = Task.name(scheduler.next(owner));
        }

        @Actor
        public void helper() {
            taken[2] = Task.name(scheduler.next(helper));
        }

        @Arbiter
        public void drain(L_Result r) {
            taken[3] = SchedulerStress.drain(owner.queue) + SchedulerStress.drain(helper.queue);
            r.r1 = sorted(taken);
        }
    }

    private static String drain(RunQueue queue) {
        var names = new StringBuilder();
        Runnable task;
        while ((task = queue.poll()) != null) {
            names.append(Task.name(task));
        }
        return names.toString();
    }

    private static String sorted(String[] names) {
        char[] all = String.join("", names).toCharArray();
        Arrays.sort(all);
        return new String(all);
    }

    /**
     * What came from outside before a carrier adds something is ahead of that. Whether it had come, and what is run
     * first.
     */
    @JCStressTest
    @Outcome(id = "true, A", expect = ACCEPTABLE, desc = "In their order.")
    @Outcome(id = "false, [AB]", expect = ACCEPTABLE, desc = "At the same time: in any order.")
    @Outcome(expect = FORBIDDEN, desc = "The later one gets ahead, and may again and again.")
    @State
    public static class OutsiderAgainstCarrier {
        private final Scheduler scheduler = scheduler(new ScriptedPoll());
        private final Processor processor = scheduler.processors()[0];
        private final Carrier carrier = new Carrier(scheduler, "never started");
        private volatile boolean added;

        public OutsiderAgainstCarrier() {
            processor.own();
            carrier.assign(processor);
        }

        @Actor
        public void carrier(ZL_Result r) {
            r.r1 = added;
            scheduler.execute(carrier, Task.B);
            r.r2 = Task.name(scheduler.next(processor));
        }

        @Actor
        public void outsider() {
            scheduler.execute(Task.A);
            added = true;
        }
    }

    /** The carrier adds to its processor's queue whatever is in the shared one. */
    @JCStressTest
    @Outcome(id = "false, B", expect = ACCEPTABLE, desc = "At the same time.")
    @Outcome(
            id = "true, B",
            expect = ACCEPTABLE_INTERESTING,
            desc = "The later one gets ahead, and may again and again.")
    @Outcome(expect = FORBIDDEN, desc = "Not even this protocol does that.")
    @State
    public static class OutsiderAgainstCarrierTwin {
        private final RunQueue own = new RunQueue(2);
        private final ConcurrentLinkedQueue<Runnable> shared = new ConcurrentLinkedQueue<>();
        private volatile boolean added;

        @Actor
        public void carrier(ZL_Result r) {
            r.r1 = added;
            own.offer(Task.B);
            Runnable first = own.poll();
            r.r2 = Task.name(first != null ? first : shared.poll());
        }

        @Actor
        public void outsider() {
            shared.add(Task.A);
            added = true;
        }
    }
}
