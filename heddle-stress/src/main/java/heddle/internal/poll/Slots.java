package heddle.internal.poll;

import heddle.internal.trace.Tally;
import heddle.internal.trace.Trace;
import heddle.time.Clock;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** A {@link ReadinessSlot} from inside, for actors that must not block: they play a waiter instead of being one. */
final class Slots {

    /** Never started, so that it can be unparked by anybody without meaning anything. */
    static final Thread WAITER = new Thread("waiter");

    /** Counts for all of them. */
    static final Trace TRACE = new Trace();

    /** Where polls count expiries. They may lose some: nobody asks. */
    static final Tally TALLY = TRACE.counters().tally();

    static final long SOON = Clock.system().after(3_600_000_000_000L);
    static final long LATER = 2 * SOON;
    static final long LATEST = 3 * SOON;

    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.privateLookupIn(ReadinessSlot.class, MethodHandles.lookup())
                    .findVarHandle(ReadinessSlot.class, "state", Object.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private Slots() {}

    /** The first step of await(). */
    static boolean enter(ReadinessSlot slot) {
        return STATE.compareAndSet(slot, null, WAITER);
    }

    /** EMPTY, READY or WAITER. */
    static String state(ReadinessSlot slot) {
        Object state = STATE.getVolatile(slot);
        if (state == null) {
            return "EMPTY";
        }
        return state instanceof Thread ? "WAITER" : "READY";
    }
}
