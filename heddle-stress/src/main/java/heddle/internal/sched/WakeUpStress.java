package heddle.internal.sched;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import heddle.internal.sched.RunQueueStress.Task;
import heddle.stress.Gap;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * {@link Processor} and {@link Monitor}: who goes to sleep says so and then looks; who has something for a sleeper
 * stores it and then looks who sleeps. One sees the other.
 *
 * <p>Left out, as it cannot show on x86: a producer that adds to the queue without a fence. The compare-and-set that
 * claims its place is one there.
 */
public final class WakeUpStress {

    private WakeUpStress() {}

    /** A carrier that parks, and a task for its queue. */
    @JCStressTest
    @Outcome(id = "true, .*", expect = ACCEPTABLE, desc = "The carrier saw the task.")
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "The producer woke the carrier.")
    @Outcome(expect = FORBIDDEN, desc = "The carrier sleeps beside a task.")
    @State
    public static class ParkAgainstOffer {
        private final ScriptedPoll poll = new ScriptedPoll();
        private final Processor processor = new Processor(0, poll);

        public ParkAgainstOffer() {
            processor.own();
        }

        @Actor
        public void carrier(ZZ_Result r) {
            processor.park();
            r.r1 = processor.queue.size() > 0;
        }

        @Actor
        public void producer(ZZ_Result r) {
            processor.queue.offer(Task.A);
            r.r2 = processor.isParked() && processor.signal() && poll.isWoken();
        }
    }

    /** Looks, and parks after that. */
    @JCStressTest
    @Outcome(id = "true, .*", expect = ACCEPTABLE, desc = "The carrier saw the task.")
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "The producer woke the carrier.")
    @Outcome(id = "false, false", expect = ACCEPTABLE_INTERESTING, desc = "The carrier sleeps beside a task.")
    @State
    public static class LookBeforeParkTwin {
        private final Processor processor = new Processor(0, new ScriptedPoll());

        public LookBeforeParkTwin() {
            processor.own();
        }

        @Actor
        public void carrier(ZZ_Result r) {
            r.r1 = processor.queue.size() > 0;
            Gap.widen();
            processor.park();
        }

        @Actor
        public void producer(ZZ_Result r) {
            processor.queue.offer(Task.A);
            r.r2 = processor.signal();
        }
    }

    /** Parks and then looks, without a fence between. */
    @JCStressTest
    @Outcome(id = "true, .*", expect = ACCEPTABLE, desc = "The carrier saw the task.")
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "The producer woke the carrier.")
    @Outcome(
            id = "false, false",
            expect = ACCEPTABLE_INTERESTING,
            desc = "The carrier looked before the producer could see that it parks.")
    @State
    public static class ParkWithoutFenceTwin {
        private static final VarHandle PARKED = handle(ParkWithoutFenceTwin.class, "parked");

        private final RunQueue queue = new RunQueue(2);

        @SuppressWarnings("unused") // By PARKED.
        private boolean parked;

        @Actor
        public void carrier(ZZ_Result r) {
            PARKED.setRelease(this, true);
            r.r1 = queue.size() > 0;
        }

        @Actor
        public void producer(ZZ_Result r) {
            queue.offer(Task.A);
            r.r2 = (boolean) PARKED.getVolatile(this);
        }
    }

    /**
     * The monitor goes to sleep, since all carriers do, when one of them wakes up: whether it would park, and whether
     * it still would.
     */
    @JCStressTest
    @Outcome(id = "false, .*", expect = ACCEPTABLE, desc = "It saw the carrier.")
    @Outcome(id = "true, false", expect = ACCEPTABLE, desc = "The carrier woke it.")
    @Outcome(expect = FORBIDDEN, desc = "It sleeps while a carrier runs: nobody hands that off.")
    @State
    public static class MonitorAgainstCarrier {
        private final Scheduler scheduler = SchedulerStress.scheduler(new ScriptedPoll());
        private final Processor processor = scheduler.processors()[0];
        private final Monitor monitor = new Monitor(scheduler, 1);

        public MonitorAgainstCarrier() {
            processor.park();
        }

        @Actor
        public void monitor(ZZ_Result r) {
            r.r1 = monitor.fallAsleep();
        }

        @Actor
        public void carrier() {
            processor.unpark();
            monitor.wake();
        }

        @Arbiter
        public void look(ZZ_Result r) {
            r.r2 = monitor.asleep;
        }
    }

    /** Says that it sleeps and then looks, without a fence between; so does the carrier. */
    @JCStressTest
    @Outcome(id = "false, .*", expect = ACCEPTABLE, desc = "It saw the carrier.")
    @Outcome(id = "true, false", expect = ACCEPTABLE, desc = "The carrier woke it.")
    @Outcome(id = "true, true", expect = ACCEPTABLE_INTERESTING, desc = "It sleeps while a carrier runs.")
    @State
    public static class MonitorWithoutFenceTwin {
        private static final VarHandle ASLEEP = handle(MonitorWithoutFenceTwin.class, "asleep");
        private static final VarHandle AWAKE = handle(MonitorWithoutFenceTwin.class, "awake");

        @SuppressWarnings("unused") // By ASLEEP.
        private boolean asleep;

        @SuppressWarnings("unused") // By AWAKE.
        private boolean awake;

        @Actor
        public void monitor(ZZ_Result r) {
            ASLEEP.setRelease(this, true);
            r.r1 = !(boolean) AWAKE.getAcquire(this);
        }

        @Actor
        public void carrier() {
            AWAKE.setRelease(this, true);
            if ((boolean) ASLEEP.getAcquire(this)) {
                ASLEEP.setRelease(this, false);
            }
        }

        @Arbiter
        public void look(ZZ_Result r) {
            r.r2 = asleep;
        }
    }

    private static VarHandle handle(Class<?> owner, String field) {
        try {
            return MethodHandles.privateLookupIn(owner, MethodHandles.lookup())
                    .findVarHandle(owner, field, boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
