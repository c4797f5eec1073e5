package heddle.admin;

import heddle.gateway.Counter;
import heddle.gateway.Counters;
import heddle.gateway.Distribution;
import heddle.gateway.Gateway;
import heddle.gateway.Histogram;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * The last ten minutes of a gateway, a sample a second, for whoever opens the page. Whoever calls {@link #sample} is
 * one thread; the others read.
 *
 * <p>Bound: {@link #SAMPLES_MAX} samples of 100 bytes.
 */
final class History {

    static final int SAMPLES_MAX = 600;

    /**
     * One second.
     *
     * @param millis Unix time of its end
     * @param ackRate messages acknowledged, a second
     * @param refusedRate messages answered otherwise, a second
     * @param p50 of the acks of this second, ms; not a number without acks
     * @param p99 likewise
     */
    record Sample(
            long millis,
            double ackRate,
            double refusedRate,
            double p50,
            double p99,
            double connections,
            double queue,
            double store,
            double lag) {}

    /** A line of a chart, by its name in the page. */
    private record Column(String name, ToDoubleFunction<Sample> value) {}

    private static final List<Column> COLUMNS = List.of(
            new Column("time", Sample::millis),
            new Column("acks", Sample::ackRate),
            new Column("refused", Sample::refusedRate),
            new Column("p50", Sample::p50),
            new Column("p99", Sample::p99),
            new Column("connections", Sample::connections),
            new Column("queue", Sample::queue),
            new Column("store", Sample::store),
            new Column("lag", Sample::lag));

    private final Gateway gateway;
    private final Counters counters;

    private final ReentrantLock lock = new ReentrantLock();

    // Guarded by lock: a ring, and how many samples there ever were.
    private final @Nullable Sample[] samples = new Sample[SAMPLES_MAX];
    private long taken;

    // Of the sampling thread.
    private long lastNanos;
    private long lastAcks;
    private long lastRefused;
    private Histogram.Snapshot lastLatency;

    History(Gateway gateway, Counters counters) {
        this.gateway = gateway;
        this.counters = counters;
        this.lastNanos = System.nanoTime();
        this.lastAcks = acks();
        this.lastRefused = refused();
        this.lastLatency = latency();
    }

    private long acks() {
        return counters.value(Counter.ACKS);
    }

    private long refused() {
        return counters.value(Counter.ACKS_OVERLOADED)
                + counters.value(Counter.ACKS_TOO_LARGE)
                + counters.value(Counter.ACKS_NOT_STORED)
                + counters.value(Counter.ACKS_OUT_OF_SEQUENCE)
                + counters.value(Counter.ACKS_TAKEN_OVER)
                + counters.value(Counter.ACKS_IN_DOUBT);
    }

    private Histogram.Snapshot latency() {
        return counters.histogram(Distribution.ACK_LATENCY).snapshot();
    }

    /** What happened since the last one. */
    void sample() {
        long now = System.nanoTime();
        double seconds = Math.max(1, now - lastNanos) / 1e9;
        long acks = acks();
        long refused = refused();
        var latency = latency();
        var fresh = latency.since(lastLatency);
        var sink = gateway.sink();
        var sample = new Sample(
                System.currentTimeMillis(),
                (acks - lastAcks) / seconds,
                (refused - lastRefused) / seconds,
                millis(fresh, 0.5),
                millis(fresh, 0.99),
                gateway.connections(),
                sink.messages(),
                sink.storeBytes(),
                counters.value(Counter.FORWARD_LAG));
        lastNanos = now;
        lastAcks = acks;
        lastRefused = refused;
        lastLatency = latency;
        lock.lock();
        try {
            samples[(int) (taken++ % SAMPLES_MAX)] = sample;
        } finally {
            lock.unlock();
        }
    }

    private static double millis(Histogram.Snapshot latency, double part) {
        return latency.total() == 0 ? Double.NaN : latency.quantile(part) / 1e6;
    }

    /** The samples from number {@code from} on, a list for each column, and {@code next}, the number to go on with. */
    void write(Json json, long from) {
        lock.lock();
        try {
            long first = Math.clamp(from, Math.max(0, taken - SAMPLES_MAX), taken);
            json.object().field("next", taken).field("max", SAMPLES_MAX);
            for (var column : COLUMNS) {
                json.name(column.name).array();
                for (long i = first; i < taken; i++) {
                    var sample = samples[(int) (i % SAMPLES_MAX)];
                    double value = sample == null ? Double.NaN : column.value.applyAsDouble(sample);
                    if (value == Math.rint(value)) {
                        json.value((long) value);
                    } else {
                        json.value(Double.isNaN(value) ? value : Math.round(value * 1000) / 1000.0);
                    }
                }
                json.endArray();
            }
            json.endObject();
        } finally {
            lock.unlock();
        }
    }
}
