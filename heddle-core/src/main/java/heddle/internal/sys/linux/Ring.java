package heddle.internal.sys.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import heddle.internal.socket.Errno;
import heddle.internal.sys.StartException;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;

/// One io_uring with a ring of buffers that the kernel receives into; io_uring(7), io_uring_setup(2),
/// io_uring_enter(2), io_uring_register(2). One thread at a time, but not always the same one: it is made without
/// SINGLE_ISSUER and DEFER_TASKRUN, which would bind it to the first (docs/decisions/0018).
///
///     submission (64)  0 opcode (1)  1 flags (1)  2 ioprio (2)  4 descriptor (4)  16 address (8)  24 length (4)
///                      28 flags of the call (4)  32 user data (8)  40 buffer group (2)
///     completion (16)  0 user data (8)  8 result (4)  12 flags (4), whose upper half is the number of the buffer
///     buffer (16)      0 address (8)  8 length (4)  12 number (2); at 14 of the first the ring's tail (2)
public final class Ring {

    /** The result says in which buffer the bytes are: {@link #buffer}. */
    public static final int HAS_BUFFER = 1;

    /** The request goes on: more completions follow. */
    public static final int MORE = 1 << 1;

    /** What comes of a request that was cancelled, by whoever asked for that or as its thread ended. */
    public static final int ECANCELED = 125;

    // The same on all architectures since 5.4; asm-generic/unistd.h.
    private static final long SYS_SETUP = 425;
    private static final long SYS_ENTER = 426;
    private static final long SYS_REGISTER = 427;

    private static final int SETUP_CQSIZE = 1 << 3;
    private static final int SETUP_SUBMIT_ALL = 1 << 7;
    private static final int SETUP_COOP_TASKRUN = 1 << 8;
    private static final int SETUP_TASKRUN_FLAG = 1 << 9;
    private static final int FEATURE_SINGLE_MMAP = 1;
    private static final int FEATURE_NODROP = 1 << 1;
    private static final int FEATURE_EXT_ARG = 1 << 8;
    private static final int FEATURES = FEATURE_SINGLE_MMAP | FEATURE_NODROP | FEATURE_EXT_ARG;
    private static final int ENTER_GETEVENTS = 1;
    private static final int ENTER_EXT_ARG = 1 << 3;
    private static final int SQ_CQ_OVERFLOW = 1 << 1;
    private static final int SQ_TASKRUN = 1 << 2;
    private static final int REGISTER_PROBE = 8;
    private static final int REGISTER_PBUF_RING = 22;
    private static final int OP_POLL_ADD = 6;
    private static final int OP_ASYNC_CANCEL = 14;
    private static final int OP_SEND = 26;
    private static final int OP_RECV = 27;

    /** Came with 6.0, as did a receive that goes on by itself, of which no probe tells. */
    private static final int OP_SEND_ZC = 47;

    private static final int POLL_FIRST = 1;
    private static final int RECV_MULTISHOT = 1 << 1;
    private static final int BUFFER_SELECT = 1 << 5;
    private static final int CANCEL_FD = 1 << 1;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_MORE = 0x8000;
    private static final int POLLIN = 1;
    private static final int ETIME = 62;
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED_POPULATE = 0x8001;
    private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
    private static final int MAP_NORESERVE = 0x4000;
    private static final long OFFSET_SUBMISSIONS = 0x10000000;
    private static final int PARAMS_BYTES = 120;
    private static final int SUBMISSION_BYTES = 64;
    private static final int COMPLETION_BYTES = 16;
    private static final int BUFFER_ENTRY_BYTES = 16;
    private static final int PROBE_OPS = 256;

