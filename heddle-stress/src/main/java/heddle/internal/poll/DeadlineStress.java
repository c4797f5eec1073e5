package heddle.internal.poll;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import heddle.stress.Gap;
import heddle.testing.Behaviour;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;
import org.openjdk.jcstress.infra.results.L_Result;
import org.openjdk.jcstress.infra.results.Z_Result;

/**
 * {@link DeadlineQueue}, {@link DeadlineTimer} and the deadline of a {@link ReadinessSlot}: a timer that fires, or is
 * taken from the intake, while its deadline is moved (behaviour 210 of docs/conformance.md). The waiter is played, and
 * the polling thread is told what time it is.
 */
public final class DeadlineStress {

    private DeadlineStress() {}

    /** A slot with its timer, in a queue that an actor polls. */
    abstract static class TimedSlot {
        final ReadinessSlot slot = new ReadinessSlot();
        final DeadlineTimer timer = new DeadlineTimer(slot);
        final DeadlineQueue queue = new DeadlineQueue();

        /** Moves the deadline, as setDeadline() does while somebody waits. */
        final void move(long nanos) {
            slot.deadline(nanos);
            queue.arm(timer, nanos);
        }

        /** Makes the timer fire at {@code nanos}. */
        final void place(long nanos) {
            move(nanos);
            queue.takeIn();
        }

        /** When the timer fires once the polling thread has looked again. */
        final String fires() {
            queue.takeIn();
            return nameOf(queue.nextNanos());
        }
    }

    private static String nameOf(long nanos) {
        if (nanos == Slots.SOON) {
            return "SOON";
        }
        if (nanos == Slots.LATER) {
            return "LATER";
        }
        return nanos == Slots.LATEST ? "LATEST" : "NEVER";
    }

    /** The timer of a deadline that was moved on fires, just when somebody comes to wait for the later one. */
    @JCStressTest
    @Behaviour(210)
    @Outcome(id = "LATER", expect = ACCEPTABLE, desc = "Re-armed, by one or the other.")
    @Outcome(expect = FORBIDDEN, desc = "The waiter's deadline will not end its wait.")
    @State
    public static class FireAgainstAwait extends TimedSlot {

        public FireAgainstAwait() {
            place(Slots.SOON);
            slot.deadline(Slots.LATER);
        }

        @Actor
        public void poller() {
            queue.fire(Slots.SOON, Slots.TALLY);
        }

        @Actor
        public void waiter() {
            Slots.enter(slot);
            queue.arm(timer, slot.deadlineNanos());
        }

        @Arbiter
        public void look(L_Result r) {
            r.r1 = fires();
        }
    }

    /** A timer and a slot of which as much is left as the order of steps is about. */
    abstract static class MiniTimer {
        static final VarHandle ARMED_AT;

        static {
            try {
                ARMED_AT = MethodHandles.lookup().findVarHandle(MiniTimer.class, "armedAt", long.class);
            } catch (ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e);
            }
        }

        long armedAt = Slots.SOON;
        volatile long deadline = Slots.LATEST;
        volatile boolean waiting;
        volatile boolean queued;

        final long armedAt() {
            return (long) ARMED_AT.getVolatile(this);
        }

        final void arm(long nanos) {
            if (armedAt() > nanos) {
                queued = true;
            }
        }

