package heddle.kafka;

import heddle.gateway.Counters;
import heddle.gateway.Gateway;
import heddle.gateway.GatewayOptions;
import heddle.gateway.Sink;
import heddle.gateway.StoreOptions;
import heddle.net.Net;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.FutureTask;

/** A gateway with a sink for Kafka, on a free port. */
final class OneGateway implements AutoCloseable {

    final Counters counters;
    final Sink sink;
    final String address;
    private final Gateway gateway;

    OneGateway(KafkaOptions options) throws IOException {
        this("127.0.0.1:0", options);
    }

    OneGateway(String listen, KafkaOptions options) throws IOException {
        this(listen, new Counters(), counters -> new KafkaSink(options, counters));
    }

    OneGateway(Sink sink, Counters counters) throws IOException {
        this("127.0.0.1:0", counters, ignored -> sink);
    }

    /** Makes a sink. */
    private interface Making {
        Sink sink(Counters counters) throws IOException;
    }

    private OneGateway(String listen, Counters counters, Making making) throws IOException {
        this.counters = counters;
        var listener = Net.listen("tcp", listen);
        address = listener.address().toString();
        sink = making.sink(counters);
        gateway = new Gateway(listener, sink, new GatewayOptions(), counters);
        Thread.startVirtualThread(new FutureTask<>(() -> {
            gateway.serve();
            return null;
        }));
    }

    @Override
    public void close() throws IOException {
        try {
            gateway.stop(Duration.ofSeconds(5));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        sink.close();
    }

    /** In a JVM of its own, to be killed: {@code SERVERS TOPIC LISTEN [DATA]}. Prints its address. */
    static final class Main {

        private Main() {}

        public static void main(String[] args) throws Exception {
            var options = new KafkaOptions(args[0], args[1])
                    .config(Map.of("delivery.timeout.ms", "10000", "request.timeout.ms", "4000"));
            var gateway = new OneGateway(
                    args[2],
                    new Counters(),
                    counters -> args.length > 3
                            ? new ForwardingSink(Path.of(args[3]), new StoreOptions(), options, counters)
                            : new KafkaSink(options, counters));
            System.out.println(gateway.address);
        }
    }
}
