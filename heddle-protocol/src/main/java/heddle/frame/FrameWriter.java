package heddle.frame;

import heddle.net.Conn;
import heddle.net.Deadline;
import heddle.time.Clock;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Gathers frames from many threads and writes them in batches. No thread that adds frames ever waits for the peer: a
 * virtual thread that is started when there is something to write, and ends when there is nothing left, does the
 * writing. While it is in one write call the next batch builds up behind it, so the busier the connection, the more
 * frames go into a call.
 *
 * <p>An idle writer holds no thread and no buffer. All methods may be called from any thread. Frames leave in the order
 * in which they were added, never interleaved; nobody else may write to the connection.
 *
 * <p>Bound: adding is not limited, so who adds asks {@link #awaitRoom} first, or limits by other means what it may add.
 */
public final class FrameWriter {

    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final byte[] EMPTY = {};
    private static final int BATCH_BYTES_MIN = 512;

    /**
     * A write call carries this much at most, so that the stall limit is one on progress and not on the size of a
     * batch.
     */
    private static final int WRITE_BYTES_MAX = 64 << 10;

    private final Conn conn;
    private final int pendingBytesMax;
    private final long stallNanos;
    private final Consumer<IOException> onFailure;

    private final ReentrantLock lock = new ReentrantLock();

    /** Signalled when a batch was taken, when the writing ends, when it fails. */
    private final Condition changed = lock.newCondition();

    // All guarded by lock.
    private byte[] pending = EMPTY;
    private int pendingBytes;
    private boolean writing;
    private @Nullable IOException failure;

    /**
     * A writer to {@code conn}.
     *
     * @param conn the connection; the writer owns its write deadline
     * @param pendingBytesMax {@link #awaitRoom} waits while this much is still to be written
     * @param stall longest time that 64 KiB may take to get into the kernel
     * @param onFailure called once, on the writing thread, with the first failure; later frames are dropped
     */
    public FrameWriter(Conn conn, int pendingBytesMax, Duration stall, Consumer<IOException> onFailure) {
        this.conn = conn;
        this.pendingBytesMax = pendingBytesMax;
        this.stallNanos = TimeUnit.NANOSECONDS.convert(stall);
        this.onFailure = onFailure;
    }

    /**
     * Adds a frame without starting to write: for many in a row, followed by one {@link #flush}. Never waits for the
     * peer.
     *
     * @param packet what the frame carries; not kept
     */
    public void add(Packet packet) {
        lock.lock();
        try {
            append(packet);
        } finally {
            lock.unlock();
        }
    }

    /** Starts writing what was added, if it is not being written already. Never waits for the peer. */
    public void flush() {
        lock.lock();
        try {
            startWriting();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Adds a frame and starts writing. Never waits for the peer.
     *
     * @param packet what the frame carries; not kept
     */
    public void send(Packet packet) {
        lock.lock();
        try {
            append(packet);
            startWriting();
        } finally {
            lock.unlock();
        }
    }

    private void append(Packet packet) {
        if (failure != null) {
            return; // the owner has been told
        }
        int total = FrameLimits.HEADER_BYTES + packet.length();
        int needed = Math.addExact(pendingBytes, total);
        if (needed > pending.length) {
            pending = Arrays.copyOf(pending, grown(needed));
        }
        INT.set(pending, pendingBytes, total);
        packet.encode(pending, pendingBytes + FrameLimits.HEADER_BYTES);
        pendingBytes = needed;
    }

    private int grown(int needed) {
        return (int) Math.min(Integer.MAX_VALUE - 8, Math.max(needed, Math.max(BATCH_BYTES_MIN, 2L * pending.length)));
    }

    private void startWriting() {
        if (!writing && pendingBytes > 0) {
            writing = true;
            conn.runtime().ofVirtual().name("heddle-writer").start(this::writePending);
        }
    }

    private void writePending() {
        byte[] batch = EMPTY;
        while (true) {
            int batchBytes;
            lock.lock();
            try {
                byte[] written = batch;
                batch = pending;
                batchBytes = pendingBytes;
                // The two swap places while there is work, and go when there is none.
                pending = batchBytes == 0 ? EMPTY : written;
                pendingBytes = 0;
                writing = batchBytes > 0;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
            if (batchBytes == 0) {
                return;
            }
            try {
                write(batch, batchBytes);
            } catch (IOException e) {
                fail(e);
                return;
            }
        }
    }

    private void write(byte[] batch, int batchBytes) throws IOException {
        for (int at = 0; at < batchBytes; at += WRITE_BYTES_MAX) {
            conn.setWriteDeadline(Deadline.afterNanos(stallNanos));
            conn.write(batch, at, Math.min(WRITE_BYTES_MAX, batchBytes - at));
        }
    }

    private void fail(IOException cause) {
        lock.lock();
        try {
            failure = cause;
            writing = false;
            pending = EMPTY;
            pendingBytes = 0;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        onFailure.accept(cause);
    }

    /**
     * Waits until less than the bound is still to be written, or writing has failed.
     *
     * @throws InterruptedException the thread was interrupted
     */
    public void awaitRoom() throws InterruptedException {
        lock.lock();
        try {
            while (pendingBytes >= pendingBytesMax) {
                startWriting();
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Starts writing what was added, and waits until the kernel has all of it or writing has failed.
     *
     * @param bound longest wait
     * @return true if all has been written
     * @throws InterruptedException the thread was interrupted
     */
    public boolean awaitWritten(Duration bound) throws InterruptedException {
        Clock clock = conn.runtime().clock();
        long until = clock.after(TimeUnit.NANOSECONDS.convert(bound));
        lock.lock();
        try {
            startWriting();
            while (writing && clock.awaitUntil(lock, changed, until)) {
                // Told of something else.
            }
            return !writing && failure == null;
        } finally {
            lock.unlock();
        }
    }
}
