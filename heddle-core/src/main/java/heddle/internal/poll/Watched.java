package heddle.internal.poll;

import heddle.internal.socket.Errno;
import heddle.internal.trace.Counter;
import heddle.internal.trace.Trace;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// One descriptor as a poller sees it: its number, a generation that tells it from the next descriptor of that number,
/// a [ReadinessSlot] for each direction, and what the kernel has said of it.
///
/// The word `flags`:
///
///     bit 0  CLOSING      close() has begun: waits end, calls fail
///     bit 1  MUST_TRY     the peer shut down, an error or urgent data came: a short read may have left some
///     bit 2  BROKEN       the poller died: waits end with its failure
///     bit 3  PEER_CLOSED  the peer shut down, hung up or reset, or the kernel gave it up
///
/// Ordering: flags are stored before the slots are signalled; a waiter stores itself before it reads them.
public abstract class Watched {

    private static final int CLOSING = 1;
    private static final int MUST_TRY = 1 << 1;
    private static final int BROKEN = 1 << 2;
    private static final int PEER_CLOSED = 1 << 3;

    private static final AtomicInteger GENERATIONS = new AtomicInteger();

    private static final VarHandle FLAGS;
    private static final VarHandle INTEREST;

    static {
        try {
            FLAGS = MethodHandles.lookup().findVarHandle(Watched.class, "flags", int.class);
            INTEREST = MethodHandles.lookup().findVarHandle(Watched.class, "interest", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final ReadinessSlot read = new ReadinessSlot();
    final ReadinessSlot write = new ReadinessSlot();
    final Trace trace;
    private final int fd;
    private final int generation = GENERATIONS.incrementAndGet();

    /** See the table above. Set by any thread, never cleared. */
    private volatile int flags;

    /**
     * Errno of the last failed attempt to register, written by the waiter that failed, which is the one to read it; EIO
     * once the poller is dead.
     */
    volatile int failure;

    /** For which events a poller that is told them one by one watches; any thread changes it. */
    private volatile int interest;

    /** See {@link #expectsBytes}; the maker's, then the holder's of the read lock. */
    private boolean expectsBytes;

    /**
     * What a ring has received for this; null without one. Written by the holder of the read lock, read by any thread.
     */
    private volatile @Nullable Inbox inbox;

    Watched(int fd, Trace trace) {
        this.fd = fd;
        this.trace = trace;
    }

    /** Whether {@code poller} is the one that watches it. */
    public abstract boolean isWatchedBy(Object poller);

    /** What the kernel reported, in the poller's words: how many waits that ended. By the polling thread. */
    public final int signal(boolean readable, boolean writable, boolean mustTry) {
        if (mustTry && (flags & MUST_TRY) == 0) {
            FLAGS.getAndBitwiseOr(this, MUST_TRY);
        }
        int woken = readable && read.ready(trace) ? 1 : 0;
        return writable && write.ready(trace) ? woken + 1 : woken;
    }

    /** The events it is watched for: a poller's own bits. */
    public final int interest() {
        return interest;
    }

    /** Makes them {@code wanted} if they are {@code seen}. Any thread. */
    public final boolean setInterest(int seen, int wanted) {
        return INTEREST.compareAndSet(this, seen, wanted);
    }

    /** What a ring has received for this; null if none receives. */
    public final @Nullable Inbox inbox() {
        return inbox;
    }

    /** A ring receives for this from now on; null if none does any more. By the holder of the read lock. */
    public final void setInbox(@Nullable Inbox receives) {
        inbox = receives;
    }

    /** Whether a wait for reading is for the bytes of a stream. By the waiter. */
    public final boolean expectsBytes() {
        return expectsBytes;
    }

    /**
     * The waits for reading that follow are for the bytes of a stream, or for readiness. By the maker, or by the holder
     * of the read lock.
     */
    public final void setExpectsBytes(boolean expects) {
        expectsBytes = expects;
    }

    /** The kernel said that the peer has closed. Any thread. */
    public final void setPeerClosed() {
        if ((flags & PEER_CLOSED) == 0) {
            FLAGS.getAndBitwiseOr(this, PEER_CLOSED);
        }
    }

    /** Whether it is known that the peer has closed. */
    public final boolean isPeerClosed() {
        return (flags & PEER_CLOSED) != 0;
    }

    /** Ends all waits as CLOSED, for good. Any thread, once the descriptor's lock says closed. */
    public final void close() {
        end(CLOSING);
    }

    /** Ends all waits as FAILED, for good: the poller is dead. */
    public final void breakOff() {
        failure = Errno.EIO;
        end(BROKEN);
    }

    private void end(int flag) {
        FLAGS.getAndBitwiseOr(this, flag);
        release(read, Counter.GIVEN_UP);
        release(write, Counter.GIVEN_UP);
    }

    /**
     * Takes the waiter out of {@code slot}, if there is one, to look at the flags and the deadline. Any thread, after
     * storing those.
     */
    final void release(ReadinessSlot slot, Counter counter) {
        Thread waiter = slot.takeOut();
        if (waiter != null) {
            trace.counters().add(counter, 1);
            LockSupport.unpark(waiter);
        }
    }

    public final int fd() {
        return fd;
    }

    /** Tells this descriptor from earlier and later ones of the same number. */
    public final int generation() {
        return generation;
    }

    public final ReadinessSlot read() {
        return read;
    }

    public final ReadinessSlot write() {
        return write;
    }

    /** Whether a read must be tried even after a short one. */
    public final boolean mustTry() {
        return (flags & MUST_TRY) != 0;
    }

    final boolean isClosing() {
        return (flags & CLOSING) != 0;
    }

    final boolean isBroken() {
        return (flags & BROKEN) != 0;
    }
}
