package heddle.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import heddle.gateway.ClientOptions;
import heddle.gateway.Counter;
import heddle.gateway.Counters;
import heddle.gateway.StoreOptions;
import heddle.testing.Await;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is kept in a store and forwarded to Kafka. The kills: 20 each, or {@code -Dkafka.kills=N}. */
@Tag("thorough")
@Timeout(900)
class ForwardTest {

    /** Five times what a kill waits for, so that some are on their way then. */
    private static final int BATCHES_A_KILL = 500;

    private static final int KILLS = Integer.getInteger("kafka.kills", 20);

    @TempDir
    private Path folder;

    private static List<String> numbers(int to) {
        return IntStream.range(0, to).mapToObj(Integer::toString).toList();
    }

    private static KafkaOptions options(Broker broker) {
        return new KafkaOptions(broker.servers(), "forwarded")
                .config(Map.of("delivery.timeout.ms", "10000", "request.timeout.ms", "4000"));
    }

    @Test
    void whatIsAcknowledgedWhileTheBrokerIsAwayIsForwardedInOrderAndDroppedOnlyThen() throws Exception {
        var data = folder.resolve("store");
        try (var broker = new Broker(folder)) {
            broker.topic("forwarded", 3, Map.of());
            broker.kill();
            // Retention would drop all but the last 64 KiB.
            var storing = new StoreOptions().segmentBytes(64 << 10).keepBytes(64 << 10);
            var counters = new Counters();
            try (var gateway = new OneGateway(new ForwardingSink(data, storing, options(broker), counters), counters);
                    var once = new Once(
                            gateway.address, new ClientOptions().name("o").once(true));
                    var plain = new Once(gateway.address, new ClientOptions().name("p"))) {
                once.send(0, 10_000);
                plain.send(0, 10_000);
                once.client.awaitSettled();
                plain.client.awaitSettled();
                assertThat(once.acknowledged).hasValue(10_000);
                assertThat(plain.acknowledged).hasValue(10_000);
                broker.start();
                Await.until("all forwarded", () -> counters.value(Counter.FORWARDED) >= 20_000);
                Await.until("no lag", () -> counters.value(Counter.FORWARD_LAG) == 0);
            }
            assertThat(broker.messages("forwarded")).isEqualTo(Map.of("o", numbers(10_000), "p", numbers(10_000)));
            assertThat(KafkaHeaders.text(broker.read("forwarded").getFirst().headers(), KafkaHeaders.NUMBER))
                    .isNotNull();
        }
    }

    @Test
    void storeThatWentToAnotherTopicIsRefused() throws Exception {
        Forwarded.read(folder, "one").moveTo(0);
        assertThatThrownBy(() -> new ForwardingSink(
                        folder, new StoreOptions(), new KafkaOptions("127.0.0.1:1", "two"), new Counters()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("the store goes to topic one");
    }

    @Test
    void numberOutlivesTheProcess() throws Exception {
        var forwarded = Forwarded.read(folder, "topic");
        assertThat(forwarded.number()).isZero();
        forwarded.moveTo(4711);
        var again = Forwarded.read(folder, "topic");
        assertThat(again.number()).isEqualTo(4711);
        assertThat(again.store()).isEqualTo(forwarded.store());
    }

    @Test
    void underKillsOfGatewayAndBrokerEachMessageIsInTheTopicOnce() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        var data = folder.resolve("store");
        try (var broker = new Broker(folder)) {
            broker.topic("forwarded", 3, Map.of());
            var enough = new AtomicBoolean();
            var batches = new Semaphore(0);
            var process = GatewayProcess.start(folder, broker, "forwarded", "127.0.0.1:0", data);
            try (var once = new Once(
                    process.address(),
                    new ClientOptions().name("o").once(true).reconnectTimeout(Duration.ofMinutes(5)))) {
                var sending = new FutureTask<>(() -> {
                    int sent = 0;
                    while (!enough.get()) {
                        // The store would take millions while the broker starts, and the test wait for their
                        // forwarding.
                        batches.acquire();
                        once.send(sent, sent + 10);
                        sent += 10;
                        once.client.awaitSettled();
                    }
                    return sent;
                });
                Thread.ofVirtual().start(sending);
                for (int kill = 0; kill < KILLS; kill++) {
                    batches.release(BATCHES_A_KILL);
                    int want = once.acknowledged.get() + 1 + random.nextInt(1000);
                    Await.until("more acknowledged", () -> once.acknowledged.get() >= want);
                    if (kill % 3 == 2) {
                        broker.kill();
                        broker.start();
                    } else {
                        process.kill();
                        process = GatewayProcess.start(folder, broker, "forwarded", process.address(), data);
                    }
                }
                enough.set(true);
                batches.release();
                int sent = sending.get(120, TimeUnit.SECONDS);
                Await.until(
                        () -> "all forwarded: " + sent + ", got "
                                + broker.messages("forwarded")
                                        .getOrDefault("o", List.of())
                                        .size() + "; "
                                + GatewayProcess.said(folder),
                        () -> broker.messages("forwarded")
                                        .getOrDefault("o", List.of())
                                        .size()
                                >= sent);
                assertThat(broker.messages("forwarded").get("o"))
                        .as("seed %d", seed)
                        .isEqualTo(numbers(sent));
            } finally {
                process.kill();
            }
        }
    }
}
