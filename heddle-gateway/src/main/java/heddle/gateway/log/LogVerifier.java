package heddle.gateway.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Reads all of a log, each byte of it, and tells what is not as it was written, and which messages that costs. Changes
/// nothing, and may run beside the server; then it looks at what was acknowledged when it began.
///
/// What a crash has left behind the end, a commit that was not acknowledged, is no damage: the next start cuts it off.
public final class LogVerifier {

    /** What a client's messages add up to. Sequences are those of its numbered messages; 0 if there are none. */
    public static final class Client {
        private long messages;
        private long numbered;
        private long lowest;
        private long highest;
        private long missing;

        /** How many messages, numbered or not. */
        public long messages() {
            return messages;
        }

        /** How many of them are numbered. */
        public long numbered() {
            return numbered;
        }

        /** The lowest number. */
        public long lowest() {
            return lowest;
        }

        /** The highest number. */
        public long highest() {
            return highest;
        }

        /** How many numbers between the lowest and the highest are not there. */
        public long missing() {
            return missing;
        }

        private void add(long sequence) {
            messages++;
            if (sequence == 0) {
                return;
            }
            if (numbered == 0) {
                lowest = sequence;
            } else {
                missing += sequence - highest - 1;
            }
            numbered++;
            highest = sequence;
        }
    }

    private final Path folder;
    private final Consumer<String> found;
    private final Map<String, Client> clients = new TreeMap<>();
    private long damages;
    private long messages;
    private long lost;
    private long first;
    private long expected;
    private long end;

    /** A check of the log in {@code folder}; each damage is a line for {@code found}. */
    public LogVerifier(Path folder, Consumer<String> found) {
        this.folder = folder;
        this.found = found;
    }

    /** Checks it, once. */
    public void run() throws IOException {
        try (var reader = new LogReader(folder, false)) {
            first = reader.position();
            end = reader.end();
        }
        expected = first;
        checkMark();
        List<Segment> segments = Segment.list(folder);
        for (int i = 0; i < segments.size(); i++) {
            var segment = segments.get(i);
            boolean last = i == segments.size() - 1;
            if (segment.base() > end) {
                break; // without a commit yet, or begun since
            }
            try {
                check(segment, last ? null : segments.get(i + 1));
            } catch (NoSuchFileException dropped) {
                // By retention, meanwhile.
                expected = last ? expected : segments.get(i + 1).base();
            }
        }
        if (expected <= end) {
            damaged("the last segment ends before them", expected, end);
        }
        checkSpare();
    }

    private void damaged(String where) {
        damages++;
        found.accept(where + "; no message is lost by it");
    }

    private void damaged(String where, long from, long to) {
        damages++;
        lost += to - from + 1;
        expected = to + 1;
        found.accept(Recovery.numbers(from, to) + " lost: " + where);
    }

    private void checkMark() throws IOException {
        var mark = Mark.open(folder);
        if (mark == null || !mark.isWhole() || Files.size(folder.resolve(Mark.NAME)) != Mark.SIZE) {
            damaged("mark is missing or damaged");
        }
    }

    private void checkSpare() throws IOException {
        Path spare = folder.resolve("spare");
        try (var cursor = new Cursor(spare, 0)) {
            long at = cursor.firstNonZero(0);
            if (at >= 0 && Files.exists(spare)) {
                damaged("spare is not zero at offset " + at);
            }
        } catch (NoSuchFileException none) {
            // Not made yet, or in use by now.
        }
    }

    private void check(Segment segment, @Nullable Segment after) throws IOException {
        if (after != null && after.base() <= first) {
            return; // dropped but for its file
        }
        String name = segment.file().getFileName().toString();
        if (segment.base() > expected) {
            damaged("no segment before " + name + " has them", expected, segment.base() - 1);
        }
        if (!SegmentIndex.isWhole(segment)) {
            damaged(segment.index().getFileName() + " is damaged, or not of this file");
        }
        long lastHere = after == null ? end : Math.min(end, after.base() - 1);
        try (var cursor = new Cursor(segment.file(), segment.base())) {
            long at = 0;
            int heads = 0;
            for (var block = cursor.find(); block != null; block = cursor.find()) {
                if (block.first() > lastHere + (block.kind() == Block.KIND_NAMES ? 1 : 0)) {
                    break; // never acknowledged
                }
                heads += block.kind() == Block.KIND_NAMES ? 1 : 0;
                if (block.start() > at) {
                    skipped(name, at, block);
                }
                check(name, cursor, block);
                at = block.end();
            }
            if (expected <= lastHere) {
                damaged(name + " is damaged at offset " + at, expected, lastHere);
            } else if (heads < 2) {
                damaged(name + " has " + heads + " of 2 heads");
            } else {
                checkRest(name, cursor, at, after == null);
            }
        }
    }

    private void skipped(String name, long at, Block block) {
        String where = name + " is damaged at offset " + at;
        if (block.first() > expected) {
            damaged(where, expected, block.first() - 1);
        } else {
            damaged(where);
        }
    }

    private void check(String name, Cursor cursor, Block block) throws IOException {
        long before = damages;
        if (!cursor.isFramed(block)) {
            damaged(name + " is damaged in one of the headers of the block at offset " + block.start());
        }
        cursor.enter(block);
        expected = Math.max(expected, block.first());
        long at = cursor.position();
        for (var entry = cursor.next(); entry != null; entry = cursor.next()) {
            if (entry.number() > expected) {
                damaged(name + " is damaged at offset " + at, expected, entry.number() - 1);
            }
            expected = entry.number() + 1;
            messages++;
            clients.computeIfAbsent(cursor.client(entry), _ -> new Client()).add(entry.clientSequence());
            at = cursor.position();
        }
        if (expected <= block.last()) {
            damaged(name + " is damaged at offset " + at, expected, block.last());
        } else if (damages == before && !cursor.isPadded(block, at)) {
            damaged(name + " is damaged in the filling of the block at offset " + block.start());
        }
    }

    /** Behind the last block there are zeros; or, at the end of the log, a commit that was under way. */
    private void checkRest(String name, Cursor cursor, long at, boolean last) throws IOException {
        long stray = cursor.firstNonZero(at);
        if (stray < 0) {
            return;
        }
        if (last) {
            cursor.seek(at);
            cursor.refresh();
            boolean unfinished = cursor.find() != null;
            try (var reader = new LogReader(folder, false)) {
                if (unfinished || reader.end() > end) {
                    return;
                }
            }
        }
        damaged(name + " is not zero at offset " + stray + ", behind its last block");
    }

    /** How many damages were told. */
    public long damages() {
        return damages;
    }

    /** How many messages are whole. */
    public long messages() {
        return messages;
    }

    /** How many are lost. */
    public long lost() {
        return lost;
    }

    /** The number of the oldest message that was not dropped. */
    public long first() {
        return first;
    }

    /** The number of the last message; one below the first if there is none. */
    public long end() {
        return end;
    }

    /** By the names of the clients. A message whose block lost its names counts as one without a name. */
    public Map<String, Client> clients() {
        return clients;
    }
}
