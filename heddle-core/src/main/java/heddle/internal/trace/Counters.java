package heddle.internal.trace;

import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;

/**
 * The values of every {@link Counter}: what is rare, or written by any thread, in an adder each; what carriers and pollers count all
 * the time in a {@link Tally} of their own. Summed when read. Any thread.
 */
public final class Counters {

    private static final LongAdder[] ADDERS = new LongAdder[Counter.values().length];

    static {
        Arrays.setAll(ADDERS, _ -> new LongAdder());
    }

    /** As many as there are processors and pollers that have not been closed. */
    private static final Queue<Tally> TALLIES = new ConcurrentLinkedQueue<>();

    private Counters() {}

    /** Counts {@code n} more. */
    public static void add(Counter counter, long n) {
        ADDERS[index(counter)].add(n);
    }

    /** A new tally, part of every sum from now on. */
    public static Tally tally() {
        Tally tally = new Tally();
        TALLIES.add(tally);
        return tally;
    }

    /** Keeps what {@code tally} has counted, and lets it go. Once nobody writes it any more. */
    public static void retire(Tally tally) {
        if (TALLIES.remove(tally)) {
            for (Counter counter : Counter.values()) {
                add(counter, tally.value(counter));
            }
        }
    }

    /** One value; what other threads add meanwhile may be missing. */
    public static long value(Counter counter) {
        long sum = ADDERS[index(counter)].sum();
        for (Tally tally : TALLIES) {
            sum += tally.value(counter);
        }
        return sum;
    }

    /** Where {@code counter} stands in an array of all. */
    @SuppressWarnings("EnumOrdinal") // The arrays live no longer than the enum.
    static int index(Counter counter) {
        return counter.ordinal();
    }
}
