package heddle.internal.trace;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Counts of one writer, such as a processor or a poller: adding is a load, an add and a store, without a lock prefix,
 * on cache lines that nobody else writes. Any thread reads, and may miss what is being added.
 *
 * <p>One writer at a time: where it changes (a processor is handed over, a poller polled by the next carrier), the next
 * one must see what the last one wrote, as it does of all else that the two share.
 */
public final class Tally {

    private static final VarHandle VALUES = MethodHandles.arrayElementVarHandle(long[].class);

    /** Two cache lines on either side, since prefetchers take them in pairs. */
    private static final int PAD = 16;

    private final long[] values = new long[PAD + Counter.values().length + PAD];

    /** All zero; see {@link Counters#tally}. */
    Tally() {}

    /** Counts {@code n} more. By the one writer. */
    public void add(Counter counter, long n) {
        int index = PAD + Counters.index(counter);
        // Opaque: a whole value for readers, in the order of the stores, for the price of a plain one.
        VALUES.setOpaque(values, index, values[index] + n);
    }

    long value(Counter counter) {
        return (long) VALUES.getOpaque(values, PAD + Counters.index(counter));
    }
}
