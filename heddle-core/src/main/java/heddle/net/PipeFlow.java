package heddle.net;

import heddle.internal.Life;
import heddle.internal.fd.Result;
import heddle.internal.socket.Errno;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// One direction of a [Pipe]: hands bytes from the buffers of the one writer whose turn it is to whoever reads, without
/// a buffer between them, as Go's net.Pipe does. Any thread, virtual or not, on either side.
///
///     nothing offered -> offer      write()  it is this writer's turn
///     offer           -> the rest   read()   took part of it: the writer goes on waiting
///     offer           -> nothing    read()   took the last byte: the writer is done
///     offer           -> nothing    write()  gives up: closed, expired or interrupted; what was taken counts
///
/// 1. Of the ends of a call, closed comes before ended by a half-close, that before expired, and
///    expired before data.
/// 2. Buffers are touched by their owner or, under the lock, by the other side while their owner waits in its call.
/// 3. Every change of state wakes all who wait, and each looks again.
///
/// Everything is under one lock, held to copy and never to wait. docs/decisions/0010 says why.
final class PipeFlow {

    /** Where the waits of readers and writers are noted. */
    private final Life life;

    private final ReentrantLock lock = new ReentrantLock();

    /** Anything below has changed. */
    private final Condition changed = lock.newCondition();

    // All guarded by lock.
    private @Nullable Offer offer;

    /** What a transfer had taken and its target did not, before anything that is offered. */
    private @Nullable Offer putBack;

    private boolean writing;
    private boolean readerClosed;
    private boolean writerClosed;

    /** By half-closes, which leave the other direction alone. */
    private boolean readingEnded;

    private boolean writingEnded;
    private Deadline readDeadline = Deadline.NONE;
    private Deadline writeDeadline = Deadline.NONE;

    PipeFlow(Life life) {
        this.life = life;
    }

    /** A write under way. */
    private static final class Offer {
        final ByteBuffer[] buffers;
        int at;
        long taken;

        Offer(ByteBuffer[] buffers, long before) {
            this.buffers = buffers;
            this.taken = before;
        }

        boolean isEmpty() {
            while (at < buffers.length && !buffers[at].hasRemaining()) {
                at++;
            }
            return at == buffers.length;
        }

        void moveInto(ByteBuffer target) {
            while (target.hasRemaining() && !isEmpty()) {
                ByteBuffer source = buffers[at];
                int limit = source.limit();
                int count = Math.min(source.remaining(), target.remaining());
                source.limit(source.position() + count);
                try {
                    target.put(source);
                } finally {
                    source.limit(limit);
                }
                taken += count;
            }
        }
    }

