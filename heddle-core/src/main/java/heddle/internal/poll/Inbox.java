package heddle.internal.poll;

import heddle.internal.socket.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// What a ring has received for a stream and nobody has read yet. A reader that has to wait asks for a receive, which
/// then goes on by itself, into buffers of the kernel's choice, until its last completion. Between two such receives
/// the stream is read by recv(2), as without a ring.
///
///     IDLE       the ring has nothing of this stream in hand
///     RECEIVING  asked for, or under way in the kernel
///
///     IDLE -> RECEIVING   receive()  a reader is about to wait
///     RECEIVING -> IDLE   ended()    the last completion: end of the stream, an error, no buffer, cancelled
///
/// A wait that a deadline or an interrupt ends cancels nothing: what comes stays here for the next read. It is
/// cancelled where too much lies unread, where another carrier has taken over the ring, and before the descriptor is
/// closed.
///
/// Threads: pieces come by the polling thread and are taken by the holder of the read lock, who alone may ask for a
/// receive. [#stop] is called by that one, or by the last user of the descriptor.
///
/// Ordering: the polling thread pushes the piece, stores the result, stores IDLE, and then signals the slot. A reader
/// clears the slot, looks at the pieces, then at the state, and if that is IDLE at the pieces again.
public final class Inbox extends RingRequest {

    /** Of {@link #read}: nothing is here or will come; recv(2) tells how the stream is. */
    public static final int ASK_KERNEL = Integer.MAX_VALUE;

    private final int fd;
    private final int generation;
    private final Ring ring;

    /** What came and was not taken yet. */
    private final PieceStack came = new PieceStack();

    /** What was taken of that, oldest first; the reader's. */
    private @Nullable Piece oldest;

    /** See {@link #hasDiscarded}; the last user's. */
    private boolean discarded;

    /** See above. */
    private volatile boolean receiving;

    /** What the last completion said, once it is IDLE, until a read has told it; else {@link #ASK_KERNEL}. */
    private int result = ASK_KERNEL;

    /** Somebody waits until it is IDLE, and does not want to receive any more. Written by that one. */
    private volatile @Nullable Thread stopper;

    /** How many pieces came. Written by the polling thread; what follows but for the next is its own. */
    private volatile int count;

    /** How many of them were read. Written by the reader. */
    private volatile int taken;

    /** Whether the kernel has a receive for this. */
    private boolean inKernel;

    /** Whether it was asked to cancel that. */
    private boolean cancelling;

    /** Which carrier's that is: {@code RingPoller} counts them. */
    private int epoch;

    /** Who receives. Any thread may call it. */
    public interface Ring {

        /** The polling thread shall look what {@code inbox} wants. */
        void ask(Inbox inbox);

        /** {@code piece} is the kernel's again. */
        void giveBack(Piece piece);

        /** Whether nobody polls any more. */
        boolean isDead();
    }

    /** Of the stream {@code fd}, which {@code generation} tells from others of that number. */
    public Inbox(int fd, int generation, Ring ring) {
        this.fd = fd;
        this.generation = generation;
        this.ring = ring;
    }

    /** The stream's number. */
    public int fd() {
        return fd;
    }

    /** See {@link #Inbox}. */
    public int generation() {
        return generation;
    }

    /** Whether the ring has, or will have, a receive in hand. Any thread. */
    public boolean isReceiving() {
        return receiving;
    }

    /** Whether a read would find nothing here, neither bytes nor what the last completion said. By the reader. */
    public boolean isEmpty() {
        if (oldest != null || !came.isEmpty()) {
            return false;
        }
        return receiving || (came.isEmpty() && result == ASK_KERNEL);
    }

    /**
     * Takes what came, into one of the two: how many bytes, 0 at the end of the stream, -errno, -EAGAIN if something
     * may come yet, or {@link #ASK_KERNEL}. By the reader.
     */
    public int read(byte @Nullable [] array, @Nullable MemorySegment segment, long offset, int length) {
        Piece piece = first();
        if (piece == null && receiving) {
            return -Errno.EAGAIN;
        }
        if (piece == null) {
            piece = first(); // Look again: it may have come before the state that was read.
        }
        if (piece == null) {
            int told = result;
            result = ASK_KERNEL;
            return told;
        }
        int done = 0;
        while (piece != null && done < length) {
            done += take(piece, array, segment, offset + done, length - done);
            piece = first();
        }
        return done;
    }

