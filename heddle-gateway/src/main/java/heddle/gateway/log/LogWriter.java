package heddle.gateway.log;

import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The log of a folder, open for writing. One thread, but for [#upkeep].
///
/// A commit is a [Block], written into zeros that are there already, and synced: one write, one fdatasync. One that
/// does not fit goes to the next segment, which [Upkeep] has made before.
///
/// 1. The block of a commit lies right behind the one before it; numbers go up by one.
/// 2. What a start finds behind the end, bytes of a commit that was cut off, is zero before anything is written there.
/// 3. After a write or a sync has failed, nothing is written any more: nobody knows what the disk has, and the kernel
///    may count the pages as written; fsync(2), NOTES. The next start looks, and writes what it takes over once more.
/// 4. A new segment begins with the highest number of every client, twice. So older segments can be dropped, and a
///    start reads the last one alone.
///
/// Memory: about 150 bytes for each client that has ever sent a numbered message, and its name.
public final class LogWriter implements Closeable {

    private static final Logger LOG = System.getLogger("heddle.gateway");

    /** How much is written anew at once, of what a start takes over without a proof that it was synced. */
    private static final int REWRITE_BYTES = 1 << 20;

    private static final SecureRandom RANDOM = new SecureRandom();

    private final Path folder;
    private final LogOptions options;
    private final Disk disk;
    private final Mark mark;
    private final Upkeep upkeep;
    private final Map<String, Long> highest;
    private final BlockWriter blocks = new BlockWriter();

    private FileChannel channel;
    private long base;
    private long size;
    private long salt;
    private long position;
    private long next;
    private long synced;
    private boolean closed;

    /**
     * Opens the log in {@code folder}, which it makes if need be, after whatever ended the last turn. What is lost is
     * said in the server's log.
     *
     * @throws IOException the folder cannot be written or read; or there is no segment, and no room for one
     */
    public LogWriter(Path folder, LogOptions options, Disk disk) throws IOException {
        this(folder, options, disk, 1, Map.of());
    }

    /** A log that begins with number {@code first}, and what its clients have reached. */
    public LogWriter(Path folder, LogOptions options, Disk disk, long first, Map<String, Long> names)
            throws IOException {
        this.folder = folder;
        this.options = options;
        this.disk = disk;
        make();
        this.mark = Mark.openForWriting(folder);
        var said = mark.said();
        List<Segment> segments = Segment.list(folder);
        this.upkeep = new Upkeep(folder, options, disk, mark);
        if (segments.isEmpty()) {
            this.highest = new HashMap<>(names);
            this.next = Math.max(first, said.written() + 1);
            if (next > first) {
                lost("%s lost: no segment is left".formatted(Recovery.numbers(Math.max(1, said.first()), next - 1)));
            }
            this.synced = next - 1;
            mark.begin(said.first() > 0 ? said.first() : next, synced);
            this.channel = startSegment(0);
        } else {
            var last = segments.getLast();
            var tail = Recovery.tail(last, said);
            var found = Recovery.names(segments, tail.position());
            this.highest = new HashMap<>(found.highest());
            if (!found.complete()) {
                lost("the highest numbers of clients may be too low: no head of a segment can be read");
            }
            this.base = last.base();
            this.next = tail.next();
            this.position = tail.position();
            this.channel = disk.open(last.file());
            try {
                this.size = tail.closed() ? position : channel.size();
                this.salt = saltOf(last);
                repair(tail, said);
                this.synced = next - 1;
                sayWhatIsMissing(segments, said, tail);
                mark.begin(said.first() > 0 ? said.first() : segments.getFirst().base(), synced);
                if (next == base && !tail.closed()) {
                    mendNames(last);
                }
            } catch (IOException e) {
                channel.close();
                throw new IOException(options.who() + ": " + last.file().getFileName() + ": " + e.getMessage(), e);
            } catch (RuntimeException e) {
                channel.close();
                throw e;
            }
        }
        upkeep.filled(position);
        upkeep.current(base);
    }

    private void make() throws IOException {
        if (!Files.isDirectory(folder)) {
            Files.createDirectory(folder, OwnerOnly.folder(folder));
            var parent = folder.toAbsolutePath().getParent();
            if (parent != null) {
                disk.syncFolder(parent);
            }
        }
        try (var left = Files.newDirectoryStream(folder, "*.tmp")) {
            for (Path file : left) {
                disk.delete(file);
            }
        }
    }

    private static long saltOf(Segment segment) throws IOException {
        try (var cursor = new Cursor(segment.file(), segment.base())) {
            var block = cursor.find();
            return block == null ? RANDOM.nextLong() : block.salt();
        }
    }

    private void lost(String what) {
        LOG.log(Level.ERROR, "{0}: {1}", options.who(), what);
    }

    /** Clears what was cut off, and writes anew what may be in the kernel's memory alone. */
    private void repair(Recovery.Tail tail, Mark.Said said) throws IOException {
        boolean cut = tail.cutTo() > tail.position();
        if (cut) {
            String which = tail.cutLast() >= next ? "messages " + next + " to " + tail.cutLast() : "message " + next;
            LOG.log(
                    Level.WARNING,
                    "{0}: {1} and what was in the same commit, never acknowledged or never synced, cut off: {2}"
                            + " is not whole at offset {3}",
                    options.who(),
                    which,
                    Segment.at(folder, base).file().getFileName(),
                    Long.toString(tail.position()));
        }
        var zeros = ByteBuffer.allocate(cut ? REWRITE_BYTES : 0);
        for (long at = tail.position(); at < tail.cutTo(); at += zeros.limit()) {
            zeros.clear().limit((int) Math.min(REWRITE_BYTES, tail.cutTo() - at));
            Whole.write(channel, zeros, at);
        }
        // After a crash of the machine, what can be read is what the disk has.
        boolean again = (said.thisBoot() || !said.valid()) && tail.suspect() < position;
        if (again) {
            var buffer = ByteBuffer.allocate(REWRITE_BYTES);
            for (long at = tail.suspect(); at < position; at += buffer.limit()) {
                buffer.clear().limit((int) Math.min(REWRITE_BYTES, position - at));
                boolean _ = Whole.read(channel, buffer, at);
                buffer.flip();
                if (!buffer.hasRemaining()) {
                    break;
                }
                Whole.write(channel, buffer, at);
            }
        }
        if (cut || again) {
            channel.force(false);
        }
    }

    /** Says what is lost: in the last segment, and before it as far as indexes tell. */
    private void sayWhatIsMissing(List<Segment> segments, Mark.Said said, Recovery.Tail tail) throws IOException {
        long expected = said.first() > 0 ? said.first() : segments.getFirst().base();
        for (var segment : segments) {
            if (segment.base() > expected) {
                lost("%s lost: no segment before %s has them"
                        .formatted(
                                Recovery.numbers(expected, segment.base() - 1),
                                segment.file().getFileName()));
            }
            var index = segment.base() == base ? null : SegmentIndex.of(segment);
            var after = Segment.after(segments, segment.base());
            expected = index != null ? index.last() + 1 : after == null ? 0 : after.base();
        }
        for (var gone : tail.lost()) {
            lost(gone.toString());
        }
    }

    // ---- Commits

    /**
     * Keeps a batch, all of it or nothing: synced, or, without {@link LogOptions#always}, with the kernel.
     *
     * @param millis its time, Unix time in ms
     * @throws NoRoomException nothing was written
     * @throws InDoubtException nobody knows; nothing more may be committed
     * @throws IOException nothing was written, and nothing more may be committed
     */
    public void commit(List<? extends LogRecord> batch, long millis) throws IOException {
        long bytes = blocks.plan(batch);
        if (position + bytes > size) {
            roll(bytes);
            blocks.plan(batch);
        }
        try {
            blocks.write(channel, base, position, salt, next, synced, millis);
            if (options.always()) {
                channel.force(false);
            }
        } catch (IOException e) {
            throw new InDoubtException(
                    Recovery.numbers(next, next + batch.size() - 1) + " in doubt: writing failed", e);
        }
        blocks.advance(highest);
        position += bytes;
        upkeep.filled(position);
        next += batch.size();
        if (options.always()) {
            synced = next - 1;
        }
        mark.set(next - 1, synced);
    }

    /** Leaves out numbers: the next message gets {@code number}. For a log that is made from another store. */
    public void skipTo(long number) {
        next = number;
    }

    /** Goes on in a new segment, with room for a block of {@code bytes}. */
    private void roll(long bytes) throws IOException {
        if (!options.always()) {
            sync(); // so that what is not synced is in one file
        }
        var full = channel;
        channel = startSegment(bytes);
        full.close();
        upkeep.current(base);
    }

    private FileChannel startSegment(long bytes) throws IOException {
        long needed = 2 * blocks.planNames(highest) + bytes;
        Path ready = upkeep.take(needed);
        var segment = Segment.at(folder, next);
        disk.rename(ready, segment.file());
        disk.syncFolder(folder);
        var opened = disk.open(segment.file());
        channel = opened;
        base = segment.base();
        size = opened.size();
        salt = RANDOM.nextLong();
        position = 0;
        upkeep.filled(position);
        writeNames();
        // Before a commit is behind it, and older segments may go.
        opened.force(false);
        return opened;
    }

    /** The head of a segment. */
    private void writeNames() throws IOException {
        for (int copy = 0; copy < 2; copy++) {
            long bytes = blocks.planNames(highest);
            blocks.write(
                    channel,
                    base,
                    position,
                    salt,
                    next,
                    synced,
                    options.clock().instant().toEpochMilli());
            position += bytes;
        }
    }

    /**
     * Writes a head of a segment without a commit anew if it was cut off, and leaves one that is whole: it may be the
     * only place that has the names.
     */
    private void mendNames(Segment segment) throws IOException {
        long bytes = blocks.planNames(highest);
        boolean mended = false;
        for (int copy = 0; copy < 2; copy++) {
            long at = copy * bytes;
            if (!isHead(segment, at, bytes)) {
                blocks.planNames(highest);
                blocks.write(
                        channel,
                        base,
                        at,
                        salt,
                        next,
                        synced,
                        options.clock().instant().toEpochMilli());
                mended = true;
            }
        }
        position = 2 * bytes;
        if (mended) {
            channel.force(false);
        }
    }

    private static boolean isHead(Segment segment, long at, long bytes) throws IOException {
        try (var cursor = new Cursor(segment.file(), segment.base())) {
            cursor.seek(at);
            var block = cursor.here();
            return block != null
                    && block.kind() == Block.KIND_NAMES
                    && block.length() == bytes
                    && cursor.isFramed(block);
        }
    }

    /** The highest number that is kept of a client; 0 for none. */
    public long highest(String client) {
        return highest.getOrDefault(client, 0L);
    }

    /** The number of the last message; 0 for none. Any thread may ask {@link LogReader}; this is the writer's. */
    public long last() {
        return next - 1;
    }

    /** Returns when all that was committed is on the disk. */
    public void sync() throws IOException {
        if (synced < next - 1) {
            channel.force(false);
            synced = next - 1;
            mark.set(synced, synced);
        }
    }

    /** What makes segments ahead and drops old ones. */
    public Upkeep upkeep() {
        return upkeep;
    }

    /** Closes the files. What is not synced stays so. */
    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        upkeep.close();
        channel.close();
        mark.force();
    }
}
