package heddle.gateway.log;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.testing.Await;
import heddle.time.ManualClock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a power cut may leave, at each step of a run. All that the log does to its files is written down; then for each
/// step the files are made as a disk may have them: what was synced, and of the rest any sectors. Names of files: those
/// up to the last sync of the folder, and any number of the changes behind it, in their order. The mark is none, or an
/// older one. Some starts behind it are cut off themselves.
@Timeout(300)
class PowerCutTest {

    private static final int SECTOR = 512;

    @TempDir
    private Path temporary;

    private sealed interface Event {

        /** A file is made, with a number that it keeps under whatever name. */
        record Create(int file, String name) implements Event {}

        record Rename(String from, String to) implements Event {}

        record Delete(String name) implements Event {}

        record SyncFolder() implements Event {}

        @SuppressWarnings("ArrayRecordComponent")
        record Write(int file, long position, byte[] bytes) implements Event {}

        record Sync(int file) implements Event {}

        /** All up to {@code last} is acknowledged, and what the mark is then. */
        @SuppressWarnings("ArrayRecordComponent")
        record Acknowledged(long last, byte[] mark) implements Event {}

        /** The mark was synced: no older one is on the disk from here on. */
        @SuppressWarnings("ArrayRecordComponent")
        record MarkSynced(byte[] mark) implements Event {}

        /** The next commit begins; it goes up to {@code last}. */
        record Begun(long last) implements Event {}
    }

    private final List<Event> events = new ArrayList<>();

    /** Writes down what is done. */
    private final class RecordingDisk extends Disk {
        private final Map<String, Integer> files = new HashMap<>();
        private int made;

        @Override
        public FileChannel create(Path file) throws IOException {
            synchronized (events) {
                var created = super.create(file);
                files.put(name(file), made);
                events.add(new Event.Create(made, name(file)));
                return recording(created, made++);
            }
        }

        @Override
        public FileChannel open(Path file) throws IOException {
            synchronized (events) {
                return recording(super.open(file), files.get(name(file)));
            }
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
            synchronized (events) {
                super.rename(from, to);
                files.put(name(to), files.remove(name(from)));
                events.add(new Event.Rename(name(from), name(to)));
            }
        }

        @Override
        public void delete(Path file) throws IOException {
            synchronized (events) {
                super.delete(file);
                if (files.remove(name(file)) != null) {
                    if (name(file).endsWith(".log")) {
                        events.add(new Event.MarkSynced(Files.readAllBytes(file.resolveSibling(Mark.NAME))));
                    }
                    events.add(new Event.Delete(name(file)));
                }
            }
        }

        @Override
        public void syncFolder(Path folder) throws IOException {
            synchronized (events) {
                super.syncFolder(folder);
                events.add(new Event.SyncFolder());
            }
        }

        private FileChannel recording(FileChannel channel, int file) {
            return new PassingChannel(channel) {
                @Override
                public int write(ByteBuffer bytes, long position) throws IOException {
                    synchronized (events) {
                        byte[] copy = new byte[bytes.remaining()];
                        bytes.get(bytes.position(), copy);
                        int n = super.write(bytes, position);
                        events.add(new Event.Write(file, position, Arrays.copyOf(copy, n)));
                        return n;
                    }
                }

                @Override
                public void force(boolean metaData) throws IOException {
                    super.force(metaData);
                    synchronized (events) {
                        events.add(new Event.Sync(file));
                    }
                }
            };
        }
    }

    private static String name(Path file) {
        return file.getFileName().toString();
    }

