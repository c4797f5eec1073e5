package heddle.internal.sys;

import heddle.internal.socket.Errno;
import heddle.internal.socket.SockAddr;
import heddle.internal.socket.SocketName;
import heddle.internal.socket.SocketOption;
import heddle.internal.socket.TcpStat;
import heddle.internal.socket.UnixName;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/**
 * The system calls that Heddle makes, one method a call. Called by {@code internal.fd} on any thread; implementations
 * are stateless towards their callers and thread-safe. Every method returns a result of zero or more, or {@code -errno}
 * in the numbering of {@link Errno}. Every descriptor is non-blocking and close-on-exec from its birth; a backend
 * without descriptors of a kernel (NIO) hands out numbers of its own.
 *
 * <p>No failure of the system is thrown. A transfer throws only for memory that the caller may not use:
 * WrongThreadException for another thread's segment, IllegalStateException for one of a closed arena.
 */
public abstract class Syscalls {

    /** Most bytes that one transfer call moves: a longer critical call would hold off safepoints for too long. */
    public static final int TRANSFER_BYTES_MAX = 64 << 10;

    /** shutdown(2)'s SHUT_RD. */
    public static final int SHUT_RD = 0;

    /** shutdown(2)'s SHUT_WR. */
    public static final int SHUT_WR = 1;

    /**
     * socket(2).
     *
     * @param kind {@link SockAddr#VERSION_4} or {@link SockAddr#VERSION_6} of TCP, {@link UnixName#STREAM} or {@link
     *     UnixName#PACKET}
     * @param passive whether it will listen
     */
    public abstract int socket(int kind, boolean passive);

    /**
     * Takes charge of a descriptor that this process was started with: makes it non-blocking and close-on-exec. Its
     * number from then on; -ENOTSOCK, -ESOCKTNOSUPPORT or -EINVAL if it is no socket, none of streams or packets, or
     * does not listen; -ENOSYS where the backend cannot have it.
     *
     * @param fd the kernel's number
     * @param kind its element 0 receives the socket's kind, as for {@link #socket}
     */
    public abstract int inherit(int fd, int[] kind);

    /**
     * setsockopt(2) of SO_ATTACH_REUSEPORT_CBPF, socket(7): of the listeners that share a port, the {@code index}-th in
     * the order of listen(2) gets each new connection; where there is none such, they share. -ENOPROTOOPT where the
     * backend has no such option.
     */
    public abstract int steer(int fd, int index);

    /**
     * Sends one datagram to the Unix socket {@code to}, by a socket made for that; socket(2), sendto(2). 0, or the
     * first call's failure; -ENOSYS where the backend has no such sockets.
     */
    public abstract int sendDatagram(UnixName to, byte[] bytes);

    /** bind(2); {@code kind} is the socket's: an IPv4 address is mapped for {@link SockAddr#VERSION_6}. */
    public abstract int bind(int fd, int kind, SocketName address);

    /** listen(2); a backlog of 0 or less stands for the system's maximum. */
    public abstract int listen(int fd, int backlog);

    /**
     * connect(2): 0 if connected at once, else mostly -EINPROGRESS; -EAGAIN for a Unix socket whose backlog is full.
     */
    public abstract int connect(int fd, int kind, SocketName address);

    /**
     * accept4(2).
     *
     * @param peer its element 0 receives the peer's address
     */
    public abstract int accept(int fd, SocketName[] peer);

    /**
     * recv(2): bytes read, 0 at end of stream. At most {@link #TRANSFER_BYTES_MAX} a call, but for a packet, which is
     * read whole.
     */
    public abstract int recv(int fd, MemorySegment buffer, long offset, int length);

    /**
     * The same into an array.
     *
     * @param expected about how many bytes will come, such as came the last time: how they go best depends on that
     */
    public int recv(int fd, byte[] buffer, int offset, int length, int expected) {
        return recv(fd, MemorySegment.ofArray(buffer), offset, length);
    }

    /**
     * What a ring has received is about to be taken in place of {@link #recv}: 0, or a failure with which it is not
     * taken. For tests to stand in: to the system it is no call.
     */
    public int takeReceived(int fd) {
        return 0;
    }

    /**
     * A ring is about to be asked for a send in place of {@link #send}: 0, or a failure with which it is not asked.
     * Likewise.
     */
    public int askToSend(int fd) {
        return 0;
    }

