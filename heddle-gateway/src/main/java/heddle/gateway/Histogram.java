package heddle.gateway;

import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;

/**
 * How often values of which size came: counts in buckets whose bounds are fixed, ten for each power of ten. So a
 * quantile is right to a quarter. Any thread; who records takes no lock and allocates nothing.
 */
public final class Histogram {

    /** R10 of ISO 3, rounded: the factor between two neighbours is at most 1.27. */
    private static final long[] STEPS = {100, 125, 160, 200, 250, 315, 400, 500, 630, 800};

    private static final int TIME_DECADES = 7;
    private static final int COUNT_BITS = 17;

    /** Upper bounds, inclusive, ascending. */
    private final long[] bounds;

    /** One more than there are bounds: the last is for what is above all. */
    private final LongAdder[] counts;

    private final LongAdder sum = new LongAdder();

    Histogram(long[] bounds) {
        this.bounds = bounds;
        this.counts = new LongAdder[bounds.length + 1];
        Arrays.setAll(counts, _ -> new LongAdder());
    }

    /** 10 us to 100 s, in nanoseconds. */
    static long[] times() {
        long[] bounds = new long[STEPS.length * TIME_DECADES + 1];
        long decade = 100; // so that the first bound is 10,000 ns
        for (int i = 0; i < bounds.length; i++) {
            bounds[i] = STEPS[i % STEPS.length] * decade;
            decade *= i % STEPS.length == STEPS.length - 1 ? 10 : 1;
        }
        return bounds;
    }

    /** Powers of two from 1 to 65,536. */
    static long[] counts() {
        long[] bounds = new long[COUNT_BITS];
        Arrays.setAll(bounds, i -> 1L << i);
        return bounds;
    }

    /**
     * Records values.
     *
     * @param value of each; negative counts as 0
     * @param times how many of them; 0 or more
     */
    public void record(long value, long times) {
        long counted = Math.max(0, value);
        int at = Arrays.binarySearch(bounds, counted);
        counts[at < 0 ? -at - 1 : at].add(times);
        sum.add(counted * times);
    }

    /**
     * What was recorded so far; what other threads record meanwhile may be missing.
     *
     * @return a copy
     */
    public Snapshot snapshot() {
        long[] copy = new long[counts.length];
        Arrays.setAll(copy, i -> counts[i].sum());
        return new Snapshot(bounds, copy, sum.sum());
    }

    /** What a histogram had at an instant. Immutable. */
    public static final class Snapshot {

        private final long[] bounds;
        private final long[] counts;
        private final long sum;

        private Snapshot(long[] bounds, long[] counts, long sum) {
            this.bounds = bounds;
            this.counts = counts;
            this.sum = sum;
        }

        /**
         * How many buckets there are.
         *
         * @return one more than there are bounds
         */
        public int buckets() {
            return counts.length;
        }

        /**
         * The largest value of a bucket.
         *
         * @param bucket from 0 on
         * @return the bound, inclusive; {@link Long#MAX_VALUE} of the last bucket
         */
        public long bound(int bucket) {
            return bucket < bounds.length ? bounds[bucket] : Long.MAX_VALUE;
        }

        /**
         * How many values a bucket has.
         *
         * @param bucket from 0 on
         * @return those above the bound of the bucket before, up to its own
         */
        public long count(int bucket) {
            return counts[bucket];
        }

        /**
         * The sum of all values.
         *
         * @return in the unit of the {@link Distribution}
         */
        public long sum() {
            return sum;
        }

        /**
         * How many values there are.
         *
         * @return of all buckets
         */
        public long total() {
            return Arrays.stream(counts).sum();
        }

        /**
         * What was recorded between two snapshots of one histogram.
         *
         * @param earlier the older one
         * @return the difference
         */
        public Snapshot since(Snapshot earlier) {
            long[] more = new long[counts.length];
            Arrays.setAll(more, i -> counts[i] - earlier.counts[i]);
            return new Snapshot(bounds, more, sum - earlier.sum);
        }

        /**
         * The value that a part of all values does not exceed.
         *
         * @param part from 0 to 1: 0.99 of the 99th percentile
         * @return the bound of the bucket that has it, so too high by a quarter at most; the largest bound for what is
         *     above it; 0 if there are no values
         */
        public long quantile(double part) {
            long wanted = (long) Math.ceil(part * total());
            long seen = 0;
            for (int i = 0; i < counts.length; i++) {
                seen += counts[i];
                if (counts[i] > 0 && seen >= wanted) {
                    return bounds[Math.min(i, bounds.length - 1)];
                }
            }
            return 0;
        }
    }
}
