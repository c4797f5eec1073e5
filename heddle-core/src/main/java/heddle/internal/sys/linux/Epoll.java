package heddle.internal.sys.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import heddle.internal.socket.Errno;
import heddle.internal.sys.StartException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.TimeUnit;

/// One epoll instance with its eventfd and the buffer that events arrive in; epoll(7), eventfd(2). [#add] and
/// [#notifyPoller] may be called by any thread, the rest by one at a time.
///
///     struct epoll_event  0 events (4)  4 data (8)            12 bytes, on x86-64 alone
///                         0 events (4)  4 hole  8 data (8)    16 bytes, everywhere else
public final class Epoll {

    public static final int EPOLLIN = 0x1;
    public static final int EPOLLPRI = 0x2;
    public static final int EPOLLOUT = 0x4;
    public static final int EPOLLERR = 0x8;
    public static final int EPOLLHUP = 0x10;
    public static final int EPOLLRDHUP = 0x2000;
    public static final int EPOLLET = 1 << 31;

    private static final int EPOLL_CLOEXEC = 0x80000;
    private static final int EPOLL_CTL_ADD = 1;
    private static final int EPOLL_CTL_MOD = 3;
    private static final int EFD_CLOEXEC = 0x80000;
    private static final int EFD_NONBLOCK = 0x800;

    private static final boolean PACKED = System.getProperty("os.arch").equals("amd64");
    private static final int EVENT_BYTES = PACKED ? 12 : 16;
    private static final int DATA = PACKED ? 4 : 8;

    /** Data of the eventfd's event: no registration has it, since a descriptor is never negative. */
    public static final long WAKE_UP = -1;

    /** How many events an {@link #await} returns at most. */
    public static final int EVENTS_MAX = 128;

