package heddle.admin;

import heddle.gateway.Counter;
import heddle.gateway.Counters;
import heddle.gateway.Gateway;
import heddle.gateway.SinkStatus;
import heddle.net.Heddle;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * What a gateway and its runtime count, as meters of Micrometer: one for each {@link Counter}, by its name, and for
 * each of {@link Heddle#counters}. Nothing is counted for it; a registry reads when it is read. Histograms, which
 * Micrometer has no meter for that reads, are in {@link Metrics} alone.
 *
 * <p>Names begin with {@code heddle}. A counter {@code acks.too.large} is the meter {@code acks} with the tag {@code
 * result=too_large}; {@code error.X} is {@code protocol.errors} with {@code kind=x}, and {@code timeout.X} is {@code
 * timeouts}.
 */
public final class GatewayMeters implements MeterBinder {

    private static final Duration STATUS_AGE = Duration.ofMillis(100);

    /** Those of the runtime that go down too. */
    private static final Set<String> RUNTIME_GAUGES = Set.of("descriptors", "carriers", "spares");

    private final Gateway gateway;
    private final Counters counters;
    private final Heddle runtime;
    private final Supplier<SinkStatus> sink;

    /** Each look at them counts all, and there is a meter for each. */
    private final Supplier<Map<String, Long>> runtimeCounters;

    /**
     * Meters of a gateway.
     *
     * @param gateway whose connections and sink are shown
     * @param counters what it counts with
     * @param runtime what it runs on
     */
    public GatewayMeters(Gateway gateway, Counters counters, Heddle runtime) {
        this.gateway = gateway;
        this.counters = counters;
        this.runtime = runtime;
        this.sink = new Cached<>(STATUS_AGE, gateway::sink);
        this.runtimeCounters = new Cached<>(STATUS_AGE, runtime::counters);
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        for (var counter : Counter.values()) {
            bind(registry, counter);
        }
        gauge(registry, "connections.open", "connections now", gateway, Gateway::connections);
        gauge(registry, "connections.max", "connections at most", gateway, Gateway::connectionsMax);
        gauge(
                registry,
                "ready",
                "1 if /ready says so",
                gateway,
                g -> Readiness.of(g).isGood() ? 1 : 0);
        sink(registry, "queue.messages", "messages in front of the store or Kafka", SinkStatus::messages);
        sink(registry, "queue.messages.max", "most of them", SinkStatus::messagesMax);
        sink(registry, "queue.bytes", "what they take of the queue's room", SinkStatus::bytes);
        sink(registry, "queue.bytes.max", "the queue's room", SinkStatus::bytesMax);
        sink(registry, "store.bytes", "what the files of the log have", SinkStatus::storeBytes);
        sink(registry, "store.free.bytes", "what the disk has left for them", SinkStatus::storeFreeBytes);
        memory(registry, "open", g -> g.memoryBytesMax(g.connections()));
        memory(registry, "limit", g -> g.memoryBytesMax(g.connectionsMax()));
        Gauge.builder("heddle.info", () -> 1)
                .description("always 1")
                .tags("way", runtime.way().name().toLowerCase(Locale.ROOT), "java", System.getProperty("java.version"))
                .register(registry);
        runtimeCounters.get().keySet().forEach(id -> bindRuntime(registry, id));
    }

    private void bind(MeterRegistry registry, Counter counter) {
        ToDoubleFunction<Counters> value = all -> all.value(counter);
        if (counter.isGauge()) {
            Gauge.builder("heddle." + counter.id(), counters, value)
                    .description(counter.label())
                    .strongReference(true)
                    .register(registry);
            return;
        }
        String id = counter.id();
        String first = id.contains(".") ? id.substring(0, id.indexOf('.')) : id;
        String rest = id.length() == first.length()
                ? ""
                : id.substring(first.length() + 1).replace('.', '_');
        switch (first) {
            case "acks" ->
                count(
                        registry,
                        "acks",
                        "submits answered",
                        Tags.of("result", rest.isEmpty() ? "success" : rest),
                        value);
            case "error" ->
                count(registry, "protocol.errors", "connections closed for a mistake", Tags.of("kind", rest), value);
            case "timeout" ->
                count(registry, "timeouts", "connections closed for silence", Tags.of("kind", rest), value);
            default -> count(registry, id, counter.label(), Tags.empty(), value);
        }
    }

    private void count(
            MeterRegistry registry, String name, String description, Tags tags, ToDoubleFunction<Counters> value) {
        FunctionCounter.builder("heddle." + name, counters, value)
                .description(description)
                .tags(tags)
                .register(registry);
    }

    private void bindRuntime(MeterRegistry registry, String id) {
        String name = "heddle.runtime." + id;
        // Not of runtimeCounters: a registry lets go of what a counter is of, unless somebody else has it.
        ToDoubleFunction<Heddle> value = _ -> runtimeCounters.get().getOrDefault(id, 0L);
        if (RUNTIME_GAUGES.contains(id)) {
            gauge(registry, "runtime." + id, "of the runtime: docs/observability.md", runtime, value);
        } else {
            FunctionCounter.builder(name, runtime, value)
                    .description("of the runtime: docs/observability.md")
                    .register(registry);
        }
    }

    private void sink(MeterRegistry registry, String name, String description, ToDoubleFunction<SinkStatus> value) {
        gauge(registry, name, description, sink, from -> value.applyAsDouble(from.get()));
    }

    private void memory(MeterRegistry registry, String connections, ToDoubleFunction<Gateway> value) {
        Gauge.builder("heddle.memory.bound.bytes", gateway, value)
                .description("most memory that so many connections and the queue can take")
                .tags("connections", connections)
                .strongReference(true)
                .register(registry);
    }

    private static <T> void gauge(
            MeterRegistry registry, String name, String description, T from, ToDoubleFunction<T> value) {
        Gauge.builder("heddle." + name, from, value)
                .description(description)
                .strongReference(true)
                .register(registry);
    }
}
