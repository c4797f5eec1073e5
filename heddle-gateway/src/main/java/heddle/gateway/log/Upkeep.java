package heddle.gateway.log;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// What a log needs beside its commits, on a thread of its own, `heddle-log`: the next segment, made before it is
/// needed; indexes of full segments; and the end of those that are old enough.
///
/// 1. A spare segment is full of zeros and synced, with its name, before the writer gets it.
/// 2. The segment that is written is never dropped, nor one that a [Hold] needs, nor one behind it.
/// 3. What is dropped is marked so before: numbers that are missing without it were lost.
///
/// Locks: `making`, held while a segment is made, which is file I/O; the writer waits for it when it needs a segment
/// and none is ready. `lock`, never held during I/O. Order: `making`, then `lock`.
public final class Upkeep {

    private static final Logger LOG = System.getLogger("heddle.gateway");

    /**
     * Of a write that makes zeros. The kernel keeps what one write brings in one piece of memory, and a commit's sync
     * looks at the whole of each piece: with 1 MiB it costs 8 us more processor time than with 16 KiB.
     */
    private static final int ZERO_BYTES = 16 << 10;

    /** How much is written at most between two syncs, so that the writer's own sync finds little of it to wait for. */
    private static final int SYNC_BYTES = 1 << 20;

    /** Between two syncs, as long as there is time: commits then have disk and processor to themselves. */
    private static final Duration PAUSE = Duration.ofMillis(4);

    /** How often it looks for room while there was none. */
    private static final Duration RETRY = Duration.ofSeconds(1);

    /** How many times it looks for old messages within the age at which they are dropped. */
    private static final int LOOKS = 100;

    private static final Duration LOOK_MIN = Duration.ofSeconds(1);
    private static final Duration LOOK_MAX = Duration.ofMinutes(1);

    private final Path folder;
    private final Disk disk;
    private final Mark mark;
    private final Path spare;

    /** Their bounds may change, and the size of segments with them. Read once where two looks must agree. */
    private volatile LogOptions options;

    private final ReentrantLock making = new ReentrantLock();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();

    // Guarded by lock.
    private final Set<Hold> holds = new HashSet<>();
    private long current;
    private boolean nudged;
    private boolean stopping;
    private @Nullable Thread thread;

    /** How much of the segment in hand is written. Set by the writer; the thread heddle-log goes by it, roughly. */
    private final AtomicLong filled = new AtomicLong();

    /** Why there is no next segment; null while there is one. Written by the thread heddle-log. */
    private volatile @Nullable String noRoom;

    /** What the files of the log had when they last changed. Written by the thread heddle-log. */
    private volatile long bytes;

    // Of the thread heddle-log.
    private @Nullable String failure;

    /** Bases of segments that have an index, or cannot get one. */
    private final Set<Long> indexed = new HashSet<>();

    Upkeep(Path folder, LogOptions options, Disk disk, Mark mark) {
        this.folder = folder;
        this.options = options;
        this.disk = disk;
        this.mark = mark;
        this.spare = folder.resolve("spare");
    }

    /** Starts the thread. Without it segments are made when they are needed, and nothing is dropped. */
    public void start() {
        lock.lock();
        try {
            thread = Thread.ofPlatform().name("heddle-log").start(this::run);
        } finally {
            lock.unlock();
        }
    }

