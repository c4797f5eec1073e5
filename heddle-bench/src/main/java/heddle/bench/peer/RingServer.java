package heddle.bench.peer;

import heddle.internal.jdk.VirtualThreads;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A variant that is not in the product: blocking reads and writes of virtual threads by io_uring, on one carrier, with
/// nothing beside (no deadlines, no locks, no hand-off). It answers what a ring could gain before one is built. An echo
/// on one processor is all that it does. The first argument says how:
///
///     loop      no ring and no virtual threads: the loop over epoll answers by itself; what Java costs alone
///     epoll     no ring: epoll tells when to call recv; what the others are compared with
///     recv      a read is a receive of the ring, a write is send, as in the ring's absence
///     both      reads and writes are the ring's, and each waits for its completion
///     multi     a receive for each connection goes on by itself into buffers of the kernel's choice; a write is send
///     multiboth the same, and writes are the ring's
///
/// The second says whose the ring is:
///
///     bound     SINGLE_ISSUER and DEFER_TASKRUN: cheapest, and no other thread can ever enter it
///     free      neither, but COOP_TASKRUN: a ring that another carrier could take over at a hand-off
///
/// References: io_uring_enter(2), io_uring_setup(2), io_uring_register(2), epoll(7).
@SuppressWarnings("restricted") // The peer is started with native access.
public final class RingServer {