    /**
     * send(2) with MSG_NOSIGNAL: bytes taken. At most {@link #TRANSFER_BYTES_MAX} a call, but for a packet, which goes
     * whole; {@code more} is MSG_MORE, of which Unix sockets know nothing.
     */
    public abstract int send(int fd, MemorySegment buffer, long offset, int length, boolean more);

    /** The same of an array. */
    public int send(int fd, byte[] buffer, int offset, int length, boolean more) {
        return send(fd, MemorySegment.ofArray(buffer), offset, length, more);
    }

    /**
     * readv(2) into native segments.
     *
     * @param count how many of them, at most {@link #VECTORS_MAX}
     */
    public abstract long readv(int fd, MemorySegment[] buffers, int count);

    /** writev(2) of native segments, as sendmsg(2) with MSG_NOSIGNAL; {@code count} and {@code more} as above. */
    public abstract long writev(int fd, MemorySegment[] buffers, int count, boolean more);

    /**
     * Most bytes that one {@link #splice} moves: it moves pages and copies nothing, so it is no longer than a transfer
     * of fewer.
     */
    public static final int SPLICE_BYTES_MAX = 256 << 10;

    /**
     * pipe2(2): 0, with the end to read from in {@code ends[0]} and the end to write to in {@code ends[1]}; -ENOSYS
     * where the backend has no kernel descriptors. It holds {@link #SPLICE_BYTES_MAX} bytes if the system allows.
     */
    public abstract int pipe(int[] ends);

    /**
     * splice(2) between a socket and a pipe, in either direction: bytes moved, 0 at the end of a stream, -EINVAL if the
     * socket cannot; -ENOSYS likewise.
     *
     * @param length at most {@link #SPLICE_BYTES_MAX}
     */
    public abstract long splice(int from, int to, int length);

    /** IOV_MAX of Linux, and the least that POSIX systems in use have. */
    public static final int VECTORS_MAX = 1024;

    /** Of {@link #poll}: a read would not wait, be it for bytes, the end of the stream or an error. */
    public static final int READABLE = 1;

    /** Of {@link #poll}: the peer shut down, hung up or reset, or this side shut its reading down. */
    public static final int PEER_CLOSED = 1 << 1;

    /**
     * poll(2) of a stream for reading, without waiting: the bits that hold, or -errno. Takes nothing away, except where
     * the backend has no kernel descriptors: there it may hold the next byte back for the next read, so only the holder
     * of the read lock calls it.
     */
    public abstract int poll(int fd);

    /**
     * getsockopt(2) of TCP_INFO.
     *
     * @param info receives what the kernel tells, which is less the older it is
     */
    public abstract int tcpInfo(int fd, Map<TcpStat, Long> info);

    /** shutdown(2). */
    public abstract int shutdown(int fd, int how);

    /** close(2): the descriptor is gone whatever this returns. */
    public abstract int close(int fd);

    /** unlink(2) of the path of a Unix socket; may block. */
    public abstract int unlink(UnixName path);

    /** setsockopt(2); -ENOPROTOOPT where the backend has no such option. */
    public abstract int setOption(int fd, SocketOption option, int value);

    /** getsockopt(2): the value, -1 for a linger that is off. */
    public abstract int option(int fd, SocketOption option);

    /**
     * setsockopt(2) of SO_BINDTODEVICE, socket(7): the socket uses the network device {@code name} alone; -ENOPROTOOPT
     * likewise.
     */
    public abstract int bindToDevice(int fd, String name);

    /** setsockopt(2) of an int, with the system's own numbers. */
    public abstract int setRawOption(int fd, int level, int name, int value);

    /** getsockopt(2) of an int, with the system's own numbers, into {@code value[0]}. */
    public abstract int rawOption(int fd, int level, int name, int[] value);

    /** getsockname(2) into {@code address[0]}. */
    public abstract int localAddress(int fd, SocketName[] address);

    /** getpeername(2) into {@code address[0]}. */
    public abstract int remoteAddress(int fd, SocketName[] address);

    /** Whether a descriptor is a number of the kernel's. */
    public abstract boolean hasKernelDescriptors();

    /**
     * Whether accepted sockets have the TCP options that their listener had at the handshake. Linux copies them (seen
     * on 6.18: no delay, keep-alive, user timeout, linger, receive buffer), so nothing need be set for each accepted
     * one.
     */
    public abstract boolean inheritsOptions();
}
