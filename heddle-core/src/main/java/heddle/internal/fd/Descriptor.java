package heddle.internal.fd;

import heddle.internal.poll.ReadinessSlot;
import heddle.internal.poll.Registration;
import heddle.internal.poll.Wait;
import heddle.internal.sys.Errno;
import heddle.internal.sys.SocketName;
import heddle.internal.sys.SocketOption;
import heddle.internal.sys.Syscalls;
import heddle.internal.sys.TcpStat;
import heddle.internal.trace.Counter;
import heddle.internal.trace.Trace;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.function.IntUnaryOperator;

/**
 * One socket: tries the call, waits for readiness, tries again. Called by {@code heddle.net} on any thread, virtual or not.
 *
 * Every operation: take the direction's lock (or a reference); closed or expired? then that; forget readiness; call; EINTR: again;
 * EAGAIN: wait; anything else is the answer. Go's internal/poll has the same order.
 *
 * Two waits come without a call that says EAGAIN first: a stream from which a read got less than it asked for is drained, and one
 * that took less of a write than offered is full (epoll(7), Q9), unless the peer has shut down or sent urgent data. New data is a new
 * edge, and an edge since the last {@code clear()} ends the wait at once, so nothing is slept through. {@link Traffic} says where a short
 * read proves nothing.
 *
 * Closing: mark the lock closed, end the waits, give the life's reference back, wait until the last user has destroyed it.
 */
public final class Descriptor {

    /** After how many calls of one direction their thread lets others run; a power of two. */
    private static final int CALLS_A_TURN = 128;

    /** Longest array that every JVM makes, where a packet needs one. */
    private static final int ARRAY_BYTES_MAX = Integer.MAX_VALUE - 8;

    /** Of the scopes of direct buffers that are no arena's. */
    private static final Class<?> COLLECTED =
            MemorySegment.ofBuffer(ByteBuffer.allocateDirect(0)).scope().getClass();

    private final Descriptors all;
    private final Syscalls sys;
    private final int fd;
    private final Traffic traffic;
    private final DescriptorLock lock;
    private final Registration registration;
    private final Semaphore destroyed = new Semaphore(0);

    /** Where the C library leaves errno of the reading calls; guarded by the read lock. */
    private final int[] readErrno = new int[1];

    /** Likewise of the writing calls; guarded by the write lock. */
    private final int[] writeErrno = new int[1];

    /** The last read got less than it asked for; guarded by the read lock. */
    private boolean drained;

    /** close(2) waits until what is unsent is sent, so it blocks. Set by any thread before it closes. */
    private volatile boolean lingers;

    /** It was open when its runtime closed. Written by who closes that, before it closes this. */
    private volatile boolean endedWithRuntime;

    /** A failure that ended a read which had bytes to return, for the next one; guarded by the read lock. */
    private int postponedFailure;

    /** See {@link Descriptors#open}. */
    Descriptor(Descriptors all, int fd, Traffic traffic) {
        this.all = all;
        this.sys = all.syscalls();
        this.fd = fd;
        this.traffic = traffic;
        this.registration = new Registration(fd, all.pollers(), all.trace());
        this.lock = new DescriptorLock(registration);
        count(Counter.DESCRIPTORS, 1);
    }

    private void count(Counter counter, int n) {
        all.trace().counters().add(counter, n);
    }

    /** Names the connection or listener whose {@code toString} describes this in dumps. */
    public void describe(Object owner) {
        registration.describe(owner);
    }

    /** Reads into {@code buffer}: bytes, {@link Result#END_OF_STREAM}, or a failure. A length of 0 returns 0, or CLOSED. */
    public int read(MemorySegment buffer, int length) {
        int refused = enterRead();
        if (refused != 0) {
            return refused;
        }
        try {
            return length == 0 ? 0 : readLocked(buffer, length);
        } finally {
            if (lock.unlockRead()) {
                destroy();
            }
        }
    }

