package heddle.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import heddle.testing.Await;
import heddle.testing.Task;
import heddle.time.ManualClock;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The transitions that {@link StoreSink} and {@link StoreWriter} draw, in each order in which their threads can meet:
 * offers, the writer, and those that close.
 */
@Timeout(60)
class StoreSinkInterleavingTest {

    private static final byte[] MESSAGE = new byte[10];

    /**
     * Four messages of one source fit, taken and not settled, which is half of the room; who has none waits until there
     * is some.
     */
    private static final StoreOptions NARROW =
            new StoreOptions().queue(8, 1 << 20).roomWait(Duration.ofDays(1));

    @TempDir
    private Path folder;

    private final Counters counters = new Counters();
    private final ManualStore store = new ManualStore();
    private final Fates fates = new Fates(store);

    @AfterEach
    void end() {
        store.release();
    }

    private StoreSink open(StoreOptions options) throws IOException {
        return new StoreSink(folder, options, counters, store);
    }

    private int offer(StoreSink sink, long id) throws InterruptedException {
        return sink.offer(fates, id, MESSAGE, 0, MESSAGE.length);
    }

    private void take(StoreSink sink, long... ids) throws InterruptedException {
        for (long id : ids) {
            assertThat(offer(sink, id)).isEqualTo(Result.SUCCESS);
        }
    }

    /** An offer that finds the queue full. */
    private Task<Integer> offerThatWaits(StoreSink sink, long id) throws Exception {
        var offer = Task.start(() -> offer(sink, id));
        Parked.await(offer, "await", "awaitNanos");
        return offer;
    }

    /** A close that waits for the writer. */
    private static Task<Void> closeThatWaits(StoreSink sink) throws Exception {
        var close = Task.run(sink::close);
        Parked.await(close, "close", "join");
        return close;
    }

    // ---- Close

    @Test
    void closeWaitsForTheBatchThatIsBeingWrittenAndStoresWhatIsBehindIt() throws Exception {
        var sink = open(NARROW);
        store.hold();
        take(sink, 1);
        store.awaitHeld();
        take(sink, 2, 3);
        var close = closeThatWaits(sink);
        assertThat(offer(sink, 4)).isEqualTo(Result.NOT_STORED);
        assertThat(fates.results).isEmpty();
        store.release();
        close.result();
        sink.awaitEnd();
        assertThat(store.events())
                .startsWith("open", "commit [1]", "settled 1 success", "flush")
                .contains("settled 2 success", "settled 3 success")
                .endsWith("flush", "close");
        assertThat(fates.results).containsOnlyKeys(1L, 2L, 3L);
        assertThat(store.stored()).containsExactly(1L, 2L, 3L);
    }

    @Test
    void closeWhileABatchFailsStoresWhatIsBehindItAllTheSame() throws Exception {
        var sink = open(NARROW);
        store.hold();
        store.failsToCommit = true;
        take(sink, 1);
        store.awaitHeld();
        take(sink, 2);
        var close = closeThatWaits(sink);
        fates.whenSettled = id -> store.failsToCommit = false;
        store.release();
        close.result();
        assertThat(store.events())
                .containsExactly(
                        "open",
                        "commit [1]",
                        "settled 1 not stored, try again later",
                        "flush",
                        "commit [2]",
                        "settled 2 success",
                        "flush",
                        "close");
    }

    @Test
    void closeSendsAwayWhoWaitsForRoomAndKeepsWhatWasTaken() throws Exception {
        var sink = open(NARROW);
        store.hold();
        take(sink, 1);
        store.awaitHeld();
        take(sink, 2, 3, 4);
        var late = offerThatWaits(sink, 5);
        var close = closeThatWaits(sink);
        // Before the batch in hand comes to its end.
        assertThat(late.result()).isEqualTo(Result.NOT_STORED);
        assertThat(fates.results).isEmpty();
        store.release();
        close.result();
        assertThat(fates.results)
                .containsOnly(
                        Map.entry(1L, Result.SUCCESS),
                        Map.entry(2L, Result.SUCCESS),
                        Map.entry(3L, Result.SUCCESS),
                        Map.entry(4L, Result.SUCCESS));
    }

    @Test
    void theFolderIsTakenUntilTheLastBatchIsWritten() throws Exception {
        var sink = open(NARROW);
        store.hold();
        take(sink, 1);
        store.awaitHeld();
        var close = closeThatWaits(sink);
        assertThatThrownBy(() -> open(NARROW)).hasMessageContaining("in use by another server");
        store.release();
        close.result();
        open(NARROW).close();
    }

