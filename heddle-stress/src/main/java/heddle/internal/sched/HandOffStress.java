package heddle.internal.sched;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import heddle.stress.Gap;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZI_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * The ownership of a {@link Processor}: it stays with the carrier that ends its task, or goes to the monitor's, and
 * only for the task that the monitor meant.
 *
 * <p>Left out, as it cannot show on x86: a task begun by a plain store.
 */
public final class HandOffStress {

    private HandOffStress() {}

    /** The task ends when the monitor has enough of it. */
    @JCStressTest
    @Outcome(id = "true, false", expect = ACCEPTABLE, desc = "The carrier keeps it.")
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "The monitor has it to give away.")
    @Outcome(expect = FORBIDDEN, desc = "Two carriers for one processor, or none.")
    @State
    public static class EndAgainstTake {
        private final Processor processor = new Processor(0, new ScriptedPoll());
        private final long running;

        public EndAgainstTake() {
            processor.own();
            running = processor.beginTask();
        }

        @Actor
        public void carrier(ZZ_Result r) {
            r.r1 = processor.endTask(running);
        }

        @Actor
        public void monitor(ZZ_Result r) {
            r.r2 = processor.take(running);
        }
    }

    /** Both look at the word, and change it in a second step. */
    @JCStressTest
    @Outcome(id = "true, false", expect = ACCEPTABLE, desc = "The carrier keeps it.")
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "The monitor has it to give away.")
    @Outcome(id = "true, true", expect = ACCEPTABLE_INTERESTING, desc = "Two carriers.")
    @Outcome(expect = FORBIDDEN, desc = "Not even this protocol does that.")
    @State
    public static class EndAgainstTakeTwin {
        private volatile int state = Processor.RUNNING;

        private boolean leave(int next) {
            if (state != Processor.RUNNING) {
                return false;
            }
            Gap.widen();
            state = next;
            return true;
        }

        @Actor
        public void carrier(ZZ_Result r) {
            r.r1 = leave(Processor.OWNED);
        }

        @Actor
        public void monitor(ZZ_Result r) {
            r.r2 = leave(Processor.TAKEN);
        }
    }

    /** The carrier is at its next task when the monitor acts. The last number is the state: 1 RUNNING, 4 TAKEN. */
    @JCStressTest
    @Outcome(id = "true, false, 1", expect = ACCEPTABLE, desc = "The next task is left alone.")
    @Outcome(id = "false, true, 4", expect = ACCEPTABLE, desc = "Taken during the task meant.")
    @Outcome(expect = FORBIDDEN, desc = "Taken during the next one, or twice.")
    @State
    public static class NextTaskAgainstTake {
        private final Processor processor = new Processor(0, new ScriptedPoll());
        private final long running;

        public NextTaskAgainstTake() {
            processor.own();
            running = processor.beginTask();
        }

        @Actor
        public void carrier(ZZI_Result r) {
            r.r1 = processor.endTask(running);
            if (r.r1) {
                processor.beginTask();
            }
        }

        @Actor
        public void monitor(ZZI_Result r) {
            r.r2 = processor.take(running);
        }

        @Arbiter
        public void look(ZZI_Result r) {
            r.r3 = Processor.state(processor.word());
        }
    }

    /** The word says that a task runs, but not which. */
    @JCStressTest
    @Outcome(id = "true, false, 1", expect = ACCEPTABLE, desc = "Between the tasks.")
    @Outcome(id = "false, true, 4", expect = ACCEPTABLE, desc = "Taken during the task meant.")
    @Outcome(
            id = "true, true, 4",
            expect = ACCEPTABLE_INTERESTING,
            desc = "Taken during the next task, which has run for no time at all.")
    @Outcome(expect = FORBIDDEN, desc = "Not even this protocol does that.")
    @State
    public static class NextTaskAgainstTakeTwin {
        private final AtomicInteger state = new AtomicInteger(Processor.RUNNING);

        @Actor
        public void carrier(ZZI_Result r) {
            r.r1 = state.compareAndSet(Processor.RUNNING, Processor.OWNED);
            if (r.r1) {
                state.set(Processor.RUNNING);
            }
        }

        @Actor
        public void monitor(ZZI_Result r) {
            r.r2 = state.compareAndSet(Processor.RUNNING, Processor.TAKEN);
        }

        @Arbiter
        public void look(ZZI_Result r) {
            r.r3 = state.get();
        }
    }
}