    /** Begins a call that reads or accepts: 0 with the lock, or a failure. */
    private int enterRead() {
        giveWay(registration.read());
        return refusal(lock.lockRead());
    }

    /** Begins a call that writes or connects: 0 with the lock, or a failure. */
    private int enterWrite() {
        giveWay(registration.write());
        return refusal(lock.lockWrite());
    }

    /**
     * Lets others run after {@link #CALLS_A_TURN} calls without a wait. Two threads that answer each other on two carriers, or one behind a
     * full buffer, may never have to wait.
     */
    private void giveWay(ReadinessSlot slot) {
        if (slot.callsSinceWait() % CALLS_A_TURN == 0 && Thread.currentThread().isVirtual()) {
            all.pollers().giveWay();
        }
    }

    private int readLocked(MemorySegment buffer, int length) {
        if (postponedFailure != 0) {
            int failure = postponedFailure;
            postponedFailure = 0;
            return failure;
        }
        ReadinessSlot slot = registration.read();
        Wait wait = slot.begin();
        if (wait == Wait.READY) {
            if (drained && !registration.mustTry()) {
                wait = slot.await();
            } else {
                // Not where the deadline has passed: no call follows that would find what is ready.
                slot.clear();
            }
        }
        // A packet's rest would be lost.
        int asked =
                traffic == Traffic.PACKETS ? length : Math.min(length, Syscalls.TRANSFER_BYTES_MAX);
        while (wait == Wait.READY) {
            drained = false; // Also where the call throws, for memory that cannot be used.
            int n = sys.recv(fd, buffer, asked, readErrno);
            if (n == -Errno.EINTR) {
                continue;
            }
            if (n == -Errno.EAGAIN) {
                wait = slot.await();
                continue;
            }
            drained = n > 0 && n < asked && traffic == Traffic.BYTES;
            return n == 0 ? Result.END_OF_STREAM : n;
        }
        return failure(wait);
    }

    /**
     * Reads into several segments in their order, waiting for the first byte only: runs of native ones by readv(2), each other one by
     * itself, since an iovec cannot name memory that moves or may be freed. A packet is one call's, so it goes through a copy.
     *
     * @param count of segments, none of them empty, at least one
     */
    public long readVector(MemorySegment[] buffers, int count) {
        if (traffic == Traffic.PACKETS) {
            return count > 1
                    ? readPacket(buffers, count)
                    : read(buffers[0], (int) buffers[0].byteSize());
        }
        int refused = enterRead();
        if (refused != 0) {
            return refused;
        }
        try {
            long total =
                    readLocked(
                            buffers[0],
                            (int) Math.min(buffers[0].byteSize(), Syscalls.TRANSFER_BYTES_MAX));
            int at = 1;
            boolean filled = total == buffers[0].byteSize();
            while (filled && at < count) {
                int run = nativeRun(buffers, at, count);
                long room = bytes(buffers, at, run);
                long asked = Math.min(room, Syscalls.TRANSFER_BYTES_MAX);
                long n = tryRead(buffers, at, run);
                if (n <= 0) {
                    endLater(n);
                    break;
                }
                total += n;
                at += run;
                filled = n == room;
                drained = n < asked && traffic == Traffic.BYTES;
            }
            return total;
        } finally {
            if (lock.unlockRead()) {
                destroy();
            }
        }
    }

    private int readPacket(MemorySegment[] buffers, int count) {
        int room = (int) Math.min(bytes(buffers, 0, count), ARRAY_BYTES_MAX);
        MemorySegment packet = MemorySegment.ofArray(new byte[room]);
        int n = read(packet, room);
        long at = 0;
        for (int i = 0; at < n; i++) {
            long part = Math.min(buffers[i].byteSize(), n - at);
            MemorySegment.copy(packet, at, buffers[i], 0, part);
            at += part;
        }
        return n;
    }

    private static long bytes(MemorySegment[] buffers, int from, int count) {
        long bytes = 0;
        for (int i = from; i < from + count; i++) {
            bytes += buffers[i].byteSize();
        }
        return bytes;
    }

