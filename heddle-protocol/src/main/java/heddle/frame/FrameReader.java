package heddle.frame;

import heddle.net.Conn;
import heddle.net.Deadline;
import heddle.net.DeadlineExceededException;
import heddle.time.Clock;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Arrays;

/**
 * Cuts a connection's bytes into frames. One thread reads; {@link #stop} may come from any thread.
 *
 * <p>A frame is shown in place, in the one buffer that the connection was read into, until the next call of {@link
 * #next}. The buffer starts small, grows with what arrives (at most fourfold a step, never on the word of a length
 * field alone), and never beyond the largest frame or 64 KiB, whichever is more. A connection that stays silent for a
 * second is left with 256 bytes.
 *
 * <pre>
 *    buffer  |  read before  | len |  packet  | not yet looked at |  room  |
 *            0            frameStart       frameEnd              end    length
 * </pre>
 *
 * The reader owns the connection's read deadline: it sets it before each read, to the earliest of three: {@code idle}
 * from the moment it began to wait for a frame's first byte, {@code stall} from the last byte of an unfinished frame,
 * and the instant of {@link #setDeadline}. When one passes, {@link #next} throws {@link DeadlineExceededException}, and
 * may be called again.
 */
public final class FrameReader {

    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final int IDLE_BYTES = 256;

    /** What one read takes at most when frames are small: enough that its system call no longer counts. */
    private static final int BATCH_BYTES = 64 << 10;

    private static final Duration RELEASE = Duration.ofSeconds(1);

    private final Conn conn;
    private final FrameLimits limits;
    private final Duration idle;
    private final Duration stall;

    /** The connection's, so that a deadline which is kept is not moved by being set again. */
    private final Clock clock;

    private byte[] buffer = new byte[IDLE_BYTES];
    private int frameStart;
    private int frameEnd;
    private int end;
    private Deadline deadline = Deadline.NONE;

    /** Written by any thread, read by the reading one. */
    private volatile boolean stopped;

    /**
     * A reader of {@code conn}, which nobody else may read.
     *
     * @param conn the connection
     * @param limits the protocol's frames
     * @param idle longest silence between two frames
     * @param stall longest silence within a frame
     */
    public FrameReader(Conn conn, FrameLimits limits, Duration idle, Duration stall) {
        this.conn = conn;
        this.limits = limits;
        this.idle = idle;
        this.stall = stall;
        this.clock = conn.runtime().clock();
    }

    /**
     * Goes to the next frame, waiting for it if need be. Ends the view of the one before.
     *
     * @return true with a frame; false at the end of the stream, or after {@link #stop} once all frames that were read
     *     are used up
     * @throws FrameException what arrived is no frame
     * @throws DeadlineExceededException one of the three deadlines passed; nothing is lost, {@link #midFrame} tells
     *     which
     * @throws IOException what {@link Conn#read(byte[], int, int)} throws
     */
    public boolean next() throws IOException {
        frameStart = frameEnd;
        int needed = neededBytes();
        while (end - frameStart < needed) {
            if (!fill(needed)) {
                if (end > frameStart && !stopped) {
                    throw new FrameException(
                            FrameException.Kind.TRUNCATED,
                            "end of stream " + (end - frameStart) + " bytes into a frame");
                }
                return false;
            }
            needed = neededBytes();
        }
        frameEnd = frameStart + needed;
        return true;
    }

    /** The frame's size if its length field has arrived, else the size of that field. */
    private int neededBytes() throws FrameException {
        if (end - frameStart < FrameLimits.HEADER_BYTES) {
            return FrameLimits.HEADER_BYTES;
        }
        int total = (int) INT.get(buffer, frameStart);
        if (Integer.compareUnsigned(total, limits.frameBytesMin()) < 0) {
            throw new FrameException(
                    FrameException.Kind.TOO_SHORT,
                    "frame of " + total + " bytes, the smallest is " + limits.frameBytesMin());
        }
        if (Integer.compareUnsigned(total, limits.frameBytesMax()) > 0) {
            throw new FrameException(
                    FrameException.Kind.TOO_LONG,
                    "frame of " + Integer.toUnsignedString(total) + " bytes, the largest is " + limits.frameBytesMax());
        }
        return total;
    }

