package heddle.internal.fd;

import heddle.internal.poll.Inbox;
import heddle.internal.poll.Pending;
import heddle.internal.poll.PollerSource;
import heddle.internal.poll.Registration;
import heddle.internal.socket.Errno;
import heddle.internal.socket.SocketName;
import heddle.internal.socket.SocketOption;
import heddle.internal.socket.TcpStat;
import heddle.internal.sys.Syscalls;
import heddle.internal.trace.Counter;
import heddle.internal.trace.Trace;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One socket: its life, its two directions, and the calls that belong to neither. Called by {@code heddle.net} on any
 * thread, virtual or not. {@link Reads} and {@link Writes} are the directions; {@link Opening} and {@link Listening}
 * make sockets.
 *
 * <p>Closing: mark the lock closed, end the waits, give the life's reference back, wait until the last user has
 * destroyed it.
 */
public final class Descriptor {

    /** Of a buffer that is lent: {@link #borrow}. */
    public static final int LENT_BYTES = Lender.BYTES;

    /** What takes the bytes of a transfer. */
    @FunctionalInterface
    public interface Target {

        /** Takes {@code piece} from its position on, which tells how far it came: true to go on. */
        boolean take(ByteBuffer piece);
    }

    private static final Semaphore GONE = new Semaphore(0);

    private static final VarHandle DESTROYED;

