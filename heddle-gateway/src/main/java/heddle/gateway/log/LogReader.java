package heddle.gateway.log;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads a log, beside its writer or without one, and takes no lock. One thread at a time.
///
/// Where it may read to is what the [Mark] says. Without a mark of this boot of the machine no server has run since the
/// last crash: then the end is looked for in the last segment.
///
/// Numbers are what tells of damage: each message that is not read, up to the end, is in one gap.
public final class LogReader implements LogSource {

    private final Path folder;
    private final boolean onlySynced;

    /** The number that is read next. */
    private long expected;

    private @Nullable Cursor cursor;

    private @Nullable Mark mark;

    /** What a mark of this boot of the machine said last; -1 if none did. */
    private long markedEnd = -1;

    /** Where the log ends without a mark; -1 before it was looked for. */
    private long foundEnd = -1;

    /** The end at the last look. */
    private long end;

    /**
     * A reader before the oldest message.
     *
     * @param onlySynced whether messages are passed over that are acknowledged and not synced, with sync=interval
     */
    public LogReader(Path folder, boolean onlySynced) throws IOException {
        this.folder = folder;
        this.onlySynced = onlySynced;
        this.expected = oldest();
    }

    private Mark.Said said() throws IOException {
        var there = mark;
        if (there == null) {
            there = Mark.open(folder);
            mark = there;
        }
        return there == null ? Mark.Said.NOTHING : there.said();
    }

    private long oldest() throws IOException {
        long first = said().first();
        if (first > 0) {
            return first;
        }
        List<Segment> segments = Segment.list(folder);
        return segments.isEmpty() ? 1 : segments.getFirst().base();
    }

    @Override
    public long end() throws IOException {
        var said = said();
        if (said.valid() && said.thisBoot()) {
            markedEnd = onlySynced ? said.synced() : said.readable();
        }
        if (markedEnd >= 0) {
            return markedEnd; // also while the writer is in the middle of the mark
        }
        if (foundEnd < 0) {
            List<Segment> segments = Segment.list(folder);
            foundEnd = segments.isEmpty()
                    ? said.written()
                    : Recovery.tail(segments.getLast(), said).next() - 1;
        }
        return foundEnd;
    }

    @Override
    public long position() {
        return expected;
    }

    @Override
    public void seek(long number) throws IOException {
        leave();
        expected = number;
    }

    @Override
    public void seekTime(long millis) throws IOException {
        leave();
        long last = end();
        for (var segment : Segment.list(folder)) {
            var index = SegmentIndex.of(segment);
            if (index != null && index.millisMax() < millis) {
                continue;
            }
            try (var looking = new Cursor(segment.file(), segment.base())) {
                for (var block = looking.find(); block != null && block.first() <= last; block = looking.find()) {
                    if (block.kind() == Block.KIND_COMMIT && block.millis() >= millis) {
                        expected = block.first();
                        return;
                    }
                    looking.skip(block);
                }
            } catch (NoSuchFileException dropped) {
                // Meanwhile: it was too old.
            }
        }
        expected = last + 1;
    }

    @Override
    public int read(LogVisitor visitor, int messagesMax, long bytesMax) throws IOException {
        long now = end();
        if (cursor != null && now != end) {
            cursor.refresh();
        }
        end = now;
        int count = 0;
        long bytes = 0;
        while (expected <= now && count < messagesMax && bytes < bytesMax) {
            var reading = cursor;
            if (reading == null) {
                reading = open();
                if (reading == null) {
                    gap(visitor, now, "no segment has them");
                    return count + 1;
                }
            }
            var block = reading.entered();
            if (block == null) {
                count += enterNext(reading, visitor, now);
                continue;
            }
            long at = reading.position();
            var entry = reading.next();
            if (entry == null) {
                if (block.last() >= expected) {
                    gap(visitor, Math.min(block.last(), now), damaged(reading, at));
                    count++;
                }
                continue;
            }
            if (entry.number() < expected) {
                continue; // before the number that was sought
            }
            if (entry.number() > expected) {
                gap(visitor, entry.number() - 1, damaged(reading, at));
                count++;
            }
            expected = entry.number() + 1;
            visitor.message(
                    entry.number(), block.millis(), reading.client(entry), entry.clientSequence(), entry.payload());
            count++;
            bytes += entry.payload().length;
        }
        return count;
    }

    /** Enters the next block that has what is expected, or goes to the next segment. How many gaps were passed on. */
    private int enterNext(Cursor reading, LogVisitor visitor, long now) throws IOException {
        var block = reading.here();
        long at = reading.position();
        if (block == null) {
            var after = Segment.after(Segment.list(folder), reading.base());
            if (after != null && after.base() <= expected) {
                open(after); // if it was dropped meanwhile, the caller looks again
                return 0;
            }
            block = reading.find();
            if (block == null) {
                gap(visitor, after == null ? now : Math.min(now, after.base() - 1), damaged(reading, at));
                if (after != null) {
                    open(after);
                } else {
                    leave();
                }
                return 1;
            }
        }
        if (block.last() < expected) {
            reading.skip(block);
            return 0;
        }
        if (block.first() > now) {
            // What is expected is acknowledged, and should be before this one.
            gap(visitor, now, damaged(reading, at));
            return 1;
        }
        int gaps = 0;
        if (block.first() > expected) {
            gap(visitor, block.first() - 1, damaged(reading, at));
            gaps = 1;
        }
        reading.enter(block);
        return gaps;
    }

    private static String damaged(Cursor reading, long at) {
        return "%020d.log is damaged at offset %d".formatted(reading.base(), at);
    }

    /** Passes on that all up to {@code last} is not there. */
    private void gap(LogVisitor visitor, long last, String why) throws IOException {
        long first = said().first();
        if (expected < first) {
            long droppedLast = Math.min(last, first - 1);
            visitor.gap(expected, droppedLast, "dropped, as the server was told to keep less");
            expected = droppedLast + 1;
        }
        if (expected <= last) {
            visitor.gap(expected, last, why);
            expected = last + 1;
        }
    }

    /** The segment that has what is expected, or else the first behind it; null if there is none. */
    private @Nullable Cursor open() throws IOException {
        while (true) {
            List<Segment> segments = Segment.list(folder);
            var holding = Segment.holding(segments, expected);
            var segment = holding != null ? holding : Segment.after(segments, expected);
            if (segment == null) {
                return null;
            }
            if (open(segment)) {
                return cursor;
            }
        }
    }

    /** False if it was dropped meanwhile. */
    private boolean open(Segment segment) throws IOException {
        leave();
        try {
            long at = segment.base() < expected ? SegmentIndex.position(segment, expected) : 0;
            var opened = new Cursor(segment.file(), segment.base());
            opened.seek(at);
            cursor = opened;
            return true;
        } catch (NoSuchFileException dropped) {
            return false;
        }
    }

    private void leave() throws IOException {
        if (cursor != null) {
            cursor.close();
            cursor = null;
        }
    }

    @Override
    public void close() throws IOException {
        leave();
    }
}