    /**
     * Reads at least one byte more of a frame of {@code needed} bytes. False at the end of the stream or after a stop.
     */
    private boolean fill(int needed) throws IOException {
        int unread = end - frameStart;
        if (unread > 0 && frameStart > 0) {
            System.arraycopy(buffer, frameStart, buffer, 0, unread);
        }
        frameStart = 0;
        frameEnd = 0;
        end = unread;
        if (end == buffer.length) { // so it is smaller than the frame
            buffer = Arrays.copyOf(buffer, (int) Math.min(Math.max(needed, BATCH_BYTES), 4L * buffer.length));
        }
        int room = buffer.length - end;
        int n = unread == 0 ? readFirst() : read(Deadline.after(stall, clock).earlier(deadline));
        if (n <= 0) {
            return false;
        }
        end += n;
        if (n == room && buffer.length < BATCH_BYTES) { // more is likely to be there
            buffer = Arrays.copyOf(buffer, Math.min(BATCH_BYTES, 4 * buffer.length));
        }
        return true;
    }

    /** Reads into an empty buffer; gives a large one back once the connection has been silent for a while. */
    private int readFirst() throws IOException {
        Deadline silence = Deadline.after(idle, clock).earlier(deadline);
        if (buffer.length > IDLE_BYTES) {
            try {
                return read(Deadline.after(RELEASE, clock).earlier(silence));
            } catch (DeadlineExceededException silent) {
                if (silence.hasPassed()) {
                    throw silent;
                }
                buffer = new byte[IDLE_BYTES];
            }
        }
        return read(silence);
    }

    /** Bytes read, -1 at the end of the stream, 0 after a stop. */
    private int read(Deadline until) throws IOException {
        conn.setReadDeadline(until);
        // Look only now: a stop() before the line above had its deadline overwritten, but then its
        // flag is seen here.
        if (stopped) {
            return 0;
        }
        try {
            return conn.read(buffer, end, buffer.length - end);
        } catch (DeadlineExceededException e) {
            if (stopped) {
                return 0;
            }
            throw e;
        }
    }

    /**
     * Whether {@link #next} would return, or throw, without waiting.
     *
     * @return true if a whole frame has been read already, or what has been read is none
     */
    public boolean ready() {
        int unread = end - frameEnd;
        if (unread < FrameLimits.HEADER_BYTES) {
            return false;
        }
        int total = (int) INT.get(buffer, frameEnd);
        return Integer.compareUnsigned(total, unread) <= 0
                || Integer.compareUnsigned(total, limits.frameBytesMin()) < 0
                || Integer.compareUnsigned(total, limits.frameBytesMax()) > 0;
    }

    /**
     * The array that holds the packet. Valid until the next call of {@link #next}; not to be written.
     *
     * @return the reader's buffer
     */
    public byte[] buffer() {
        return buffer;
    }

    /**
     * Where the packet starts.
     *
     * @return an index into {@link #buffer}
     */
    public int offset() {
        return frameStart + FrameLimits.HEADER_BYTES;
    }

    /**
     * The packet's size, the length field not counted.
     *
     * @return bytes
     */
    public int length() {
        return frameEnd - frameStart - FrameLimits.HEADER_BYTES;
    }

    /**
     * After a failed {@link #next}: whether a part of a frame had arrived.
     *
     * @return true within a frame, false between two
     */
    public boolean midFrame() {
        return frameEnd == frameStart && end > frameStart;
    }

    /**
     * An instant after which waiting for frames fails, whatever arrives. For the reading thread.
     *
     * @param deadline the instant, {@link Deadline#NONE} for none; holds from the next read on
     */
    public void setDeadline(Deadline deadline) {
        this.deadline = deadline;
    }

    /**
     * Makes {@link #next} return false as soon as it would have to read. From any thread, any number of times.
     *
     * @throws IOException the connection is closed
     */
    public void stop() throws IOException {
        stopped = true;
        conn.setReadDeadline(Deadline.PAST);
    }
}