    @Test
    void allWhoCloseWaitForTheEnd() throws Exception {
        var sink = open(NARROW);
        store.hold();
        take(sink, 1);
        store.awaitHeld();
        var first = closeThatWaits(sink);
        var second = closeThatWaits(sink);
        store.release();
        first.result();
        second.result();
        assertThat(store.events()).containsExactly("open", "commit [1]", "settled 1 success", "flush", "close");
    }

    @Test
    void aCloseThatIsInterruptedWaitsAllTheSameAndStaysInterrupted() throws Exception {
        var sink = open(NARROW);
        store.hold();
        take(sink, 1);
        store.awaitHeld();
        var close = Task.start(() -> {
            sink.close();
            return Thread.currentThread().isInterrupted();
        });
        Parked.await(close, "close", "join");
        close.thread().interrupt();
        Await.until("the interrupt is taken", () -> !close.thread().isInterrupted());
        Parked.await(close, "close", "join");
        store.release();
        assertThat(close.result()).isTrue();
        assertThat(fates.results).containsEntry(1L, Result.SUCCESS);
    }

    @Test
    void aStoreThatDoesNotCloseIsThrownWhenAllIsSettled() throws Exception {
        var sink = open(NARROW);
        store.failsToClose = true;
        take(sink, 1);
        assertThatThrownBy(sink::close).hasMessage("no close, says the test");
        assertThat(fates.results).containsEntry(1L, Result.SUCCESS);
        sink.close();
        store.failsToClose = false;
        open(NARROW).close();
    }

    @Test
    void withAnIntervalCloseSyncsWhatIsNotSynced() throws Exception {
        var sink = open(NARROW.sync(SyncMode.INTERVAL).syncInterval(Duration.ofDays(1)));
        take(sink, 1);
        fates.await(1);
        sink.close();
        assertThat(store.events()).containsExactly("open", "commit [1]", "settled 1 success", "flush", "sync", "close");
    }

    @Test
    void withAnIntervalASyncThatFailsAtTheCloseIsThrownAndTheStoreClosed() throws Exception {
        var sink = open(NARROW.sync(SyncMode.INTERVAL).syncInterval(Duration.ofDays(1)));
        store.failsToSync = true;
        take(sink, 1);
        assertThatThrownBy(sink::close).hasMessage("no sync, says the test");
        assertThat(store.events()).endsWith("sync", "close");
    }

    // ---- A commit that fails

    @Test
    void aCommitThatFailsGivesItsRoomToWhoWaits() throws Exception {
        try (var sink = open(NARROW)) {
            store.hold();
            store.failsToCommit = true;
            take(sink, 1);
            store.awaitHeld();
            take(sink, 2, 3, 4);
            var fifth = offerThatWaits(sink, 5);
            fates.whenSettled = id -> store.failsToCommit = false;
            store.release();
            assertThat(fifth.result()).isEqualTo(Result.SUCCESS);
            fates.await(5);
            assertThat(fates.results).containsEntry(1L, Result.NOT_STORED).containsEntry(5L, Result.SUCCESS);
            assertThat(store.stored()).containsExactly(2L, 3L, 4L, 5L);
        }
    }

    /** Nobody knows what the disk has: what waits is refused, and nothing is tried again. */
    @Test
    void aCommitThatFailsHalfWayEndsTheSink() throws Exception {
        var log = new GatewayLog();
        var sink = open(NARROW);
        try (log) {
            store.hold();
            store.doubt = ManualStore.Doubt.KEPT;
            take(sink, 1);
            store.awaitHeld();
            take(sink, 2, 3, 4);
            var late = offerThatWaits(sink, 5);
            store.release();
            sink.awaitEnd();
            // Room and end come one after the other: it may have been taken before the end.
            int result = late.result();
            assertThat(fates.results.containsKey(5L)).isEqualTo(result == Result.SUCCESS);
            fates.results.remove(5L);
        }
        assertThat(fates.results)
                .containsOnly(
                        Map.entry(1L, Result.IN_DOUBT),
                        Map.entry(2L, Result.NOT_STORED),
                        Map.entry(3L, Result.NOT_STORED),
                        Map.entry(4L, Result.NOT_STORED));
        assertThat(store.events().stream().filter(e -> !e.startsWith("settled") && !e.equals("flush")))
                .containsExactly("open", "commit [1]", "close");
        assertThat(offer(sink, 6)).isEqualTo(Result.NOT_STORED);
        String why = "data folder " + folder + ": storing has ended: in doubt: says the test";
        assertThat(log.lines()).containsExactly(why);
        assertThatThrownBy(sink::close).isInstanceOf(IOException.class).hasMessage(why);
        assertThat(counters.value(Counter.COMMITS_FAILED)).isOne();
    }

