package heddle.gateway.log;

import static heddle.gateway.log.Logs.SEGMENT;
import static heddle.gateway.log.Logs.message;
import static heddle.gateway.log.Logs.messages;
import static heddle.gateway.log.Logs.read;
import static heddle.gateway.log.Logs.verify;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import heddle.testing.Await;
import heddle.testing.Task;
import heddle.time.ManualClock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The log: what is written is read, by number and by time, through every way it may be opened, rolled and dropped. */
@Timeout(300)
class LogTest {

    @TempDir
    private Path temporary;

    private final ManualClock clock = new ManualClock();

    private Path folder() {
        return temporary.resolve("log");
    }

    /** Commits of 1, 2, 3 messages and so on. */
    private static long write(LogWriter log, int commits) throws IOException {
        for (int i = 1; i <= commits; i++) {
            log.commit(messages(log.last() + 1, i % 7 + 1), log.last());
        }
        return log.last();
    }

    private static void expectWhole(Path folder, long last) throws IOException {
        var read = read(folder);
        assertThat(read.gaps).isEmpty();
        assertThat(read.messages).hasSize((int) last);
        assertThat(verify(folder)).isEmpty();
    }

    @Test
    void whatIsCommittedIsReadWithAllThatBelongsToIt() throws Exception {
        try (var log = Logs.open(folder())) {
            long last = write(log, 100);
            expectWhole(folder(), last);
            var read = read(folder());
            assertThat(read.clients)
                    .containsEntry(3L, "plain")
                    .containsEntry(4L, "one")
                    .containsEntry(5L, "two");
            assertThat(log.highest("one")).isEqualTo((last - (last + 2) % 3) / 3 + 1);
            assertThat(log.highest("plain")).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void itGoesOnWhereItWasAfterEachReopening(boolean boots) throws Exception {
        long last = 0;
        for (int turn = 0; turn < 20; turn++) {
            try (var log = Logs.open(folder())) {
                assertThat(log.last()).isEqualTo(last);
                assertThat(log.highest("one")).isEqualTo(last == 0 ? 0 : (last - (last + 2) % 3) / 3 + 1);
                last = write(log, 20);
            }
            if (boots) {
                Logs.reboot(folder());
                expectReadable(last);
            } else {
                expectWhole(folder(), last);
            }
        }
        assertThat(Segment.list(folder())).hasSizeGreaterThan(2);
    }

    private void expectReadable(long last) throws IOException {
        var read = read(folder());
        assertThat(read.gaps).isEmpty();
        assertThat(read.messages).hasSize((int) last);
    }

    @Test
    void aMessageLargerThanASegmentGetsOneOfItsOwn() throws Exception {
        try (var log = Logs.open(folder())) {
            log.commit(List.of(message(1)), 1);
            log.commit(List.of(message(2, (int) (20 * SEGMENT))), 1);
            log.commit(List.of(message(3, (5 << 20))), 1);
            log.commit(List.of(message(4)), 1);
            expectWhole(folder(), 4);
        }
        Logs.open(folder()).close();
        expectWhole(folder(), 4);
    }

    @Test
    void aReaderBeginsAtAnyNumberAndAnyTime() throws Exception {
        try (var log = new LogWriter(folder(), Logs.options(true, clock), new Disk())) {
            log.upkeep().start();
            long last = write(log, 300);
            int full = Segment.list(folder()).size() - 1;
            assertThat(full).isGreaterThan(2);
            Await.until("full segments have indexes", () -> indexes() == full);
            try (var reader = new LogReader(folder(), false)) {
                for (long number = 1; number <= last + 1; number += 7) {
                    reader.seek(number);
                    var read = read(reader);
                    assertThat(read.messages).hasSize((int) (last + 1 - number));
                    assertThat(read.gaps).isEmpty();
                }
                // A commit's time is the number before its first.
                for (long millis = 0; millis < last; millis += 13) {
                    reader.seekTime(millis);
                    long first = reader.position();
                    assertThat(first - 1).isGreaterThanOrEqualTo(millis).isLessThan(millis + 7);
                }
                reader.seekTime(last + 1);
                assertThat(reader.position()).isEqualTo(last + 1);
            }
        }
    }

    private long indexes() throws IOException {
        try (var files = Files.list(folder())) {
            return files.filter(file -> file.toString().endsWith(".index")).count();
        }
    }

    /** It follows through a hundred segments, and misses nothing. */
    @Test
    void aReaderBesideTheWriterFollowsThroughEachRoll() throws Exception {
        long last = 20_000;
        try (var log = Logs.open(folder())) {
            log.commit(List.of(message(1)), 1);
            var reading = Task.start(() -> {
                var read = new Logs.Read();
                try (var reader = new LogReader(folder(), true)) {
                    while (read.messages.size() < last) {
                        if (reader.read(read, 1000, 1 << 20) == 0) {
                            Thread.onSpinWait();
                        }
                    }
                }
                return read;
            });
            while (log.last() < last) {
                log.commit(messages(log.last() + 1, (int) Math.min(50, last - log.last())), 1);
            }
            assertThat(reading.result().gaps).isEmpty();
            assertThat(Segment.list(folder())).hasSizeGreaterThan(40);
        }
    }

    @Test
    void withAnIntervalAReaderOfWhatIsSyncedWaits() throws Exception {
        try (var log = new LogWriter(folder(), Logs.options(false, clock), new Disk());
                var all = new LogReader(folder(), false);
                var synced = new LogReader(folder(), true)) {
            write(log, 3);
            assertThat(read(all).messages).hasSize((int) log.last());
            assertThat(read(synced).messages).isEmpty();
            log.sync();
            assertThat(read(synced).messages).hasSize((int) log.last());
        }
    }

    // ---- Retention

    private LogOptions keeping(long bytes, Duration age) {
        return new LogOptions("log", true, SEGMENT, Long.MAX_VALUE, bytes, age, clock);
    }

    @Test
    void theOldestSegmentsAreDroppedBeyondASizeAndAReaderIsTold() throws Exception {
        try (var log = new LogWriter(folder(), keeping(6 * SEGMENT, null), new Disk());
                var slow = new LogReader(folder(), false)) {
            log.upkeep().start();
            log.commit(List.of(message(1)), 1);
            assertThat(read(slow).messages).hasSize(1);
            write(log, 1500);
            Await.until("old ones are dropped", () -> bytes() <= 6 * SEGMENT);
            long oldest = Segment.list(folder()).getFirst().base();
            assertThat(oldest).isGreaterThan(1);
            var read = read(slow);
            assertThat(read.messages).hasSizeGreaterThanOrEqualTo((int) (log.last() - oldest + 1));
            assertThat(read.gaps)
                    .hasSize(1)
                    .first()
                    .asString()
                    .endsWith("-" + (oldest - 1) + " dropped, as the server was told to keep less");
            // Who begins at the oldest misses nothing.
            assertThat(read(folder()).gaps).isEmpty();
            assertThat(verify(folder())).isEmpty();
        }
        Logs.open(folder()).close();
        assertThat(verify(folder())).isEmpty();
    }

    private long bytes() throws IOException {
        long bytes = 0;
        for (var segment : Segment.list(folder())) {
            bytes += Files.size(segment.file());
        }
        return bytes;
    }

    @Test
    void whatIsTooOldIsDroppedAndWhatIsHeldStays() throws Exception {
        try (var log = new LogWriter(folder(), keeping(Long.MAX_VALUE, Duration.ofHours(1)), new Disk())) {
            var hold = log.upkeep().hold(50);
            log.upkeep().start();
            long now = clock.instant().toEpochMilli();
            while (Segment.list(folder()).size() < 5) {
                log.commit(messages(log.last() + 1, 5), now);
            }
            clock.advance(Duration.ofHours(2));
            log.commit(messages(log.last() + 1, 5), now);
            Await.until("it looks", () -> clock.waiting() == 1);
            clock.advance(Duration.ofMinutes(2));
            Await.until("it looks", () -> clock.waiting() == 1);
            assertThat(Segment.list(folder()).getFirst().base()).isEqualTo(1);
            hold.moveTo(log.last());
            clock.advance(Duration.ofMinutes(2));
            Await.until("old ones are dropped", () -> Segment.list(folder()).size() == 1);
            hold.close();
            assertThat(verify(folder())).isEmpty();
        }
    }

    /** As when heddle-log drops it between the list and the look at its size: here a link that leads nowhere. */
    @Test
    void aSegmentThatIsDroppedWhileTheNextIsMadeTakesNoRoom() throws Exception {
        try (var log = new LogWriter(folder(), keeping(4 * SEGMENT, null), new Disk())) {
            log.commit(messages(log.last() + 1, 50), 1);
            Path dropped = Files.createSymbolicLink(Segment.at(folder(), 0).file(), folder().resolve("nowhere"));
            while (Segment.list(folder()).size() < 4) {
                log.commit(messages(log.last() + 1, 50), 1);
            }
            Files.delete(dropped);
        }
    }

    @Test
    void ingestGoesOnWhileOldOnesAreDroppedAndAReaderIsNeverTornApart() throws Exception {
        try (var log = new LogWriter(folder(), keeping(4 * SEGMENT, null), new Disk())) {
            log.upkeep().start();
            log.commit(List.of(message(1)), 1);
            var reading = Task.start(() -> {
                var read = new Logs.Read();
                try (var reader = new LogReader(folder(), false)) {
                    while (reader.position() <= 20_000) {
                        reader.read(read, 50, 1 << 20);
                    }
                }
                return read;
            });
            while (log.last() < 20_000) {
                log.commit(messages(log.last() + 1, 50), 1);
            }
            log.commit(messages(log.last() + 1, 1), 1);
            var read = reading.result();
            assertThat(read.messages.size() + read.missing).isGreaterThanOrEqualTo(20_000);
            assertThat(read.gaps).allMatch(gap -> gap.endsWith("dropped, as the server was told to keep less"));
        }
    }

    // ---- The end

    /** What is cut off was never acknowledged: the mark does not know it. */
    @Test
    void ofACommitThatWasCutOffNothingIsLeftWhereverItWasCut() throws Exception {
        cutOff(64);
    }

    @Test
    @Tag("thorough")
    void ofACommitThatWasCutOffAtAnyByteNothingIsLeft() throws Exception {
        cutOff(1);
    }

    private void cutOff(int step) throws Exception {
        long last;
        Path segment;
        long begin;
        long end;
        try (var log = Logs.open(folder())) {
            last = write(log, 5);
            segment = Segment.list(folder()).getFirst().file();
            begin = Recovery.tail(Segment.list(folder()).getFirst(), Mark.Said.NOTHING)
                    .position();
        }
        Path whole = temporary.resolve("whole");
        Logs.copy(folder(), whole);
        try (var log = Logs.open(whole)) {
            log.commit(List.of(message(last + 1, 10), message(last + 2, 20)), 1);
            end = Recovery.tail(Segment.list(whole).getFirst(), Mark.Said.NOTHING)
                    .position();
        }
        byte[] block = new byte[(int) (end - begin)];
        try (var channel = FileChannel.open(whole.resolve(segment.getFileName()), StandardOpenOption.READ)) {
            channel.read(ByteBuffer.wrap(block), begin);
        }
        Path torn = temporary.resolve("torn");
        for (int cut = 0; cut <= block.length; cut += step) {
            for (boolean fromFront : new boolean[] {true, false}) {
                Logs.copy(folder(), torn);
                Path file = torn.resolve(segment.getFileName());
                byte[] part = block.clone();
                Arrays.fill(part, fromFront ? cut : 0, fromFront ? part.length : cut, (byte) 0);
                Logs.write(file, begin, part);
                boolean isWhole = Arrays.equals(part, block);
                long expected = isWhole ? last + 2 : last;
                Logs.reboot(torn);
                assertThat(read(torn).messages).as("read, cut %d", cut).hasSize((int) expected);
                try (var log = Logs.open(torn)) {
                    assertThat(log.last()).as("cut %d", cut).isEqualTo(expected);
                    // A shorter one over it; nothing of the longer one comes to life.
                    log.commit(List.of(message(expected + 1, 0)), 1);
                }
                Logs.reboot(torn);
                try (var log = Logs.open(torn)) {
                    assertThat(log.last()).isEqualTo(expected + 1);
                }
                expectWhole(torn, expected + 1);
            }
        }
    }

    /** Unsynced commits may reach the disk in any order: what is behind a missing one is cut off with it. */
    @Test
    void withAnIntervalNothingIsMissingInTheMiddle() throws Exception {
        try (var log = new LogWriter(folder(), Logs.options(false, clock), new Disk())) {
            write(log, 5);
            log.sync();
        }
        long synced = read(folder()).messages.size();
        var before = Recovery.tail(Segment.list(folder()).getFirst(), Mark.Said.NOTHING);
        try (var log = new LogWriter(folder(), Logs.options(false, clock), new Disk())) {
            log.commit(messages(log.last() + 1, 3), 1);
            log.commit(messages(log.last() + 1, 3), 1);
        }
        Path file = Segment.list(folder()).getFirst().file();
        Logs.write(file, before.position() + Block.HEADER + 100, new byte[100]);
        Logs.reboot(folder());
        assertThat(read(folder()).messages).hasSize((int) synced);
        try (var log = Logs.open(folder())) {
            assertThat(log.last()).isEqualTo(synced);
            write(log, 3);
        }
        expectWhole(folder(), read(folder()).messages.size());
    }

    /** 100 GiB in 1,600 files; all but the last are sparse, and have an index. */
    @Test
    @Tag("thorough")
    void aStartReadsOneSegmentHoweverManyThereAre() throws Exception {
        assumeTrue(Files.exists(Path.of("/proc/self/io")), "needs a kernel that counts what is read");
        int segments = 1600;
        long bytes = 64 << 20;
        long each = 100_000;
        Files.createDirectories(folder());
        for (int i = 0; i < segments; i++) {
            var segment = Segment.at(folder(), i * each + 1);
            try (var file = FileChannel.open(segment.file(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                file.write(ByteBuffer.allocate(1), bytes - 1);
            }
            new SegmentIndex(segment.base(), segment.base() + each - 1, 1, bytes).write(segment, new Disk());
        }
        var options = new LogOptions("log", true, bytes, Long.MAX_VALUE, Long.MAX_VALUE, null, clock);
        Path last = temporary.resolve("last");
        try (var log = new LogWriter(last, options, new Disk(), segments * each + 1, Map.of("one", 7L))) {
            write(log, 1000);
        }
        for (var file : List.of(Segment.list(last).getFirst().file(), last.resolve(Mark.NAME))) {
            Files.move(file, folder().resolve(file.getFileName()));
        }
        long before = readBytes();
        try (var log = new LogWriter(folder(), options, new Disk())) {
            log.commit(messages(log.last() + 1, 1), 1);
            assertThat(readBytes() - before).isLessThan(5 * bytes);
            try (var reader = new LogReader(folder(), false)) {
                reader.seek(segments * each + 1);
                assertThat(read(reader).messages).hasSize((int) (log.last() - segments * each));
            }
        }
        assertThat(readBytes() - before).isLessThan(10 * bytes);
    }

    private static long readBytes() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/io")).stream()
                .filter(line -> line.startsWith("rchar: "))
                .mapToLong(line -> Long.parseLong(line.substring("rchar: ".length())))
                .sum();
    }

    // ---- Failures

    @Test
    void afterAFailedSyncNothingIsWrittenAndTheNextStartTakesWhatIsWhole() throws Exception {
        var disk = new FaultyDisk();
        try (var log = new LogWriter(folder(), Logs.options(), disk)) {
            write(log, 3);
            disk.failsToSync = true;
            assertThatThrownBy(() -> log.commit(messages(log.last() + 1, 2), 1))
                    .isInstanceOf(InDoubtException.class)
                    .hasMessage("messages %d to %d are in doubt: writing failed: no sync, says the test"
                            .formatted(log.last() + 1, log.last() + 2));
        }
        disk.failsToSync = false;
        disk.written.set(0);
        try (var log = new LogWriter(folder(), Logs.options(), disk)) {
            // Its pages may count as written, and not be on the disk.
            assertThat(disk.written).as("written once more").hasValueGreaterThan(0);
            expectWhole(folder(), log.last());
        }
    }

    /** More names than any commit has had. */
    @Test
    void eachSegmentBeginsWithAllNamesHoweverMany() throws Exception {
        int names = 100;
        try (var log = Logs.open(folder())) {
            for (int name = 1; name <= names; name++) {
                log.commit(List.of(new Logs.Message("name " + name, name, new byte[0])), 1);
            }
            while (Segment.list(folder()).size() < 2) {
                log.commit(messages(log.last() + 1, 50), 1);
            }
        }
        try (var log = Logs.open(folder())) {
            for (int name = 1; name <= names; name++) {
                assertThat(log.highest("name " + name)).isEqualTo(name);
            }
        }
    }

    /** Before its first commit a segment may be the only place that has the highest numbers of clients. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void aHeadThatIsDamagedIsMendedAndTheOtherLeftAlone(int damaged) throws Exception {
        new LogWriter(folder(), Logs.options(), new Disk(), 1, Map.of("one", 7L, "two", 9L)).close();
        var segment = Segment.list(folder()).getFirst().file();
        long head;
        try (var cursor = new Cursor(segment, 1)) {
            head = cursor.here().length();
        }
        byte[] whole = Files.readAllBytes(segment);
        try (var file = FileChannel.open(segment, StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.allocate((int) head - 8), damaged * head);
        }
        var disk = new FaultyDisk();
        disk.failsToSync = true;
        assertThatThrownBy(() -> new LogWriter(folder(), Logs.options(), disk)).hasMessageContaining("no sync");
        int other = (int) ((1 - damaged) * head);
        assertThat(Arrays.copyOfRange(Files.readAllBytes(segment), other, other + (int) head))
                .as("the other head")
                .isEqualTo(Arrays.copyOfRange(whole, other, other + (int) head));
        disk.failsToSync = false;
        for (int start = 0; start < 2; start++) {
            disk.written.set(0);
            try (var log = new LogWriter(folder(), Logs.options(), disk)) {
                assertThat(log.highest("one")).isEqualTo(7);
                assertThat(log.highest("two")).isEqualTo(9);
            }
        }
        assertThat(disk.written).as("by a start with two whole heads").hasValue(0);
        try (var log = new LogWriter(folder(), Logs.options(), disk)) {
            expectWhole(folder(), write(log, 3));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {6, 60})
    void withBothBoundsOldOnesMakeRoomForNewOnes(long keep) throws Exception {
        var both = new LogOptions("log", true, SEGMENT, 6 * SEGMENT, keep * SEGMENT, null, clock);
        try (var log = new LogWriter(folder(), both, new Disk())) {
            log.upkeep().start();
            while (Segment.list(folder()).getFirst().base() < 2000) {
                try {
                    log.commit(messages(log.last() + 1, 5), 1);
                } catch (NoRoomException soon) {
                    clock.advance(Duration.ofSeconds(1)); // it looks each second
                }
            }
        }
    }

    /** Lets syncs fail, and counts what is written. */
    private static final class FaultyDisk extends Disk {
        volatile boolean failsToSync;
        final AtomicLong written = new AtomicLong();

        @Override
        public FileChannel open(Path file) throws IOException {
            return new PassingChannel(super.open(file)) {
                @Override
                public void force(boolean metaData) throws IOException {
                    if (failsToSync) {
                        throw new IOException("no sync, says the test");
                    }
                    super.force(metaData);
                }

                @Override
                public int write(ByteBuffer bytes, long position) throws IOException {
                    int n = super.write(bytes, position);
                    written.addAndGet(n);
                    return n;
                }
            };
        }
    }

    // ---- Damage

    /** With sync=interval too, what was acknowledged before a kill is not taken for a commit that was cut off. */
    @Test
    void damageToWhatWasNotSyncedIsNamedAsLongAsTheMachineRuns() throws Exception {
        try (var log = new LogWriter(folder(), Logs.options(false, clock), new Disk())) {
            write(log, 5);
            log.sync();
            log.commit(List.of(message(log.last() + 1, 1000)), 1);
        }
        long last = read(folder()).messages.size();
        var end = Recovery.tail(Segment.list(folder()).getFirst(), Mark.Said.NOTHING);
        Logs.write(Segment.list(folder()).getFirst().file(), end.position() - 500, (byte) 77);
        try (var log = Logs.open(folder())) {
            assertThat(log.last()).isEqualTo(last);
        }
        assertThat(read(folder()).gaps).hasSize(1).first().asString().startsWith(last + "-" + last + " ");
    }

    @Test
    void withoutAMarkOrWithOneThatWasCutAllIsReadAndFound() throws Exception {
        long last;
        try (var log = Logs.open(folder())) {
            last = write(log, 100);
        }
        Path mark = folder().resolve(Mark.NAME);
        for (int size = Mark.SIZE - 1; size >= 0; size -= 21) {
            Files.write(mark, Arrays.copyOf(Files.readAllBytes(mark), size));
            expectReadable(last);
            assertThat(verify(folder())).containsExactly("mark is missing or damaged; no message is lost by it");
        }
        Files.delete(mark);
        expectReadable(last);
        Logs.open(folder()).close();
        expectWhole(folder(), last);
    }

    /** A flipped bit, or some hundred other bytes, in any file: all is found, and what it costs is named. */
    @Test
    void damageIsNamedAndAFlippedBitCostsOneMessageAtMost() throws Exception {
        damage(150);
    }

    @Test
    @Tag("thorough")
    void tenThousandDamagesAreNamedAndFlippedBitsCostOneMessageAtMost() throws Exception {
        damage(10_000);
    }

    private void damage(int times) throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        Path whole = temporary.resolve("whole");
        long last;
        try (var log = new LogWriter(whole, Logs.options(true, clock), new Disk())) {
            log.upkeep().start();
            last = write(log, 300);
            Await.until("the spare is there", () -> Files.exists(whole.resolve("spare")));
        }
        assertThat(verify(whole)).isEmpty();
        Path damaged = temporary.resolve("damaged");
        Logs.copy(whole, damaged);
        List<Path> files = new ArrayList<>();
        try (var all = Files.newDirectoryStream(damaged)) {
            all.forEach(files::add);
        }
        files.sort(null);
        for (int i = 0; i < times; i++) {
            Path file = files.get(random.nextInt(files.size()));
            byte[] bytes = Files.readAllBytes(file);
            int at = random.nextInt(bytes.length);
            boolean bit = random.nextInt(4) > 0;
            byte[] old = Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + (bit ? 1 : random.nextInt(600))));
            byte[] now = bit ? new byte[] {(byte) (old[0] ^ (1 << random.nextInt(8)))} : new byte[old.length];
            if (!bit && random.nextBoolean()) {
                random.nextBytes(now);
            }
            if (Arrays.equals(old, now)) {
                continue;
            }
            Logs.write(file, at, now);
            String what = "seed %d, damage %d: %s at %d".formatted(seed, i, file.getFileName(), at);
            assertThat(verify(damaged)).as(what).isNotEmpty();
            var read = read(damaged);
            assertThat(read.missing).as(what).isLessThanOrEqualTo(bit ? 1 : last);
            assertThat(read.messages.size() + read.missing).as(what).isEqualTo(last);
            Logs.write(file, at, old);
        }
        assertThat(verify(damaged)).isEmpty();
    }