    private long tryRead(MemorySegment[] buffers, int from, int count) {
        long n;
        do {
            n =
                    count > 1
                            ? sys.readv(
                                    fd,
                                    Arrays.copyOfRange(buffers, from, from + count),
                                    count,
                                    readErrno)
                            : sys.recv(
                                    fd,
                                    buffers[from],
                                    (int)
                                            Math.min(
                                                    buffers[from].byteSize(),
                                                    Syscalls.TRANSFER_BYTES_MAX),
                                    readErrno);
        } while (n == -Errno.EINTR);
        return n;
    }

    /** Something ended a read that has bytes to return: the next read must not lose an error that the kernel tells only once. */
    private void endLater(long n) {
        drained = false;
        if (n < 0 && n != -Errno.EAGAIN) {
            postponedFailure = (int) n;
        }
    }

    /** Writes all of {@code buffer}; the result as {@link Result} draws it. */
    public long write(MemorySegment buffer) {
        int refused = enterWrite();
        if (refused != 0) {
            return Result.ofWrite(0, refused);
        }
        try {
            Wait wait = registration.write().begin();
            registration.write().clear();
            if (wait != Wait.READY) {
                return Result.ofWrite(0, failure(wait));
            }
            return traffic == Traffic.PACKETS ? writePacket(buffer) : writeLocked(buffer, 0, false);
        } finally {
            if (lock.unlockWrite()) {
                destroy();
            }
        }
    }

    /** By one call, however long it is: what cannot go whole does not go at all. An empty packet is one too. */
    private long writePacket(MemorySegment packet) {
        while (true) {
            int n = sys.send(fd, packet, (int) packet.byteSize(), false, writeErrno);
            if (n == -Errno.EINTR) {
                continue;
            }
            if (n != -Errno.EAGAIN) {
                return n >= 0 ? n : Result.ofWrite(0, n);
            }
            Wait wait = registration.write().await();
            if (wait != Wait.READY) {
                return Result.ofWrite(0, failure(wait));
            }
        }
    }

    /** Writes all of {@code buffer}, {@code before} bytes of the same call having gone ahead. */
    private long writeLocked(MemorySegment buffer, long before, boolean more) {
        long length = buffer.byteSize();
        long done = 0;
        while (done < length) {
            int asked = (int) Math.min(length - done, Syscalls.TRANSFER_BYTES_MAX);
            boolean moreToCome = more || done + asked < length;
            int n =
                    sys.send(
                            fd,
                            done == 0 ? buffer : buffer.asSlice(done),
                            asked,
                            moreToCome,
                            writeErrno);
            if (n == -Errno.EINTR) {
                continue;
            }
            if (n >= 0) {
                done += n;
            } else if (!meansLater(n)) {
                return Result.ofWrite(before + done, n);
            }
            if (done < length) {
                ReadinessSlot slot = registration.write();
                Wait wait = n < asked ? slot.await() : slot.begin();
                if (wait != Wait.READY) {
                    return Result.ofWrite(before + done, failure(wait));
                }
            }
        }
        return before + done;
    }

    /** EINPROGRESS: a fast open lacks its cookie, so a handshake without data has begun, as by connect(2); tcp(7), TCP_FASTOPEN. */
    private static boolean meansLater(long n) {
        return n == -Errno.EAGAIN || n == -Errno.EINPROGRESS;
    }