        final String fires() {
            return nameOf(queued ? deadline : armedAt);
        }
    }

    /** Looks into the slot first, and stores that the timer is not armed after that. */
    @JCStressTest
    @Outcome(id = "LATEST", expect = ACCEPTABLE, desc = "Re-armed, by one or the other.")
    @Outcome(
            id = "NEVER",
            expect = ACCEPTABLE_INTERESTING,
            desc = "The waiter took the timer for armed, the poller saw no waiter.")
    @Outcome(expect = FORBIDDEN, desc = "Not even this protocol does that.")
    @State
    public static class LookBeforeDisarmTwin extends MiniTimer {

        @Actor
        public void poller() {
            long again = waiting ? deadline : DeadlineTimer.NOT_ARMED;
            Gap.widen();
            ARMED_AT.setVolatile(this, again);
        }

        @Actor
        public void waiter() {
            waiting = true;
            arm(deadline);
        }

        @Arbiter
        public void look(L_Result r) {
            r.r1 = fires();
        }
    }

    /** The right order, without a fence between the store and the look. */
    @JCStressTest
    @Outcome(id = "LATEST", expect = ACCEPTABLE, desc = "Re-armed, by one or the other.")
    @Outcome(
            id = "NEVER",
            expect = ACCEPTABLE_INTERESTING,
            desc = "The poller looked before the waiter could see that the timer is not armed.")
    @Outcome(expect = FORBIDDEN, desc = "Not even this protocol does that.")
    @State
    public static class DisarmWithoutFenceTwin extends MiniTimer {

        @Actor
        public void poller() {
            ARMED_AT.setRelease(this, DeadlineTimer.NOT_ARMED);
            if (waiting) {
                ARMED_AT.setRelease(this, deadline);
            }
        }

        @Actor
        public void waiter() {
            waiting = true;
            arm(deadline);
        }

        @Arbiter
        public void look(L_Result r) {
            r.r1 = fires();
        }
    }

    /** The timer fires early and finds a later deadline, which is being moved to an earlier one. */
    @JCStressTest
    @Behaviour(210)
    @Outcome(id = "LATER", expect = ACCEPTABLE, desc = "In time for the deadline in force.")
    @Outcome(expect = FORBIDDEN, desc = "Too late for the deadline in force, or never.")
    @State
    public static class FireAgainstEarlierMove extends TimedSlot {

        public FireAgainstEarlierMove() {
            Slots.enter(slot);
            place(Slots.SOON);
            slot.deadline(Slots.LATEST);
        }

        @Actor
        public void poller() {
            queue.fire(Slots.SOON, Slots.TALLY);
        }

        @Actor
        public void mover() {
            move(Slots.LATER);
        }

        @Arbiter
        public void look(L_Result r) {
            r.r1 = fires();
        }
    }

    /** Reads the deadline and arms for it without having stored "not armed" before. */
    @JCStressTest
    @Outcome(id = "LATER", expect = ACCEPTABLE, desc = "In time.")
    @Outcome(
            id = "LATEST",
            expect = ACCEPTABLE_INTERESTING,
            desc = "The mover saw it armed for earlier, the poller read the old deadline: late.")
    @Outcome(expect = FORBIDDEN, desc = "Not even this protocol does that.")
    @State
    public static class FireAgainstEarlierMoveTwin extends MiniTimer {

        @Actor
        public void poller() {
            long again = deadline;
            Gap.widen();
            ARMED_AT.setVolatile(this, again);
        }

        @Actor
        public void mover() {
            deadline = Slots.LATER;
            arm(Slots.LATER);
        }

        @Arbiter
        public void look(L_Result r) {
            r.r1 = fires();
        }
    }

    /** The deadline has come and is being moved on. */
    @JCStressTest
    @Behaviour(210)
    @Outcome(id = "WAITER, LATER", expect = ACCEPTABLE, desc = "Moved in time.")
    @Outcome(
            id = "EMPTY, .*",
            expect = ACCEPTABLE,
            desc = "Taken out: the waiter finds that no cause holds, and comes again.")
    @Outcome(expect = FORBIDDEN, desc = "Waits with a deadline that will not end its wait.")
    @State
    public static class FireAgainstLaterMove extends TimedSlot {

        public FireAgainstLaterMove() {
            Slots.enter(slot);
            place(Slots.SOON);
        }

        @Actor
        public void poller() {
            queue.fire(Slots.SOON, Slots.TALLY);
        }

        @Actor
        public void mover() {
            move(Slots.LATER);
        }

        @Arbiter
        public void look(LL_Result r) {
            r.r1 = Slots.state(slot);
            r.r2 = fires();
        }
    }

    /** A timer is taken from the intake while its deadline is moved to an earlier one. */
    @JCStressTest
    @Behaviour(210)
    @Outcome(id = "SOON", expect = ACCEPTABLE, desc = "In time for the deadline in force.")
    @Outcome(expect = FORBIDDEN, desc = "Too late for the deadline in force, or never.")
    @State
    public static class TakeInAgainstMove extends TimedSlot {

        public TakeInAgainstMove() {
            move(Slots.LATER);
        }

        @Actor
        public void poller() {
            queue.takeIn();
        }

        @Actor
        public void mover() {
            move(Slots.SOON);
        }

        @Arbiter
        public void look(L_Result r) {
            r.r1 = fires();
        }
    }

    /** Reads the deadline first, and says after that that the timer is out of the intake. */
    @JCStressTest
    @Outcome(id = "SOON", expect = ACCEPTABLE, desc = "In time.")
    @Outcome(
            id = "LATEST",
            expect = ACCEPTABLE_INTERESTING,
            desc = "The mover saw it queued, the poller had read the old deadline: late.")
    @Outcome(expect = FORBIDDEN, desc = "Not even this protocol does that.")
    @State
    public static class TakeInAgainstMoveTwin extends MiniTimer {

        public TakeInAgainstMoveTwin() {
            armedAt = DeadlineTimer.NOT_ARMED;
            queued = true;
        }

        @Actor
        public void poller() {
            long taken = deadline;
            Gap.widen();
            queued = false;
            ARMED_AT.setVolatile(this, taken);
        }

        @Actor
        public void mover() {
            deadline = Slots.SOON;
            arm(Slots.SOON);
        }

        @Arbiter
        public void look(L_Result r) {
            r.r1 = fires();
        }
    }

    /** A timer is taken from the intake while its descriptor is closed for good. */
    @JCStressTest
    @Outcome(id = "true", expect = ACCEPTABLE, desc = "It is out of the heap.")
    @Outcome(id = "false", expect = FORBIDDEN, desc = "It stays there until its hour comes.")
    @State
    public static class TakeInAgainstDiscard extends TimedSlot {

        public TakeInAgainstDiscard() {
            move(Slots.SOON);
        }

        @Actor
        public void poller() {
            queue.takeIn();
        }

        @Actor
        public void closer() {
            queue.discard(timer);
        }

        @Arbiter
        public void look(Z_Result r) {
            queue.takeIn();
            r.r1 = queue.isEmpty();
        }
    }

    /** Discards only what is armed: whether the poller will look at it again. */
    @JCStressTest
    @Outcome(id = "true", expect = ACCEPTABLE, desc = "It is not placed, or comes out again.")
    @Outcome(
            id = "false",
            expect = ACCEPTABLE_INTERESTING,
            desc = "The poller was about to place it: it stays until its hour comes.")
    @State
    public static class TakeInAgainstDiscardTwin extends MiniTimer {
        private volatile boolean closing;

        public TakeInAgainstDiscardTwin() {
            armedAt = DeadlineTimer.NOT_ARMED;
        }

        @Actor
        public void poller() {
            if (!closing) {
                Gap.widen();
                ARMED_AT.setVolatile(this, deadline);
            }
        }

        @Actor
        public void closer() {
            closing = true;
            if (armedAt() != DeadlineTimer.NOT_ARMED) {
                queued = true;
            }
        }

        @Arbiter
        public void look(Z_Result r) {
            r.r1 = queued || armedAt == DeadlineTimer.NOT_ARMED;
        }
    }
}
