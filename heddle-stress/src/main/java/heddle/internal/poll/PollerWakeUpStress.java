package heddle.internal.poll;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import heddle.stress.Gap;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicBoolean;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LZ_Result;
import org.openjdk.jcstress.infra.results.L_Result;

/** {@link Poller}: a deadline that is armed while the polling thread goes to sleep, or sleeps. */
public final class PollerWakeUpStress {

    private PollerWakeUpStress() {}

    /** A timer is armed just when the poller goes to sleep for ever. */
    @JCStressTest
    @Outcome(id = "STAYED_AWAKE", expect = ACCEPTABLE, desc = "Seen in the intake.")
    @Outcome(id = "UNTIL_A_DEADLINE", expect = ACCEPTABLE, desc = "Taken in before.")
    @Outcome(id = "WOKEN", expect = ACCEPTABLE, desc = "Woken up.")
    @Outcome(expect = FORBIDDEN, desc = "Sleeps through the deadline.")
    @State
    public static class ArmAgainstSleep {
        private final ScriptedPoller poller = new ScriptedPoller();
        private final ReadinessSlot slot = new ReadinessSlot();
        private final DeadlineTimer timer = new DeadlineTimer(slot);

        @Actor
        public void sleeper(L_Result r) {
            poller.poll(ScriptedPoller.FOREVER);
            r.r1 = poller.slept;
        }

        @Actor
        public void waiter() {
            slot.deadline(Slots.SOON);
            poller.arm(timer, Slots.SOON);
            poller.othersAreDone = true;
        }

        @Arbiter
        public void close() {
            poller.close();
        }
    }

    /** As much of a poller as its sleep is about. */
    abstract static class MiniPoller {
        static final VarHandle BLOCKED_UNTIL;
        static final VarHandle INTAKE;

        static {
            try {
                var lookup = MethodHandles.lookup();
                BLOCKED_UNTIL = lookup.findVarHandle(MiniPoller.class, "blockedUntil", long.class);
                INTAKE = lookup.findVarHandle(MiniPoller.class, "intake", boolean.class);
            } catch (ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e);
            }
        }

        @SuppressWarnings("unused") // By BLOCKED_UNTIL.
        private long blockedUntil;

        @SuppressWarnings("unused") // By INTAKE.
        private boolean intake;

        private volatile boolean woken;
        private volatile boolean armed;

        final String sleep() {
            boolean done = false;
            while (!woken && !done) {
                Thread.onSpinWait();
                done = armed;
            }
            return woken ? "WOKEN" : "OVERSLEPT";
        }

        final void wakeUpIfBlockedUntil(long blockedUntilNanos) {
            if (Slots.SOON < blockedUntilNanos) {
                woken = true;
            }
            armed = true;
        }
    }

    /** Looks into the intake before it says that it sleeps, and not again. */
    @JCStressTest
    @Outcome(id = "STAYED_AWAKE", expect = ACCEPTABLE, desc = "Seen in the intake.")
    @Outcome(id = "WOKEN", expect = ACCEPTABLE, desc = "Woken up.")
    @Outcome(
            id = "OVERSLEPT",
            expect = ACCEPTABLE_INTERESTING,
            desc = "Armed after the look, by one who saw nobody asleep.")
    @Outcome(expect = FORBIDDEN, desc = "Not even this protocol does that.")
    @State
    public static class LookBeforeSleepTwin extends MiniPoller {

        @Actor
        public void sleeper(L_Result r) {
            if ((boolean) INTAKE.getVolatile(this)) {
                r.r1 = "STAYED_AWAKE";
            } else {
                Gap.widen();
                BLOCKED_UNTIL.setVolatile(this, Long.MAX_VALUE);
                r.r1 = sleep();
            }
        }

        @Actor
        public void waiter() {
            INTAKE.setVolatile(this, true);
            wakeUpIfBlockedUntil((long) BLOCKED_UNTIL.getVolatile(this));
        }
    }

    /** Says that it sleeps and then looks, without a fence between. */
    @JCStressTest
    @Outcome(id = "STAYED_AWAKE", expect = ACCEPTABLE, desc = "Seen in the intake.")
    @Outcome(id = "WOKEN", expect = ACCEPTABLE, desc = "Woken up.")
    @Outcome(
            id = "OVERSLEPT",
            expect = ACCEPTABLE_INTERESTING,
            desc = "It looked before others could see that it sleeps.")
    @Outcome(expect = FORBIDDEN, desc = "Not even this protocol does that.")
    @State
    public static class SleepWithoutFenceTwin extends MiniPoller {

        @Actor
        public void sleeper(L_Result r) {
            BLOCKED_UNTIL.setRelease(this, Long.MAX_VALUE);
            r.r1 = (boolean) INTAKE.getAcquire(this) ? "STAYED_AWAKE" : sleep();
        }

        @Actor
        public void waiter() {
            INTAKE.setVolatile(this, true);
            wakeUpIfBlockedUntil((long) BLOCKED_UNTIL.getVolatile(this));
        }
    }

    /**
     * Two move the deadline of a waiter whose poller sleeps: one past the end of the sleep, one before it. Who stores
     * last has the deadline in force.
     */
    @JCStressTest
    @Outcome(id = "SOON, true", expect = ACCEPTABLE, desc = "Woken for it.")
    @Outcome(id = "LATEST, .*", expect = ACCEPTABLE, desc = "Nobody need wake it.")
    @Outcome(expect = FORBIDDEN, desc = "The poller sleeps through the deadline in force.")
    @State
    public static class TwoMovesAgainstSleep {
        private final ScriptedPoller poller = new ScriptedPoller();
        private final ReadinessSlot slot = new ReadinessSlot();
        private final DeadlineTimer timer = new DeadlineTimer(slot);

        public TwoMovesAgainstSleep() {
            poller.blockedUntilNanos = Slots.LATER;
        }

        @Actor
        public void one() {
            slot.deadline(Slots.LATEST);
            poller.arm(timer, Slots.LATEST);
        }

        @Actor
        public void other() {
            slot.deadline(Slots.SOON);
            poller.arm(timer, Slots.SOON);
        }

        @Arbiter
        public void look(LZ_Result r) {
            r.r1 = slot.deadlineNanos() == Slots.SOON ? "SOON" : "LATEST";
            r.r2 = poller.isWoken();
            poller.close();
        }
    }

    /** Who pushes the timer compares its own deadline with the sleep; who finds it pushed leaves it at that. */
    @JCStressTest
    @Outcome(id = "SOON, true", expect = ACCEPTABLE, desc = "Woken for it.")
    @Outcome(id = "LATEST, .*", expect = ACCEPTABLE, desc = "Nobody need wake it.")
    @Outcome(id = "SOON, false", expect = ACCEPTABLE_INTERESTING, desc = "Each left the wake-up to the other.")
    @State
    public static class TwoMovesAgainstSleepTwin {
        private final AtomicBoolean queued = new AtomicBoolean();
        private volatile long deadline;
        private volatile boolean woken;

        @Actor
        public void one() {
            move(Slots.LATEST);
        }

        @Actor
        public void other() {
            move(Slots.SOON);
        }

        private void move(long nanos) {
            deadline = nanos;
            if (queued.compareAndSet(false, true) && nanos < Slots.LATER) {
                woken = true;
            }
        }

        @Arbiter
        public void look(LZ_Result r) {
            r.r1 = deadline == Slots.SOON ? "SOON" : "LATEST";
            r.r2 = woken;
        }
    }
}
