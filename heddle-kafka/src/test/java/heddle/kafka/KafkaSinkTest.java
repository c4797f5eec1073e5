package heddle.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.gateway.ClientOptions;
import heddle.gateway.Counters;
import heddle.gateway.OnceReceipt;
import heddle.gateway.Result;
import heddle.gateway.Sequence;
import heddle.gateway.Sink;
import heddle.testing.Await;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the sink promises, by a broker of Kafka. */
@Tag("thorough")
@Timeout(120)
class KafkaSinkTest {

    private static Broker broker;

    @BeforeAll
    static void start() throws Exception {
        broker = Broker.forThisJvm();
    }

    /** What a receipt is told. */
    private static final class Told implements OnceReceipt {

        private final String name;
        private final BlockingQueue<String> all = new LinkedBlockingQueue<>();

        Told(String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public void resumed(long id, int result, long highest) {
            all.add("resumed " + result + " at " + highest);
        }

        @Override
        public void settled(long id, int result) {
            all.add(id + ": " + result);
        }

        @Override
        public void flush() {}

        String next() throws InterruptedException {
            return String.valueOf(all.poll(60, TimeUnit.SECONDS));
        }
    }

    private static KafkaOptions options(String topic) {
        return new KafkaOptions(broker.servers(), topic);
    }

    private static int offer(Sink sink, Told told, long id, String text) throws InterruptedException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return sink.offer(told, id, bytes, 0, bytes.length);
    }

