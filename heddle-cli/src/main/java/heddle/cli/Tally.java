package heddle.cli;

import heddle.gateway.Result;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/**
 * What became of all messages of a {@link Submit}, over one connection or many. Any thread counts; one thread reads the
 * latencies.
 */
final class Tally {

    /** {@link Result#NOT_TAKEN} and {@link Result#UNKNOWN}, which are negative. */
    private static final int OWN_RESULTS = 2;

    private static final long LATENCY_MICROS_MAX = 3_600_000_000L;

    private final LongAdder sent = new LongAdder();
    private final LongAdder acknowledged = new LongAdder();

    /** By result plus {@link #OWN_RESULTS}. */
    private final AtomicLongArray failed = new AtomicLongArray(256 + OWN_RESULTS);

    private final Recorder latencyMicros = new Recorder(LATENCY_MICROS_MAX, 3);

    /** All that the recorder has given; the reading thread's. */
    private final Histogram allMicros = new Histogram(LATENCY_MICROS_MAX, 3);

    private final Histogram intervalMicros = new Histogram(LATENCY_MICROS_MAX, 3);

    void sent() {
        sent.increment();
    }

    void settled(int result, long latencyNanos) {
        if (result == Result.SUCCESS) {
            acknowledged.increment();
            latencyMicros.recordValue(Math.clamp(latencyNanos / 1000, 0, LATENCY_MICROS_MAX));
        } else {
            failed.incrementAndGet(result + OWN_RESULTS);
        }
    }

    long sentCount() {
        return sent.sum();
    }

    long acknowledgedCount() {
        return acknowledged.sum();
    }

    /** How many had each result other than success. */
    Map<Integer, Long> failures() {
        var failures = new TreeMap<Integer, Long>();
        for (int i = 0; i < failed.length(); i++) {
            if (failed.get(i) > 0) {
                failures.put(i - OWN_RESULTS, failed.get(i));
            }
        }
        return failures;
    }

    /** The latencies of what was acknowledged since the last call; overwritten by the next. */
    Histogram sinceLastTime() {
        latencyMicros.getIntervalHistogramInto(intervalMicros);
        allMicros.add(intervalMicros);
        return intervalMicros;
    }

    /** The latencies of all that was acknowledged. */
    Histogram allTime() {
        sinceLastTime();
        return allMicros;
    }
}
