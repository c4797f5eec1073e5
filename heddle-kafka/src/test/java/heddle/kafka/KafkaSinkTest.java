package heddle.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import heddle.gateway.ClientOptions;
import heddle.gateway.Counters;
import heddle.gateway.OnceReceipt;
import heddle.gateway.Result;
import heddle.gateway.Room;
import heddle.gateway.Sequence;
import heddle.gateway.Sink;
import heddle.testing.Await;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
    private static class Told implements OnceReceipt {

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

    private static ProducerRecord<byte[], byte[]> numbered(
            String topic, String name, long number, String turn, String text) {
        return new ProducerRecord<>(
                topic,
                0,
                name.getBytes(StandardCharsets.UTF_8),
                text.getBytes(StandardCharsets.UTF_8),
                List.of(
                        new KafkaHeaders.Field(KafkaHeaders.NAME, name),
                        new KafkaHeaders.Field(KafkaHeaders.SEQUENCE, number),
                        new KafkaHeaders.Field(KafkaHeaders.TURN, turn)));
    }

    /** As somebody else than a gateway. */
    @SafeVarargs
    private static void produce(ProducerRecord<byte[], byte[]>... records) throws Exception {
        try (var producer = new KafkaProducer<>(
                Map.<String, Object>of("bootstrap.servers", broker.servers()),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            for (var record : records) {
                producer.send(record).get();
            }
        }
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

    /** Between the question for the ends and the look at the turns, and behind both. Then the gateway is killed. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsSentDuringASweepIsFoundByTheNextResume(boolean settled) throws Exception {
        var topic = broker.topic("swept-" + settled, 1, Map.of());
        var options = options(topic);
        var told = new Told("s");
        try (var delivery = Delivery.open(options, () -> {})) {
            var inbox = new LinkedBlockingQueue<Event>();
            var room = new Room(100, 1 << 20, options.clock);
            for (int number = 1; number <= 3; number++) {
                assertThat(room.take(told, 0, options.clock.nanos())).isTrue(); // as the sink does in front of each
            }
            var turn = new Turn(new Sequence("s", told));
            try (var turns = new Turns(options, new Counters(), delivery, new byte[16], room, inbox)) {
                turns.work(List.of(new Event.Begin(turn, 1)));
                assertThat(told.next()).isEqualTo("resumed 0 at 0");
                send(turn, 1, topic, inbox);
                turns.work(List.of(inbox.take()));
                assertThat(told.next()).isEqualTo("1: 0");

                var ends = turns.ends();
                assertThat(ends.values()).containsExactly(2L);
                send(turn, 2, topic, inbox);
                var second = inbox.take();
                if (settled) {
                    turns.work(List.of(second));
                }
                // As if the entry were so old.
                turn.entryOffset -= 1_000_000;
                turns.sweep(ends);
                assertThat(turn.entryOffset).isEqualTo(2);
                send(turn, 3, topic, inbox);
                delivery.flush();
            }
        }
        try (var sink = new KafkaSink(options, new Counters())) {
            var next = new Told("s");
            sink.resume(new Sequence("s", next), 1);
            assertThat(next.next()).isEqualTo("resumed 0 at 3");
        }
    }

    /** As the sink does it. */
    private static void send(Turn turn, long number, String topic, Queue<Event> inbox) {
        turn.lock.lock();
        try {
            turn.next++;
            turn.inFlight++;
            turn.delivery.send(numbered(topic, turn.name, number, Long.toString(turn.turn), "m"), new Delivery.Fate() {
                @Override
                public void delivered(int partition, long offset) {
                    inbox.add(new Event.Delivered(turn, number, offset, 0));
                }

                @Override
                public void refused(int result) {
                    throw new AssertionError(Result.text(result));
                }

                @Override
                public void failed(int result) {
                    throw new AssertionError(Result.text(result));
                }
            });
        } finally {
            turn.lock.unlock();
        }
    }

    @Test
    void recordsInTheLedgerThatNoGatewayWroteArePassedOver() throws Exception {
        var topic = broker.topic("foreign", 1, Map.of());
        // A compacted topic takes no record without a key; one that has been made so may have some.
        var ledger = broker.topic("foreign-turns", 1, Map.of());
        byte[] text = "text".getBytes(StandardCharsets.UTF_8);
        byte[] entry = new byte[20];
        produce(
                new ProducerRecord<>(ledger, null, text),
                new ProducerRecord<>(ledger, new byte[0], text),
                new ProducerRecord<>(ledger, text, text),
                new ProducerRecord<>(ledger, new byte[] {1, 'f'}, text),
                new ProducerRecord<>(ledger, new byte[] {2, 0, 0}, entry),
                new ProducerRecord<>(ledger, new byte[] {2, 0, 0, 0, 0, 0, 0, 0, 0, 'f'}, text));
        broker.set(ledger, "cleanup.policy", "compact");
        try (var sink = new KafkaSink(options(topic), new Counters())) {
            var told = new Told("f");
            var sequence = new Sequence("f", told);
            sink.resume(sequence, 1);
            assertThat(told.next()).isEqualTo("resumed 0 at 0");
            once(sink, sequence, 1, "one");
            assertThat(told.next()).isEqualTo("1: 0");
        }
    }

    /** The thread of the turns is kept from resuming another one by its receipt. */
    @Test
    void interruptOfAMessageThatWaitsForItsTurnGivesItsRoomBack() throws Exception {
        var topic = broker.topic("interrupted", 1, Map.of());
        var resumed = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        try (var sink = new KafkaSink(options(topic), new Counters())) {
            sink.resume(
                    new Sequence("a", new Told("a") {
                        @Override
                        public void resumed(long id, int result, long highest) {
                            resumed.countDown();
                            try {
                                release.await();
                            } catch (InterruptedException e) {
                                throw new AssertionError(e);
                            }
                        }
                    }),
                    1);
            resumed.await();
            var told = new Told("b");
            var sequence = new Sequence("b", told);
            sink.resume(sequence, 2);
            var sends = new FutureTask<>(() -> once(sink, sequence, 1, "one"));
            var thread = Thread.ofPlatform().daemon().start(sends);
            Await.until(
                    "it has room, and waits",
                    () -> sink.status().messages() == 1 && thread.getState() == Thread.State.TIMED_WAITING);
            thread.interrupt();
            assertThatThrownBy(sends::get).hasCauseInstanceOf(InterruptedException.class);
            assertThat(sink.status().messages()).isZero();
            release.countDown();
            assertThat(told.next()).isEqualTo("resumed 0 at 0");
            once(sink, sequence, 1, "one");
            assertThat(told.next()).isEqualTo("1: 0");
        }
    }

    @Test
    void faultOfTheProgramSettlesAllAndEndsTheProducer() throws Exception {
        var topic = broker.topic("fault", 1, Map.of());
        var sink = new KafkaSink(options(topic), new Counters());
        var told = new Told("a");
        var sequence = new Sequence("a", told);
        sink.resume(sequence, 1);
        assertThat(told.next()).isEqualTo("resumed 0 at 0");
        sink.resume(
                new Sequence("b", new Told("b") {
                    @Override
                    public void resumed(long id, int result, long highest) {
                        throw new IllegalStateException("a fault");
                    }
                }),
                2);
        int taken = 0;
        while (once(sink, sequence, taken + 1, "m") == Result.SUCCESS) {
            taken++;
        }
        sink.awaitEnd();
        int all = taken;
        Await.until(() -> all + " settled, got " + told.all.size(), () -> told.all.size() == all);
        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .noneMatch(name -> name.startsWith(KafkaProducer.NETWORK_THREAD_PREFIX));
        assertThatThrownBy(sink::close).isInstanceOf(IOException.class).hasMessageContaining("a fault");
    }

    @Test
    void whatThePromiseRestsOnCannotBeSet() {
        for (var name : List.of("acks", "enable.idempotence", "max.in.flight.requests.per.connection")) {
            assertThatThrownBy(() -> options("any").config(Map.of(name, "1")))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(name + ": cannot be set, the sink sets it");
        }
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
                    .queue(8, 1 << 20) // of which one connection has half
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
            produce(numbered(topic, "n", 2, turn, "late two"));
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