    /**
     * Writes all of several segments, as one call among the writers: runs of native ones by writev(2), each heap or arena one by itself. A
     * packet is one call's, so it goes through a copy.
     *
     * @param count of segments; none of them is empty
     */
    public long writeVector(MemorySegment[] buffers, int count) {
        if (traffic == Traffic.PACKETS) {
            return bytes(buffers, 0, count) > ARRAY_BYTES_MAX
                    ? Result.ofWrite(0, -Errno.EMSGSIZE)
                    : write(count == 1 ? buffers[0] : joined(buffers, count));
        }
        int refused = enterWrite();
        if (refused != 0) {
            return Result.ofWrite(0, refused);
        }
        try {
            ReadinessSlot slot = registration.write();
            Wait wait = slot.begin();
            slot.clear();
            long done = 0;
            int at = 0;
            while (wait == Wait.READY && at < count) {
                int run = nativeRun(buffers, at, count);
                boolean more = at + run < count;
                done =
                        run > 1
                                ? writeRun(buffers, at, run, done, more)
                                : writeLocked(buffers[at], done, more);
                if (!more || Result.failure(done) != 0) {
                    return done;
                }
                at += run;
                wait = slot.begin();
            }
            return wait == Wait.READY ? 0 : Result.ofWrite(done, failure(wait));
        } finally {
            if (lock.unlockWrite()) {
                destroy();
            }
        }
    }

    private static MemorySegment joined(MemorySegment[] buffers, int count) {
        MemorySegment whole = MemorySegment.ofArray(new byte[(int) bytes(buffers, 0, count)]);
        long at = 0;
        for (int i = 0; i < count; i++) {
            MemorySegment.copy(buffers[i], 0, whole, at, buffers[i].byteSize());
            at += buffers[i].byteSize();
        }
        return whole;
    }

    /** How many segments from {@code at} on go into one call: a run of native ones of a bounded size, or a single one. */
    private static int nativeRun(MemorySegment[] buffers, int at, int count) {
        int end = at;
        long bytes = 0;
        while (end < count
                && end - at < Syscalls.VECTORS_MAX
                && mayRun(buffers[end])
                && (bytes += buffers[end].byteSize()) <= Syscalls.TRANSFER_BYTES_MAX) {
            end++;
        }
        return Math.max(end - at, 1);
    }

    /**
     * Whether an iovec may name the memory of {@code buffer}: it does not move, and only the collector frees it. The foreign-function API
     * keeps an arena open during a call for the segments that it is given itself, not for addresses inside of one. Were the JDK to change
     * its classes, all would go one by one.
     */
    private static boolean mayRun(MemorySegment buffer) {
        return buffer.isNative() && buffer.scope().getClass() == COLLECTED;
    }

    private long writeRun(MemorySegment[] buffers, int from, int count, long before, boolean more) {
        MemorySegment[] rest = Arrays.copyOfRange(buffers, from, from + count);
        int left = count;
        long done = before;
        while (left > 0) {
            long n = sys.writev(fd, rest, left, more, writeErrno);
            if (n == -Errno.EINTR) {
                continue;
            }
            if (n < 0 && !meansLater(n)) {
                return Result.ofWrite(done, (int) n);
            }
            if (n > 0) {
                done += n;
                left = dropWritten(rest, left, n);
            }
            if (left > 0) {
                Wait wait = registration.write().await();
                if (wait != Wait.READY) {
                    return Result.ofWrite(done, failure(wait));
                }
            }
        }
        return done;
    }

    /** Moves what is not written yet to the front; how many segments that is. */
    private static int dropWritten(MemorySegment[] buffers, int count, long written) {
        int at = 0;
        long rest = written;
        while (at < count && rest >= buffers[at].byteSize()) {
            rest -= buffers[at++].byteSize();
        }
        System.arraycopy(buffers, at, buffers, 0, count - at);
        if (rest > 0) {
            buffers[0] = buffers[0].asSlice(rest);
        }
        return count - at;
    }

    /**
     * Takes a connection from the backlog: its descriptor's number, or a failure.
     *
     * @param peer its element 0 receives the peer's address
     */
    public int accept(SocketName[] peer) {
        int refused = enterRead();
        if (refused != 0) {
            return refused;
        }
        try {
            ReadinessSlot slot = registration.read();
            Wait wait = slot.begin();
            slot.clear();
            while (wait == Wait.READY) {
                int accepted = sys.accept(fd, peer, readErrno);
                if (accepted == -Errno.EINTR || accepted == -Errno.ECONNABORTED) {
                    continue; // The latter: the peer gave up while it was queued; accept(2).
                }
                if (accepted == -Errno.EAGAIN) {
                    wait = slot.await();
                    continue;
                }
                if (accepted >= 0) {
                    count(Counter.ACCEPTED, 1);
                }
                return accepted;
            }
            return failure(wait);
        } finally {
            if (lock.unlockRead()) {
                destroy();
            }
        }
    }

