package heddle.cli;

import heddle.gateway.Counters;
import heddle.gateway.Sink;
import heddle.gateway.StoreOptions;
import heddle.gateway.StoreSink;
import heddle.kafka.ForwardingSink;
import heddle.kafka.KafkaSink;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.function.Consumer;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** The options of {@code serve} that say where messages go. */
final class SinkArguments implements Arguments {
    private static final Logger LOG = System.getLogger("heddle.cli");

    @Option(
            names = "--sink",
            paramLabel = "SINK",
            defaultValue = "store",
            description = "store: messages are kept in the data folder. kafka: they are delivered to a topic of Kafka,"
                    + " and acknowledged when all its replicas in sync have them. store+kafka: they are kept in the data"
                    + " folder, acknowledged, and forwarded to Kafka behind that.")
    private SinkKind sinkKind;

    @CommandLine.Mixin
    private KafkaArguments kafka;

    @CommandLine.Mixin
    private StoreArguments store;

    @Override
    public void check(Problems problems) {
        store.check(problems);
        if (sinkKind == SinkKind.STORE) {
            kafka.checkUnwanted(problems);
        } else {
            kafka.checkWanted(sinkKind, problems);
        }
    }

    /**
     * Where messages go.
     *
     * @param end returns when the sink ends by itself
     * @param where for people
     * @param bound gives the store other bounds, if there is one
     * @param kafka settings of Kafka's clients
     */
    record Target(
            Sink sink, Termination.Work end, String where, Consumer<StoreOptions> bound, Map<String, String> kafka) {}

    /** Gives {@code target} the bounds of its store. */
    Reloadable reloadable(Target target) {
        return () -> {
            var settings = kafka.settings();
            return () -> {
                target.bound().accept(store.options(1));
                if (!settings.equals(target.kafka())) {
                    LOG.log(
                            Level.WARNING,
                            "reload: --kafka-config {0}: what it says needs a restart; the old settings stay",
                            String.valueOf(kafka.config()));
                }
            };
        };
    }

    /** Opens it, for frames of this size. */
    Target open(long frameBytesMax, Counters counters) throws IOException {
        return switch (sinkKind) {
            case STORE -> {
                var sink = new StoreSink(store.data(), store.options(frameBytesMax), counters);
                yield new Target(sink, sink::awaitEnd, store.where(), sink::bound, Map.of());
            }
            case KAFKA -> {
                var sink = new KafkaSink(kafka.options().queueTakes(frameBytesMax), counters);
                yield new Target(sink, sink::awaitEnd, kafka.where(), _ -> {}, kafka.settings());
            }
            case STORE_AND_KAFKA -> {
                var sink = new ForwardingSink(
                        store.data(),
                        store.options(frameBytesMax),
                        kafka.options().queueTakes(frameBytesMax),
                        counters);
                yield new Target(
                        sink, sink::awaitEnd, store.where() + ", " + kafka.where(), sink::bound, kafka.settings());
            }
        };
    }
}