    private static int once(KafkaSink sink, Sequence sequence, long number, String text) throws InterruptedException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return sink.offerOnce(sequence, number, bytes, 0, bytes.length);
    }

    private static List<String> numbers(int from, int to) {
        return IntStream.range(from, to).mapToObj(Integer::toString).toList();
    }

    @Test
    void plainMessageHasItsClientAsKeyAndHeaders() throws Exception {
        var topic = broker.topic("plain", 3, Map.of());
        long before = System.currentTimeMillis();
        try (var sink = new KafkaSink(options(topic), new Counters())) {
            var told = new Told("näme");
            assertThat(offer(sink, told, 7, "hello")).isZero();
            assertThat(told.next()).isEqualTo("7: 0");
        }
        var record = broker.read(topic).getFirst();
        assertThat(record.key()).asString(StandardCharsets.UTF_8).isEqualTo("näme");
        assertThat(record.value()).asString(StandardCharsets.UTF_8).isEqualTo("hello");
        assertThat(KafkaHeaders.text(record.headers(), KafkaHeaders.NAME)).isEqualTo("näme");
        assertThat(Long.parseLong(KafkaHeaders.text(record.headers(), KafkaHeaders.TIME)))
                .isBetween(before, System.currentTimeMillis());
        assertThat(KafkaHeaders.text(record.headers(), KafkaHeaders.SEQUENCE)).isNull();
    }

    @Test
    void clientGoesOnAtAnotherGatewayWhereItWas() throws Exception {
        var topic = broker.topic("moves", 3, Map.of());
        try (var first = new OneGateway(options(topic));
                var second = new OneGateway(options(topic))) {
            try (var once = new Once(first.address, "mover")) {
                once.send(0, 100);
                once.client.awaitSettled();
                assertThat(once.acknowledged).hasValue(100);
            }
            try (var once = new Once(second.address, "mover")) {
                once.client.connect();
                assertThat(once.client.highest()).isEqualTo(100);
                once.send(100, 200);
                once.client.awaitSettled();
            }
            try (var once = new Once(first.address, "mover")) {
                once.client.connect();
                assertThat(once.client.highest()).isEqualTo(200);
            }
        }
        assertThat(broker.messages(topic)).isEqualTo(Map.of("mover", numbers(0, 200)));
    }

    @Test
    void repeatIsAcknowledgedAndNotThereTwice() throws Exception {
        var topic = broker.topic("repeats", 1, Map.of());
        try (var sink = new KafkaSink(options(topic), new Counters())) {
            var told = new Told("r");
            var sequence = new Sequence("r", told);
            sink.resume(sequence, 1);
            assertThat(told.next()).isEqualTo("resumed 0 at 0");
            once(sink, sequence, 1, "a");
            once(sink, sequence, 1, "a");
            assertThat(List.of(told.next(), told.next())).containsOnly("1: 0");
            once(sink, sequence, 3, "c");
            assertThat(told.next()).isEqualTo("3: " + Result.OUT_OF_SEQUENCE);
            once(sink, sequence, 1, "a");
            assertThat(told.next()).isEqualTo("1: 0");
        }
        assertThat(broker.messages(topic)).isEqualTo(Map.of("r", List.of("a")));
    }

    @Test
    void olderTurnOfTheSameGatewayIsTakenOver() throws Exception {
        var topic = broker.topic("taken", 1, Map.of());
        try (var sink = new KafkaSink(options(topic), new Counters())) {
            var older = new Told("t");
            var first = new Sequence("t", older);
            sink.resume(first, 1);
            assertThat(older.next()).isEqualTo("resumed 0 at 0");
            for (int i = 1; i <= 500; i++) {
                once(sink, first, i, "m" + i);
            }
            var newer = new Told("t");
            sink.resume(new Sequence("t", newer), 2);
            assertThat(newer.next()).isEqualTo("resumed 0 at 500");
            // All that the older one had sent is settled before the newer one is told.
            assertThat(older.all).hasSize(500).allMatch(text -> text.endsWith(": 0"));
            older.all.clear();
            once(sink, first, 501, "late");
            assertThat(older.next()).isEqualTo("501: " + Result.TAKEN_OVER);
        }
    }

    /** The older gateway does not know yet, and must not say that a message is kept which no reader counts. */
    @Test
    void olderGatewayNeverAcknowledgesBehindANewerOnesMarker() throws Exception {
        var topic = broker.topic("zombie", 1, Map.of());
        try (var older = new KafkaSink(options(topic), new Counters());
                var newer = new KafkaSink(options(topic), new Counters())) {
            var first = new Told("z");
            var firstTurn = new Sequence("z", first);
            older.resume(firstTurn, 1);
            assertThat(first.next()).isEqualTo("resumed 0 at 0");
            once(older, firstTurn, 1, "one");
            assertThat(first.next()).isEqualTo("1: 0");
            var second = new Told("z");
            var secondTurn = new Sequence("z", second);
            newer.resume(secondTurn, 1);
            assertThat(second.next()).isEqualTo("resumed 0 at 1");
            once(older, firstTurn, 2, "two, by the older");
            assertThat(first.next()).isEqualTo("2: " + Result.IN_DOUBT);
            once(older, firstTurn, 3, "three, by the older");
            assertThat(first.next()).isEqualTo("3: " + Result.TAKEN_OVER);
            once(newer, secondTurn, 2, "two, by the newer");
            assertThat(second.next()).isEqualTo("2: 0");
            var third = new Told("z");
            older.resume(new Sequence("z", third), 1);
            assertThat(third.next()).isEqualTo("resumed 0 at 2");
        }
        assertThat(broker.messages(topic)).isEqualTo(Map.of("z", List.of("one", "two, by the newer")));
    }

    /** As a gateway that was killed leaves it: no entry says that nothing more comes. */
    @Test
    void resumeReadsWhatAGatewayLeftThatIsGone() throws Exception {
        var topic = broker.topic("left", 1, Map.of());
        var gone = new KafkaSink(options(topic), new Counters());
        var told = new Told("l");
        var sequence = new Sequence("l", told);
        gone.resume(sequence, 1);
        assertThat(told.next()).isEqualTo("resumed 0 at 0");
        for (int i = 1; i <= 300; i++) {
            once(gone, sequence, i, Integer.toString(i));
        }
        Await.until("all acknowledged", () -> told.all.size() == 300);
        try (var sink = new KafkaSink(options(topic), new Counters())) {
            var next = new Told("l");
            sink.resume(new Sequence("l", next), 1);
            assertThat(next.next()).isEqualTo("resumed 0 at 300");
        }
        gone.close();
    }

    @Test
    void messageTooLargeForTheTopicIsRefusedForGoodAndOthersGoOn() throws Exception {
        var topic = broker.topic("small", 1, Map.of("max.message.bytes", "1000"));
        try (var sink = new KafkaSink(options(topic), new Counters())) {
            var told = new Told("s");
            assertThat(offer(sink, told, 1, "x".repeat(2000))).isEqualTo(Result.TOO_LARGE);
            assertThat(offer(sink, told, 2, "x".repeat(500))).isZero();
            assertThat(told.next()).isEqualTo("2: 0");
            var sequence = new Sequence("s", told);
            sink.resume(sequence, 1);
            assertThat(told.next()).isEqualTo("resumed 0 at 0");
            assertThat(once(sink, sequence, 1, "x".repeat(2000))).isEqualTo(Result.TOO_LARGE);
            once(sink, sequence, 1, "one");
            assertThat(told.next()).isEqualTo("1: 0");
        }
    }

    /** The bound was lowered while the sink was up. */
    @Test
    void messageThatTheBrokerFindsTooLargeIsRefusedForGood() throws Exception {
        var topic = broker.topic("shrunk", 1, Map.of("max.message.bytes", "100000"));
        try (var sink = new KafkaSink(options(topic), new Counters())) {
            var told = new Told("s");
            assertThat(offer(sink, told, 1, "x".repeat(2000))).isZero();
            assertThat(told.next()).isEqualTo("1: 0");
            broker.set(topic, "max.message.bytes", "1000");
            assertThat(offer(sink, told, 2, "x".repeat(2000))).isZero();
            assertThat(told.next()).isEqualTo("2: " + Result.TOO_LARGE);
            assertThat(offer(sink, told, 3, "x".repeat(2000))).isEqualTo(Result.TOO_LARGE);
            assertThat(offer(sink, told, 4, "x".repeat(200))).isZero();
            assertThat(told.next()).isEqualTo("4: 0");
        }
    }

    @Test
    void withoutItsTopicNothingIsKeptUntilItIsThere() throws Exception {
        try (var sink = new KafkaSink(options("missing"), new Counters())) {
            var told = new Told("m");
            assertThat(offer(sink, told, 1, "x")).isEqualTo(Result.NOT_STORED);
            assertThat(sink.resume(new Sequence("m", told), 1)).isEqualTo(Result.NOT_STORED);
            broker.topic("missing", 1, Map.of());
            Await.until("it goes on", () -> offer(sink, told, 2, "x") == Result.SUCCESS);
            assertThat(told.next()).isEqualTo("2: 0");
        }
    }

    @Test
    void compactedTopicIsRefused() throws Exception {
        var topic = broker.topic("compacted", 1, Map.of("cleanup.policy", "compact"));
        try (var sink = new KafkaSink(options(topic), new Counters())) {
            assertThat(offer(sink, new Told("c"), 1, "x")).isEqualTo(Result.NOT_STORED);
        }
    }

    @Test
    void brokerThatIsAwayFromTheStartIsWaitedFor(@TempDir Path folder) throws Exception {
        try (var late = new Broker(folder)) {
            late.topic("late", 1, Map.of());
            late.kill();
            try (var gateway = new OneGateway(new KafkaOptions(late.servers(), "late"));
                    var once = new Once(gateway.address, "early")) {
                var told = new Told("p");
                assertThat(offer(gateway.sink, told, 1, "x")).isEqualTo(Result.NOT_STORED);
                var sending = new FutureTask<>(() -> {
                    once.send(0, 10);
                    return null;
                });
                Thread.ofVirtual().start(sending);
                late.start();
                sending.get();
                once.client.awaitSettled();
                assertThat(once.acknowledged).hasValue(10);
            }
            assertThat(late.messages("late")).isEqualTo(Map.of("early", numbers(0, 10)));
        }
    }

    @Test
    void fullQueueAnswersOverloadedWhileTheBrokerIsAway(@TempDir Path folder) throws Exception {
        try (var own = new Broker(folder)) {
            own.topic("full", 1, Map.of());
            var options = new KafkaOptions(own.servers(), "full")
                    .queue(4, 1 << 20)
                    .config(Map.of("delivery.timeout.ms", "4000", "request.timeout.ms", "2000"));
            try (var sink = new KafkaSink(options.roomWait(Duration.ofMillis(50)), new Counters())) {
                var told = new Told("f");
                Await.until("connected", () -> offer(sink, told, 0, "x") == Result.SUCCESS);
                assertThat(told.next()).isEqualTo("0: 0");
                own.kill();
                for (int i = 1; i <= 4; i++) {
                    assertThat(offer(sink, told, i, "x")).isZero();
                }
                assertThat(offer(sink, told, 5, "x")).isEqualTo(Result.OVERLOADED);
                for (int i = 1; i <= 4; i++) {
                    assertThat(told.next()).isEqualTo(i + ": " + Result.IN_DOUBT);
                }
                Await.until("away", () -> offer(sink, told, 6, "x") == Result.NOT_STORED);
                own.start();
                Await.until("it goes on", () -> offer(sink, told, 7, "x") == Result.SUCCESS);
                assertThat(told.next()).isEqualTo("7: 0");
            }
        }
    }

    /** A record of an older turn that comes late, as one on its way from a gateway that was cut off. */
    @Test
    void lateRecordOfAnOlderTurnCountsForNobody() throws Exception {
        var topic = broker.topic("late-record", 1, Map.of());
        try (var sink = new KafkaSink(options(topic), new Counters())) {
            var told = new Told("n");
            var first = new Sequence("n", told);
            sink.resume(first, 1);
            told.next();
            once(sink, first, 1, "one");
            assertThat(told.next()).isEqualTo("1: 0");
            var turn = KafkaHeaders.text(broker.read(topic).getLast().headers(), KafkaHeaders.TURN);
            var second = new Sequence("n", told);
            sink.resume(second, 2);
            assertThat(told.next()).isEqualTo("resumed 0 at 1");
            try (var producer = new KafkaProducer<>(
                    Map.<String, Object>of("bootstrap.servers", broker.servers()),
                    new ByteArraySerializer(),
                    new ByteArraySerializer())) {
                producer.send(new ProducerRecord<>(
                                topic,
                                0,
                                "n".getBytes(StandardCharsets.UTF_8),
                                "late two".getBytes(StandardCharsets.UTF_8),
                                List.of(
                                        new KafkaHeaders.Field(KafkaHeaders.NAME, "n"),
                                        new KafkaHeaders.Field(KafkaHeaders.SEQUENCE, 2),
                                        new KafkaHeaders.Field(KafkaHeaders.TURN, turn))))
                        .get();
            }
            once(sink, second, 2, "two");
            assertThat(told.next()).isEqualTo("2: 0");
            sink.end(first);
            sink.resume(new Sequence("n", told), 3);
            assertThat(told.next()).isEqualTo("resumed 0 at 2");
        }
        assertThat(broker.messages(topic)).isEqualTo(Map.of("n", List.of("one", "two")));
    }

    @Test
    void plainClientIsServedAsBefore() throws Exception {
        var topic = broker.topic("old-client", 2, Map.of());
        try (var gateway = new OneGateway(options(topic));
                var plain = new Once(gateway.address, new ClientOptions().name("p"))) {
            plain.send(0, 1000);
            plain.client.awaitSettled();
            assertThat(plain.acknowledged).hasValue(1000);
        }
        assertThat(broker.messages(topic)).isEqualTo(Map.of("p", numbers(0, 1000)));
    }
}
