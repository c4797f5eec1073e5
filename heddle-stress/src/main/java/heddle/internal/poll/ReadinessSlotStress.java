package heddle.internal.poll;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import heddle.stress.Gap;
import heddle.testing.Behaviour;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IL_Result;
import org.openjdk.jcstress.infra.results.LL_Result;

/**
 * {@link ReadinessSlot}: no edge is lost, and no waiter. Waiters of the real one really park; one that nobody woke
 * would hang, which fails too. In a twin a waiter only says that it would park.
 *
 * <p>Left out, as it cannot show on x86, where stores stay in their order and loads in theirs: a close() that stores
 * the flag after it looked for a waiter is the twin of the waiter that looks first, seen from the other side; a flag
 * stored plainly before the slot is changed by a compare-and-set reaches the waiter with that.
 */
public final class ReadinessSlotStress {

    private static final Poller POLLER = new ScriptedPoller();

    private ReadinessSlotStress() {}

    private static Registration registration() {
        return new Registration(7, () -> POLLER, Slots.TRACE);
    }

    /**
     * Behaviour 211 of docs/conformance.md. A reader that forgets an old edge and calls, against data that arrives.
     * What it got, and what the slot says then: a reader that got nothing waits, and must find the edge.
     */
    @JCStressTest
    @Behaviour(211)
    @Outcome(id = "0, READY", expect = ACCEPTABLE, desc = "Nothing yet; the edge ends its wait.")
    @Outcome(id = "1, READY", expect = ACCEPTABLE, desc = "The data; the next wait is in vain.")
    @Outcome(id = "1, EMPTY", expect = ACCEPTABLE, desc = "The data, its edge forgotten in time.")
    @Outcome(id = "0, EMPTY", expect = FORBIDDEN, desc = "Data arrived, and the reader sleeps.")
    @State
    public static class EdgeAgainstClear {
        private final ReadinessSlot slot = registration().read();
        private volatile int received;

        public EdgeAgainstClear() {
            slot.ready(Slots.TRACE);
        }

        @Actor
        public void reader(IL_Result r) {
            slot.clear();
            r.r1 = received;
        }

        @Actor
        public void poller() {
            received = 1;
            slot.ready(Slots.TRACE);
        }

        @Arbiter
        public void look(IL_Result r) {
            r.r2 = Slots.state(slot);
        }
    }

    /** Forgets after the call. */
    @JCStressTest
    @Outcome(id = "0, READY", expect = ACCEPTABLE, desc = "Nothing yet; the edge ends its wait.")
    @Outcome(id = "1, READY", expect = ACCEPTABLE, desc = "The data; the next wait is in vain.")
    @Outcome(id = "1, EMPTY", expect = ACCEPTABLE, desc = "The data, its edge forgotten.")
    @Outcome(
            id = "0, EMPTY",
            expect = ACCEPTABLE_INTERESTING,
            desc = "The data came between the call and the forgetting: the reader sleeps.")
    @State
    public static class ClearAfterCallTwin {
        private final ReadinessSlot slot = registration().read();
        private volatile int received;

        public ClearAfterCallTwin() {
            slot.ready(Slots.TRACE);
        }

        @Actor
        public void reader(IL_Result r) {
            r.r1 = received;
            Gap.widen();
            slot.clear();
        }

        @Actor
        public void poller() {
            received = 1;
            slot.ready(Slots.TRACE);
        }

        @Arbiter
        public void look(IL_Result r) {
            r.r2 = Slots.state(slot);
        }
    }

    /** Forgets by a plain store, which may become visible after the call. */
    @JCStressTest
    @Outcome(id = "0, READY", expect = ACCEPTABLE, desc = "Nothing yet; the edge ends its wait.")
    @Outcome(id = "1, READY", expect = ACCEPTABLE, desc = "The data; the next wait is in vain.")
    @Outcome(id = "1, EMPTY", expect = ACCEPTABLE, desc = "The data, its edge forgotten.")
    @Outcome(
            id = "0, EMPTY",
            expect = ACCEPTABLE_INTERESTING,
            desc = "The poller still saw the old edge: the reader sleeps.")
    @State
    public static class PlainClearTwin {
        private static final VarHandle READY = handle(PlainClearTwin.class, "ready", boolean.class);

        @SuppressWarnings("FieldMayBeFinal") // Written by READY.
        private boolean ready = true;

        private volatile int received;

