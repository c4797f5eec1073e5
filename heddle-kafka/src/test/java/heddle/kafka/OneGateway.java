package heddle.kafka;

import heddle.gateway.Counters;
import heddle.gateway.Gateway;
import heddle.gateway.GatewayOptions;
import heddle.net.Net;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.FutureTask;

/** A gateway with a sink for Kafka, on a free port. */
final class OneGateway implements AutoCloseable {

    final Counters counters = new Counters();
    final KafkaSink sink;
    final String address;
    private final Gateway gateway;

    OneGateway(KafkaOptions options) throws IOException {
        this("127.0.0.1:0", options);
    }

    OneGateway(String listen, KafkaOptions options) throws IOException {
        var listener = Net.listen("tcp", listen);
        address = listener.address().toString();
        sink = new KafkaSink(options, counters);
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

    /** In a JVM of its own, to be killed: {@code SERVERS TOPIC LISTEN}. Prints its address. */
    static final class Main {

        private Main() {}

        public static void main(String[] args) throws Exception {
            try (var gateway = new OneGateway(args[2], new KafkaOptions(args[0], args[1]))) {
                System.out.println(gateway.address);
                gateway.sink.awaitEnd();
            }
        }
    }
}