    /**
     * Connects: 0, or a failure, after which the descriptor is only good for closing. The write deadline bounds it.
     *
     * @param kind of the socket; {@link Syscalls#socket}
     */
    public int connect(int kind, SocketName address) {
        int refused = enterWrite();
        if (refused != 0) {
            return refused;
        }
        try {
            Wait wait = registration.write().begin();
            int result = wait == Wait.READY ? connectLocked(kind, address) : failure(wait);
            if (result == 0) {
                count(Counter.DIALED, 1);
            }
            return result;
        } finally {
            if (lock.unlockWrite()) {
                destroy();
            }
        }
    }

    private int connectLocked(int kind, SocketName address) {
        SocketName[] peer = new SocketName[1];
        int result = sys.connect(fd, kind, address);
        if (result != -Errno.EINPROGRESS && result != -Errno.EALREADY && result != -Errno.EINTR) {
            return result;
        }
        // On loopback the handshake is usually complete: one getpeername replaces a wait and three
        // calls.
        while (true) {
            int peerless = sys.remoteAddress(fd, peer);
            if (peerless == 0) {
                return 0;
            }
            if (peerless == -Errno.EINTR) {
                continue;
            }
            int error = sys.option(fd, SocketOption.ERROR);
            if (error == Errno.EISCONN) {
                return 0;
            }
            if (error != 0
                    && error != Errno.EINPROGRESS
                    && error != Errno.EALREADY
                    && error != Errno.EINTR) {
                return error < 0 ? error : -error;
            }
            if (peerless != -Errno.ENOTCONN) {
                return peerless; // No answer: maybe connected, and then no edge would end a wait.
            }
            // No error and no peer: not connected yet, however writable it looks (golang/go#14548).
            Wait wait = registration.write().await();
            if (wait != Wait.READY) {
                return failure(wait);
            }
        }
    }

    /**
     * Waits until a read would not wait: 0, or a failure. Takes nothing away. The read deadline bounds it too.
     *
     * @param untilNanos until when at most; 0 for no limit besides the deadline
     */
    public int awaitReadable(long untilNanos) {
        int refused = enterRead();
        if (refused != 0) {
            return refused;
        }
        try {
            return awaitReadableLocked(untilNanos);
        } finally {
            if (lock.unlockRead()) {
                destroy();
            }
        }
    }

    private int awaitReadableLocked(long untilNanos) {
        ReadinessSlot slot = registration.read();
        Wait wait = slot.begin();
        if (wait == Wait.READY && all.trace().clock().hasPassed(untilNanos)) {
            wait = Wait.EXPIRED;
        }
        if (wait == Wait.READY && postponedFailure != 0) {
            return 0;
        }
        if (wait == Wait.READY) {
            if (drained && !registration.mustTry()) {
                wait = slot.awaitUntil(untilNanos);
            } else {
                slot.clear();
            }
        }
        while (wait == Wait.READY) {
            int seen = pollLocked();
            if (seen < 0) {
                return seen;
            }
            if ((seen & Syscalls.READABLE) != 0) {
                return 0;
            }
            wait = slot.awaitUntil(untilNanos);
        }
        return failure(wait);
    }

    /** poll(2), for the holder of the read lock. */
    private int pollLocked() {
        int seen = poll(fd);
        if (seen > 0) {
            drained = false; // The edge that told may be used up.
            notePeer(seen);
        }
        return seen;
    }