    @Test
    void aMissingSegmentIsNamedAndItsNumbersStayTaken() throws Exception {
        long last;
        try (var log = Logs.open(folder())) {
            last = write(log, 300);
        }
        for (int gone : new int[] {1, 0}) {
            List<Segment> segments = Segment.list(folder());
            Files.delete(segments.get(gone).file());
            long first = segments.get(gone).base();
            long behind = segments.get(gone + 1).base();
            assertThat(verify(folder())).anyMatch(line -> line.startsWith("messages " + first + " to " + (behind - 1)));
            assertThat(read(folder()).gaps).anyMatch(gap -> gap.startsWith(first + "-" + (behind - 1)));
        }
        // The last one.
        var segment = Segment.list(folder()).getLast();
        Files.delete(segment.file());
        assertThat(read(folder()).gaps).anyMatch(gap -> gap.startsWith(segment.base() + "-" + last));
        try (var log = Logs.open(folder())) {
            assertThat(log.last()).isEqualTo(last);
            log.commit(List.of(message(last + 1)), 1);
        }
        var read = read(folder());
        assertThat(read.messages).containsKey(last + 1);
        assertThat(read.gaps).anyMatch(gap -> gap.startsWith(segment.base() + "-" + last));
    }

    @Test
    void aFileThatWasCutIsNamedAndItsNumbersStayTaken() throws Exception {
        long last;
        try (var log = Logs.open(folder())) {
            last = write(log, 300);
        }
        Path whole = temporary.resolve("whole");
        Logs.copy(folder(), whole);
        var random = new Random(7);
        for (int i = 0; i < 25; i++) {
            Logs.copy(whole, folder());
            List<Segment> segments = Segment.list(folder());
            Path file = segments.get(random.nextInt(segments.size())).file();
            try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(random.nextInt((int) SEGMENT / 2));
            }
            var read = read(folder());
            assertThat(read.missing).isPositive();
            assertThat(read.messages.size() + read.missing).isEqualTo(last);
            assertThat(verify(folder())).isNotEmpty();
            try (var log = Logs.open(folder())) {
                assertThat(log.last()).isEqualTo(last);
                log.commit(List.of(message(last + 1)), 1);
            }
            var after = read(folder());
            assertThat(after.messages.size() + after.missing).isEqualTo(last + 1);
            assertThat(after.missing).isEqualTo(read.missing);
        }
    }
}