        @Actor
        public void reader(IL_Result r) {
            READY.setOpaque(this, false);
            r.r1 = received;
        }

        @Actor
        public void poller() {
            received = 1;
            if (!(boolean) READY.getVolatile(this)) {
                READY.setVolatile(this, true);
            }
        }

        @Arbiter
        public void look(IL_Result r) {
            r.r2 = ready ? "READY" : "EMPTY";
        }
    }

    /** An edge between EAGAIN and the park, or before, or after. */
    @JCStressTest
    @Behaviour(211)
    @Outcome(id = "READY, EMPTY", expect = ACCEPTABLE, desc = "Found, or woken; consumed once.")
    @Outcome(expect = FORBIDDEN, desc = "Ended without a cause, or the edge is still there.")
    @State
    public static class ReadyAgainstAwait {
        private final Registration registration = registration();
        private final ReadinessSlot slot = registration.read();

        @Actor
        public void waiter(LL_Result r) {
            r.r1 = registration.await(slot);
        }

        @Actor
        public void poller() {
            slot.ready(Slots.TRACE);
        }

        @Arbiter
        public void look(LL_Result r) {
            r.r2 = Slots.state(slot);
        }
    }

    /** Both look at the word and then store, instead of comparing and setting. */
    @JCStressTest
    @Outcome(id = "CONSUMED, STORED", expect = ACCEPTABLE, desc = "The edge was there.")
    @Outcome(id = "PARKED, UNPARKED", expect = ACCEPTABLE, desc = "The waiter was there.")
    @Outcome(
            id = "PARKED, STORED",
            expect = ACCEPTABLE_INTERESTING,
            desc = "One overwrote the other: the waiter sleeps.")
    @Outcome(expect = FORBIDDEN, desc = "Not even this protocol does that.")
    @State
    public static class ReadyAgainstAwaitTwin {
        private volatile @Nullable String state;

        @Actor
        public void waiter(LL_Result r) {
            if (state == null) {
                Gap.widen();
                state = "WAITER";
                r.r1 = "PARKED";
            } else {
                state = null;
                r.r1 = "CONSUMED";
            }
        }

        @Actor
        public void poller(LL_Result r) {
            r.r2 = state == null ? "STORED" : "UNPARKED";
            state = "READY";
        }
    }

    /** A close that comes before, between or after. */
    @JCStressTest
    @Outcome(id = "CLOSED, EMPTY", expect = ACCEPTABLE, desc = "Seen, or taken out and woken.")
    @Outcome(expect = FORBIDDEN, desc = "Taken for readiness, or left in the slot.")
    @State
    public static class CloseAgainstAwait {
        private final Registration registration = registration();

        @Actor
        public void waiter(LL_Result r) {
            r.r1 = registration.await(registration.read());
        }

        @Actor
        public void closer() {
            registration.close();
        }

        @Arbiter
        public void look(LL_Result r) {
            r.r2 = Slots.state(registration.read());
        }
    }

    /** The slot and the flag of a protocol that is broken in one of two ways. */
    abstract static class FlagAndSlot {
        static final VarHandle CLOSING = handle(FlagAndSlot.class, "closing", boolean.class);
        static final VarHandle WAITING = handle(FlagAndSlot.class, "waiting", boolean.class);

        @SuppressWarnings("unused") // By CLOSING.
        private boolean closing;

        @SuppressWarnings("unused") // By WAITING.
        private boolean waiting;
    }

    /** The waiter looks for the flag before it stores itself, and not again. */
    @JCStressTest
    @Outcome(id = "CLOSED, NOBODY", expect = ACCEPTABLE, desc = "Seen.")
    @Outcome(id = "PARKED, RELEASED", expect = ACCEPTABLE, desc = "Taken out.")
    @Outcome(
            id = "PARKED, NOBODY",
            expect = ACCEPTABLE_INTERESTING,
            desc = "Neither saw the other: the waiter sleeps on a closed descriptor.")
    @Outcome(expect = FORBIDDEN, desc = "Not even this protocol does that.")
    @State
    public static class LookBeforeStoreTwin extends FlagAndSlot {

        @Actor
        public void waiter(LL_Result r) {
            if ((boolean) CLOSING.getVolatile(this)) {
                r.r1 = Wait.CLOSED;
            } else {
                Gap.widen();
                WAITING.setVolatile(this, true);
                r.r1 = "PARKED";
            }
        }