    private int poll(int number) {
        int seen;
        do {
            seen = sys.poll(number);
        } while (seen == -Errno.EINTR);
        return seen;
    }

    private void notePeer(int seen) {
        if ((seen & Syscalls.PEER_CLOSED) != 0) {
            registration.setPeerClosed();
        }
    }

    /** Whether the peer is known to have closed: 1 or 0, or a failure. Does not wait; one call at most, and none once the poller has told. */
    public int peerClosed() {
        if (!registration.isPeerClosed()) {
            int seen = sys.hasKernelDescriptors() ? use(this::poll) : pollIfNobodyReads();
            if (seen < 0) {
                return seen;
            }
            notePeer(seen);
        }
        if (lock.isClosed()) {
            return Result.CLOSED;
        }
        return registration.isPeerClosed() ? 1 : 0;
    }

    /** What {@link Syscalls#poll} holds back is for the reader: one that waits already would not be told. */
    private int pollIfNobodyReads() {
        if (!lock.tryLockRead()) {
            return 0;
        }
        try {
            return pollLocked();
        } finally {
            if (lock.unlockRead()) {
                destroy();
            }
        }
    }

    /** getsockopt(2) of TCP_INFO into {@code info}: 0 or a failure. */
    public int tcpInfo(Map<TcpStat, Long> info) {
        return use(number -> sys.tcpInfo(number, info));
    }

    /** shutdown(2): 0 or a failure. */
    public int shutdown(int how) {
        int result = use(number -> sys.shutdown(number, how));
        if (result == 0 && how != Syscalls.SHUT_RD) {
            // A Unix socket whose buffer is full reports nothing to its own writer then; unix_poll
            // in Linux' af_unix.c. The
            // writer tries again and gets EPIPE.
            registration.write().ready();
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
        registration.read().setDeadline(nanos);
        return !lock.isClosed();
    }

    /** Moves the write deadline; false if closed. */
    public boolean setWriteDeadline(long nanos) {
        registration.write().setDeadline(nanos);
        return !lock.isClosed();
    }

    /** Closes, and returns once the number is free again, whoever else closes at the same time; false if somebody else was first. */
    public boolean close() {
        boolean first = lock.close();
        if (first) {
            registration.close();
            if (lock.release()) {
                destroy();
                return true;
            }
        }
        if (!destroyed.tryAcquire()) {
            Trace trace = all.trace();
            trace.waits().begin("close wait", registration);
            destroyed.acquireUninterruptibly();
            trace.waits().end();
        }
        destroyed.release(); // For those who close beside us, or later.
        return first;
    }

    private void destroy() {
        registration.deregister();
        if (lingers) {
            all.pollers().beforeBlocking();
        }
        sys.close(fd);
        all.forget(fd, this);
        count(Counter.DESCRIPTORS, -1);
        destroyed.release();
    }

    /** Why the poller gave up on this descriptor, if that is what ended a call with EIO; else null. */
    public @Nullable Throwable pollerFailure() {
        return registration.pollerFailure();
    }

    /** Closes, since the runtime does: {@link #remark} says so, unless somebody closed it before. */
    void closeWithRuntime() {
        endedWithRuntime = !lock.isClosed();
        close();
    }

    /** What to say besides the errno of {@code result}, or besides that this is closed. */
    public String remark(int result) {
        return result == Result.CLOSED && endedWithRuntime
                ? ": its Heddle runtime was closed"
                : all.remark(result);
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

    private static int refusal(DescriptorLock.Grant grant) {
        return switch (grant) {
            case HELD -> 0;
            case CLOSED -> Result.CLOSED;
            case INTERRUPTED -> Result.INTERRUPTED;
        };
    }

    private int failure(Wait wait) {
        return switch (wait) {
            case CLOSED -> Result.CLOSED;
            case EXPIRED -> Result.EXPIRED;
            case INTERRUPTED -> Result.INTERRUPTED;
            case FAILED -> -registration.failure();
            case READY -> throw new AssertionError("not a failure");
        };
    }
}
