package heddle.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.gateway.ClientOptions;
import heddle.testing.Await;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Broker and gateway killed with -9 again and again while clients send: nothing that was acknowledged is missing, and
 * of what was sent once nothing is there twice, for a reader that follows the rule. The kills: 20 each, or {@code
 * -Dkafka.kills=N}.
 */
@Tag("thorough")
@Timeout(900)
class KillTest {

    private static final int KILLS = Integer.getInteger("kafka.kills", 20);

    @TempDir
    private Path folder;

    private static List<String> numbers(int to) {
        return IntStream.range(0, to).mapToObj(Integer::toString).toList();
    }

    /** Which of the messages that were acknowledged are not there. */
    private static Set<Long> missing(List<String> messages, Set<Long> acknowledged) {
        Set<Long> missing = new HashSet<>(acknowledged);
        messages.forEach(text -> missing.remove(Long.valueOf(text)));
        return missing;
    }

    /** A broker that is away is given up sooner than usual, so that what is in doubt comes about. */
    private static KafkaOptions options(Broker broker, String topic) {
        return new KafkaOptions(broker.servers(), topic)
                .config(Map.of("delivery.timeout.ms", "10000", "request.timeout.ms", "4000"));
    }

    private static ClientOptions patient(String name) {
        return new ClientOptions().name(name).reconnectTimeout(Duration.ofMinutes(5));
    }

    /** Sends until it is told to stop; how many. */
    private static FutureTask<Integer> sending(Once once, AtomicBoolean enough) {
        var sending = new FutureTask<>(() -> {
            int sent = 0;
            while (!enough.get()) {
                once.send(sent, sent + 10);
                sent += 10;
            }
            once.client.awaitSettled();
            return sent;
        });
        Thread.ofVirtual().start(sending);
        return sending;
    }

    /** A kill after some more messages have been acknowledged. */
    private static void awaitMore(Once once, Random random) throws Exception {
        int want = once.acknowledged.get() + 1 + random.nextInt(2000);
        Await.until(() -> want + " acknowledged: " + once.acknowledged, () -> once.acknowledged.get() >= want);
    }

    @Test
    void underKillsOfTheBrokerNothingIsMissingAndNothingOnceIsTwice() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        try (var broker = new Broker(folder)) {
            broker.topic("kills", 3, Map.of());
            var enough = new AtomicBoolean();
            int sentOnce;
            Set<Long> acknowledged;
            try (var gateway = new OneGateway(options(broker, "kills"));
                    var once = new Once(gateway.address, patient("once").once(true));
                    var plain = new Once(gateway.address, patient("plain").resend(true))) {
                var sendingOnce = sending(once, enough);
                var sendingPlain = sending(plain, enough);
                for (int kill = 0; kill < KILLS; kill++) {
                    awaitMore(random.nextBoolean() ? once : plain, random);
                    broker.kill();
                    broker.start();
                }
                enough.set(true);
                sentOnce = sendingOnce.get(120, TimeUnit.SECONDS);
                sendingPlain.get(120, TimeUnit.SECONDS);
                acknowledged = plain.numbers;
                assertThat(once.acknowledged).as("seed %d", seed).hasValue(sentOnce);
            }
            var messages = broker.messages("kills");
            assertThat(messages.get("once")).as("seed %d", seed).isEqualTo(numbers(sentOnce));
            assertThat(missing(messages.get("plain"), acknowledged))
                    .as("seed %d", seed)
                    .isEmpty();
        }
    }

    @Test
    void underKillsOfTheGatewayNothingIsMissingAndNothingOnceIsTwice() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        try (var broker = new Broker(folder)) {
            broker.topic("kills", 3, Map.of());
            var enough = new AtomicBoolean();
            var process = GatewayProcess.start(folder, broker, "kills", "127.0.0.1:0", null);
            try {
                String address = process.address();
                try (var once = new Once(address, patient("once").once(true));
                        var plain = new Once(address, patient("plain").resend(true))) {
                    var sendingOnce = sending(once, enough);
                    var sendingPlain = sending(plain, enough);
                    for (int kill = 0; kill < KILLS; kill++) {
                        awaitMore(random.nextBoolean() ? once : plain, random);
                        process.kill();
                        process = GatewayProcess.start(folder, broker, "kills", address, null);
                    }
                    enough.set(true);
                    int sentOnce = sendingOnce.get(120, TimeUnit.SECONDS);
                    sendingPlain.get(120, TimeUnit.SECONDS);
                    var messages = broker.messages("kills");
                    assertThat(messages.get("once")).as("seed %d", seed).isEqualTo(numbers(sentOnce));
                    assertThat(missing(messages.get("plain"), plain.numbers))
                            .as("seed %d", seed)
                            .isEmpty();
                }
            } finally {
                process.kill();
            }
        }
    }

    /** The client is cut off, and goes on at another gateway while the first one still has sends on their way. */
    @Test
    void underMovesBetweenGatewaysNothingOnceIsMissingOrTwice() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        try (var broker = new Broker(folder)) {
            broker.topic("moves", 2, Map.of());
            int sent = 0;
            try (var first = new OneGateway(options(broker, "moves"));
                    var second = new OneGateway(options(broker, "moves"))) {
                for (int move = 0; move < KILLS; move++) {
                    var to = move % 2 == 0 ? first : second;
                    // What the last client had not heard of, this one sends, or finds that it is there.
                    try (var once =
                            new Once(to.address, patient("mover").once(true).closeTimeout(Duration.ZERO))) {
                        once.client.connect();
                        int from = (int) once.client.highest();
                        assertThat(from).as("seed %d", seed).isLessThanOrEqualTo(sent);
                        sent = from + 1 + random.nextInt(500);
                        once.send(from, sent);
                        if (random.nextBoolean()) {
                            once.client.awaitSettled();
                        }
                    }
                }
                try (var once = new Once(first.address, patient("mover").once(true))) {
                    once.client.connect();
                    int from = (int) once.client.highest();
                    once.send(from, sent);
                    once.client.awaitSettled();
                }
            }
            assertThat(broker.messages("moves").get("mover"))
                    .as("seed %d", seed)
                    .isEqualTo(numbers(sent));
        }
    }
}