    private static final MethodHandle EPOLL_CREATE1 = Libc.quick("epoll_create1", JAVA_INT, JAVA_INT);
    private static final MethodHandle EPOLL_CTL =
            Libc.quick("epoll_ctl", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle EVENTFD = Libc.quick("eventfd", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle WRITE = Libc.quick("write", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
    private static final MethodHandle CLOSE = Libc.quick("close", JAVA_INT, JAVA_INT);
    private static final MethodHandle EPOLL_WAIT_0 =
            Libc.quick("epoll_wait", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
    private static final MethodHandle EPOLL_WAIT =
            Libc.blocking("epoll_wait", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);

    // Since Linux 5.11 and glibc 2.35; without it a wait is rounded up to milliseconds.
    // epoll_pwait2(2).
    private static final boolean HAS_PWAIT2 = Libc.has("epoll_pwait2");
    private static final MethodHandle EPOLL_PWAIT2 = HAS_PWAIT2
            ? Libc.blocking("epoll_pwait2", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, ADDRESS)
            : EPOLL_WAIT;

    private static final short POLLIN = 1;
    private static final MethodHandle PPOLL = Libc.blocking("ppoll", JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS);

    private static final MemorySegment ONE = MemorySegment.ofArray(new long[] {1});

    /** Where WRITE leaves an errno that nobody reads. */
    private static final MemorySegment WRITE_ERRNO = Arena.global().allocate(JAVA_INT);

    // Not a shared arena: every call would count itself in and out of that. The collector frees it.
    private final Arena arena = Arena.ofAuto();
    private final MemorySegment events = arena.allocate((long) EVENT_BYTES * EVENTS_MAX, 8);
    private final MemorySegment timespec = arena.allocate(16, 8); // seconds (8), nanoseconds (8)
    private final MemorySegment pollfd = arena.allocate(8, 4); // descriptor (4), events wanted (2), events seen (2)
    private final MemorySegment errno = arena.allocate(JAVA_INT);
    private final int epfd;
    private final int eventfd;
    private boolean pwait2 = HAS_PWAIT2; // the polling thread's; false once the call was refused

    /**
     * A new instance.
     *
     * @throws StartException the system has none to give; no descriptor is left open
     */
    public Epoll() {
        epfd = create();
        if (epfd < 0) {
            throw new StartException("epoll_create1", -epfd);
        }
        pollfd.set(JAVA_INT, 0, epfd);
        pollfd.set(JAVA_SHORT, 4, POLLIN);
        eventfd = createEventfd();
        if (eventfd < 0) {
            close(epfd);
            throw new StartException("eventfd", -eventfd);
        }
        int result = control(EPOLL_CTL_ADD, eventfd, EPOLLIN | EPOLLET, WAKE_UP);
        if (result < 0) {
            close();
            throw new StartException("epoll_ctl", -result);
        }
    }

    private static int create() {
        int[] error = new int[1];
        try {
            int fd = (int) EPOLL_CREATE1.invokeExact(MemorySegment.ofArray(error), EPOLL_CLOEXEC);
            return fd < 0 ? -error[0] : fd;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    private static int createEventfd() {
        int[] error = new int[1];
        try {
            int fd = (int) EVENTFD.invokeExact(MemorySegment.ofArray(error), 0, EFD_CLOEXEC | EFD_NONBLOCK);
            return fd < 0 ? -error[0] : fd;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    /** Watches {@code fd} for {@code interest}; 0 or -errno. */
    public int add(int fd, int interest, long data) {
        return control(EPOLL_CTL_ADD, fd, interest, data);
    }

    /** Changes the watch of {@code fd}, which reports again what is ready now; 0 or -errno. */
    public int modify(int fd, int interest, long data) {
        return control(EPOLL_CTL_MOD, fd, interest, data);
    }

    /** The number of the instance, for a ring to watch. */
    public int descriptor() {
        return epfd;
    }

    private int control(int operation, int fd, int interest, long data) {
        byte[] event = new byte[EVENT_BYTES];
        MemorySegment segment = MemorySegment.ofArray(event);
        segment.set(JAVA_INT_UNALIGNED, 0, interest);
        segment.set(JAVA_LONG_UNALIGNED, DATA, data);
        int[] error = new int[1];
        try {
            int result = (int) EPOLL_CTL.invokeExact(MemorySegment.ofArray(error), epfd, operation, fd, segment);
            return result < 0 ? -error[0] : result;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    /**
     * Waits for events: not at all for 0, for ever for a negative timeout.
     *
     * @return how many there are to be had by {@link #events(int)} and {@link #data(int)}, or -errno
     */
    public int await(long timeoutNanos) {
        try {
            int n;
            if (timeoutNanos == 0) {
                n = (int) EPOLL_WAIT_0.invokeExact(errno, epfd, events, EVENTS_MAX, 0);
            } else if (timeoutNanos < 0) {
                n = (int) EPOLL_WAIT.invokeExact(errno, epfd, events, EVENTS_MAX, -1);
            } else if (pwait2) {
                n = (int) EPOLL_PWAIT2.invokeExact(
                        errno, epfd, events, EVENTS_MAX, timespec(timeoutNanos), MemorySegment.NULL);
            } else {
                long millis = TimeUnit.NANOSECONDS.toMillis(timeoutNanos + 999_999);
                n = (int) EPOLL_WAIT.invokeExact(errno, epfd, events, EVENTS_MAX, (int) Math.min(millis, 1 << 30));
            }
            if (n >= 0) {
                return n;
            }
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
        int error = errno.get(JAVA_INT, 0);
        // EPERM is what some containers' filters say of a call that they do not know.
        if ((error == Errno.ENOSYS || error == Errno.EPERM) && pwait2) {
            pwait2 = false;
            return await(timeoutNanos);
        }
        return -error;
    }

    /**
     * Waits as {@link #await} does, and takes nothing: what is there, a wake-up too, is the next await's. How many
     * instances have some, 0 or 1, or -errno.
     */
    public int awaitEvents(long timeoutNanos) {
        try {
            int n = (int) PPOLL.invokeExact(errno, pollfd, 1L, timespec(timeoutNanos), MemorySegment.NULL);
            return n < 0 ? -errno.get(JAVA_INT, 0) : n;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    /** NULL, for ever, for a negative time. */
    private MemorySegment timespec(long nanos) {
        if (nanos < 0) {
            return MemorySegment.NULL;
        }
        timespec.set(JAVA_LONG, 0, nanos / 1_000_000_000L);
        timespec.set(JAVA_LONG, 8, nanos % 1_000_000_000L);
        return timespec;
    }

    /** The events of the {@code i}-th that the last {@link #await} returned. */
    public int events(int i) {
        return events.get(JAVA_INT_UNALIGNED, (long) i * EVENT_BYTES);
    }

    /** Its data. */
    public long data(int i) {
        return events.get(JAVA_LONG_UNALIGNED, (long) i * EVENT_BYTES + DATA);
    }

    /**
     * Makes the current or the next {@link #await} return with {@link #WAKE_UP}. The counter is never read: each write
     * is an edge.
     */
    public void notifyPoller() {
        try {
            // EAGAIN after 2^64 - 2 wake-ups nobody will live to see; nothing else can fail.
            // Nothing is allocated: a wake-up must get through where there is no memory.
            var _ = (long) WRITE.invokeExact(WRITE_ERRNO, eventfd, ONE, 8L);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    /** Gives the descriptors back. No thread may be in {@link #await} or use it any more. */
    public void close() {
        close(eventfd);
        close(epfd);
    }

    private static void close(int fd) {
        int[] error = new int[1];
        try {
            var _ = (int) CLOSE.invokeExact(MemorySegment.ofArray(error), fd);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }
}
