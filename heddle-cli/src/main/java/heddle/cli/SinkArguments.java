package heddle.cli;

import heddle.gateway.Counters;
import heddle.gateway.Sink;
import heddle.gateway.StoreSink;
import heddle.kafka.ForwardingSink;
import heddle.kafka.KafkaSink;
import java.io.IOException;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** The options of {@code serve} that say where messages go. */
final class SinkArguments implements Arguments {

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
     */
    record Target(Sink sink, Termination.Work end, String where) {}

    /** Opens it, for frames of this size. */
    Target open(long frameBytesMax, Counters counters) throws IOException {
        return switch (sinkKind) {
            case STORE -> {
                var sink = new StoreSink(store.data(), store.options(frameBytesMax), counters);
                yield new Target(sink, sink::awaitEnd, store.where());
            }
            case KAFKA -> {
                var sink = new KafkaSink(kafka.options().queueTakes(frameBytesMax), counters);
                yield new Target(sink, sink::awaitEnd, kafka.where());
            }
            case STORE_AND_KAFKA -> {
                var sink = new ForwardingSink(
                        store.data(),
                        store.options(frameBytesMax),
                        kafka.options().queueTakes(frameBytesMax),
                        counters);
                yield new Target(sink, sink::awaitEnd, store.where() + ", " + kafka.where());
            }
        };
    }
}