    @Test
    void aStoreThatCannotBeWrittenEndsTheSinkAndNothingIsInDoubt() throws Exception {
        var sink = open(NARROW);
        store.failure = new IOException("no disk, says the test");
        take(sink, 1);
        sink.awaitEnd();
        assertThat(fates.results).containsOnly(Map.entry(1L, Result.NOT_STORED));
        assertThatThrownBy(sink::close).hasMessageEndingWith(": storing has ended: no disk, says the test");
    }

    /** It would succeed, and prove nothing: the kernel forgets the pages that it could not write. */
    @Test
    void afterACommitThatFailedASyncThatIsDueIsLeftOut() throws Exception {
        var clock = new ManualClock();
        var sink = open(
                NARROW.sync(SyncMode.INTERVAL).syncInterval(Duration.ofHours(1)).clock(clock));
        take(sink, 1);
        fates.await(1);
        store.doubt = ManualStore.Doubt.LOST;
        store.hold();
        take(sink, 2);
        store.awaitHeld();
        clock.advance(Duration.ofHours(2));
        store.release();
        sink.awaitEnd();
        assertThat(store.events()).doesNotContain("sync").contains("commit [2]");
        assertThatThrownBy(sink::close).hasMessageContaining("in doubt");
    }

    @Test
    void withAnIntervalNothingIsSyncedAfterACommitThatFailedHalfWay() throws Exception {
        var sink = open(NARROW.sync(SyncMode.INTERVAL).syncInterval(Duration.ofDays(1)));
        take(sink, 1);
        fates.await(1);
        store.doubt = ManualStore.Doubt.LOST;
        take(sink, 2);
        sink.awaitEnd();
        assertThat(store.events())
                .containsExactly(
                        "open",
                        "commit [1]",
                        "settled 1 success",
                        "flush",
                        "commit [2]",
                        "settled 2 in doubt, may or may not be kept",
                        "flush",
                        "close");
        assertThatThrownBy(sink::close).hasMessageContaining("in doubt");
    }

    @Test
    void withAnIntervalASyncThatFailsEndsTheSink() throws Exception {
        var sink = open(NARROW.sync(SyncMode.INTERVAL).syncInterval(Duration.ZERO));
        store.failsToSync = true;
        take(sink, 1);
        sink.awaitEnd();
        assertThat(fates.results).containsOnly(Map.entry(1L, Result.SUCCESS));
        assertThat(store.events()).containsOnlyOnce("sync");
        assertThatThrownBy(sink::close)
                .hasMessage("data folder " + folder + ": storing has ended: fsync failed: no sync, says the test");
        assertThat(counters.value(Counter.SYNCS)).isZero();
    }

    // ---- A fault

    @Test
    void aReceiptThatThrowsSendsAwayWhoWaitsForRoom() throws Exception {
        var sink = open(NARROW);
        store.hold();
        take(sink, 1);
        store.awaitHeld();
        take(sink, 2, 3, 4);
        var late = offerThatWaits(sink, 5);
        var fault = new IllegalStateException("thrown by the test's receipt");
        fates.whenSettled = id -> {
            if (id == 1) {
                throw fault;
            }
        };
        store.release();
        sink.awaitEnd();
        // Room and end come one after the other: it may have been taken before the end.
        int result = late.result();
        assertThat(fates.results.containsKey(5L)).isEqualTo(result == Result.SUCCESS);
        fates.results.remove(5L);
        assertThat(fates.results)
                .containsOnly(
                        Map.entry(1L, Result.SUCCESS),
                        Map.entry(2L, Result.NOT_STORED),
                        Map.entry(3L, Result.NOT_STORED),
                        Map.entry(4L, Result.NOT_STORED));
        assertThat(store.stored()).containsExactly(1L);
        assertThatThrownBy(sink::close).hasCause(fault);
    }

    @Test
    void aFaultInACommitSettlesTheBatchInHandToo() throws Exception {
        var sink = open(NARROW);
        store.hold();
        take(sink, 1);
        store.awaitHeld();
        take(sink, 2);
        var close = closeThatWaits(sink);
        var fault = new IllegalStateException("thrown by the test's store");
        store.fault = fault;
        store.release();
        assertThat(close.failure(IOException.class)).hasCause(fault);
        assertThat(store.events())
                .containsExactly(
                        "open",
                        "commit [1]",
                        "settled 1 not stored, try again later",
                        "flush",
                        "settled 2 not stored, try again later",
                        "flush",
                        "close");
    }

