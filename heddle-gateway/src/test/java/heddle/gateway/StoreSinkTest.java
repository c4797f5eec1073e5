package heddle.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import heddle.gateway.log.Disk;
import heddle.testing.Await;
import heddle.time.ManualClock;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class StoreSinkTest {
    @TempDir
    private Path folder;

    private final Counters counters = new Counters();
    private final Settlements settlements = new Settlements();

    private StoreSink open(StoreOptions options) throws IOException {
        return new StoreSink(folder, options, counters);
    }

    private StoreSink open() throws IOException {
        return open(new StoreOptions());
    }

    private int offer(Sink sink, byte[] message) throws InterruptedException {
        return sink.offer(settlements, 1, message, 0, message.length);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @EnumSource
    void whatIsSettledIsThereInOrderForEveryByte(SyncMode mode) throws Exception {
        byte[] all = new byte[256];
        for (int i = 0; i < 256; i++) {
            all[i] = (byte) i;
        }
        byte[] large = new byte[3 << 20];
        try (var sink = open(new StoreOptions().sync(mode).syncInterval(Duration.ofMillis(10)))) {
            for (byte[] message : List.of(all, new byte[0], large, bytes("last"))) {
                assertThat(offer(sink, message)).isEqualTo(Result.SUCCESS);
            }
            assertThat(settlements.await(4)).containsOnly(Result.SUCCESS);
            assertThat(Stored.in(folder)).containsExactly(all, new byte[0], large, bytes("last"));
        }
        assertThat(Stored.in(folder)).containsExactly(all, new byte[0], large, bytes("last"));
    }

    @Test
    void whatHoldsMessagesIsTheOwnersAlone() throws Exception {
        assumeTrue(FileSystems.getDefault().supportedFileAttributeViews().contains("posix"));
        Path made = folder.resolve("above").resolve("data");
        var logged = new GatewayLog();
        try (logged;
                var sink = new StoreSink(made, new StoreOptions(), new Counters())) {
            assertThat(offer(sink, bytes("secret"))).isEqualTo(Result.SUCCESS);
            settlements.await(1);
            assertThat(rights(made)).isEqualTo("rwx------");
            assertThat(rights(made.resolve("log"))).isEqualTo("rwx------");
            assertThat(rights(made.resolve("lock"))).isEqualTo("rw-------");
            Await.until("the next segment is ready", () -> Files.exists(made.resolve("log/spare")));
            try (Stream<Path> files = Files.list(made.resolve("log"))) {
                assertThat(files)
                        .hasSize(3)
                        .allSatisfy(file -> assertThat(rights(file)).isEqualTo("rw-------"));
            }
        }
        assertThat(logged.lines()).isEmpty();
    }

    @Test
    void aFolderThatOthersMayReadIsWarnedOfAndLeftAsItIs() throws Exception {
        assumeTrue(FileSystems.getDefault().supportedFileAttributeViews().contains("posix"));
        Path wide = Files.createDirectory(folder.resolve("wide"));
        Files.setPosixFilePermissions(wide, PosixFilePermissions.fromString("rwxr-xr-x"));
        new StoreSink(wide, new StoreOptions(), new Counters()).close();
        Files.setPosixFilePermissions(wide.resolve("log"), PosixFilePermissions.fromString("rwxr--r--"));
        // As a take-over leaves it, with all its messages.
        Path takenOver = Files.createFile(wide.resolve("messages.db.taken-over"));
        Files.setPosixFilePermissions(takenOver, PosixFilePermissions.fromString("rw-r--r--"));
        var logged = new GatewayLog();
        try (logged) {
            new StoreSink(wide, new StoreOptions(), new Counters()).close();
        }
        assertThat(logged.lines())
                .containsExactly(
                        "data folder %s: other users have rights (rwxr-xr-x %s, rwxr--r-- log, rw-r--r-- messages.db.taken-over); to keep them out: chmod 700 %s"
                                .formatted(wide, wide, wide));
        assertThat(rights(wide)).isEqualTo("rwxr-xr-x");
        assertThat(rights(wide.resolve("log"))).isEqualTo("rwxr--r--");
        assertThat(rights(wide.resolve("lock"))).isEqualTo("rw-------");
    }

    private static String rights(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    @Test
    void theMessageIsCopied() throws Exception {
        byte[] buffer = bytes("..first..");
        try (var sink = open()) {
            sink.offer(settlements, 1, buffer, 2, 5);
            Arrays.fill(buffer, (byte) 'x');
            settlements.await(1);
        }
        assertThat(Stored.in(folder)).containsExactly(bytes("first"));
    }

    /** The writer is held in a receipt while many more are offered: they must share the next commit. */
    @Test
    void whatIsOfferedDuringACommitSharesTheNextOne() throws Exception {
        var held = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        try (var sink = open()) {
            sink.offer(
                    new Receipt() {
                        @Override
                        public void settled(long id, int result) {
                            held.countDown();
                            try {
                                release.await();
                            } catch (InterruptedException e) {
                                throw new AssertionError(e);
                            }
                        }

                        @Override
                        public void flush() {}
                    },
                    1,
                    bytes("first"),
                    0,
                    5);
            held.await();
            for (int i = 0; i < SinkQueue.BATCH_MESSAGES_MAX; i++) {
                offer(sink, bytes("m" + i));
            }
            release.countDown();
            settlements.await(SinkQueue.BATCH_MESSAGES_MAX);
        }
        assertThat(counters.value(Counter.COMMITS)).isEqualTo(2);
        assertThat(counters.value(Counter.STORED)).isEqualTo(1 + SinkQueue.BATCH_MESSAGES_MAX);
        assertThat(settlements.flushes()).isEqualTo(1);
    }

    @Test
    void closeSettlesWhatWasOfferedAndTakesNoMore() throws Exception {
        var sink = open();
        for (int i = 0; i < 1000; i++) {
            offer(sink, bytes("m" + i));
        }
        sink.close();
        assertThat(settlements.await(1000)).hasSize(1000).containsOnly(Result.SUCCESS);
        assertThat(offer(sink, bytes("late"))).isEqualTo(Result.NOT_STORED);
        sink.close();
        assertThat(Stored.in(folder)).hasSize(1000);
    }

    @Test
    void numbersGoOnAfterAReopening() throws Exception {
        for (int i = 0; i < 3; i++) {
            try (var sink = open()) {
                offer(sink, bytes("m" + i));
                settlements.await(i + 1);
            }
        }
        assertThat(Stored.in(folder)).containsExactly(bytes("m0"), bytes("m1"), bytes("m2"));
    }

    @Test
    void aReaderFollowsTheWriter() throws Exception {
        try (var sink = open();
                var reader = new StoreReader(folder)) {
            assertThat(reader.next()).isEmpty();
            for (int i = 1; i <= 5; i++) {
                offer(sink, bytes("m" + i));
                settlements.await(i);
                assertThat(Stored.after(reader)).containsExactly(bytes("m" + i));
            }
        }
    }

    @Test
    void aReaderTakesALargeStoreInPieces() throws Exception {
        try (var sink = open();
                var reader = new StoreReader(folder)) {
            for (int i = 0; i < 10_000; i++) {
                offer(sink, bytes("m" + i));
            }
            settlements.await(10_000);
            assertThat(reader.next()).hasSize(4096);
            assertThat(Stored.after(reader)).hasSize(10_000 - 4096);
            for (int i = 0; i < 3; i++) {
                offer(sink, new byte[700 << 10]);
            }
            settlements.await(10_003);
            assertThat(reader.next()).hasSize(2);
            assertThat(reader.next()).hasSize(1);
        }
    }

    /** What a killed process leaves: the files as they are. */
    @Test
    void whatACrashLeavesIsRecoveredByAServerAndByAReader() throws Exception {
        var crashed = Files.createDirectory(folder.resolve("crashed"));
        var copies = List.of(folder.resolve("server"), folder.resolve("reader"));
        try (var sink = new StoreSink(crashed, new StoreOptions(), counters)) {
            for (int i = 0; i < 100; i++) {
                offer(sink, bytes("m" + i));
            }
            settlements.await(100);
            for (var copy : copies) {
                Files.createDirectory(copy);
                copyLog(crashed, copy);
            }
        }
        assertThat(Stored.in(copies.get(1))).hasSize(100);
        try (var sink = new StoreSink(copies.get(0), new StoreOptions(), counters)) {
            offer(sink, bytes("after"));
            settlements.await(101);
        }
        assertThat(Stored.in(copies.get(0))).hasSize(101).last().isEqualTo(bytes("after"));
    }

    @Test
    void aFullStoreAnswersNotStoredAndGoesOnWhenThereIsRoom() throws Exception {
        byte[] message = new byte[10_000];
        int stored;
        try (var sink = open(new StoreOptions().storeBytesMax(1 << 20))) {
            int offered = 0;
            List<Integer> results;
            do {
                offer(sink, message);
                results = settlements.await(++offered);
            } while (results.getLast() == Result.SUCCESS);
            assertThat(results.getLast()).isEqualTo(Result.NOT_STORED);
            stored = offered - 1;
            assertThat(stored).isBetween(50, 110);
            assertThat(Stored.in(folder)).hasSize(stored);

            // It goes on trying: something smaller still fits.
            offer(sink, bytes("small"));
            assertThat(settlements.await(offered + 1).getLast()).isEqualTo(Result.SUCCESS);
            stored++;
            assertThat(counters.value(Counter.COMMITS_FAILED)).isEqualTo(1);
        }
        try (var sink = open()) {
            offer(sink, message);
            assertThat(settlements.await(stored + 2).getLast()).isEqualTo(Result.SUCCESS);
        }
        assertThat(Stored.in(folder)).hasSize(stored + 1);
    }

    @Test
    void otherBoundsAreTakenOverWhileItRuns() throws Exception {
        byte[] message = new byte[10_000];
        try (var sink = open(new StoreOptions().storeBytesMax(1 << 20))) {
            int offered = 0;
            do {
                offer(sink, message);
            } while (settlements.await(++offered).getLast() == Result.SUCCESS);
            sink.bound(new StoreOptions().storeBytesMax(4 << 20));
            int until = 2 * offered;
            while (offered < until) {
                offer(sink, message);
                assertThat(settlements.await(++offered).getLast()).isEqualTo(Result.SUCCESS);
            }
            assertThat(logBytes()).isGreaterThan(1 << 20);
            sink.bound(new StoreOptions().keepBytes(512 << 10));
            until = offered + 150; // beyond the file in use, which is of the size of before
            while (offered < until) {
                offer(sink, message);
                assertThat(settlements.await(++offered).getLast()).isEqualTo(Result.SUCCESS);
            }
            Await.until("the oldest are dropped", () -> logBytes() <= 512 << 10);
        }
    }

    private long logBytes() throws IOException {
        long bytes = 0;
        try (var files = Files.newDirectoryStream(folder.resolve("log"), "*.log")) {
            for (Path file : files) {
                bytes += file.toFile().length(); // 0 if it is dropped meanwhile
            }
        }
        return bytes;
    }

    private static void copyLog(Path from, Path to) throws IOException {
        Path log = Files.createDirectories(to.resolve("log"));
        try (Stream<Path> files = Files.list(from.resolve("log"))) {
            for (Path file : files.toList()) {
                if (!file.getFileName().toString().startsWith("spare")) {
                    Files.copy(file, log.resolve(file.getFileName()));
                }
            }
        }
    }

    /** The current segment is used up, then it is refused, and when there is room again it goes on by itself. */
    @Test
    void aFullDiskAnswersNotStoredAndGoesOnWhenThereIsRoom() throws Exception {
        var disk = new Disk() {
            volatile boolean full;

            @Override
            public long usableBytes(Path path) throws IOException {
                return full ? 1000 : super.usableBytes(path);
            }
        };
        byte[] message = new byte[10_000];
        var options = new StoreOptions().segmentBytes(100_000);
        int stored;
        try (var log = new GatewayLog()) {
            try (var sink = new StoreSink(folder, options, counters, disk)) {
                Await.until("the next segment is ready", () -> Files.exists(folder.resolve("log/spare")));
                disk.full = true;
                int offered = 0;
                do {
                    offer(sink, message);
                } while (settlements.await(++offered).getLast() == Result.SUCCESS);
                assertThat(settlements.await(offered).getLast()).isEqualTo(Result.NOT_STORED);
                stored = offered - 1;
                // The one that is written, and the one that was kept ready.
                assertThat(stored).isBetween(15, 19);
                assertThat(Stored.in(folder)).hasSize(stored);
                assertThat(log.lines())
                        .contains(
                                "data folder " + folder
                                        + ": not storing: the disk is full: 1000 bytes are free, and the next segment has 100000");
            }
            // A start needs no room.
            try (var sink = new StoreSink(folder, options, counters, disk)) {
                offer(sink, bytes("small"));
                assertThat(settlements.await(stored + 2).getLast()).isEqualTo(Result.SUCCESS);
                offer(sink, message);
                assertThat(settlements.await(stored + 3).getLast()).isEqualTo(Result.NOT_STORED);
                disk.full = false;
                offer(sink, message);
                assertThat(settlements.await(stored + 4).getLast()).isEqualTo(Result.SUCCESS);
                assertThat(log.lines()).endsWith("data folder " + folder + ": storing again");
            }
        }
        assertThat(Stored.in(folder)).hasSize(stored + 2);
    }

    @Test
    void theQueueIsBoundedInMessages() throws Exception {
        expectBound(new StoreOptions().queue(8, 1 << 20).roomWait(Duration.ofMillis(20)), 10);
    }

    @Test
    void theQueueIsBoundedInBytes() throws Exception {
        expectBound(new StoreOptions().queue(1000, 8 * (1000 + 64)).roomWait(Duration.ofMillis(20)), 1000);
    }

    /** The writer is held in a receipt; four messages of one source fit, that one included. */
    private void expectBound(StoreOptions options, int messageBytes) throws Exception {
        var release = new CountDownLatch(1);
        var message = new byte[messageBytes];
        try (var sink = open(options)) {
            sink.offer(
                    new Receipt() {
                        @Override
                        public Object source() {
                            return settlements;
                        }

                        @Override
                        public void settled(long id, int result) {
                            try {
                                release.await();
                            } catch (InterruptedException e) {
                                throw new AssertionError(e);
                            }
                        }

                        @Override
                        public void flush() {}
                    },
                    1,
                    message,
                    0,
                    message.length);
            for (int i = 0; i < 3; i++) {
                assertThat(offer(sink, message)).isEqualTo(Result.SUCCESS);
            }
            assertThat(offer(sink, message)).isEqualTo(Result.OVERLOADED);
            release.countDown();
            settlements.await(3);
            assertThat(offer(sink, message)).isEqualTo(Result.SUCCESS);
            settlements.await(4);
        }
    }

    @Test
    void aMessageLargerThanTheQueueIsNeverTaken() throws Exception {
        try (var sink = open(new StoreOptions().queue(10, 1064).roomWait(Duration.ofMinutes(1)))) {
            assertThat(offer(sink, new byte[1001])).isEqualTo(Result.TOO_LARGE);
            assertThat(offer(sink, new byte[1000])).isEqualTo(Result.SUCCESS);
            settlements.await(1);
        }
    }

    @Test
    void withAnIntervalSyncsFollowCommitsAndStopWithThem() throws Exception {
        var clock = new ManualClock();
        var interval = Duration.ofMinutes(1);
        try (var sink = open(new StoreOptions()
                .sync(SyncMode.INTERVAL)
                .syncInterval(interval)
                .clock(clock))) {
            for (int i = 1; i <= 3; i++) {
                offer(sink, bytes("m"));
                settlements.await(i);
                Await.until("the store's thread waits", () -> clock.waiting() == 1);
                clock.advance(interval.minusNanos(1));
                assertThat(counters.value(Counter.SYNCS)).isEqualTo(i - 1);
                clock.advance(Duration.ofNanos(1));
                int syncs = i;
                Await.until("it syncs", () -> counters.value(Counter.SYNCS) == syncs);
            }
            Await.until("the store's thread waits", () -> clock.waiting() == 1);
            clock.advance(Duration.ofHours(1));
            assertThat(clock.waiting()).as("waits on").isEqualTo(1);
            assertThat(counters.value(Counter.SYNCS)).isEqualTo(3);
        }
    }

    /** The writer is held in the first receipt while the others are offered, so that they share a batch. */
    @Test
    void aReceiptThatThrowsEndsTheSinkAndTheOthersHearOnceEach() throws Exception {
        var held = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        var told = new ArrayList<Long>();
        var fault = new IllegalStateException("receipt 3");
        var receipt = new Receipt() {
            @Override
            public void settled(long id, int result) {
                told.add(id);
                held.countDown();
                try {
                    release.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                if (id == 3) {
                    throw fault;
                }
            }

            @Override
            public void flush() {}
        };
        var sink = open();
        sink.offer(receipt, 1, new byte[1], 0, 1);
        held.await();
        for (int id = 2; id <= 5; id++) {
            sink.offer(receipt, id, new byte[1], 0, 1);
        }
        release.countDown();
        sink.awaitEnd();
        assertThat(told).containsExactly(1L, 2L, 3L, 4L, 5L);
        assertThat(offer(sink, bytes("late"))).isEqualTo(Result.NOT_STORED);
        assertThatThrownBy(sink::close)
                .isInstanceOf(IOException.class)
                .hasMessage("data folder " + folder + ": ended by " + fault)
                .hasCause(fault);
        sink.close();
        assertThat(Stored.in(folder)).hasSize(5);
        open().close();
    }

    @Test
    void withAnIntervalACommitThatFailsForgetsNoSync() throws Exception {
        var clock = new ManualClock();
        try (var sink = open(new StoreOptions()
                        .sync(SyncMode.INTERVAL)
                        .syncInterval(Duration.ofHours(1))
                        .storeBytesMax(1 << 20)
                        .clock(clock));
                var reader = new StoreReader(folder)) {
            offer(sink, bytes("kept"));
            settlements.await(1);
            offer(sink, new byte[2 << 20]);
            assertThat(settlements.await(2)).containsExactly(Result.SUCCESS, Result.NOT_STORED);
            clock.advance(Duration.ofHours(1));
            Await.until("it syncs", () -> counters.value(Counter.SYNCS) == 1);
            assertThat(Stored.after(reader)).containsExactly(bytes("kept"));
        }
    }

    @Test
    void timesThatNoLongHoldsInNanosecondsAreForEver() throws Exception {
        var centuries = Duration.ofDays(1_000_000);
        try (var sink = open(new StoreOptions()
                .sync(SyncMode.INTERVAL)
                .syncInterval(centuries)
                .queue(4, 1 << 20)
                .roomWait(centuries))) {
            for (int i = 0; i < 2; i++) {
                offer(sink, bytes("m"));
                assertThat(settlements.await(i + 1)).containsOnly(Result.SUCCESS);
            }
        }
    }

    @Test
    void whatIsHeldIsNotDropped() throws Exception {
        byte[] message = new byte[5000];
        try (var sink = open(new StoreOptions().keepBytes(4 * (64 << 10)));
                var hold = sink.hold(1)) {
            for (int i = 1; i <= 200; i++) {
                offer(sink, message);
                settlements.await(i);
            }
            assertThat(Stored.in(folder)).hasSize(200);
            hold.moveTo(100);
            for (int i = 201; i <= 300; i++) {
                offer(sink, message);
                settlements.await(i);
            }
            Await.until("what is before it is dropped", () -> Stored.in(folder).size() < 300);
            assertThat(Stored.in(folder)).hasSizeGreaterThanOrEqualTo(201);
        }
    }

    // ---- What cannot be opened

    @Test
    void aFolderHasOneServer() throws Exception {
        var first = open();
        try (first) {
            assertThatThrownBy(this::open)
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("data folder " + folder + ": in use by another server; stop that one");
        }
        open().close();
    }

    @Test
    void missingFoldersAreMade() throws Exception {
        var deep = folder.resolve("a/b/c");
        new StoreSink(deep, new StoreOptions(), counters).close();
        assertThat(Stored.in(deep)).isEmpty();
    }

    @Test
    void aFileIsNoFolder() throws Exception {
        var file = Files.writeString(folder.resolve("file"), "");
        assertThatThrownBy(() -> new StoreSink(file, new StoreOptions(), counters))
                .hasMessage("data folder " + file + ": " + file + " is not a directory");
        var below = file.resolve("below");
        assertThatThrownBy(() -> new StoreSink(below, new StoreOptions(), counters))
                .hasMessage("data folder " + below + ": " + file + " is not a directory");
    }

    @Test
    void somebodyElsesDatabaseIsLeftAlone() throws Exception {
        try (var other = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("messages.db"));
                var statement = other.createStatement()) {
            statement.execute("CREATE TABLE theirs(x)");
        }
        byte[] before = Files.readAllBytes(folder.resolve("messages.db"));
        String message = "data folder " + folder + ": messages.db is not a store of Heddle's";
        assertThatThrownBy(this::open).hasMessage(message);
        assertThatThrownBy(() -> Stored.in(folder)).hasMessage(message);
        assertThat(Files.readAllBytes(folder.resolve("messages.db"))).isEqualTo(before);
    }

    /** The folder is as the code before version 2 has left it. */
    @Test
    void aStoreOfVersionOneIsReadAsItIsAndTakenOverByAServer() throws Exception {
        try (var old = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("messages.db"));
                var statement = old.createStatement()) {
            statement.execute("PRAGMA journal_mode=WAL");
            statement.execute("CREATE TABLE message(number INTEGER PRIMARY KEY, stored_millis INTEGER NOT NULL,"
                    + " payload BLOB NOT NULL)");
            statement.execute("PRAGMA application_id=" + 0x4865646c);
            statement.execute("PRAGMA user_version=1");
            statement.execute("INSERT INTO message VALUES(1, 7, CAST('old' AS BLOB))");
        }
        assertThat(Stored.in(folder)).containsExactly(bytes("old"));
        // At its bound from the start: it is taken over all the same.
        try (var sink = open(new StoreOptions().storeBytesMax(1))) {
            offer(sink, new byte[100_000]);
            assertThat(settlements.await(1)).containsExactly(Result.NOT_STORED);
        }
        try (var sink = open()) {
            offer(sink, bytes("new"));
            settlements.await(2);
        }
        assertThat(Stored.in(folder)).containsExactly(bytes("old"), bytes("new"));
        assertThat(folder.resolve("messages.db")).doesNotExist();
    }

    @Test
    void aNewerStoreIsLeftAlone() throws Exception {
        try (var old = getClass().getResourceAsStream("closed/messages.db")) {
            Files.copy(old, folder.resolve("messages.db"));
        }
        try (var other = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("messages.db"));
                var statement = other.createStatement()) {
            statement.execute("PRAGMA user_version=3");
        }
        String message = "data folder " + folder + ": the store has version 3, this program knows 2";
        assertThatThrownBy(this::open).hasMessage(message);
        assertThatThrownBy(() -> Stored.in(folder)).hasMessage(message);
    }

    @Test
    void rubbishIsNoStore() throws Exception {
        Files.write(folder.resolve("messages.db"), new byte[10_000]);
        Files.writeString(folder.resolve("messages.db"), "rubbish ".repeat(1000));
        assertThatThrownBy(this::open)
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("data folder " + folder + ": ")
                .hasMessageContaining("SQLITE_NOTADB");
        assertThatThrownBy(() -> Stored.in(folder)).hasMessageContaining("SQLITE_NOTADB");
    }

    @Test
    void aFolderWithoutAStoreCannotBeRead() {
        assertThatThrownBy(() -> Stored.in(folder)).hasMessage("data folder " + folder + ": no log in it");
    }

    @Test
    void manyThreadsOfferAndEachMessageIsThereOnce() throws Exception {
        int threads = 8;
        int each = 2000;
        try (var sink = open()) {
            List<FutureTask<Void>> tasks = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int thread = t;
                var task = new FutureTask<Void>(() -> {
                    for (int i = 0; i < each; i++) {
                        offer(sink, bytes(thread + ":" + i));
                    }
                    return null;
                });
                tasks.add(task);
                Thread.startVirtualThread(task);
            }
            for (var task : tasks) {
                task.get();
            }
            settlements.await(threads * each);
        }
        int[] next = new int[threads];
        for (byte[] message : Stored.in(folder)) {
            String[] parts = new String(message, StandardCharsets.UTF_8).split(":", 2);
            int thread = Integer.parseInt(parts[0]);
            assertThat(Integer.parseInt(parts[1])).isEqualTo(next[thread]++);
        }
        assertThat(next).containsOnly(each);
    }
}