    /** The oldest that is unread; null if there is none. */
    private @Nullable Piece first() {
        if (oldest == null) {
            Piece seen = came.takeAll();
            while (seen != null) {
                Piece next = seen.next;
                seen.next = oldest;
                oldest = seen;
                seen = next;
            }
        }
        return oldest;
    }

    /** From {@code piece}, the oldest, which goes back once it is empty. */
    private int take(Piece piece, byte @Nullable [] array, @Nullable MemorySegment segment, long offset, int length) {
        int n = Math.min(length, piece.end - piece.from);
        if (array != null) {
            MemorySegment.copy(piece.pool, ValueLayout.JAVA_BYTE, piece.address + piece.from, array, (int) offset, n);
        } else if (segment != null) {
            MemorySegment.copy(piece.pool, piece.address + piece.from, segment, offset, n);
        }
        piece.from += n;
        if (piece.from == piece.end) {
            drop(piece);
        }
        return n;
    }

    /** {@code piece}, the oldest, goes back. */
    private void drop(Piece piece) {
        oldest = piece.next;
        piece.next = null;
        int before = taken;
        taken = before + 1;
        ring.giveBack(piece);
    }

    /** Gives back all that is unread. By the last user. */
    public void discard() {
        for (Piece piece = first(); piece != null; piece = first()) {
            drop(piece);
            discarded = true;
        }
    }

    /** Whether {@link #discard} found something. By the last user. */
    public boolean hasDiscarded() {
        return discarded;
    }

    /**
     * A reader is about to wait: asks for a receive unless there is one, or something to read, of which the slot will
     * tell. By the reader.
     */
    public void receive() {
        // Not where an end or an error came since the reader looked: the kernel tells an error once, and the end of
        // another receive would take its place.
        if (!receiving && isEmpty()) {
            receiving = true;
            ring.ask(this);
        }
    }

    /**
     * Waits until it is IDLE; what came by then stays. By the reader, who does not ask for a receive meanwhile, or by
     * the last user. An interrupt stays pending.
     */
    public void stop() {
        if (!receiving) {
            return;
        }
        stopper = Thread.currentThread();
        ring.ask(this);
        boolean interrupted = false;
        while (receiving && !ring.isDead()) {
            LockSupport.park(this);
            interrupted |= Thread.interrupted();
        }
        stopper = null;
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether nobody wants to receive any more. By the polling thread, as the following ones. */
    public boolean isToStop() {
        return stopper != null;
    }

    /** Whether the kernel has a receive for this. */
    public boolean isInKernel() {
        return inKernel;
    }

    /** The kernel was given one, by the carrier of {@code epoch}. */
    public void begun(int epochOfCarrier) {
        inKernel = true;
        cancelling = false;
        epoch = epochOfCarrier;
    }

    /** How many pieces lie here. Any thread; exact for the polling thread while nobody reads. */
    public int unread() {
        return count - taken;
    }

    /** Whether the receive is to be cancelled, and is not yet: so many pieces lie here, or it is another carrier's. */
    public boolean isOverdue(int unreadMax, int epochOfCarrier) {
        return inKernel && !cancelling && (unread() >= unreadMax || epoch != epochOfCarrier);
    }

    /** The kernel was asked to cancel, or said that it could not: then it is asked again when something comes. */
    public void setCancelling(boolean asked) {
        cancelling = asked;
    }

    /** {@code bytes} came in {@code piece}. */
    public void came(Piece piece, int bytes) {
        piece.from = 0;
        piece.end = bytes;
        int before = count;
        count = before + 1;
        came.push(piece);
    }

    /** The last completion said {@code said}; {@link #ASK_KERNEL} for what is no news of the stream. */
    public void ended(int said) {
        inKernel = false;
        result = said;
        receiving = false;
        LockSupport.unpark(stopper);
    }

    /** The poller is dead: nothing comes any more. Any thread. */
    public void abandon() {
        LockSupport.unpark(stopper);
    }
}