    static {
        try {
            DESTROYED = MethodHandles.lookup().findVarHandle(Descriptor.class, "destroyed", Semaphore.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Descriptors all;
    private final Syscalls sys;
    private final int fd;
    private final DescriptorLock lock;
    private final Registration registration;
    private final Reads reads;
    private final Writes writes;

    /**
     * Whose permit those who close wait for while others use this still; null before the first of them, {@link #GONE}
     * once it is destroyed. Changed by any thread.
     */
    private volatile @Nullable Semaphore destroyed;

    /** close(2) waits until what is unsent is sent, so it blocks. Set by any thread before it closes. */
    private volatile boolean lingers;

    /** It was open when its runtime closed. Written by who closes that, before it closes this. */
    private volatile boolean endedWithRuntime;

    /** What goes before this does when its runtime closes; null for nothing. Written once, by whoever opens this. */
    private volatile @Nullable Runnable farewell;

    /** By {@link Descriptors#open} alone. */
    Descriptor(Descriptors all, int fd, Traffic traffic) {
        this.all = all;
        this.sys = all.syscalls();
        this.fd = fd;
        this.registration = new Registration(fd, all.pollers(), all.trace());
        this.lock = new DescriptorLock(registration);
        this.reads = new Reads(this, sys, traffic, registration.read());
        this.writes = new Writes(this, sys, traffic, registration.write());
        count(Counter.DESCRIPTORS, 1);
    }

    void count(Counter counter, int n) {
        all.trace().counters().add(counter, n);
    }

    /** Who watches, and who sends with others'. */
    PollerSource pollers() {
        return all.pollers();
    }

    /** The calling virtual thread lets others run. */
    void giveWay() {
        all.pollers().giveWay();
    }

    /**
     * Names the one thing that can be waited for, such as {@code accept tcp 127.0.0.1:80}, in place of a connection.
     */
    void describe(String op, String network, Object address) {
        registration.showAs(new Pending(op, network, address));
    }

    /** Names the connection or listener whose {@code toString} describes this in dumps. */
    public void describe(Object owner) {
        registration.showAs(owner);
    }

    /**
     * Reads into {@code buffer}: bytes, {@link Result#END_OF_STREAM}, or a failure. A length of 0 returns 0, or CLOSED.
     */
    public int read(MemorySegment buffer, int length) {
        return reads.read(null, buffer, 0, length);
    }

    /** The same into an array, which costs no allocation. */
    public int read(byte[] buffer, int offset, int length) {
        return reads.read(buffer, null, offset, length);
    }

    /**
     * Reads into several segments in their order, waiting for the first byte only: runs of native ones by readv(2),
     * each other one by itself, since an iovec cannot name memory that moves or may be freed. A packet is one call's,
     * so it goes through a copy.
     *
     * @param count of segments, none of them empty, at least one
     */
    public long readVector(MemorySegment[] buffers, int count) {
        return reads.readVector(buffers, count);
    }

    /**
     * Waits until a read would not wait: 0, or a failure. Takes nothing away. The read deadline bounds it too.
     *
     * @param untilNanos until when at most; 0 for no limit besides the deadline
     */
    public int awaitReadable(long untilNanos) {
        return reads.awaitReadable(untilNanos);
    }

    /**
     * Reads at least one byte into a buffer that {@link #lent} then is, and that nobody holds while this waits: the
     * count, with the read lock held until {@link #giveBack}; or a failure.
     */
    public int borrow() {
        return reads.borrow(all.lender());
    }

    /** The buffer of {@link #borrow}, from its position to its limit. By the borrower. */
    public ByteBuffer lent() {
        return reads.lent();
    }

    /** Ends the loan: how many bytes were taken. What was left is what the next read gets. */
    public int giveBack() {
        return reads.giveBack(all.lender());
    }

    /** Writes all of {@code buffer}; the result as {@link Result} draws it. */
    public long write(MemorySegment buffer) {
        return writes.write(null, buffer, 0, buffer.byteSize());
    }

    /** The same of an array, which costs no allocation. */
    public long write(byte[] buffer, int offset, int length) {
        return writes.write(buffer, null, offset, length);
    }

    /**
     * Writes all of several segments, as one call among the writers: runs of native ones by writev(2), each heap or
     * arena one by itself. A packet is one call's, so it goes through a copy.
     *
     * @param count of segments; none of them is empty
     */
    public long writeVector(MemorySegment[] buffers, int count) {
        return writes.writeVector(buffers, count);
    }

    /**
     * Takes a connection from the backlog: its descriptor's number, or a failure.
     *
     * @param peer its element 0 receives the peer's address
     */
    public int accept(SocketName[] peer) {
        return reads.accept(peer);
    }

    /**
     * Connects: 0, or a failure, after which the descriptor is only good for closing. The write deadline bounds it.
     *
     * @param kind of the socket; {@link Syscalls#socket}
     */
    public int connect(int kind, SocketName address) {
        return writes.connect(kind, address);
    }

    /**
     * Copies what comes to {@code target}, as one call among the readers. What it took and the target did not is what
     * the next read gets.
     *
     * @param bytesMax at most so many
     */
    public Transferred transferTo(Target target, long bytesMax) {
        return reads.transferTo(target, bytesMax);
    }

    /**
     * The same to {@code target}'s socket, within the kernel by splice(2); null, with nothing passed on, if that is not
     * possible here and now.
     */
    public @Nullable Transferred spliceTo(Descriptor target, long bytesMax) {
        return reads.spliceTo(target.writes, all.pipes(), bytesMax);
    }

    /**
     * Whether the peer is known to have closed: 1 or 0, or a failure. Does not wait; one call at most, and none once
     * the poller has told.
     */
    public int peerClosed() {
        if (!registration.isPeerClosed()) {
            int seen = reads.lookAtPeer();
            if (seen < 0) {
                return seen;
            }
        }
        if (lock.isClosed()) {
            return Result.CLOSED;
        }
        return registration.isPeerClosed() ? 1 : 0;
    }

    /** getsockopt(2) of TCP_INFO into {@code info}: 0 or a failure. */
    public int tcpInfo(Map<TcpStat, Long> info) {
        return use(number -> sys.tcpInfo(number, info));
    }

    /** Ends reading for good, as shutdown(2) does: 0 or a failure. */
    public int shutdownRead() {
        return shutdown(Syscalls.SHUT_RD);
    }

    /** Tells the peer that nothing more comes, as shutdown(2) does: 0 or a failure. */
    public int shutdownWrite() {
        return shutdown(Syscalls.SHUT_WR);
    }

    private int shutdown(int how) {
        int result = use(number -> sys.shutdown(number, how));
        if (result == 0 && how != Syscalls.SHUT_RD) {
            // A Unix socket whose buffer is full reports nothing to its own writer then; unix_poll in Linux' af_unix.c.
            // The writer tries again and gets EPIPE.
            registration.signal(false, true, false);
        }
        return result;
    }

    /** setsockopt(2): 0 or a failure. */
    public int setOption(SocketOption option, int value) {
        if (option == SocketOption.LINGER) {
            lingers = value > 0;
        }
        return use(number -> sys.setOption(number, option, value));
    }

    /** getsockopt(2): the value or a failure. */
    public int option(SocketOption option) {
        return use(number -> sys.option(number, option));
    }

    /** getsockname(2) into {@code address[0]}: 0 or a failure. */
    public int localAddress(SocketName[] address) {
        return use(number -> sys.localAddress(number, address));
    }

    /** Calls {@code operation} with the number, which stays open meanwhile: its result, or CLOSED. */
    public int use(IntUnaryOperator operation) {
        if (!lock.retain()) {
            return Result.CLOSED;
        }
        try {
            int result;
            do {
                result = operation.applyAsInt(fd);
            } while (result == -Errno.EINTR);
            return result;
        } finally {
            if (lock.release()) {
                destroy();
            }
        }
    }

    /** Moves the read deadline; false if closed. */
    public boolean setReadDeadline(long nanos) {
        registration.setDeadline(registration.read(), nanos);
        return !lock.isClosed();
    }

    /** Moves the write deadline; false if closed. */
    public boolean setWriteDeadline(long nanos) {
        registration.setDeadline(registration.write(), nanos);
        return !lock.isClosed();
    }

    /**
     * Closes, and returns once the number is free again, whoever else closes at the same time; false if somebody else
     * was first.
     */
    public boolean close() {
        boolean first = lock.close();
        if (first) {
            registration.close();
            if (lock.release()) {
                destroy();
                return true;
            }
        }
        awaitDestroyed();
        return first;
    }

    private void awaitDestroyed() {
        Semaphore end = destroyed;
        if (end == null) {
            var fresh = new Semaphore(0);
            end = (Semaphore) DESTROYED.compareAndExchange(this, null, fresh);
            if (end == null) {
                end = fresh;
            }
        }
        if (end == GONE) {
            return;
        }
        Trace trace = all.trace();
        trace.waits().begin("close wait", registration);
        end.acquireUninterruptibly();
        trace.waits().end();
        end.release(); // For those who close beside us.
    }

    /** By the last user, who finds the descriptor closed. */
    void destroy() {
        registration.deregister();
        resetIfUnread();
        if (lingers) {
            all.pollers().beforeBlocking();
        }
        sys.close(fd);
        all.forget(fd, this);
        count(Counter.DESCRIPTORS, -1);
        Semaphore awaited = (Semaphore) DESTROYED.getAndSet(this, GONE);
        if (awaited != null) {
            awaited.release();
        }
    }

    /**
     * A close with bytes unread resets, as RFC 1122, 4.2.2.13, has it. The kernel sees to that for those that it has
     * itself; of those that a ring has received it knows nothing.
     */
    private void resetIfUnread() {
        Inbox inbox = registration.inbox();
        if (inbox != null && inbox.hasDiscarded()) {
            // Where it fails, the peer gets an end in place of the reset.
            sys.setOption(fd, SocketOption.LINGER, 0);
        }
    }

    /** Why the poller gave up on this descriptor, if that is what ended a call with EIO; else null. */
    public @Nullable Throwable pollerFailure() {
        return registration.pollerFailure();
    }

    /** {@code farewell} runs when the runtime closes this, before it does; at once if it has done so already. */
    void beforeRuntimeCloses(Runnable action) {
        farewell = action;
        // Look again: who closed the runtime before the store above did not see it.
        if (endedWithRuntime) {
            action.run();
        }
    }

    /** Closes, since the runtime does: {@link #remark} says so, unless somebody closed it before. */
    void closeWithRuntime() {
        endedWithRuntime = !lock.isClosed();
        Runnable action = farewell;
        if (endedWithRuntime && action != null) {
            action.run();
        }
        close();
    }

    /** What to say besides the errno of {@code result}, or besides that this is closed. */
    public String remark(int result) {
        return result == Result.CLOSED && endedWithRuntime ? ": its Heddle runtime was closed" : all.remark(result);
    }

    /** Whether close() was called. */
    public boolean isClosed() {
        return lock.isClosed();
    }

    /** The lock, for tests that wait until a thread queues. */
    public DescriptorLock lock() {
        return lock;
    }

    /** The poller's view, for tests that wait until a thread waits. */
    public Registration registration() {
        return registration;
    }
}
