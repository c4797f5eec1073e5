package heddle.internal.trace;

import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;

/**
 * The values of every {@link Counter} of one runtime: what is rare, or written by any thread, in an adder each; what
 * carriers and pollers count all the time in a {@link Tally} of their own. Summed when read. Any thread.
 */
public final class Counters {

    private final LongAdder[] adders = new LongAdder[Counter.values().length];

    /** As many as there are processors and pollers that have not been closed. */
    private final Queue<Tally> tallies = new ConcurrentLinkedQueue<>();

    /** All zero. */
    public Counters() {
        Arrays.setAll(adders, _ -> new LongAdder());
    }

    /** Counts {@code n} more. */
    public void add(Counter counter, long n) {
        adders[index(counter)].add(n);
    }

    /** A new tally, part of every sum from now on. */
    public Tally tally() {
        Tally tally = new Tally();
        tallies.add(tally);
        return tally;
    }

    /** Keeps what {@code tally} has counted, and lets it go. Once nobody writes it any more. */
    public void retire(Tally tally) {
        if (tallies.remove(tally)) {
            for (Counter counter : Counter.values()) {
                add(counter, tally.value(counter));
            }
        }
    }

    /** One value; what other threads add meanwhile may be missing. */
    public long value(Counter counter) {
        long sum = adders[index(counter)].sum();
        for (Tally tally : tallies) {
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