    private static final int ENTRIES = 4096;
    private static final int COMPLETIONS = 32768;
    private static final int BUFFERS = 4096;
    private static final int CONNECTIONS_MAX = 32768;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle SYSCALL = LINKER.downcallHandle(
            LINKER.defaultLookup().find("syscall").orElseThrow(),
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG),
            Linker.Option.firstVariadicArg(1));

    /** The same for calls that cannot block. */
    private static final MethodHandle SHORT_SYSCALL = LINKER.downcallHandle(
            LINKER.defaultLookup().find("syscall").orElseThrow(),
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG),
            Linker.Option.firstVariadicArg(1),
            Linker.Option.critical(false));

    /** All of memory, so that an address is an offset. */
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    // x86-64 alone; see the calls' man pages.
    private static final int SYS_MMAP = 9;
    private static final int SYS_SENDTO = 44;
    private static final int SYS_RECVFROM = 45;
    private static final int SYS_SOCKET = 41;
    private static final int SYS_BIND = 49;
    private static final int SYS_LISTEN = 50;
    private static final int SYS_SETSOCKOPT = 54;
    private static final int SYS_ACCEPT4 = 288;
    private static final int SYS_CLOSE = 3;
    private static final int SYS_EPOLL_CREATE1 = 291;
    private static final int SYS_EPOLL_CTL = 233;
    private static final int SYS_EPOLL_WAIT = 232;
    private static final int SYS_URING_SETUP = 425;
    private static final int SYS_URING_ENTER = 426;
    private static final int SYS_URING_REGISTER = 427;

    private static final int OP_POLL_ADD = 6;
    private static final int OP_SEND = 26;
    private static final int OP_RECV = 27;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int POLL_FIRST = 1;
    private static final int MULTISHOT = 2;
    private static final int BUFFER_SELECT = 1 << 5;
    private static final int CQE_BUFFER = 1;
    private static final int CQE_MORE = 2;
    private static final int POLLIN = 1;
    private static final int POLLERR = 8;
    private static final int POLLHUP = 16;

    private final boolean loop;
    private final boolean epoll;
    private final boolean sendByRing;
    private final boolean multishot;
    private final boolean bound;
    private final int port;
    private final int bufferBytes;
    private final Arena arena = Arena.global();

    // The carrier's alone, as everything below is.
    private final ArrayDeque<Runnable> runnable = new ArrayDeque<>();
    private final Conn[] conns = new Conn[CONNECTIONS_MAX];
    private Thread.Builder.OfVirtual threads;

    private int ring;
    private long sqHead;
    private long sqTail;
    private int sqMask;
    private long sqes;
    private long cqHead;
    private long cqTail;
    private int cqMask;
    private long cqes;
    private int tail;
    private int toSubmit;
    private long bufferRing;
    private long buffers;
    private int bufferTail;
    private int epollFd;
    private long events;

    private static final class Conn {
        final int fd;
        final long memory;

        @Nullable
        Thread waiting;

        boolean ready;
        // epoll: the next bytes make another edge
        boolean drained;
        boolean broken;
        int result;
        // multishot: what came and was not read, oldest first
        final ArrayDeque<Integer> came = new ArrayDeque<>(4);
        boolean armed;
        boolean ended;

        @Nullable
        Thread writer;

        boolean written;
        int writeResult;

        Conn(int fd, long memory) {
            this.fd = fd;
            this.memory = memory;
        }
    }

    private RingServer(String how, String whose, Arguments arguments) {
        loop = how.equals("loop");
        epoll = loop || how.equals("epoll");
        sendByRing = how.endsWith("both");
        multishot = how.startsWith("multi");
        bound = whose.equals("bound");
        port = arguments.port();
        bufferBytes = arguments.bufferBytes();
        var probe = VirtualThreads.probe();
        threads = Objects.requireNonNull(probe.threads(), probe.reason()).builder(runnable::add);
    }

    /** See above. */
    public static void main(String[] args) throws IOException {
        String[] rest = new String[args.length - 2];
        System.arraycopy(args, 2, rest, 0, rest.length);
        new RingServer(args[0], args[1], Arguments.of(rest)).run();
    }

    private static long call(long number, long a, long b, long c, long d, long e, long f) {
        try {
            return (long) SYSCALL.invokeExact(number, a, b, c, d, e, f);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    private static long shortCall(long number, long a, long b, long c, long d, long e, long f) {
        try {
            return (long) SHORT_SYSCALL.invokeExact(number, a, b, c, d, e, f);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    private static long checked(String what, long result) throws IOException {
        if (result < 0) {
            throw new IOException(what + " failed");
        }
        return result;
    }

    private void run() throws IOException {
        int listener = listen();
        if (epoll) {
            epollFd = (int) checked("epoll_create1", call(SYS_EPOLL_CREATE1, 0, 0, 0, 0, 0, 0));
            events = arena.allocate(12 * 1024, 8).address();
        } else {
            openRing();
        }
        conns[listener] = new Conn(listener, 0);
        if (epoll) {
            register(listener);
        }
        threads.start(() -> acceptAll(conns[listener]));
        while (true) {
            for (int turns = runnable.size(); turns > 0; turns--) {
                Objects.requireNonNull(runnable.poll()).run();
            }
            if (epoll) {
                pollEpoll(runnable.isEmpty() ? -1 : 0);
            } else {
                pollRing(runnable.isEmpty() ? 1 : 0);
            }
        }
    }

    private int listen() throws IOException {
        int fd = (int) checked("socket", call(SYS_SOCKET, 2, 1 | 0x800, 0, 0, 0, 0));
        MemorySegment one = arena.allocate(16, 8);
        one.set(ValueLayout.JAVA_INT, 0, 1);
        call(SYS_SETSOCKOPT, fd, 1, 2, one.address(), 4, 0);
        MemorySegment address = arena.allocate(16, 8);
        address.set(ValueLayout.JAVA_SHORT, 0, (short) 2);
        address.set(ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN), 2, (short) port);
        address.set(ValueLayout.JAVA_INT.withOrder(ByteOrder.BIG_ENDIAN), 4, 0x7f000001);
        checked("bind", call(SYS_BIND, fd, address.address(), 16, 0, 0, 0));
        call(SYS_SETSOCKOPT, fd, 6, 1, one.address(), 4, 0); // accepted ones inherit TCP_NODELAY
        checked("listen", call(SYS_LISTEN, fd, BlockingServer.BACKLOG, 0, 0, 0, 0));
        return fd;
    }

    private void acceptAll(Conn listener) {
        while (true) {
            long fd;
            while ((fd = shortCall(SYS_ACCEPT4, listener.fd, 0, 0, 0x800, 0, 0)) < 0) {
                if (!epoll) {
                    sqe(OP_POLL_ADD, listener.fd, 0, 0, POLLIN, 0, listener.fd * 2L);
                }
                await(listener);
            }
            Conn conn = new Conn(
                    (int) fd,
                    multishot && !sendByRing
                            ? 0
                            : arena.allocate(bufferBytes, 64).address());
            conns[conn.fd] = conn;
            if (epoll) {
                register(conn.fd);
            }
            if (!loop) {
                threads.start(() -> echo(conn));
            }
        }
    }

    private void echo(Conn conn) {
        byte[] buffer = new byte[bufferBytes];
        int n;
        while ((n = read(conn, buffer)) > 0 && write(conn, buffer, n)) {
            // on
        }
        if (conn.armed) {
            conn.ended = true;
        }
        if (!conn.armed) {
            shortCall(SYS_CLOSE, conn.fd, 0, 0, 0, 0, 0);
        }
    }

    private int read(Conn conn, byte[] into) {
        if (epoll) {
            if (conn.drained) {
                await(conn);
            }
            long n;
            while ((n = shortCall(SYS_RECVFROM, conn.fd, conn.memory, into.length, MSG_DONTWAIT, 0, 0)) < 0) {
                if (conn.broken) {
                    return -1;
                }
                await(conn);
            }
            conn.drained = n < into.length; // epoll(7), Q9
            copy(conn.memory, into, (int) n);
            return (int) n;
        }
        if (multishot) {
            while (conn.came.isEmpty()) {
                if (!conn.armed) {
                    if (conn.result <= 0 && conn.ready) {
                        return conn.result;
                    }
                    arm(conn);
                }
                await(conn);
                if (!conn.armed && conn.came.isEmpty()) {
                    return conn.result;
                }
            }
            int came = conn.came.remove();
            int buffer = came >>> 16;
            int n = came & 0xffff;
            copy(buffers + (long) buffer * bufferBytes, into, n);
            giveBack(buffer);
            return n;
        }
        sqe(OP_RECV, conn.fd, POLL_FIRST, conn.memory, into.length, 0, conn.fd * 2L);
        await(conn);
        if (conn.result > 0) {
            copy(conn.memory, into, conn.result);
        }
        return conn.result;
    }

    private boolean write(Conn conn, byte[] bytes, int n) {
        if (!sendByRing) {
            long memory = conn.memory != 0 ? conn.memory : scratch();
            MemorySegment.copy(bytes, 0, ALL, ValueLayout.JAVA_BYTE, memory, n);
            // What does not fit at once breaks the connection: the load never has that much on its way.
            return shortCall(SYS_SENDTO, conn.fd, memory, n, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0) == n;
        }
        MemorySegment.copy(bytes, 0, ALL, ValueLayout.JAVA_BYTE, conn.memory, n);
        sqe(OP_SEND, conn.fd, 0, conn.memory, n, MSG_NOSIGNAL, conn.fd * 2L + 1);
        conn.written = false;
        conn.writer = Thread.currentThread();
        while (!conn.written) {
            LockSupport.park();
        }
        return conn.writeResult == n;
    }

    private long scratch;

    private long scratch() {
        if (scratch == 0) {
            scratch = arena.allocate(bufferBytes, 64).address();
        }
        return scratch;
    }

    private static void copy(long from, byte[] into, int n) {
        MemorySegment.copy(ALL, ValueLayout.JAVA_BYTE, from, into, 0, n);
    }

    private static void await(Conn conn) {
        conn.ready = false;
        conn.waiting = Thread.currentThread();
        while (!conn.ready) {
            LockSupport.park();
        }
    }

    private static void wake(Conn conn) {
        Thread waiting = conn.waiting;
        conn.ready = true;
        conn.waiting = null;
        if (waiting != null) {
            LockSupport.unpark(waiting);
        }
    }

    private void arm(Conn conn) {
        int index = tail & sqMask;
        sqe(OP_RECV, conn.fd, POLL_FIRST | MULTISHOT, 0, 0, 0, conn.fd * 2L);
        long sqe = sqes + 64L * index;
        ALL.set(ValueLayout.JAVA_BYTE, sqe + 1, (byte) BUFFER_SELECT);
        conn.armed = true;
    }

    private void giveBack(int buffer) {
        long entry = bufferRing + 16L * (bufferTail & (BUFFERS - 1));
        ALL.set(ValueLayout.JAVA_LONG, entry, buffers + (long) buffer * bufferBytes);
        ALL.set(ValueLayout.JAVA_INT, entry + 8, bufferBytes);
        ALL.set(ValueLayout.JAVA_SHORT, entry + 12, (short) buffer);
        bufferTail++;
        VarHandle.releaseFence();
        ALL.set(ValueLayout.JAVA_SHORT, bufferRing + 14, (short) bufferTail);
    }

    /** The receive and poll flags are in different places, so {@code flags} is one and {@code last} the other. */
    private void sqe(int op, int fd, int ioprio, long address, int length, int flags, long userData) {
        if (tail - (int) INT.getAcquire(ALL, sqHead) > sqMask) {
            enter(0);
        }
        long sqe = sqes + 64L * (tail & sqMask);
        ALL.set(ValueLayout.JAVA_LONG, sqe, (op & 0xffL) | ((long) ioprio << 16) | ((long) fd << 32));
        ALL.set(ValueLayout.JAVA_LONG, sqe + 8, 0);
        ALL.set(ValueLayout.JAVA_LONG, sqe + 16, address);
        ALL.set(ValueLayout.JAVA_INT, sqe + 24, op == OP_POLL_ADD ? 0 : length);
        ALL.set(ValueLayout.JAVA_INT, sqe + 28, op == OP_POLL_ADD ? length : flags);
        ALL.set(ValueLayout.JAVA_LONG, sqe + 32, userData);
        ALL.set(ValueLayout.JAVA_LONG, sqe + 40, 0);
        ALL.set(ValueLayout.JAVA_LONG, sqe + 48, 0);
        ALL.set(ValueLayout.JAVA_LONG, sqe + 56, 0);
        tail++;
        toSubmit++;
    }

    private void enter(int atLeast) {
        INT.setRelease(ALL, sqTail, tail);
        long n = call(SYS_URING_ENTER, ring, toSubmit, atLeast, 1, 0, 0);
        if (n > 0) {
            toSubmit -= (int) n;
        }
    }

    private void pollRing(int atLeast) {
        int head = (int) INT.get(ALL, cqHead);
        if (head == (int) INT.getAcquire(ALL, cqTail) || toSubmit > 0) {
            enter(atLeast);
        }
        int end = (int) INT.getAcquire(ALL, cqTail);
        for (; head != end; head++) {
            long cqe = cqes + 16L * (head & cqMask);
            completed(
                    ALL.get(ValueLayout.JAVA_LONG, cqe),
                    ALL.get(ValueLayout.JAVA_INT, cqe + 8),
                    ALL.get(ValueLayout.JAVA_INT, cqe + 12));
        }
        INT.setRelease(ALL, cqHead, head);
    }

    private void completed(long userData, int result, int flags) {
        Conn conn = conns[(int) (userData >>> 1)];
        if ((userData & 1) != 0) {
            conn.written = true;
            conn.writeResult = result;
            LockSupport.unpark(conn.writer);
            return;
        }
        if (multishot && conn.armed) {
            if ((flags & CQE_MORE) == 0) {
                conn.armed = false;
            }
            if ((flags & CQE_BUFFER) != 0) {
                int buffer = flags >>> 16;
                if (result > 0) {
                    conn.came.add(buffer << 16 | result);
                } else {
                    giveBack(buffer);
                }
            }
            if (conn.ended && !conn.armed) {
                shortCall(SYS_CLOSE, conn.fd, 0, 0, 0, 0, 0);
            }
        }
        conn.result = result;
        wake(conn);
    }

    private void register(int fd) {
        ALL.set(ValueLayout.JAVA_INT, events, POLLIN | 1 << 31);
        ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, events + 4, fd);
        shortCall(SYS_EPOLL_CTL, epollFd, 1, fd, events, 0, 0);
    }

    private void pollEpoll(int timeoutMillis) {
        long n = call(SYS_EPOLL_WAIT, epollFd, events, 1024, timeoutMillis, 0, 0);
        for (int i = 0; i < n; i++) {
            Conn conn = conns[ALL.get(ValueLayout.JAVA_INT_UNALIGNED, events + 12L * i + 4)];
            if (conn == null) {
                continue;
            }
            conn.broken = (ALL.get(ValueLayout.JAVA_INT_UNALIGNED, events + 12L * i) & (POLLERR | POLLHUP)) != 0;
            if (loop && conn.memory != 0) {
                answer(conn);
            } else {
                wake(conn);
            }
        }
    }

    private void answer(Conn conn) {
        long n;
        do {
            n = shortCall(SYS_RECVFROM, conn.fd, conn.memory, bufferBytes, MSG_DONTWAIT, 0, 0);
            if (n > 0) {
                // As in write.
                shortCall(SYS_SENDTO, conn.fd, conn.memory, n, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
            }
        } while (n == bufferBytes); // Less has emptied the socket, as in read.
        if (n == 0 || (n < 0 && conn.broken)) {
            shortCall(SYS_CLOSE, conn.fd, 0, 0, 0, 0, 0);
        }
    }

    private void openRing() throws IOException {
        MemorySegment p = arena.allocate(120, 8);
        int flags = 1 << 3 | 1 << 7 | 1 << 16; // CQSIZE, SUBMIT_ALL, NO_SQARRAY
        flags |= bound ? 1 << 12 | 1 << 13 : 1 << 8;
        p.set(ValueLayout.JAVA_INT, 8, flags);
        p.set(ValueLayout.JAVA_INT, 4, COMPLETIONS);
        ring = (int) checked("io_uring_setup", call(SYS_URING_SETUP, ENTRIES, p.address(), 0, 0, 0, 0));
        int sqEntries = p.get(ValueLayout.JAVA_INT, 0);
        int cqEntries = p.get(ValueLayout.JAVA_INT, 4);
        sqMask = sqEntries - 1;
        cqMask = cqEntries - 1;
        long bytes = p.get(ValueLayout.JAVA_INT, 80 + 20) + 16L * cqEntries + 4L * sqEntries;
        long rings = checked("mmap", call(SYS_MMAP, 0, bytes, 3, 0x8001, ring, 0));
        sqes = checked("mmap", call(SYS_MMAP, 0, 64L * sqEntries, 3, 0x8001, ring, 0x10000000));
        sqHead = rings + p.get(ValueLayout.JAVA_INT, 40);
        sqTail = rings + p.get(ValueLayout.JAVA_INT, 44);
        cqHead = rings + p.get(ValueLayout.JAVA_INT, 80);
        cqTail = rings + p.get(ValueLayout.JAVA_INT, 84);
        cqes = rings + p.get(ValueLayout.JAVA_INT, 100);
        if (multishot) {
            bufferRing = arena.allocate(16L * BUFFERS, 4096).address();
            buffers = arena.allocate((long) BUFFERS * bufferBytes, 4096).address();
            MemorySegment r = arena.allocate(40, 8);
            r.set(ValueLayout.JAVA_LONG, 0, bufferRing);
            r.set(ValueLayout.JAVA_INT, 8, BUFFERS);
            checked("io_uring_register", call(SYS_URING_REGISTER, ring, 22, r.address(), 1, 0, 0));
            for (int i = 0; i < BUFFERS; i++) {
                giveBack(i);
            }
        }
    }
}