    @Test
    void aFaultIsThrownByOneOfThoseWhoClose() throws Exception {
        var sink = open(NARROW);
        var fault = new IllegalStateException("thrown by the test's store");
        store.fault = fault;
        take(sink, 1);
        sink.awaitEnd();
        var go = new CountDownLatch(1);
        List<Task<Boolean>> closes = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            closes.add(Task.start(() -> {
                go.await();
                try {
                    sink.close();
                    return false;
                } catch (IOException e) {
                    return fault.equals(e.getCause());
                }
            }));
        }
        go.countDown();
        int thrown = 0;
        for (var close : closes) {
            thrown += close.result() ? 1 : 0;
        }
        assertThat(thrown).isOne();
    }

    // ---- Offers against the end, as they come

    /** Room for four, so that offers wait. With the real store: what was acknowledged can be read. */
    @Test
    void anOfferIsTakenAndSettledOrNeither() throws Exception {
        var sink = new StoreSink(folder, NARROW, counters);
        var taken = new ConcurrentSkipListSet<Long>();
        var offers = offerAtOnce(sink, taken);
        fates.await(20);
        sink.close();
        for (var offer : offers) {
            offer.result();
        }
        assertThat(fates.results.keySet()).isEqualTo(taken);
        assertThat(fates.results.values()).containsOnly(Result.SUCCESS);
        expectCounts(taken.size(), 0);
        try (var reader = new StoreReader(folder)) {
            int read = 0;
            for (var some = reader.next(); !some.isEmpty(); some = reader.next()) {
                read += some.size();
            }
            assertThat(read).isEqualTo(taken.size());
        }
    }

    /** The store has no room, at random. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void withAStoreThatIsFullNowAndThenAnOfferIsTakenAndSettledOrNeither(boolean interval) throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        var options = interval ? NARROW.sync(SyncMode.INTERVAL).syncInterval(Duration.ZERO) : NARROW;
        var sink = open(options);
        fates.whenSettled = id -> {
            store.failsToCommit = random.nextInt(3) == 0;
        };
        var taken = new ConcurrentSkipListSet<Long>();
        var offers = offerAtOnce(sink, taken);
        fates.await(200);
        sink.close();
        for (var offer : offers) {
            offer.result();
        }
        assertThat(fates.results.keySet()).as("seed %d", seed).isEqualTo(taken);
        var kept = new ArrayList<Long>();
        fates.results.forEach((id, result) -> {
            if (result == Result.SUCCESS) {
                kept.add(id);
            }
        });
        assertThat(store.stored()).as("seed %d", seed).containsExactlyInAnyOrderElementsOf(kept);
        expectCounts(kept.size(), taken.size() - kept.size());
    }

    /** Four threads that offer until they are sent away; {@code taken} gets the ids of what was taken. */
    private List<Task<Void>> offerAtOnce(StoreSink sink, ConcurrentSkipListSet<Long> taken) {
        var ids = new AtomicLong();
        List<Task<Void>> offers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            offers.add(Task.run(() -> {
                while (true) {
                    long id = ids.incrementAndGet();
                    if (offer(sink, id) != Result.SUCCESS) {
                        return;
                    }
                    taken.add(id);
                }
            }));
        }
        return offers;
    }

    /** The counts once the sink has ended. Of NARROW an eighth is a batch, so each message has its own commit. */
    private void expectCounts(int stored, int notStored) {
        assertThat(counters.value(Counter.STORED)).isEqualTo(stored);
        assertThat(counters.value(Counter.COMMITS)).isEqualTo(stored);
        assertThat(counters.value(Counter.COMMITS_FAILED)).isEqualTo(notStored);
    }

    /** What became of each message. Telling of one twice ends the sink, and its close says so. */
    private static final class Fates implements Receipt {
        final ConcurrentSkipListMap<Long, Integer> results = new ConcurrentSkipListMap<>();
        private final ManualStore store;

        /** Called with each message, on the writer's thread. */
        volatile WhenSettled whenSettled = id -> {};

        interface WhenSettled {
            void settled(long id);
        }

        Fates(ManualStore store) {
            this.store = store;
        }

        @Override
        public void settled(long id, int result) {
            store.add("settled " + id + " " + Result.text(result));
            if (results.put(id, result) != null) {
                throw new AssertionError("told twice of " + id);
            }
            whenSettled.settled(id);
        }

        @Override
        public void flush() {
            store.add("flush");
        }

        void await(int count) throws Exception {
            Await.until(() -> results.size() + " of " + count, () -> results.size() >= count);
        }
    }
}