    /** A run with rolls and retention; the events are in the list. */
    private void record(boolean always) throws Exception {
        Path folder = temporary.resolve("run");
        var clock = new ManualClock();
        var options = new LogOptions("log", always, Logs.SEGMENT, Long.MAX_VALUE, 4 * Logs.SEGMENT, null, clock);
        var random = new Random(5);
        try (var log = new LogWriter(folder, options, new RecordingDisk())) {
            log.upkeep().start();
            while (Segment.list(folder).size() < 4
                    || Segment.list(folder).getFirst().base() == 1) {
                int count = 1 + random.nextInt(random.nextInt(10) == 0 ? 300 : 40);
                add(new Event.Begun(log.last() + count));
                log.commit(Logs.messages(log.last() + 1, count), 1);
                if (always) {
                    acknowledge(folder, log.last());
                } else if (random.nextInt(4) == 0) {
                    log.sync();
                    acknowledge(folder, log.last());
                }
                if (log.last() > 8000) {
                    Await.until(
                            "old ones are dropped",
                            () -> Segment.list(folder).getFirst().base() > 1);
                }
            }
        }
    }

    private void acknowledge(Path folder, long last) throws IOException {
        add(new Event.Acknowledged(last, Files.readAllBytes(folder.resolve(Mark.NAME))));
    }

    private void add(Event event) {
        synchronized (events) {
            events.add(event);
        }
    }

    /** Which of what was not synced is there. */
    private enum Unsynced {
        NONE,
        ALL,
        SOME
    }

    /** Makes the files as they may be after the first {@code count} events. */
    private void make(Path folder, int count, Unsynced unsynced, Random random) throws IOException {
        List<Event> done = events.subList(0, count);
        List<Event> names = new ArrayList<>();
        int certain = 0;
        Map<Integer, Integer> syncedAt = new HashMap<>();
        for (int i = 0; i < count; i++) {
            switch (done.get(i)) {
                case Event.SyncFolder _ -> certain = names.size();
                case Event.Sync sync -> syncedAt.put(sync.file(), i);
                case Event.Create event -> names.add(event);
                case Event.Rename event -> names.add(event);
                case Event.Delete event -> names.add(event);
                default -> {}
            }
        }
        int until = switch (unsynced) {
            case NONE -> certain;
            case ALL -> names.size();
            case SOME -> certain + random.nextInt(names.size() - certain + 1);
        };
        Map<String, Integer> there = new HashMap<>();
        for (var event : names.subList(0, until)) {
            switch (event) {
                case Event.Create(int file, String name) -> there.put(name, file);
                case Event.Rename(String from, String to) -> there.put(to, there.remove(from));
                case Event.Delete(String name) -> there.remove(name);
                default -> throw new AssertionError(event);
            }
        }
        Files.createDirectories(folder);
        try (var old = Files.newDirectoryStream(folder)) {
            for (Path file : old) {
                Files.delete(file);
            }
        }
        for (var file : there.entrySet()) {
            Files.write(
                    folder.resolve(file.getKey()),
                    content(done, file.getValue(), syncedAt.getOrDefault(file.getValue(), -1), unsynced, random));
        }
        byte[] mark = mark(done, random);
        if (mark != null) {
            Files.write(folder.resolve(Mark.NAME), mark);
        }
    }

    private static byte[] content(List<Event> done, int file, int syncedAt, Unsynced unsynced, Random random) {
        byte[] content = new byte[0];
        for (int i = 0; i < done.size(); i++) {
            if (!(done.get(i) instanceof Event.Write write) || write.file() != file) {
                continue;
            }
            int at = (int) write.position();
            if (i > syncedAt && unsynced == Unsynced.NONE) {
                continue;
            }
            if (content.length < at + write.bytes().length) {
                content = Arrays.copyOf(content, at + write.bytes().length);
            }
            for (int from = 0; from < write.bytes().length; ) {
                int to = Math.min(write.bytes().length, (at + from) / SECTOR * SECTOR + SECTOR - at);
                if (i <= syncedAt || unsynced == Unsynced.ALL || random.nextBoolean()) {
                    System.arraycopy(write.bytes(), from, content, at + from, to - from);
                }
                from = to;
            }
        }
        return content;
    }

