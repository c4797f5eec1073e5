package heddle.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.testing.Task;
import heddle.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Turns are counted, not timed: how much of others a message has before it. */
@Timeout(30)
class SinkQueueTest {

    /** What a turn gives of messages without a payload. */
    private static final int TURN = SinkQueue.TURN_BYTES / SinkQueue.ENTRY_BYTES;

    private final SinkQueue queue = new SinkQueue(1 << 16, 64 << 20, Clock.system());

    /** A connection of a client. */
    private static class Source implements OnceReceipt {
        private final String name;

        Source(String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public void resumed(long id, int result, long highest) {}

        @Override
        public void settled(long id, int result) {}

        @Override
        public void flush() {}

        @Override
        public String toString() {
            return name;
        }
    }

    private void put(Receipt source, long id) throws InterruptedException {
        put(source, id, 0);
    }

    private void put(Receipt source, long id, int bytes) throws InterruptedException {
        assertThat(queue.put(new SinkQueue.Message(source, id, new byte[bytes], null), 0))
                .isEqualTo(Result.SUCCESS);
    }

    private void once(Sequence sequence, long number) throws InterruptedException {
        var message = new SinkQueue.Message(sequence.receipt(), number, new byte[0], sequence);
        assertThat(queue.put(message, 0)).isEqualTo(Result.SUCCESS);
    }

    private void resume(Sequence sequence) throws InterruptedException {
        assertThat(queue.put(new SinkQueue.Resume(sequence, 0), 0)).isEqualTo(Result.SUCCESS);
    }

    private List<SinkQueue.Entry> take() throws InterruptedException {
        List<SinkQueue.Entry> batch = new ArrayList<>();
        assertThat(queue.take(batch, 0)).isTrue();
        return batch;
    }

    /** All that waits, batch after batch, each released. */
    private List<SinkQueue.Entry> takeAll() throws InterruptedException {
        List<SinkQueue.Entry> all = new ArrayList<>();
        for (var batch = take(); !batch.isEmpty(); batch = take()) {
            queue.release(batch);
            all.addAll(batch);
        }
        return all;
    }

    private static Map<String, Integer> counts(List<SinkQueue.Entry> entries) {
        Map<String, Integer> counts = new LinkedHashMap<>();
        entries.forEach(entry -> counts.merge(entry.receipt().name(), 1, Integer::sum));
        return counts;
    }

    private List<Source> flood(int sources, int each) throws InterruptedException {
        List<Source> floods = new ArrayList<>();
        for (int i = 0; i < sources; i++) {
            var flood = new Source("flood " + i);
            for (int id = 0; id < each; id++) {
                put(flood, id);
            }
            floods.add(flood);
        }
        return floods;
    }

    @Test
    void whoSendsLittleIsFirstOfTheNextBatchHoweverMuchOthersSend() throws Exception {
        flood(4, 8192);
        var inHand = take();
        assertThat(inHand).hasSize(SinkQueue.BATCH_MESSAGES_MAX);
        put(new Source("light"), 1);
        assertThat(take().getFirst().receipt().name()).isEqualTo("light");
    }

    @Test
    void whoSendsLittleAgainAndAgainIsInEachBatch() throws Exception {
        flood(4, 8192);
        var light = new Source("light");
        for (int i = 0; i < 15; i++) {
            put(light, i);
            var batch = take();
            assertThat(counts(batch)).containsEntry("light", 1);
            queue.release(batch);
        }
    }

    @Test
    void whoSendMuchGetEqualParts() throws Exception {
        flood(3, 8192); // a batch is a whole number of turns of each
        var first = counts(take());
        assertThat(first.values()).allMatch(count -> count == SinkQueue.BATCH_MESSAGES_MAX / 3);
        assertThat(first).hasSize(3);
    }

    @Test
    void aTurnIsOfBytesSoThatLargeMessagesWeighMore() throws Exception {
        var large = new Source("large");
        var small = new Source("small");
        for (int id = 0; id < 1000; id++) {
            put(large, id, SinkQueue.TURN_BYTES - SinkQueue.ENTRY_BYTES);
            put(small, id, 0);
        }
        List<SinkQueue.Entry> all = takeAll();
        int largeBefore = 0;
        int smallSeen = 0;
        for (var entry : all) {
            if (entry.receipt() == large) {
                largeBefore++;
            } else if (++smallSeen == 1000) {
                break;
            }
        }
        assertThat(largeBefore).isEqualTo(1000 / TURN + 1);
    }

    @Test
    void whoSendsOneThatIsVeryLargePaysInTheNextTurns() throws Exception {
        var large = new Source("large");
        var small = new Source("small");
        put(large, 1, 10 * SinkQueue.TURN_BYTES);
        put(large, 2, 0);
        for (int id = 0; id < 2000; id++) {
            put(small, id);
        }
        var all = takeAll();
        assertThat(all.getFirst().receipt()).isEqualTo(large);
        int second = all.subList(1, all.size()).stream()
                .map(SinkQueue.Entry::receipt)
                .toList()
                .indexOf(large);
        assertThat(second).isBetween(9 * TURN, 11 * TURN);
    }

