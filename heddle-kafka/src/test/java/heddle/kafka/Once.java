package heddle.kafka;

import heddle.gateway.Client;
import heddle.gateway.ClientOptions;
import heddle.gateway.Outcome;
import heddle.gateway.Result;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A client that sends the numbers as texts, and counts what becomes of them. */
final class Once implements AutoCloseable, Outcome {

    final AtomicInteger acknowledged = new AtomicInteger();

    /** The numbers of the messages, from 0, that were acknowledged; for plain messages. */
    final Set<Long> numbers = ConcurrentHashMap.newKeySet();

    final Client client;

    Once(String address, String name) {
        this(address, new ClientOptions().name(name).once(true).reconnectTimeout(Duration.ofMinutes(2)));
    }

    Once(String address, ClientOptions options) {
        client = new Client(address, options, this);
    }

    void send(int from, int to) throws IOException, InterruptedException {
        for (int i = from; i < to; i++) {
            byte[] text = Integer.toString(i).getBytes(StandardCharsets.US_ASCII);
            client.submit(text, 0, text.length);
        }
    }

    @Override
    public void settled(long number, int result, long latencyNanos) {
        if (result == Result.SUCCESS) {
            acknowledged.incrementAndGet();
            numbers.add(number);
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