    /**
     * Reads at least one byte into {@code targets}, of which at least one has room: bytes, or -1 at the end of the
     * stream.
     *
     * @param before bytes of the same call, which a failure counts too
     */
    long read(ByteBuffer[] targets, int offset, int length, long before) throws IOException {
        lock.lock();
        try {
            while (true) {
                if (readerClosed) {
                    throw closed("read", before);
                }
                Offer earlier = putBack;
                if (hasEnded() && earlier == null) {
                    return -1;
                }
                if (readDeadline.hasPassed()) {
                    throw failure("read", Result.EXPIRED, before);
                }
                if (earlier != null) {
                    return take(earlier, targets, offset, length);
                }
                Offer current = offer;
                if (current != null) {
                    long n = take(current, targets, offset, length);
                    if (n > 0) {
                        return n;
                    }
                    // An empty write has met its reader, who waits on for a byte.
                }
                if (endsByInterrupt("read", readDeadline)) {
                    throw failure("read", Result.INTERRUPTED, before);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Leaves what remains of {@code taken}, if anything does, for the next reads: its target did not take it. */
    void putBack(ByteBuffer taken) {
        if (taken.hasRemaining()) {
            lock.lock();
            try {
                Offer later = putBack;
                int more = later == null ? 0 : later.buffers.length - later.at;
                var all = new ByteBuffer[1 + more];
                all[0] = ByteBuffer.allocate(taken.remaining())
                        .put(taken.duplicate())
                        .flip();
                if (later != null) {
                    System.arraycopy(later.buffers, later.at, all, 1, more);
                }
                putBack = new Offer(all, 0);
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    private long take(Offer from, ByteBuffer[] targets, int offset, int length) {
        long before = from.taken;
        for (int i = offset; i < offset + length; i++) {
            from.moveInto(targets[i]);
        }
        if (from.isEmpty()) {
            if (from == putBack) {
                putBack = null;
            } else {
                withdrawOffer();
            }
        }
        return from.taken - before;
    }

    /** There is nothing more to take: its writer is done. */
    private void withdrawOffer() {
        offer = null;
        changed.signalAll();
    }

    /** Waits until a read need not wait, at most until {@code limit}. */
    void awaitReadable(Deadline limit) throws IOException {
        lock.lock();
        try {
            while (true) {
                if (readerClosed) {
                    throw closed("read", 0);
                }
                if (hasEnded() && putBack == null) {
                    return;
                }
                Deadline end = readDeadline.earlier(limit);
                if (end.hasPassed()) {
                    throw failure("read", Result.EXPIRED, 0);
                }
                if (putBack != null) {
                    return;
                }
                if (offer != null) {
                    if (!offer.isEmpty()) {
                        return;
                    }
                    // As with a read: else it would hold up the writers behind it, for which this waits.
                    withdrawOffer();
                }
                if (endsByInterrupt("read", end)) {
                    throw failure("read", Result.INTERRUPTED, 0);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Whether a read meets the end of the stream. Under the lock. */
    private boolean hasEnded() {
        return writerClosed || writingEnded || readingEnded;
    }

    /** Whether a read would meet the end of the stream. */
    boolean isAtEnd() throws IOException {
        lock.lock();
        try {
            if (readerClosed) {
                throw closed("read", 0);
            }
            return hasEnded();
        } finally {
            lock.unlock();
        }
    }

    /** Checks that the reader may read nothing: it may unless it has closed. */
    void readNothing() throws IOException {
        lock.lock();
        try {
            if (readerClosed) {
                throw closed("read", 0);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Writes all of {@code sources} as one call among the writers, once a reader is there: the bytes. The array stays
     * as it is.
     *
     * @param before bytes of the same call, which a failure counts too
     */
    long write(ByteBuffer[] sources, long before) throws IOException {
        Offer mine = new Offer(sources, before);
        lock.lock();
        try {
            while (true) {
                checkWriter(mine);
                if (!writing) {
                    break;
                }
                if (endsByInterrupt("write", writeDeadline)) {
                    throw failure("write", Result.INTERRUPTED, 0);
                }
            }
            writing = true;
            offer = mine;
            changed.signalAll();
            try {
                while (offer == mine) {
                    checkWriter(mine);
                    if (endsByInterrupt("write", writeDeadline)) {
                        if (offer == mine) {
                            throw failure("write", Result.INTERRUPTED, mine.taken);
                        }
                        // A reader was faster: this call has not been ended, the next wait will be.
                        Thread.currentThread().interrupt();
                    }
                }
            } finally {
                offer = null;
                writing = false;
                changed.signalAll();
            }
            return mine.taken - before;
        } finally {
            lock.unlock();
        }
    }

    private void checkWriter(Offer mine) throws IOException {
        if (writerClosed || readerClosed) {
            throw closed("write", mine.taken);
        }
        if (writingEnded || readingEnded) {
            throw Failures.of("write", "pipe", null, null, "write", -Errno.EPIPE, mine.taken);
        }
        if (writeDeadline.hasPassed()) {
            throw failure("write", Result.EXPIRED, mine.taken);
        }
    }

    /**
     * Waits for a change or the deadline, for which the caller looks again; true, at once, if the thread was
     * interrupted.
     */
    private boolean endsByInterrupt(String op, Deadline deadline) {
        life.beginWait(op + " wait", PipeAddr.INSTANCE);
        try {
            deadline.await(lock, changed);
            return false;
        } catch (InterruptedException interrupted) {
            return true;
        } finally {
            life.endWait();
        }
    }

    /** Moves the reader's deadline; false if either end is closed. */
    boolean setReadDeadline(Deadline deadline) {
        lock.lock();
        try {
            readDeadline = deadline;
            changed.signalAll();
            return !readerClosed && !writerClosed;
        } finally {
            lock.unlock();
        }
    }

    /** Moves the writer's deadline; false if either end is closed. */
    boolean setWriteDeadline(Deadline deadline) {
        lock.lock();
        try {
            writeDeadline = deadline;
            changed.signalAll();
            return !readerClosed && !writerClosed;
        } finally {
            lock.unlock();
        }
    }

    /** The reader's half-close: reads meet the end of the stream, writes fail. */
    void endReading() {
        lock.lock();
        try {
            readingEnded = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The writer's half-close: reads meet the end of the stream, writes fail. */
    void endWriting() {
        lock.lock();
        try {
            writingEnded = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void closeReader() {
        lock.lock();
        try {
            readerClosed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void closeWriter() {
        lock.lock();
        try {
            writerClosed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private static IOException failure(String op, int result, long bytes) {
        return Failures.of(op, "pipe", null, null, "", result, bytes);
    }

    static ConnClosedException closed(String op, long bytes) {
        return ConnClosedException.ofPipe(new NetError.Details(op, "pipe", null, null, 0, false, bytes));
    }
}
