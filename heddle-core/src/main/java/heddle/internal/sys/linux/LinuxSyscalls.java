package heddle.internal.sys.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import heddle.internal.socket.Errno;
import heddle.internal.socket.SockAddr;
import heddle.internal.socket.SocketName;
import heddle.internal.socket.SocketOption;
import heddle.internal.socket.TcpStat;
import heddle.internal.socket.UnixName;
import heddle.internal.sys.Syscalls;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * {@link Syscalls} of Linux, through the foreign-function API. Numbers are those of asm-generic, as x86-64, aarch64,
 * riscv64 and s390x have them.
 *
 * <p>A long file, as it holds one function a system call beside the handle and the constants of that call: whoever
 * checks one against its manual page sees all of it.
 */
public final class LinuxSyscalls extends Syscalls {

    private static final int SOCK_STREAM = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_SEQPACKET = 5;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_MORE = 0x8000;
    private static final int SOL_SOCKET = 1;
    private static final int SO_TYPE = 3;
    private static final int SO_LINGER = 13;
    private static final int SO_ACCEPTCONN = 30;
    private static final int SO_DOMAIN = 39;
    private static final int SO_ATTACH_REUSEPORT_CBPF = 51;
    private static final int F_SETFD = 2;
    private static final int F_SETFL = 4;
    private static final int FD_CLOEXEC = 1;
    private static final int O_NONBLOCK = 0x800;
    private static final int TCP_INFO = 11;
    private static final int F_SETPIPE_SZ = 1031;
    private static final int SPLICE_F_MOVE = 1;
    private static final int SPLICE_F_NONBLOCK = 2;

    // bits/poll.h
    private static final int POLLIN = 0x1;
    private static final int POLLERR = 0x8;
    private static final int POLLHUP = 0x10;
    private static final int POLLRDHUP = 0x2000;

    private static final int SO_BINDTODEVICE = 25;

    /** IFNAMSIZ without the NUL, netdevice(7). */
    private static final int DEVICE_NAME_BYTES_MAX = 15;

    private static final int IPPROTO_IP = 0;
    private static final int IPPROTO_TCP = 6;
    private static final int IPPROTO_IPV6 = 41;

    // struct sock_filter: code (2), jump if true (1), jump if false (1), operand (4). struct sock_fprog: count of
    // filters (2, padded to 8), their address (8). linux/filter.h
    private static final int SOCK_FILTER_BYTES = 8;
    private static final int SOCK_FILTER_OPERAND = 4;
    private static final int SOCK_FPROG_BYTES = 16;
    private static final int SOCK_FPROG_FILTERS = 8;

    /** "Return the operand": BPF_RET | BPF_K, linux/bpf_common.h. */
    private static final short BPF_RETURN = 0x06;

    /** struct iovec: base (8), length (8). */
    private static final int IOVEC_BYTES = 16;

    // struct msghdr on 64-bit systems: name (8), name length (4, padded to 8), iovecs (8), their count (8), control
    // (8), its length (8), flags (4, padded to 8); recvmsg(2).
    private static final int MSGHDR_BYTES = 56;
    private static final int MSGHDR_IOV = 16;
    private static final int MSGHDR_IOV_COUNT = 24;