    private static final MethodHandle SYSCALL = Libc.blockingVariadic(
            1, "syscall", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG);
    private static final MethodHandle MMAP =
            Libc.blocking("mmap", ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle MUNMAP = Libc.blocking("munmap", JAVA_INT, ADDRESS, JAVA_LONG);
    private static final MethodHandle CLOSE = Libc.blocking("close", JAVA_INT, JAVA_INT);
    private static final VarHandle INT = JAVA_INT.varHandle();
    private static final VarHandle SHORT = JAVA_SHORT.varHandle();

    // The collector frees it, as the memory of Epoll.
    private final Arena arena = Arena.ofAuto();
    private final MemorySegment errno = arena.allocate(JAVA_INT);
    private final MemorySegment timespec = arena.allocate(16, 8);
    private final MemorySegment argument = arena.allocate(24, 8); // sigmask (8), its size (4), unused (4), timespec (8)
    private final int fd;
    private final MemorySegment rings;
    private final MemorySegment submissions;
    private final MemorySegment bufferRing;
    private final MemorySegment pool;
    private final int bufferCount;
    private final int bufferBytes;
    private final int bufferStep;
    private final long sqHead;
    private final long sqTail;
    private final long sqFlags;
    private final int sqMask;
    private final long cqHead;
    private final long cqTail;
    private final int cqMask;
    private final long completions;

    // The entering thread's, as what follows.
    private int tail;
    private int head;
    private short bufferTail;
    private long at;

    /**
     * A new one. The kernel has none of its buffers yet.
     *
     * @param submissionsMax how many fit between two calls
     * @param completionsMax how many lie in the ring before the kernel keeps them for itself, which costs more
     * @param bufferCount a power of two, at most 2^15
     * @param bufferStep bytes from one to the next, at least {@code bufferBytes}
     * @throws StartException the system has none to give; nothing is left open
     */
    public Ring(int submissionsMax, int completionsMax, int bufferCount, int bufferBytes, int bufferStep) {
        this.bufferCount = bufferCount;
        this.bufferBytes = bufferBytes;
        this.bufferStep = bufferStep;
        MemorySegment params = arena.allocate(PARAMS_BYTES, 8);
        params.set(JAVA_INT, 4, completionsMax);
        params.set(JAVA_INT, 8, SETUP_CQSIZE | SETUP_SUBMIT_ALL | SETUP_COOP_TASKRUN | SETUP_TASKRUN_FLAG);
        fd = (int) checked("io_uring_setup", call(SYS_SETUP, submissionsMax, params.address(), 0, 0));
        boolean made = false;
        MemorySegment ringsMade = MemorySegment.NULL;
        MemorySegment submissionsMade = MemorySegment.NULL;
        MemorySegment poolMade = MemorySegment.NULL;
        MemorySegment bufferRingMade = MemorySegment.NULL;
        try {
            if ((params.get(JAVA_INT, 20) & FEATURES) != FEATURES || !hasMultishot()) {
                throw new StartException("io_uring_probe", Errno.EOPNOTSUPP);
            }
            int sqEntries = params.get(JAVA_INT, 0);
            int cqEntries = params.get(JAVA_INT, 4);
            sqMask = sqEntries - 1;
            cqMask = cqEntries - 1;
            completions = params.get(JAVA_INT, 100);
            long ringBytes = Math.max(
                    completions + (long) COMPLETION_BYTES * cqEntries, params.get(JAVA_INT, 64) + 4L * sqEntries);
            ringsMade = map(ringBytes, MAP_SHARED_POPULATE, fd, 0);
            submissionsMade = map((long) SUBMISSION_BYTES * sqEntries, MAP_SHARED_POPULATE, fd, OFFSET_SUBMISSIONS);
            poolMade = map((long) bufferCount * bufferStep, MAP_PRIVATE_ANONYMOUS | MAP_NORESERVE, -1, 0);
            bufferRingMade = map((long) bufferCount * BUFFER_ENTRY_BYTES, MAP_PRIVATE_ANONYMOUS, -1, 0);
            rings = ringsMade;
            submissions = submissionsMade;
            pool = poolMade;
            bufferRing = bufferRingMade;
            sqHead = params.get(JAVA_INT, 40);
            sqTail = params.get(JAVA_INT, 44);
            sqFlags = params.get(JAVA_INT, 56);
            cqHead = params.get(JAVA_INT, 80);
            cqTail = params.get(JAVA_INT, 84);
            long array = params.get(JAVA_INT, 64);
            for (int i = 0; i < sqEntries; i++) {
                rings.set(JAVA_INT, array + 4L * i, i);
            }
            registerBufferRing();
            made = true;
        } finally {
            if (!made) {
                unmap(ringsMade);
                unmap(submissionsMade);
                unmap(poolMade);
                unmap(bufferRingMade);
                closeDescriptor();
            }
        }
        argument.set(JAVA_LONG, 16, timespec.address());
    }

    /** Whether {@code refused} is this constructor's. */
    public static boolean isOf(StartException refused) {
        return refused.call().startsWith("io_uring") || refused.call().equals("mmap");
    }

    /**
     * Why there is no ring, and what would help, in words for people.
     *
     * @param refused what the constructor threw
     */
    public static String reason(StartException refused) {
        String why = switch (refused.errno()) {
            case Errno.ENOSYS -> "this system has no io_uring";
            case Errno.EPERM, Errno.EACCES -> {
                String disabled = sysctl();
                yield disabled.isEmpty() || disabled.equals("0")
                        ? "a filter of system calls (seccomp) forbids it, as containers' do by default"
                        : "sysctl kernel.io_uring_disabled=" + disabled + " forbids it";
            }
            case Errno.ENOMEM -> "memory that may be locked is short (ulimit -l)";
            case Errno.EINVAL, Errno.EOPNOTSUPP -> "this kernel is too old: Linux 6.0 has all that is needed";
            default -> Errno.text(refused.errno());
        };
        return refused.call() + ": " + why;
    }

    private static String sysctl() {
        try (InputStream file = new FileInputStream("/proc/sys/kernel/io_uring_disabled")) {
            return new String(file.readNBytes(8), StandardCharsets.US_ASCII).trim();
        } catch (IOException none) { // before 6.6, or a sandbox without /proc
            return "";
        }
    }

    private boolean hasMultishot() {
        MemorySegment probe = arena.allocate(16 + 8L * PROBE_OPS, 8);
        return call(SYS_REGISTER, fd, REGISTER_PROBE, probe, PROBE_OPS, 0) >= 0
                && (probe.get(JAVA_BYTE, 0) & 0xff) >= OP_SEND_ZC;
    }

    private void registerBufferRing() {
        MemorySegment registration = arena.allocate(40, 8); // address (8), entries (4), group (2), flags (2), unused
        registration.set(JAVA_LONG, 0, bufferRing.address());
        registration.set(JAVA_INT, 8, bufferCount);
        checked("io_uring_register", call(SYS_REGISTER, fd, REGISTER_PBUF_RING, registration, 1, 0));
    }

    private static long checked(String call, long result) {
        if (result < 0) {
            throw new StartException(call, (int) -result);
        }
        return result;
    }

    private long call(long number, long a, long b, long c, long d) {
        return call(number, a, b, c, d, MemorySegment.NULL, 0);
    }

    private long call(long number, long a, long b, MemorySegment c, long d, long e) {
        return call(number, a, b, c.address(), d, MemorySegment.NULL, e);
    }

    private long call(long number, long a, long b, long c, long d, MemorySegment e, long f) {
        try {
            long n = (long) SYSCALL.invokeExact(errno, number, a, b, c, d, e, f);
            return n < 0 ? -errno.get(JAVA_INT, 0) : n;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    @SuppressWarnings("restricted") // As with Libc.
    private MemorySegment map(long bytes, int flags, int of, long offset) {
        try {
            var mapped = (MemorySegment)
                    MMAP.invokeExact(errno, MemorySegment.NULL, bytes, PROT_READ_WRITE, flags, of, offset);
            if (mapped.address() == -1) {
                throw new StartException("mmap", errno.get(JAVA_INT, 0));
            }
            return mapped.reinterpret(bytes);
        } catch (StartException refused) {
            throw refused;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    private void unmap(MemorySegment mapped) {
        if (mapped.byteSize() == 0) {
            return;
        }
        try {
            var _ = (int) MUNMAP.invokeExact(errno, mapped, mapped.byteSize());
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    /** All buffers, one behind the other. */
    public MemorySegment pool() {
        return pool;
    }

    /** Makes buffer {@code id} the kernel's, with the next {@link #publishBuffers}. */
    public void addBuffer(int id) {
        long entry = (long) (bufferTail & (bufferCount - 1)) * BUFFER_ENTRY_BYTES;
        bufferRing.set(JAVA_LONG, entry, pool.address() + (long) id * bufferStep);
        bufferRing.set(JAVA_INT, entry + 8, bufferBytes);
        bufferRing.set(JAVA_SHORT, entry + 12, (short) id);
        bufferTail++;
    }

    /** Shows the kernel what was added. */
    public void publishBuffers() {
        SHORT.setRelease(bufferRing, 14L, bufferTail);
    }

    /** How many more submissions fit. */
    public int room() {
        return sqMask + 1 - pending();
    }

    /** How many submissions wait for {@link #enter}. */
    public int pending() {
        return tail - (int) INT.getAcquire(rings, sqHead);
    }

    /** A receive from {@code from}, not before something is there, which goes on by itself. */
    public void receive(int from, long userData) {
        long sqe = submit(OP_RECV, from, 0, 0, 0, userData);
        submissions.set(JAVA_BYTE, sqe + 1, (byte) BUFFER_SELECT);
        submissions.set(JAVA_SHORT, sqe + 2, (short) (POLL_FIRST | RECV_MULTISHOT));
    }

    /** A send that does not wait; what is at {@code address} is the kernel's until {@link #enter} has submitted it. */
    public void send(int to, long address, int length, boolean more, long userData) {
        int flags = MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0);
        submit(OP_SEND, to, address, length, flags, userData);
    }

    /** Cancels what is under way for {@code of}. */
    public void cancel(int of, long userData) {
        submit(OP_ASYNC_CANCEL, of, 0, 0, CANCEL_FD, userData);
    }

    /** Cancels the request of {@code cancelled}. */
    public void cancelRequest(long cancelled, long userData) {
        submit(OP_ASYNC_CANCEL, -1, cancelled, 0, 0, userData);
    }

    /** Tells, once, when {@code of} is readable. */
    public void poll(int of, long userData) {
        submit(OP_POLL_ADD, of, 0, 0, POLLIN, userData);
    }

    private long submit(int operation, int of, long address, int length, int flags, long userData) {
        assert room() > 0;
        long sqe = (long) (tail & sqMask) * SUBMISSION_BYTES;
        submissions.set(JAVA_LONG, sqe, operation | (long) of << 32);
        submissions.set(JAVA_LONG, sqe + 8, 0);
        submissions.set(JAVA_LONG, sqe + 16, address);
        submissions.set(JAVA_LONG, sqe + 24, length | (long) flags << 32);
        submissions.set(JAVA_LONG, sqe + 32, userData);
        submissions.set(JAVA_LONG, sqe + 40, 0);
        submissions.set(JAVA_LONG, sqe + 48, 0);
        submissions.set(JAVA_LONG, sqe + 56, 0);
        tail++;
        return sqe;
    }

    /**
     * Whether there is a reason to {@link #enter} besides waiting: submissions, or completions still with the kernel.
     */
    public boolean mustEnter() {
        return pending() > 0 || ((int) INT.getAcquire(rings, sqFlags) & (SQ_CQ_OVERFLOW | SQ_TASKRUN)) != 0;
    }

    /**
     * io_uring_enter(2): submits what waits for it, and waits for a completion: not at all for 0, for ever for a
     * negative timeout. 0 or more, or -errno, among which there is no time-out.
     */
    public int enter(long timeoutNanos) {
        INT.setRelease(rings, sqTail, tail);
        long n;
        if (timeoutNanos > 0) {
            timespec.set(JAVA_LONG, 0, timeoutNanos / 1_000_000_000L);
            timespec.set(JAVA_LONG, 8, timeoutNanos % 1_000_000_000L);
            n = call(SYS_ENTER, fd, pending(), 1, ENTER_GETEVENTS | ENTER_EXT_ARG, argument, 24);
        } else {
            n = call(SYS_ENTER, fd, pending(), timeoutNanos == 0 ? 0 : 1, ENTER_GETEVENTS);
        }
        return n == -ETIME ? 0 : (int) n;
    }

    /** Goes to the next completion; false if there is none. What it said before is over. */
    public boolean next() {
        if (head == (int) INT.getAcquire(rings, cqTail)) {
            return false;
        }
        at = completions + (long) (head & cqMask) * COMPLETION_BYTES;
        head++;
        return true;
    }

    /** Whether there is one to go to. */
    public boolean hasNext() {
        return head != (int) INT.getAcquire(rings, cqTail);
    }

    /** The kernel may use the places of all that {@link #next} went to. */
    public void release() {
        INT.setRelease(rings, cqHead, head);
    }

    /** Whose the completion is. */
    public long userData() {
        return rings.get(JAVA_LONG, at);
    }

    /** What came of it: bytes, or -errno. */
    public int result() {
        return rings.get(JAVA_INT, at + 8);
    }

    /** {@link #HAS_BUFFER}, {@link #MORE}. */
    public int flags() {
        return rings.get(JAVA_INT, at + 12);
    }

    /** The number of its buffer. */
    public static int buffer(int flags) {
        return flags >>> 16;
    }

    /**
     * Gives everything back.
     *
     * @param idle whether nothing is under way; else its memory stays, as the kernel may still write to it
     */
    public void close(boolean idle) {
        closeDescriptor();
        unmap(rings);
        unmap(submissions);
        if (idle) {
            unmap(pool);
            unmap(bufferRing);
        }
    }

    private void closeDescriptor() {
        try {
            var _ = (int) CLOSE.invokeExact(errno, fd);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }
}