    /** The writer goes on in the segment with this base. */
    void current(long base) {
        lock.lock();
        try {
            current = base;
            nudged = true;
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Up to where the segment in hand is written. The writer's. */
    void filled(long position) {
        filled.setOpaque(position);
    }

    /** What the files of the log had when the thread last looked: after each new segment, and each that went. */
    public long bytes() {
        return bytes;
    }

    /** Why there is no next segment, which is tried again each second; null while there is one. Any thread. */
    public @Nullable String noRoom() {
        return noRoom;
    }

    /**
     * Takes over other bounds, and the size of the segments to come that follows from them. What is beyond a lower one
     * is dropped soon, if it may be; else messages are refused when the current segment is full. Any thread.
     */
    public void bound(LogOptions next) {
        lock.lock();
        try {
            options = next;
            nudged = true;
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Ends the thread. */
    void close() {
        Thread ending;
        lock.lock();
        try {
            stopping = true;
            work.signal();
            ending = thread;
        } finally {
            lock.unlock();
        }
        if (ending != null) {
            Threads.awaitEnd(ending); // it must not touch the folder when that is another's
        }
    }

    private boolean isStopping() {
        lock.lock();
        try {
            return stopping;
        } finally {
            lock.unlock();
        }
    }

    // ---- What must stay

    /** Keeps messages from being dropped, from a number on. Any thread. */
    public final class Hold implements AutoCloseable {
        // guarded by lock
        private long from;

        private Hold(long from) {
            this.from = from;
        }

        /** From here on only {@code number} and what is behind it must stay. */
        public void moveTo(long number) {
            lock.lock();
            try {
                from = number;
            } finally {
                lock.unlock();
            }
        }

        /** Nothing must stay. */
        @Override
        public void close() {
            lock.lock();
            try {
                holds.remove(this);
            } finally {
                lock.unlock();
            }
        }
    }

    /** Holds {@code number} and what is behind it. What is dropped by now stays so. */
    public Hold hold(long number) {
        var hold = new Hold(number);
        lock.lock();
        try {
            holds.add(hold);
        } finally {
            lock.unlock();
        }
        return hold;
    }

    /** Marks what is below {@code next} as dropped, unless somebody holds it. Who holds later is told what is gone. */
    private boolean dropBelow(long next) {
        lock.lock();
        try {
            for (var hold : holds) {
                if (hold.from < next) {
                    return false;
                }
            }
            mark.setFirst(next);
            return true;
        } finally {
            lock.unlock();
        }
    }

    // ---- Room

    /** For the writer: a file of zeros, of {@code bytes} or more, to be renamed. */
    Path take(long bytes) throws IOException {
        making.lock();
        try {
            long segmentBytes = options.segmentBytes();
            if (bytes <= segmentBytes) {
                if (!isSpareThere(segmentBytes)) {
                    makeSpare(segmentBytes);
                }
                return spare;
            }
            Path large = folder.resolve("large.tmp");
            expectRoom(bytes);
            makeZeros(large, bytes);
            return large;
        } catch (NoRoomException e) {
            throw e;
        } catch (IOException e) {
            // Nothing of the log was touched.
            throw new NoRoomException("the next segment cannot be made: " + e.getMessage());
        } finally {
            making.unlock();
        }
    }

    private boolean isSpareThere(long bytes) throws IOException {
        try {
            return Files.size(spare) == bytes;
        } catch (NoSuchFileException none) {
            return false;
        }
    }

    private void makeSpare(long bytes) throws IOException {
        disk.delete(spare); // of another size
        expectRoom(bytes);
        Path temporary = folder.resolve("spare.tmp");
        makeZeros(temporary, bytes);
        disk.rename(temporary, spare);
        disk.syncFolder(folder);
    }

    private void expectRoom(long bytes) throws IOException {
        long used = Files.exists(spare) ? Files.size(spare) : 0;
        List<Segment> segments = Segment.list(folder);
        for (var segment : segments) {
            try {
                used += Files.size(segment.file());
            } catch (NoSuchFileException dropped) {
                // By the thread heddle-log, since the list was made: it takes no room any more.
            }
        }
        long bytesMax = options.bytesMax();
        if (!segments.isEmpty() && used + bytes > bytesMax) {
            throw new NoRoomException("the store is full: "
                    + used
                    + " bytes, of which "
                    + bytesMax
                    + " are allowed, and the next segment has "
                    + bytes);
        }
        long free = disk.usableBytes(folder);
        if (free < bytes) {
            throw new NoRoomException(
                    "the disk is full: " + free + " bytes are free, and the next segment has " + bytes);
        }
    }

    private void makeZeros(Path file, long bytes) throws IOException {
        disk.delete(file);
        try (var channel = disk.create(file)) {
            var zeros = ByteBuffer.allocateDirect((int) Math.min(bytes, ZERO_BYTES));
            for (long at = 0; at < bytes; at += zeros.limit()) {
                zeros.clear().limit((int) Math.min(zeros.capacity(), bytes - at));
                Whole.write(channel, zeros, at);
                if (at % SYNC_BYTES == 0) {
                    pace(channel, at);
                }
            }
            channel.force(true);
        } catch (IOException | RuntimeException e) {
            disk.delete(file);
            throw e;
        }
    }

    /**
     * On the thread heddle-log, beside commits: syncs what was written, and gives way to commits, unless it is hardly
     * twice as far as these, or the writer waits for {@link #making}. Throws at the end.
     */
    private void pace(FileChannel channel, long made) throws IOException {
        boolean ends = isStopping(); // first, as its lock shows which thread is it
        if (!Thread.currentThread().equals(thread)) {
            return; // No commit is beside it.
        }
        if (ends) {
            throw new IOException("the server ends");
        }
        channel.force(false);
        if (made > 2 * filled.getOpaque() && !making.hasQueuedThreads()) {
            try {
                Thread.sleep(PAUSE); // Real time, whatever the log's clock: it is the disk's and the processor's.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // nobody does
            }
        }
    }

    // ---- The thread

    private void run() {
        while (true) {
            boolean again = true;
            try {
                again = !work();
            } catch (IOException | RuntimeException e) {
                // It is tried again each second, and said once.
                if (!e.toString().equals(failure)) {
                    failure = e.toString();
                    LOG.log(Level.WARNING, "{0}: indexing or dropping failed: {1}", options.who(), failure);
                }
            }
            lock.lock();
            try {
                long until = options.clock().after(pauseNanos(again));
                while (!nudged && !stopping && options.clock().awaitUntil(lock, work, until)) {
                    // Spurious, or not.
                }
                nudged = false;
                if (stopping) {
                    return;
                }
            } catch (InterruptedException e) {
                return; // nobody interrupts it
            } finally {
                lock.unlock();
            }
        }
    }

    private long pauseNanos(boolean again) {
        if (again) {
            return TimeUnit.NANOSECONDS.convert(RETRY);
        }
        var age = options.keepFor();
        if (age == null) {
            return Long.MAX_VALUE;
        }
        var look = age.dividedBy(LOOKS);
        look = look.compareTo(LOOK_MIN) < 0 ? LOOK_MIN : look.compareTo(LOOK_MAX) > 0 ? LOOK_MAX : look;
        return TimeUnit.NANOSECONDS.convert(look);
    }

    /** Whether there is nothing left to do for now. */
    private boolean work() throws IOException {
        index();
        drop();
        return spare();
    }

    private boolean spare() {
        making.lock();
        try {
            long segmentBytes = options.segmentBytes();
            if (!isSpareThere(segmentBytes)) {
                makeSpare(segmentBytes);
            }
            noRoom = null;
            return true;
        } catch (IOException e) {
            boolean first = noRoom == null;
            if (!isStopping()) {
                noRoom = e.getMessage();
            }
            if (first && !isStopping()) {
                LOG.log(
                        Level.WARNING,
                        "{0}: when the current segment is full, messages are refused: {1}",
                        options.who(),
                        e.getMessage());
            }
            return false;
        } finally {
            making.unlock();
        }
    }

    /** Those before the one that is written, which begins with number {@code written}. */
    private List<Segment> full(long written) throws IOException {
        List<Segment> full = new ArrayList<>();
        for (var segment : Segment.list(folder)) {
            if (segment.base() < written) {
                full.add(segment);
            }
        }
        return full;
    }

    private void index() throws IOException {
        long written = currentBase();
        List<Segment> full = full(written);
        for (int i = 0; i < full.size() && !isStopping(); i++) {
            var segment = full.get(i);
            if (!indexed.add(segment.base()) || (SegmentIndex.of(segment) != null && SegmentIndex.isWhole(segment))) {
                continue;
            }
            try {
                var index = SegmentIndex.build(segment, disk);
                long next = i + 1 < full.size() ? full.get(i + 1).base() : written;
                if (index.last() + 1 < next) {
                    LOG.log(
                            Level.ERROR,
                            "{0}: {1} lost: {2} ends before them",
                            options.who(),
                            Recovery.numbers(index.last() + 1, next - 1),
                            segment.file().getFileName());
                }
            } catch (IOException e) {
                LOG.log(
                        Level.WARNING,
                        "{0}: no index of {1}: {2}",
                        options.who(),
                        segment.file().getFileName(),
                        e.getMessage());
            }
        }
    }

    private long currentBase() {
        lock.lock();
        try {
            return current;
        } finally {
            lock.unlock();
        }
    }

    private void drop() throws IOException {
        long written = currentBase();
        List<Segment> full = full(written);
        long bytes = options.segmentBytes(); // of the spare, which is there or to be made
        for (var segment : Segment.list(folder)) {
            bytes += Files.size(segment.file());
        }
        boolean dropped = false;
        for (int i = 0; i < full.size() && !isStopping(); i++) {
            var segment = full.get(i);
            long next = i + 1 < full.size() ? full.get(i + 1).base() : written;
            if (!(bytes > options.keepBytes() || isOld(segment)) || !dropBelow(next)) {
                break;
            }
            bytes -= Files.size(segment.file());
            indexed.remove(segment.base());
            mark.force();
            disk.delete(segment.index());
            disk.delete(segment.file());
            dropped = true;
            LOG.log(
                    Level.DEBUG,
                    "{0}: dropped {1}",
                    options.who(),
                    segment.file().getFileName());
        }
        this.bytes = bytes;
        if (dropped) {
            disk.syncFolder(folder);
        }
    }

    private boolean isOld(Segment segment) throws IOException {
        var keepFor = options.keepFor();
        if (keepFor == null) {
            return false;
        }
        var index = SegmentIndex.of(segment);
        long latest = index != null
                ? index.millisMax()
                : Files.getLastModifiedTime(segment.file()).toMillis();
        return latest < options.clock().instant().minus(keepFor).toEpochMilli();
    }
}
