package heddle.gateway.log;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Finds out where a log ends, without changing it: for a server that starts, and for a reader without a server.
///
/// Only the last segment is read. A block in it that is not whole is one of two things:
///
///     damaged  it had been synced: the mark says so, or a block behind it. Its numbers are lost, as far as they
///              cannot be read, and stay taken.
///     cut off  nothing says so. It was never acknowledged, or not synced in time with sync=interval: it, and what is
///              behind it, is no part of the log.
final class Recovery {

    /** Numbers that are lost. */
    record Lost(long first, long last, Path file, long offset) {

        @Override
        public String toString() {
            return numbers(first, last) + " lost: " + file.getFileName() + " is damaged at offset " + offset;
        }
    }

    /**
     * The end of a segment.
     *
     * @param position where the next block goes
     * @param next the next number
     * @param lost what had been synced and is not there
     * @param cutTo where the last byte of what was cut off ends; position if nothing was
     * @param cutLast the last number that was seen in what was cut off; next - 1 if none was
     * @param closed whether what was synced is missing at the end: then nothing may be written behind it
     * @param suspect from where on blocks are whose sync is not proven
     */
    record Tail(long position, long next, List<Lost> lost, long cutTo, long cutLast, boolean closed, long suspect) {}

    /**
     * The highest number of each client that has sent numbered messages.
     *
     * @param complete whether the head of a segment told them; else they may be too low, or miss a name
     */
    record Names(Map<String, Long> highest, boolean complete) {}

    private record Seen(Block block, int read, boolean framed) {}

    private Recovery() {}

    static String numbers(long first, long last) {
        return first == last ? "message " + first + " is" : "messages " + first + " to " + last + " are";
    }

    /** Where {@code segment}, the last one, ends, with what the mark said. */
    static Tail tail(Segment segment, Mark.Said said) throws IOException {
        try (var cursor = new Cursor(segment.file(), segment.base())) {
            List<Seen> all = new ArrayList<>();
            long proven = said.written();
            for (var block = cursor.find(); block != null; block = cursor.find()) {
                boolean framed = cursor.isFramed(block);
                cursor.enter(block);
                int read = 0;
                while (cursor.next() != null) {
                    read++;
                }
                all.add(new Seen(block, read, framed));
                proven = Math.max(proven, block.synced());
            }
            return tail(segment, cursor, all, said, proven);
        }
    }

    private static Tail tail(Segment segment, Cursor cursor, List<Seen> all, Mark.Said said, long proven)
            throws IOException {
        List<Lost> lost = new ArrayList<>();
        long next = segment.base();
        long position = 0;
        long suspect = -1;
        long cutLast = -1;
        for (var seen : all) {
            var block = seen.block;
            boolean whole = seen.framed && seen.read == block.count();
            if (cutLast >= 0
                    || (block.first() > next && block.first() - 1 > proven)
                    || (!whole && block.last() > proven)) {
                cutLast = Math.max(cutLast, block.last());
                continue;
            }
            if (block.first() > next) {
                lost.add(new Lost(next, block.first() - 1, segment.file(), position));
            }
            if (seen.read < block.count()) {
                addLost(segment, cursor, block, lost);
            }
            if (suspect < 0 && block.last() > said.synced()) {
                suspect = block.start();
            }
            next = Math.max(next, block.last() + 1);
            position = block.end();
        }
        boolean closed = next - 1 < said.written();
        if (closed) {
            lost.add(new Lost(next, said.written(), segment.file(), position));
            next = said.written() + 1;
        }
        return new Tail(
                position,
                next,
                lost,
                closed ? position : cursor.endOfNonZero(position),
                Math.max(cutLast, next - 1),
                closed,
                suspect < 0 ? position : suspect);
    }

    private static void addLost(Segment segment, Cursor cursor, Block block, List<Lost> lost) throws IOException {
        cursor.enter(block);
        long expected = block.first();
        long offset = cursor.position();
        for (var entry = cursor.next(); entry != null; entry = cursor.next()) {
            if (entry.number() > expected) {
                lost.add(new Lost(expected, entry.number() - 1, segment.file(), offset));
            }
            expected = entry.number() + 1;
            offset = cursor.position();
        }
        if (expected <= block.last()) {
            lost.add(new Lost(expected, block.last(), segment.file(), offset));
        }
    }

    /**
     * Reads the names, from the last head of a segment that can be read on, to where the last segment ends.
     */
    static Names names(List<Segment> segments, long end) throws IOException {
        Map<String, Long> all = new HashMap<>();
        boolean complete = false;
        int from = segments.size();
        while (!complete && from > 0) {
            complete = hasNames(segments.get(--from));
        }
        for (int i = from; i < segments.size(); i++) {
            var segment = segments.get(i);
            long until = i == segments.size() - 1 ? end : Long.MAX_VALUE;
            try (var cursor = new Cursor(segment.file(), segment.base())) {
                while (cursor.position() < until) {
                    var block = cursor.find();
                    if (block == null) {
                        break;
                    }
                    var names = cursor.names(block);
                    if (names != null) {
                        for (var name : names) {
                            if (name.highest() != 0) {
                                all.put(name.name(), name.highest());
                            }
                        }
                    }
                    cursor.skip(block);
                }
            }
        }
        return new Names(all, complete);
    }

    private static boolean hasNames(Segment segment) throws IOException {
        try (var cursor = new Cursor(segment.file(), segment.base())) {
            for (var block = cursor.find(); block != null; block = cursor.find()) {
                if (block.kind() != Block.KIND_NAMES) {
                    return false;
                }
                if (cursor.names(block) != null) {
                    return true;
                }
                cursor.skip(block);
            }
            return false;
        }
    }
}
