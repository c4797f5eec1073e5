package heddle.admin;

import heddle.gateway.Counters;
import heddle.gateway.Distribution;
import heddle.gateway.Gateway;
import heddle.gateway.Histogram;
import heddle.net.Heddle;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.concurrent.atomic.LongAdder;

/**
 * A gateway's metrics in Prometheus' text format: {@link GatewayMeters}, the histograms of each {@link Distribution},
 * and the JVM's memory, collections, threads, descriptors and processor time. Any thread.
 */
final class Metrics implements AutoCloseable {

    private static final double NANOS = 1e9;

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics collections = new JvmGcMetrics();

    Metrics(Gateway gateway, Counters counters, Heddle runtime, LongAdder refused) {
        new GatewayMeters(gateway, counters, runtime).bindTo(registry);
        FunctionCounter.builder("heddle.admin.refused", refused, LongAdder::sum)
                .description("requests to the admin page without its token, or under a name that is not this machine's")
                .register(registry);
        for (var distribution : Distribution.values()) {
            registry.getPrometheusRegistry().register(new Shown(distribution, counters.histogram(distribution)));
        }
        new JvmMemoryMetrics().bindTo(registry);
        collections.bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new FileDescriptorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
    }

    /** All of them, in the format that {@code contentType} names: Prometheus' text format, or OpenMetrics. */
    String scrape(String contentType) {
        return registry.scrape(contentType);
    }

    /** A histogram of ours as Prometheus wants it: nanoseconds become seconds. */
    private record Shown(Distribution distribution, Histogram histogram) implements Collector {

        private String name() {
            String id = "heddle_" + distribution.id().replace('.', '_');
            return isTime() ? id + "_seconds" : id + "_" + distribution.unit();
        }

        private boolean isTime() {
            return distribution.unit().equals("nanoseconds");
        }

        private double scaled(long value) {
            return isTime() ? value / NANOS : (double) value;
        }

        @Override
        public MetricSnapshot collect() {
            var snapshot = histogram.snapshot();
            var buckets = ClassicHistogramBuckets.builder();
            for (int i = 0; i < snapshot.buckets(); i++) {
                double bound = i + 1 == snapshot.buckets() ? Double.POSITIVE_INFINITY : scaled(snapshot.bound(i));
                buckets.bucket(bound, snapshot.count(i));
            }
            var point = HistogramSnapshot.HistogramDataPointSnapshot.builder()
                    .classicHistogramBuckets(buckets.build())
                    .sum(scaled(snapshot.sum()))
                    .build();
            return HistogramSnapshot.builder()
                    .name(name())
                    .help(distribution.label())
                    .dataPoint(point)
                    .build();
        }
    }

    @Override
    public void close() {
        collections.close();
        registry.close();
    }
}
