package heddle.gateway;

import java.util.EnumMap;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/** The values of every {@link Counter} and every {@link Distribution}. From any thread. */
public final class Counters {

    private final EnumMap<Counter, LongAdder> values = new EnumMap<>(Counter.class);
    private final EnumMap<Distribution, Histogram> histograms = new EnumMap<>(Distribution.class);

    /** All zero. */
    public Counters() {
        for (var distribution : Distribution.values()) {
            histograms.put(distribution, distribution.histogram());
        }
        for (var counter : Counter.values()) {
            values.put(counter, new LongAdder());
        }
    }

    /**
     * Adds one.
     *
     * @param counter to which
     */
    public void increment(Counter counter) {
        adder(counter).increment();
    }

    /**
     * Adds some.
     *
     * @param counter to which
     * @param n how many
     */
    public void add(Counter counter, long n) {
        adder(counter).add(n);
    }

    /**
     * One value.
     *
     * @param counter which
     * @return the count so far; what other threads add meanwhile may be missing
     */
    public long value(Counter counter) {
        return adder(counter).sum();
    }

    /**
     * What was measured.
     *
     * @param distribution of what
     * @return its histogram, always the same
     */
    public Histogram histogram(Distribution distribution) {
        return Objects.requireNonNull(histograms.get(distribution));
    }

    private LongAdder adder(Counter counter) {
        return Objects.requireNonNull(values.get(counter));
    }
}