    /** Each is fresh again and again, were it not for the rule that who was fresh is old next. */
    @Test
    void manyWhoSendLittleDoNotKeepOutTheOthers() throws Exception {
        flood(1, 4000);
        List<Source> lights = new ArrayList<>();
        for (int i = 0; i < SinkQueue.BATCH_MESSAGES_MAX; i++) {
            lights.add(new Source("light " + i));
        }
        int served = 0;
        for (int turn = 0; turn < 4; turn++) {
            for (var light : lights) {
                put(light, turn);
            }
            var batch = take();
            served += counts(batch).getOrDefault("flood 0", 0);
            queue.release(batch);
        }
        assertThat(served).isGreaterThanOrEqualTo(TURN);
    }

    @Test
    void whatComesFromOneSourceKeepsItsOrder() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        List<Source> sources = new ArrayList<>();
        List<Sequence> sequences = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            var source = new Source("source " + i);
            sources.add(source);
            sequences.add(new Sequence(i % 2 == 0 ? "shared" : source.name(), source));
        }
        Map<Object, Long> last = new HashMap<>();
        for (long id = 1; id < 20_000; id++) {
            int i = random.nextInt(sources.size());
            switch (random.nextInt(3)) {
                case 0 -> once(sequences.get(i), id);
                case 1 -> put(sources.get(i), id, random.nextInt(500));
                default -> resume(sequences.get(i));
            }
            if (random.nextInt(50) == 0) {
                expectOrder(last, take(), seed);
            }
        }
        for (var batch = take(); !batch.isEmpty(); batch = take()) {
            expectOrder(last, batch, seed);
        }
    }

    private void expectOrder(Map<Object, Long> last, List<SinkQueue.Entry> batch, long seed) {
        for (var entry : batch) {
            if (entry instanceof SinkQueue.Message message) {
                Long before = last.put(message.receipt().source(), message.id());
                assertThat(message.id()).as("seed %d", seed).isGreaterThan(before == null ? 0 : before);
            }
        }
        queue.release(batch);
    }

    /** The number in the resume's ack is final: what the older connection had handed over comes first. */
    @Test
    void aResumeStaysBehindWhatOlderConnectionsOfItsNameHandedOver() throws Exception {
        flood(3, 1000);
        var older = new Sequence("name", new Source("older"));
        var newer = new Sequence("name", new Source("newer"));
        resume(older);
        for (int number = 1; number <= 1000; number++) {
            once(older, number);
        }
        put(newer.receipt(), 77);
        resume(newer);
        once(newer, 1001);
        var ofName = takeAll().stream()
                .filter(entry -> !entry.receipt().name().startsWith("flood"))
                .toList();
        assertThat(ofName).hasSize(1004);
        assertThat(ofName.get(1001).receipt().name()).isEqualTo("newer");
        assertThat(ofName.get(1002)).isInstanceOf(SinkQueue.Resume.class);
        assertThat(((SinkQueue.Message) ofName.get(1003)).id()).isEqualTo(1001);
    }

    @Test
    void aFloodLeavesRoomForOthers() throws Exception {
        var narrow = new SinkQueue(100, 64 << 20, Clock.system());
        var flood = new Source("flood");
        int taken = 0;
        while (narrow.put(new SinkQueue.Message(flood, taken, new byte[0], null), 0) == Result.SUCCESS) {
            taken++;
        }
        assertThat(taken).isEqualTo(50);
        assertThat(narrow.put(new SinkQueue.Message(new Source("late"), 1, new byte[0], null), 0))
                .isEqualTo(Result.SUCCESS);
    }

    /** Who was given room while the queue was closed is not taken: nobody may be there to settle it. */
    @Test
    void roomThatComesWithTheCloseIsNoRoom() throws Exception {
        var narrow = new SinkQueue(1, 1 << 20, Clock.system());
        assertThat(narrow.put(new SinkQueue.Message(new Source("a"), 1, new byte[0], null), 0))
                .isEqualTo(Result.SUCCESS);
        var waits = Task.start(
                () -> narrow.put(new SinkQueue.Message(new Source("b"), 2, new byte[0], null), Long.MAX_VALUE));
        Parked.await(waits, "await", "awaitNanos");
        List<SinkQueue.Entry> batch = new ArrayList<>();
        narrow.take(batch, 0);
        narrow.close();
        narrow.release(batch);
        assertThat(waits.result()).isEqualTo(Result.NOT_STORED);
        batch.clear();
        assertThat(narrow.take(batch, 0)).isFalse();
    }

    @Test
    void nothingIsKeptOfSourcesThatAreGone() throws Exception {
        for (int i = 0; i < 1000; i++) {
            var sequence = new Sequence("name " + i % 10, new Source("source " + i));
            resume(sequence);
            once(sequence, 1);
            queue.putEnd(sequence);
        }
        takeAll();
        assertThat(queue.sources()).isZero();
    }
}