    /** None, or one of those that were. */
    private static byte[] mark(List<Event> done, Random random) {
        List<byte[]> marks = new ArrayList<>();
        for (var event : done) {
            switch (event) {
                case Event.Acknowledged acknowledged -> marks.add(acknowledged.mark());
                case Event.MarkSynced synced -> {
                    marks.clear();
                    // Another boot believes no more than what was synced; one that says more is left out.
                    var said = ByteBuffer.wrap(synced.mark());
                    if (said.getLong(40) == said.getLong(48)) {
                        marks.add(synced.mark());
                    }
                }
                default -> {}
            }
        }
        return marks.isEmpty() || random.nextBoolean() ? null : marks.get(random.nextInt(marks.size()));
    }

    private void replay(boolean always, int step, int times) throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        record(always);
        Path folder = temporary.resolve("cut");
        for (int count = 0; count <= events.size(); count += step) {
            for (int time = 0; time < times; time++) {
                var unsynced = Unsynced.values()[Math.min(time, 2)];
                make(folder, count, unsynced, random);
                for (int starts = random.nextInt(3); starts > 0; starts--) {
                    startAndDie(folder, random);
                }
                expectWhatWasAcknowledged(
                        folder,
                        count,
                        "seed %d, %s, after %d of %d events: %s"
                                .formatted(
                                        seed,
                                        unsynced,
                                        count,
                                        events.size(),
                                        count == 0 ? "" : kind(events.get(count - 1))));
            }
        }
    }

    /** A start that is cut off itself, in the middle of what it writes. */
    private static void startAndDie(Path folder, Random random) {
        var disk = new Disk() {
            private int left = random.nextInt(4);

            @Override
            public FileChannel open(Path file) throws IOException {
                return new PassingChannel(super.open(file)) {
                    @Override
                    public int write(ByteBuffer bytes, long position) throws IOException {
                        if (left-- > 0) {
                            return super.write(bytes, position);
                        }
                        int part = random.nextInt(bytes.remaining() + 1) / SECTOR * SECTOR;
                        super.write(bytes.slice(bytes.position(), part), position);
                        throw new IOException("cut off");
                    }
                };
            }
        };
        try (var log = new LogWriter(folder, Logs.options(), disk)) {
            assertThat(log.last()).isNotNegative();
        } catch (IOException cut) {
            assertThat(cut).hasMessageContaining("cut off");
        }
    }

    private static String kind(Event event) {
        return event.getClass().getSimpleName();
    }

    private void expectWhatWasAcknowledged(Path folder, int count, String what) throws IOException {
        long acknowledged = 0;
        List<Long> ends = new ArrayList<>(List.of(0L));
        for (var event : events.subList(0, count)) {
            switch (event) {
                case Event.Acknowledged(long last, byte[] _) -> acknowledged = last;
                case Event.Begun(long last) -> ends.add(last);
                default -> {}
            }
        }
        long last;
        try (var log = Logs.open(folder)) {
            last = log.last();
            assertThat(last).as(what).isGreaterThanOrEqualTo(acknowledged);
            assertThat(ends).as("whole commits, " + what).contains(last);
            assertThat(log.highest("one")).as(what).isEqualTo(last == 0 ? 0 : (last - (last + 2) % 3) / 3 + 1);
            log.commit(List.of(Logs.message(last + 1)), 1);
        }
        assertThat(Logs.verify(folder)).as(what).isEmpty();
        Logs.reboot(folder);
        var read = Logs.read(folder);
        assertThat(read.messages.lastKey()).as(what).isEqualTo(last + 1);
        assertThat(read.gaps).as(what).isEmpty();
        // The oldest may have been dropped, by whole segments.
        assertThat(read.messages.firstKey())
                .as(what)
                .isEqualTo(Segment.list(folder).getFirst().base());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @Tag("thorough")
    void whatWasAcknowledgedIsThereAndNothingElse(boolean always) throws Exception {
        replay(always, 23, 3);
    }

    @Test
    @Tag("thorough")
    void afterEachStepWhatWasAcknowledgedIsThereAndNothingElse() throws Exception {
        replay(true, 1, 12);
    }

    @Test
    @Tag("thorough")
    void withAnIntervalAfterEachStepWhatWasSyncedIsThereAndNothingInTheMiddleIsMissing() throws Exception {
        replay(false, 1, 12);
    }
}