        @Actor
        public void closer(LL_Result r) {
            CLOSING.setVolatile(this, true);
            r.r2 = (boolean) WAITING.getVolatile(this) ? "RELEASED" : "NOBODY";
        }
    }

    /** Both store and then look, in that order, but without a fence between. So a deadline and its waiter, too. */
    @JCStressTest
    @Outcome(id = "CLOSED, NOBODY", expect = ACCEPTABLE, desc = "The waiter saw the flag.")
    @Outcome(id = "CLOSED, RELEASED", expect = ACCEPTABLE, desc = "Each saw the other.")
    @Outcome(id = "PARKED, RELEASED", expect = ACCEPTABLE, desc = "The closer saw the waiter.")
    @Outcome(
            id = "PARKED, NOBODY",
            expect = ACCEPTABLE_INTERESTING,
            desc = "Each read before its store was visible: the waiter sleeps.")
    @State
    public static class StoreWithoutFenceTwin extends FlagAndSlot {

        @Actor
        public void waiter(LL_Result r) {
            WAITING.setRelease(this, true);
            r.r1 = (boolean) CLOSING.getAcquire(this) ? Wait.CLOSED : "PARKED";
        }

        @Actor
        public void closer(LL_Result r) {
            CLOSING.setRelease(this, true);
            r.r2 = (boolean) WAITING.getAcquire(this) ? "RELEASED" : "NOBODY";
        }
    }

    /** A deadline that is moved into the past. */
    @JCStressTest
    @Outcome(id = "EXPIRED, EMPTY", expect = ACCEPTABLE, desc = "Seen, or taken out and woken.")
    @Outcome(expect = FORBIDDEN, desc = "Taken for readiness, or left in the slot.")
    @State
    public static class PastDeadlineAgainstAwait {
        private final Registration registration = registration();
        private final ReadinessSlot slot = registration.read();

        @Actor
        public void waiter(LL_Result r) {
            r.r1 = registration.await(slot);
        }

        @Actor
        public void mover() {
            registration.setDeadline(slot, -1);
        }

        @Arbiter
        public void look(LL_Result r) {
            r.r2 = Slots.state(slot);
        }
    }

    /** A waiter that is interrupted gives up; the edge that comes meanwhile is for the next one. */
    @JCStressTest
    @Outcome(id = "READY, EMPTY", expect = ACCEPTABLE, desc = "The edge came first.")
    @Outcome(id = "INTERRUPTED, READY", expect = ACCEPTABLE, desc = "It stays.")
    @Outcome(expect = FORBIDDEN, desc = "The edge is lost, or consumed and left.")
    @State
    public static class InterruptAgainstReady {
        private final Registration registration = registration();
        private final ReadinessSlot slot = registration.read();

        @Actor
        public void waiter(LL_Result r) {
            Thread.currentThread().interrupt();
            r.r1 = registration.await(slot);
            Thread.interrupted();
        }

        @Actor
        public void poller() {
            slot.ready(Slots.TRACE);
        }

        @Arbiter
        public void look(LL_Result r) {
            r.r2 = Slots.state(slot);
        }
    }

    /** The waiter that gives up looks whether it is still in the slot, and empties it in a second step. */
    @JCStressTest
    @Outcome(id = "READY, EMPTY", expect = ACCEPTABLE, desc = "The edge came first.")
    @Outcome(id = "INTERRUPTED, READY", expect = ACCEPTABLE, desc = "It stays.")
    @Outcome(id = "INTERRUPTED, EMPTY", expect = ACCEPTABLE_INTERESTING, desc = "The edge came between: it is lost.")
    @Outcome(expect = FORBIDDEN, desc = "Not even this protocol does that.")
    @State
    public static class InterruptAgainstReadyTwin {
        private final AtomicReference<String> state = new AtomicReference<>("EMPTY");

        @Actor
        public void waiter(LL_Result r) {
            if (state.compareAndSet("EMPTY", "WAITER") && state.get().equals("WAITER")) {
                Gap.widen();
                state.set("EMPTY");
                r.r1 = Wait.INTERRUPTED;
            } else {
                state.set("EMPTY");
                r.r1 = Wait.READY;
            }
        }

        @Actor
        public void poller() {
            state.set("READY");
        }

        @Arbiter
        public void look(LL_Result r) {
            r.r2 = state.get();
        }
    }

    private static VarHandle handle(Class<?> owner, String field, Class<?> type) {
        try {
            return MethodHandles.privateLookupIn(owner, MethodHandles.lookup()).findVarHandle(owner, field, type);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
