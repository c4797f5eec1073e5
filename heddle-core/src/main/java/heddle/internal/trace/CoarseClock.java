package heddle.internal.trace;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Tells a thread that begins to wait what time it is, for the dump, for the price of a load: the instant of the last
 * tick of whoever ticks. Where nobody ticks, a reader asks the system's clock, which costs 20 to 100 ns.
 *
 * <p>The monitor of the runtime's scheduler ticks with each look, so every half of the limit for hand-offs (5 ms by
 * default) while any carrier is awake, and says when it stops to.
 */
public final class CoarseClock {

    private static final long STOPPED = 0;

    private static final VarHandle TICKED;

    static {
        try {
            TICKED = MethodHandles.lookup().findVarHandle(CoarseClock.class, "ticked", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** {@link System#nanoTime} of the last tick, or STOPPED. Written by who ticks, read by any thread. */
    private long ticked = STOPPED;

    /** Nobody ticks yet. */
    public CoarseClock() {}

    /** An instant of {@link System#nanoTime}, at most the time between two ticks ago. */
    public long nanos() {
        long last = (long) TICKED.getOpaque(this);
        return last == STOPPED ? System.nanoTime() : last;
    }

    /** It is {@code nowNanos} of {@link System#nanoTime}; another tick follows soon. */
    public void tick(long nowNanos) {
        TICKED.setVolatile(this, nowNanos == STOPPED ? 1 : nowNanos);
    }

    /** No tick follows for now. */
    public void stop() {
        TICKED.setVolatile(this, STOPPED);
    }
}