    private static final MethodHandle SOCKET = Libc.quick("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle BIND = Libc.quick("bind", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle LISTEN = Libc.quick("listen", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle CONNECT = Libc.quick("connect", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle ACCEPT4 = Libc.quick("accept4", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT);
    private static final MethodHandle RECV = transfer("recv", 45, 207);
    private static final MethodHandle SEND = transfer("send", 44, 206);
    private static final MethodHandle SHUTDOWN = Libc.quick("shutdown", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle SETSOCKOPT =
            Libc.quick("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle GETSOCKNAME = Libc.quick("getsockname", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle GETPEERNAME = Libc.quick("getpeername", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);

    // close(2) blocks while a lingering socket has unsent data, so it is not a quick call.
    private static final MethodHandle CLOSE = Libc.blocking("close", JAVA_INT, JAVA_INT);

    // Linking a function takes some 15 ms unless another one has its shape. Those below are not
    // needed for a first connection, so each group is linked when it is called.

    private static final class Vectored {
        static final MethodHandle READV = Libc.quick("readv", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);
        static final MethodHandle SENDMSG = Libc.quick("sendmsg", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);
    }

    private static final class Options {
        static final MethodHandle GETSOCKOPT =
                Libc.quick("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
    }

    private static final class Splicing {
        static final MethodHandle PIPE2 = Libc.quick("pipe2", JAVA_INT, ADDRESS, JAVA_INT);
        static final MethodHandle SPLICE =
                Libc.quick("splice", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    }

    private static final class Control {
        /** fcntl(2) takes what follows its second argument as it comes. */
        static final MethodHandle FCNTL = Libc.quickVariadic(2, "fcntl", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    }

    private static final class Datagrams {
        static final MethodHandle SENDTO =
                Libc.blocking("sendto", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);
    }

    private static final class Readiness {
        static final MethodHandle POLL = Libc.quick("poll", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    }

    private static final class Paths {
        // unlink(2) waits for the file system.
        static final MethodHandle UNLINK = Libc.blocking("unlink", JAVA_INT, ADDRESS);
    }

    /**
     * Where CLOSE leaves an errno that nobody reads: the descriptor is gone in any case; close(2), "Dealing with error
     * returns".
     */
    private static final MemorySegment CLOSE_ERRNO = Arena.global().allocate(JAVA_INT);

    private static final int BACKLOG_MAX = readBacklogMax();

    private final CallMemory.Pool memories;

    /** For callers on any threads. */
    public LinuxSyscalls() {
        this(() -> null);
    }

    /**
     * For callers on threads that may have memory of their own.
     *
     * @param own that of the platform thread that runs the caller, null if it has none; any thread asks
     */
    public LinuxSyscalls(Supplier<@Nullable CallMemory> own) {
        memories = new CallMemory.Pool(own);
    }

    /**
     * recv(2) or send(2) by syscall(2), as recvfrom(2) or sendto(2) without an address. The library's own functions are
     * points where a thread may be cancelled: in a process with threads they announce that and take it back with each
     * call, by a compare-and-set each.
     *
     * @param ofX86 the call's number there, asm/unistd_64.h
     * @param generic the same by asm-generic/unistd.h; elsewhere the function of the library
     */
    private static MethodHandle transfer(String function, long ofX86, long generic) {
        long number = switch (System.getProperty("os.arch")) {
            case "amd64" -> ofX86;
            case "aarch64", "riscv64", "loongarch64" -> generic;
            default -> 0;
        };
        if (number == 0) {
            return Libc.quick(function, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
        }
        MethodHandle syscall = Libc.quickVariadic(
                1, "syscall", JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
        MethodHandle withoutAddress = MethodHandles.insertArguments(syscall, 6, 0L, 0L);
        return MethodHandles.insertArguments(withoutAddress, 1, number);
    }

    private static int readBacklogMax() {
        // In one read, as sysctl files answer only the first: Files.readString would see "4" of "4096".
        try (InputStream file = new FileInputStream("/proc/sys/net/core/somaxconn")) {
            byte[] digits = new byte[16];
            int length = Math.max(0, file.read(digits));
            return Integer.parseInt(new String(digits, 0, length, StandardCharsets.US_ASCII).trim());
        } catch (IOException | NumberFormatException unreadable) { // a sandbox without /proc: the classic value
            return 128;
        }
    }

    @Override
    public int socket(int kind, boolean passive) {
        int[] errno = new int[1];
        try {
            int type = kind == UnixName.PACKET ? SOCK_SEQPACKET : SOCK_STREAM;
            int fd = (int) SOCKET.invokeExact(
                    MemorySegment.ofArray(errno), LinuxSockAddr.family(kind), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
            return fd < 0 ? -errno[0] : fd;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    @Override
    public int inherit(int fd, int[] kind) {
        int[] domain = new int[1];
        int[] type = new int[1];
        int[] listens = new int[1];
        int result = rawOption(fd, SOL_SOCKET, SO_DOMAIN, domain);
        if (result >= 0) {
            result = rawOption(fd, SOL_SOCKET, SO_TYPE, type);
        }
        if (result >= 0) {
            result = rawOption(fd, SOL_SOCKET, SO_ACCEPTCONN, listens);
        }
        if (result < 0) {
            return result;
        }
        kind[0] = kind(domain[0], type[0]);
        if (kind[0] < 0) {
            return kind[0];
        }
        if (listens[0] == 0) {
            return -Errno.EINVAL;
        }
        result = fcntl(fd, F_SETFL, O_NONBLOCK);
        if (result >= 0) {
            result = fcntl(fd, F_SETFD, FD_CLOEXEC);
        }
        return result < 0 ? result : fd;
    }

    private static int kind(int domain, int type) {
        boolean stream = type == SOCK_STREAM;
        return switch (domain) {
            case LinuxSockAddr.AF_INET -> stream ? SockAddr.VERSION_4 : -Errno.ESOCKTNOSUPPORT;
            case LinuxSockAddr.AF_INET6 -> stream ? SockAddr.VERSION_6 : -Errno.ESOCKTNOSUPPORT;
            case LinuxSockAddr.AF_UNIX ->
                stream ? UnixName.STREAM : type == SOCK_SEQPACKET ? UnixName.PACKET : -Errno.ESOCKTNOSUPPORT;
            default -> -Errno.EAFNOSUPPORT;
        };
    }

    private static int fcntl(int fd, int command, int value) {
        int[] errno = new int[1];
        try {
            int result = (int) Control.FCNTL.invokeExact(MemorySegment.ofArray(errno), fd, command, value);
            return result < 0 ? -errno[0] : result;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    @Override
    public int steer(int fd, int index) {
        int[] errno = new int[1];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment filter = arena.allocate(SOCK_FILTER_BYTES, 8);
            filter.set(JAVA_SHORT, 0, BPF_RETURN);
            filter.set(JAVA_INT, SOCK_FILTER_OPERAND, index);
            MemorySegment program = arena.allocate(SOCK_FPROG_BYTES, 8);
            program.set(JAVA_SHORT, 0, (short) 1);
            program.set(ADDRESS, SOCK_FPROG_FILTERS, filter);
            int result = (int) SETSOCKOPT.invokeExact(
                    MemorySegment.ofArray(errno), fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, program, SOCK_FPROG_BYTES);
            return result < 0 ? -errno[0] : result;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    @Override
    public int sendDatagram(UnixName to, byte[] bytes) {
        if (!to.isValid()) {
            return -Errno.EINVAL;
        }
        int[] made = new int[1];
        int fd;
        try (Arena arena = Arena.ofConfined()) {
            fd = (int) SOCKET.invokeExact(
                    MemorySegment.ofArray(made), LinuxSockAddr.AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
            if (fd < 0) {
                return -made[0];
            }
            byte[] raw = LinuxSockAddr.encodeUnix(to);
            MemorySegment errno = arena.allocate(JAVA_INT);
            long sent = (long) Datagrams.SENDTO.invokeExact(
                    errno,
                    fd,
                    arena.allocateFrom(JAVA_BYTE, bytes),
                    (long) bytes.length,
                    MSG_NOSIGNAL,
                    arena.allocateFrom(JAVA_BYTE, raw),
                    raw.length);
            int result = sent < 0 ? -errno.get(JAVA_INT, 0) : 0;
            close(fd);
            return result;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    @Override
    public int bind(int fd, int kind, SocketName address) {
        return address instanceof UnixName name
                ? Named.call(Named.BIND, fd, name)
                : withAddress(BIND, fd, kind, address);
    }

    @Override
    public int connect(int fd, int kind, SocketName address) {
        return address instanceof UnixName name
                ? Named.call(Named.CONNECT, fd, name)
                : withAddress(CONNECT, fd, kind, address);
    }

    private static int withAddress(MethodHandle call, int fd, int kind, SocketName address) {
        byte[] raw = LinuxSockAddr.encode(address, kind);
        int[] errno = new int[1];
        try {
            int result =
                    (int) call.invokeExact(MemorySegment.ofArray(errno), fd, MemorySegment.ofArray(raw), raw.length);
            return result < 0 ? -errno[0] : result;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    /**
     * bind(2) and connect(2) of Unix sockets, which wait for the file system where the name is a path. Linked by the
     * first.
     */
    private static final class Named {

        static final MethodHandle BIND = Libc.blocking("bind", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
        static final MethodHandle CONNECT = Libc.blocking("connect", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);

        static int call(MethodHandle call, int fd, UnixName name) {
            if (!name.isValid()) {
                return -Errno.EINVAL; // What does not fit the kernel would cut off, or refuse like this.
            }
            byte[] raw = LinuxSockAddr.encodeUnix(name);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment errno = arena.allocate(JAVA_INT);
                MemorySegment address = arena.allocateFrom(JAVA_BYTE, raw);
                int result = (int) call.invokeExact(errno, fd, address, raw.length);
                return result < 0 ? -errno.get(JAVA_INT, 0) : result;
            } catch (Throwable t) {
                throw Libc.unexpected(t);
            }
        }
    }

    @Override
    public int listen(int fd, int backlog) {
        int[] errno = new int[1];
        try {
            int result =
                    (int) LISTEN.invokeExact(MemorySegment.ofArray(errno), fd, backlog <= 0 ? BACKLOG_MAX : backlog);
            return result < 0 ? -errno[0] : result;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    @Override
    public int accept(int fd, SocketName[] peer) {
        byte[] raw = new byte[LinuxSockAddr.SIZE_MAX];
        int[] length = {raw.length};
        CallMemory memory = memories.take();
        try {
            int accepted = (int) ACCEPT4.invokeExact(
                    memory.errno,
                    fd,
                    MemorySegment.ofArray(raw),
                    MemorySegment.ofArray(length),
                    SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (accepted >= 0) {
                peer[0] = LinuxSockAddr.decode(raw, length[0]);
            }
            return (int) memory.result(accepted);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        } finally {
            memory.giveBack();
        }
    }

    @Override
    public int recv(int fd, MemorySegment buffer, long offset, int length) {
        CallMemory memory = memories.take();
        try {
            return recv(memory, fd, buffer.asSlice(offset, length), length);
        } finally {
            memory.giveBack();
        }
    }

    @Override
    public int recv(int fd, byte[] buffer, int offset, int length, int expected) {
        CallMemory memory = memories.take();
        try {
            if (expected > CallMemory.COPIED_MAX || length > CallMemory.BYTES) {
                return recv(memory, fd, MemorySegment.ofArray(buffer).asSlice(offset, length), length);
            }
            int n = recv(memory, fd, memory.bytes, length);
            if (n > 0) {
                MemorySegment.copy(memory.bytes, JAVA_BYTE, 0, buffer, offset, n);
            }
            return n;
        } finally {
            memory.giveBack();
        }
    }

    private static int recv(CallMemory memory, int fd, MemorySegment buffer, int length) {
        try {
            return (int) memory.result((long) RECV.invokeExact(memory.errno, fd, buffer, (long) length, 0));
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    @Override
    public int send(int fd, MemorySegment buffer, long offset, int length, boolean more) {
        CallMemory memory = memories.take();
        try {
            return send(memory, fd, buffer.asSlice(offset, length), length, more);
        } finally {
            memory.giveBack();
        }
    }

    @Override
    public int send(int fd, byte[] buffer, int offset, int length, boolean more) {
        CallMemory memory = memories.take();
        try {
            if (length > CallMemory.COPIED_MAX) {
                return send(memory, fd, MemorySegment.ofArray(buffer).asSlice(offset, length), length, more);
            }
            MemorySegment.copy(buffer, offset, memory.bytes, JAVA_BYTE, 0, length);
            return send(memory, fd, memory.bytes, length, more);
        } finally {
            memory.giveBack();
        }
    }

    private static int send(CallMemory memory, int fd, MemorySegment buffer, int length, boolean more) {
        try {
            return (int)
                    memory.result((long) SEND.invokeExact(memory.errno, fd, buffer, (long) length, sendFlags(more)));
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    private static int sendFlags(boolean more) {
        return more ? MSG_NOSIGNAL | MSG_MORE : MSG_NOSIGNAL;
    }

    @Override
    public long readv(int fd, MemorySegment[] buffers, int count) {
        CallMemory memory = memories.take();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment vectors = vectors(arena, buffers, count);
            return memory.result((long) Vectored.READV.invokeExact(memory.errno, fd, vectors, count));
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        } finally {
            memory.giveBack();
        }
    }

    @Override
    public long writev(int fd, MemorySegment[] buffers, int count, boolean more) {
        CallMemory memory = memories.take();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment header = arena.allocate(MSGHDR_BYTES, 8);
            header.set(ADDRESS, MSGHDR_IOV, vectors(arena, buffers, count));
            header.set(JAVA_LONG, MSGHDR_IOV_COUNT, count);
            return memory.result((long) Vectored.SENDMSG.invokeExact(memory.errno, fd, header, sendFlags(more)));
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        } finally {
            memory.giveBack();
        }
    }

    @Override
    public int pipe(int[] ends) {
        int[] errno = new int[1];
        try {
            int result = (int) Splicing.PIPE2.invokeExact(
                    MemorySegment.ofArray(errno), MemorySegment.ofArray(ends), SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (result < 0) {
                return -errno[0];
            }
            // Whatever it returns: a smaller pipe takes more calls.
            int _ = (int)
                    Control.FCNTL.invokeExact(MemorySegment.ofArray(errno), ends[1], F_SETPIPE_SZ, SPLICE_BYTES_MAX);
            return 0;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    @Override
    public long splice(int from, int to, int length) {
        CallMemory memory = memories.take();
        try {
            return memory.result((long) Splicing.SPLICE.invokeExact(
                    memory.errno,
                    from,
                    MemorySegment.NULL,
                    to,
                    MemorySegment.NULL,
                    (long) length,
                    SPLICE_F_MOVE | SPLICE_F_NONBLOCK));
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        } finally {
            memory.giveBack();
        }
    }

    private static MemorySegment vectors(Arena arena, MemorySegment[] buffers, int count) {
        MemorySegment vectors = arena.allocate((long) IOVEC_BYTES * count, 8);
        for (int i = 0; i < count; i++) {
            vectors.set(ADDRESS, (long) i * IOVEC_BYTES, buffers[i]);
            vectors.set(JAVA_LONG, (long) i * IOVEC_BYTES + 8, buffers[i].byteSize());
        }
        return vectors;
    }

    /**
     * struct pollfd: descriptor (4), events wanted (2), events seen (2); poll(2). Hang-up and error are always told.
     */
    @Override
    public int poll(int fd) {
        MemorySegment pollfd = MemorySegment.ofArray(new int[] {fd, 0});
        pollfd.set(JAVA_SHORT, 4, (short) (POLLIN | POLLRDHUP));
        int[] errno = new int[1];
        try {
            int result = (int) Readiness.POLL.invokeExact(MemorySegment.ofArray(errno), pollfd, 1L, 0);
            if (result < 0) {
                return -errno[0];
            }
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
        int seen = pollfd.get(JAVA_SHORT, 6);
        int readable = (seen & (POLLIN | POLLRDHUP | POLLHUP | POLLERR)) != 0 ? READABLE : 0;
        int closed = (seen & (POLLRDHUP | POLLHUP | POLLERR)) != 0 ? PEER_CLOSED : 0;
        return readable | closed;
    }

    @Override
    public int tcpInfo(int fd, Map<TcpStat, Long> info) {
        MemorySegment raw = MemorySegment.ofArray(new long[LinuxTcpInfo.BYTES / Long.BYTES]);
        int[] length = {LinuxTcpInfo.BYTES};
        int result = option(fd, IPPROTO_TCP, TCP_INFO, raw, length);
        if (result == 0) {
            LinuxTcpInfo.decode(raw, length[0], info);
        }
        return result;
    }

    @Override
    public int shutdown(int fd, int how) {
        int[] errno = new int[1];
        try {
            int result = (int) SHUTDOWN.invokeExact(MemorySegment.ofArray(errno), fd, how);
            return result < 0 ? -errno[0] : result;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    @Override
    public int close(int fd) {
        try {
            int result = (int) CLOSE.invokeExact(CLOSE_ERRNO, fd);
            return result < 0 ? -Errno.EIO : 0;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    @Override
    public int unlink(UnixName path) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment errno = arena.allocate(JAVA_INT);
            int result = (int) Paths.UNLINK.invokeExact(errno, arena.allocateFrom(path.text()));
            return result < 0 ? -errno.get(JAVA_INT, 0) : result;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    @Override
    public int setOption(int fd, SocketOption option, int value) {
        if (option == SocketOption.LINGER) {
            // struct linger: on (4), seconds (4); socket(7).
            return setOption(fd, SOL_SOCKET, SO_LINGER, new int[] {value < 0 ? 0 : 1, Math.max(value, 0)});
        }
        return setOption(fd, level(option), name(option), new int[] {value});
    }

    @Override
    public int option(int fd, SocketOption option) {
        int[] value = new int[option == SocketOption.LINGER ? 2 : 1];
        int result = option(fd, level(option), name(option), value);
        if (result < 0) {
            return result;
        }
        if (option == SocketOption.LINGER) {
            return value[0] == 0 ? -1 : value[1];
        }
        return value[0];
    }

    @Override
    public int setRawOption(int fd, int level, int name, int value) {
        return setOption(fd, level, name, new int[] {value});
    }

    @Override
    public int rawOption(int fd, int level, int name, int[] value) {
        return option(fd, level, name, value);
    }

    @Override
    public int bindToDevice(int fd, String name) {
        byte[] raw = name.getBytes(StandardCharsets.UTF_8);
        // The kernel would cut a longer one, and maybe find the device of that name.
        return raw.length > DEVICE_NAME_BYTES_MAX
                ? -Errno.ENODEV
                : setOption(fd, SOL_SOCKET, SO_BINDTODEVICE, MemorySegment.ofArray(raw));
    }

    private static int setOption(int fd, int level, int name, int[] value) {
        return setOption(fd, level, name, MemorySegment.ofArray(value));
    }

    private static int setOption(int fd, int level, int name, MemorySegment value) {
        int[] errno = new int[1];
        try {
            int result = (int) SETSOCKOPT.invokeExact(
                    MemorySegment.ofArray(errno), fd, level, name, value, (int) value.byteSize());
            return result < 0 ? -errno[0] : result;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    private static int option(int fd, int level, int name, int[] value) {
        int[] length = {value.length * Integer.BYTES};
        return option(fd, level, name, MemorySegment.ofArray(value), length);
    }

    private static int option(int fd, int level, int name, MemorySegment value, int[] length) {
        int[] errno = new int[1];
        try {
            int result = (int) Options.GETSOCKOPT.invokeExact(
                    MemorySegment.ofArray(errno), fd, level, name, value, MemorySegment.ofArray(length));
            return result < 0 ? -errno[0] : result;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    private static int level(SocketOption option) {
        return switch (option) {
            case REUSE_ADDRESS, REUSE_PORT, KEEP_ALIVE, SEND_BUFFER, RECEIVE_BUFFER, LINGER, ERROR -> SOL_SOCKET;
            case KEEP_IDLE,
                    KEEP_INTERVAL,
                    KEEP_COUNT,
                    NO_DELAY,
                    USER_TIMEOUT,
                    FAST_OPEN,
                    FAST_OPEN_CONNECT,
                    DEFER_ACCEPT -> IPPROTO_TCP;
            case TYPE_OF_SERVICE -> IPPROTO_IP;
            case V6_ONLY, TRAFFIC_CLASS -> IPPROTO_IPV6;
        };
    }

    // asm-generic/socket.h, linux/tcp.h, linux/in.h, linux/in6.h.
    private static int name(SocketOption option) {
        return switch (option) {
            case REUSE_ADDRESS -> 2;
            case ERROR -> 4;
            case SEND_BUFFER -> 7;
            case RECEIVE_BUFFER -> 8;
            case KEEP_ALIVE -> 9;
            case LINGER -> SO_LINGER;
            case REUSE_PORT -> 15;
            case NO_DELAY -> 1;
            case KEEP_IDLE -> 4;
            case KEEP_INTERVAL -> 5;
            case KEEP_COUNT -> 6;
            case DEFER_ACCEPT -> 9;
            case USER_TIMEOUT -> 18;
            case FAST_OPEN -> 23;
            case FAST_OPEN_CONNECT -> 30;
            case TYPE_OF_SERVICE -> 1;
            case V6_ONLY -> 26;
            case TRAFFIC_CLASS -> 67;
        };
    }

    @Override
    public int localAddress(int fd, SocketName[] address) {
        return name(GETSOCKNAME, fd, address);
    }

    @Override
    public int remoteAddress(int fd, SocketName[] address) {
        return name(GETPEERNAME, fd, address);
    }

    private static int name(MethodHandle call, int fd, SocketName[] address) {
        byte[] raw = new byte[LinuxSockAddr.SIZE_MAX];
        int[] length = {raw.length};
        int[] errno = new int[1];
        try {
            int result = (int) call.invokeExact(
                    MemorySegment.ofArray(errno), fd, MemorySegment.ofArray(raw), MemorySegment.ofArray(length));
            if (result < 0) {
                return -errno[0];
            }
            address[0] = LinuxSockAddr.decode(raw, length[0]);
            return result;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    @Override
    public boolean hasKernelDescriptors() {
        return true;
    }

    @Override
    public boolean inheritsOptions() {
        return true;
    }
}
