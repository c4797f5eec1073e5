package heddle.internal.poll;

import heddle.internal.socket.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One send(2) that a ring makes together with others': what it sends, for whom, and what came of it. One a direction of
 * a descriptor, used again and again by the holder of the write lock.
 *
 * <p>The call does not wait in the kernel: like the direct one it takes what there is room for, or says EAGAIN. So it
 * is over when the ring has been entered, nothing is ever to be cancelled, and until then the bytes are where the
 * parked writer left them.
 *
 * <p>Ordering: the writer stores what is to be sent, then pushes this; the polling thread stores the result, then
 * unparks it.
 */
public final class Outgoing extends RingRequest {

    /** No result yet. */
    private static final int PENDING = Integer.MIN_VALUE;

    private final int fd;
    private byte @Nullable [] bytes;
    private int offset;
    private int length;
    private boolean more;
    private @Nullable Thread writer;

    /** Bytes that the kernel took or -errno. Written by the polling thread, read by the writer. */
    private volatile int result;

    /** Of the descriptor {@code fd}, which its user keeps open during {@link #send}. */
    public Outgoing(int fd) {
        this.fd = fd;
    }

    /**
     * Has {@code poller} send: bytes taken or -errno, as of send(2) with MSG_DONTWAIT. Waits until the ring has been
     * entered, whatever deadline, interrupt or close comes meanwhile; an interrupt stays pending.
     */
    public int send(Poller poller, byte[] array, int from, int count, boolean moreToCome) {
        bytes = array;
        offset = from;
        length = count;
        more = moreToCome;
        writer = Thread.currentThread();
        result = PENDING;
        poller.ask(this);
        boolean interrupted = false;
        int sent;
        while ((sent = result) == PENDING) {
            LockSupport.park(this);
            interrupted |= Thread.interrupted(); // Else no park would wait any more.
        }
        bytes = null;
        writer = null;
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return sent;
    }

    /** To which descriptor. By the polling thread, as the following ones. */
    public int fd() {
        return fd;
    }

    /** How many bytes. */
    public int length() {
        return length;
    }

    /** Whether MSG_MORE is asked for. */
    public boolean more() {
        return more;
    }

    /** Copies the bytes to {@code at} in {@code target}. */
    public void copyTo(MemorySegment target, long at) {
        MemorySegment.copy(Objects.requireNonNull(bytes), offset, target, ValueLayout.JAVA_BYTE, at, length);
    }

    /** The kernel took {@code n} bytes, or it is -errno. */
    public void sent(int n) {
        Thread waits = writer;
        result = n;
        LockSupport.unpark(waits);
    }

    /** Nobody will send this any more: the poller is dead. */
    public void abandon() {
        sent(-Errno.EIO);
    }
}
