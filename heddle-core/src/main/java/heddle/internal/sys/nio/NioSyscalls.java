package heddle.internal.sys.nio;

import heddle.internal.socket.Errno;
import heddle.internal.socket.NumberTable;
import heddle.internal.socket.SockAddr;
import heddle.internal.socket.SocketName;
import heddle.internal.socket.SocketOption;
import heddle.internal.socket.TcpStat;
import heddle.internal.socket.UnixName;
import heddle.internal.sys.StartException;
import heddle.internal.sys.Syscalls;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.NetworkChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * {@link Syscalls} of any system, on the JDK's channels. Descriptors are numbers of our own; one is used again only
 * after {@link #REST} others were closed. Raw options are named by Linux's numbers on every system.
 *
 * An interrupt closes a channel under a call only in blocking mode: non-blocking calls set no hook for it
 * (begin(boolean) in SocketChannelImpl and ServerSocketChannelImpl of JDK 25; NioSyscallsTest). So callers may be
 * interrupted, as with the kernel.
 *
 * A long file, as it holds one function a system call, and what two of them must agree on about a channel's state.
 *
 * Where it differs from the kernel's calls: see {@link #bind}, {@link #setOption} and {@link #shutdown}; MSG_MORE is
 * not to be had, and what was reset stays so.
 */
public final class NioSyscalls extends Syscalls {

    /** About how many closed numbers rest: a mistaken use of one soon after its close finds nobody else's socket. */
    static final int REST = 1024;

    private final NumberTable<NioSocket> sockets = new NumberTable<>();

    /** What was closed, oldest first, and how many of them there are, give or take those being added. */
    private final Queue<Integer> resting = new ConcurrentLinkedQueue<>();

    private final AtomicInteger rested = new AtomicInteger();

    /** How many numbers there have been. */
    private final AtomicInteger numbers = new AtomicInteger();

    /** A call on an open socket. */
    @FunctionalInterface
    private interface Call {
        int on(NioSocket socket) throws IOException;
    }

    /** What {@code fd} stands for; null if it is closed. */
    public @Nullable NioSocket find(int fd) {
        return sockets.find(fd);
    }

    /**
     * A selector for what these numbers stand for.
     *
     * @throws StartException the system has none to give
     */
    public Selector openSelector() {
        try {
            return Selector.open();
        } catch (IOException failure) {
            throw new StartException("selector", ExceptionErrno.of(failure));
        }
    }

    private int call(int fd, Call call) {
        NioSocket socket = sockets.find(fd);
        if (socket == null) {
            return -Errno.EBADF;
        }
        try {
            return call.on(socket);
        } catch (IOException | RuntimeException failure) {
            return -ExceptionErrno.of(failure);
        }
    }

    @Override
    public int socket(int kind, boolean passive) {
        if (kind == UnixName.PACKET) {
            return -Errno.EPROTONOSUPPORT;
        }
        var family = switch (kind) {
            case SockAddr.VERSION_4 -> StandardProtocolFamily.INET;
            case SockAddr.VERSION_6 -> StandardProtocolFamily.INET6;
            default -> StandardProtocolFamily.UNIX;
        };
        try {
            return add(passive ? ServerSocketChannel.open(family) : SocketChannel.open(family), family);
        } catch (UnsupportedOperationException noSuchFamily) {
            return -Errno.EAFNOSUPPORT;
        } catch (IOException | RuntimeException failure) {
            return -ExceptionErrno.of(failure);
        }
    }

    /** The JDK takes one, the standard input of a program that inetd or its like has started. */
    @Override
    public int inherit(int fd, int[] kind) {
        if (fd != 0) {
            return -Errno.ENOSYS;
        }
        try {
            if (!(System.inheritedChannel() instanceof ServerSocketChannel listener)) {
                return -Errno.ENOTSOCK;
            }
            var family = listener.getLocalAddress() instanceof InetSocketAddress inet
                    ? inet.getAddress() instanceof Inet4Address
                            ? StandardProtocolFamily.INET
                            : StandardProtocolFamily.INET6
                    : StandardProtocolFamily.UNIX;
            kind[0] = switch (family) {
                case INET -> SockAddr.VERSION_4;
                case INET6 -> SockAddr.VERSION_6;
                case UNIX -> UnixName.STREAM;
            };
            return add(listener, family);
        } catch (IOException | RuntimeException failure) {
            return -ExceptionErrno.of(failure);
        }
    }

    @Override
    public int steer(int fd, int index) {
        return -Errno.ENOPROTOOPT;
    }

    @Override
    public int sendDatagram(UnixName to, byte[] bytes) {
        return -Errno.ENOSYS;
    }

    /** Gives {@code channel} a number, or closes it. */
    private int add(SelectableChannel channel, StandardProtocolFamily family) throws IOException {
        try {
            channel.configureBlocking(false);
        } catch (IOException | RuntimeException failure) {
            channel.close();
            throw failure;
        }
        int number = takeNumber();
        sockets.put(number, new NioSocket(channel, family));
        return number;
    }

    private int takeNumber() {
        Integer oldest = rested.get() > REST ? resting.poll() : null;
        if (oldest == null) {
            return numbers.getAndIncrement();
        }
        rested.decrementAndGet();
        return oldest;
    }

    /**
     * Of a listener, only tried out: the JDK binds and listens in one call, which wants the backlog, so {@link #listen}
     * makes it. The trial is on a socket that is closed at once; it finds an address in use or not ours here, where the
     * kernel would. A path is not tried, as that would leave it in the file system: listen finds what bind would.
     */
    @Override
    public int bind(int fd, int kind, SocketName address) {
        return call(fd, socket -> {
            int refusal = refusal(address);
            if (refusal != 0) {
                return refusal;
            }
            if (!socket.isListener()) {
                socket.stream().bind(toJdk(address));
                return 0;
            }
            if (socket.bindAddress() != null) {
                return -Errno.EINVAL;
            }
            if (address instanceof SockAddr ip) {
                tryBind(socket, ip);
            }
            socket.bindAddress(address);
            return 0;
        });
    }

    /** The JDK has paths only, no abstract names; unix(7). */
    private static int refusal(SocketName address) {
        if (address instanceof UnixName name) {
            if (!name.isValid()) {
                return -Errno.EINVAL;
            }
            return name.isPath() ? 0 : -Errno.EOPNOTSUPP;
        }
        return 0;
    }

    private static void tryBind(NioSocket socket, SockAddr address) throws IOException {
        NetworkChannel listener = socket.network();
        try (SocketChannel trial = SocketChannel.open(socket.family())) {
            trial.setOption(StandardSocketOptions.SO_REUSEADDR, listener.getOption(StandardSocketOptions.SO_REUSEADDR));
            if (listener.supportedOptions().contains(StandardSocketOptions.SO_REUSEPORT)) {
                trial.setOption(
                        StandardSocketOptions.SO_REUSEPORT, listener.getOption(StandardSocketOptions.SO_REUSEPORT));
            }
            trial.bind(toJdk(address));
        }
    }

    @Override
    public int listen(int fd, int backlog) {
        // The system clamps a backlog to its own maximum; listen(2). 0 would be the JDK's 50.
        int queued = backlog <= 0 ? Integer.MAX_VALUE : backlog;
        return call(fd, socket -> {
            if (!(socket.channel() instanceof ServerSocketChannel listener)) {
                return -Errno.EOPNOTSUPP;
            }
            SocketName address = socket.bindAddress();
            listener.bind(address == null ? null : toJdk(address), queued);
            return 0;
        });
    }

    @Override
    public int connect(int fd, int kind, SocketName address) {
        return call(fd, socket -> {
            int refusal = socket.isListener() ? -Errno.EISCONN : refusal(address);
            if (refusal != 0) {
                return refusal;
            }
            if (socket.stream().connect(toJdk(address))) {
                return 0;
            }
            // The JDK takes the EAGAIN of a full backlog for a connection under way.
            return address instanceof UnixName ? -Errno.EAGAIN : -Errno.EINPROGRESS;
        });
    }

    @Override
    public int accept(int fd, SocketName[] peer) {
        return call(fd, socket -> {
            if (!(socket.channel() instanceof ServerSocketChannel listener)) {
                return -Errno.EINVAL;
            }
            SocketChannel accepted;
            try {
                accepted = listener.accept();
            } catch (IOException | RuntimeException failure) {
                return -ExceptionErrno.ofAccept(failure);
            }
            if (accepted == null) {
                return -Errno.EAGAIN;
            }
            peer[0] = fromJdk(accepted.getRemoteAddress(), socket.family());
            return add(accepted, socket.family());
        });
    }

    @Override
    public int recv(int fd, MemorySegment buffer, long offset, int length) {
        return recv(fd, bytes(buffer, offset, length));
    }

    @Override
    public int recv(int fd, byte[] buffer, int offset, int length, int expected) {
        return recv(fd, ByteBuffer.wrap(buffer, offset, length));
    }

    private int recv(int fd, ByteBuffer buffer) {
        NioSocket socket = sockets.find(fd);
        if (socket == null) {
            return -Errno.EBADF;
        }
        if (socket.hasAhead()) {
            return socket.readAhead(buffer);
        }
        boolean asked = buffer.hasRemaining();
        try {
            return (int) received(socket.stream().read(buffer), asked);
        } catch (IOException | RuntimeException failure) {
            return -ExceptionErrno.of(failure);
        }
    }

    @Override
    public int send(int fd, MemorySegment buffer, long offset, int length, boolean more) {
        return send(fd, bytes(buffer, offset, length));
    }

    @Override
    public int send(int fd, byte[] buffer, int offset, int length, boolean more) {
        return send(fd, ByteBuffer.wrap(buffer, offset, length));
    }

    private int send(int fd, ByteBuffer buffer) {
        NioSocket socket = sockets.find(fd);
        if (socket == null) {
            return -Errno.EBADF;
        }
        boolean asked = buffer.hasRemaining();
        try {
            return (int) sent(socket.stream().write(buffer), asked);
        } catch (IOException | RuntimeException failure) {
            return -sendErrno(socket, failure);
        }
    }

    @Override
    public long readv(int fd, MemorySegment[] buffers, int count) {
        NioSocket socket = sockets.find(fd);
        if (socket == null) {
            return -Errno.EBADF;
        }
        if (socket.hasAhead()) {
            return socket.readAhead(buffers[0].asByteBuffer());
        }
        try {
            ByteBuffer[] vectors = vectors(buffers, count);
            return received(socket.stream().read(vectors), hasRemaining(vectors));
        } catch (IOException | RuntimeException failure) {
            return -ExceptionErrno.of(failure);
        }
    }

    @Override
    public long writev(int fd, MemorySegment[] buffers, int count, boolean more) {
        NioSocket socket = sockets.find(fd);
        if (socket == null) {
            return -Errno.EBADF;
        }
        try {
            ByteBuffer[] vectors = vectors(buffers, count);
            boolean asked = hasRemaining(vectors);
            return sent(socket.stream().write(vectors), asked);
        } catch (IOException | RuntimeException failure) {
            return -sendErrno(socket, failure);
        }
    }

    @Override
    public int pipe(int[] ends) {
        return -Errno.ENOSYS;
    }

    @Override
    public long splice(int from, int to, int length) {
        return -Errno.ENOSYS;
    }

    private static long received(long n, boolean asked) {
        if (n < 0) {
            return 0;
        }
        return n == 0 && asked ? -Errno.EAGAIN : n;
    }

    private static long sent(long n, boolean asked) {
        return n == 0 && asked ? -Errno.EAGAIN : n;
    }

    private static boolean hasRemaining(ByteBuffer[] buffers) {
        for (ByteBuffer buffer : buffers) {
            if (buffer.hasRemaining()) {
                return true;
            }
        }
        return false;
    }

    /**
     * After a shutdown for writing the JDK hides EPIPE behind an AsynchronousCloseException, though the channel is
     * open.
     */
    private static int sendErrno(NioSocket socket, Exception failure) {
        return failure instanceof AsynchronousCloseException && socket.channel().isOpen()
                ? Errno.EPIPE
                : ExceptionErrno.of(failure);
    }

    /** A view: the JDK takes native memory as it is, and copies a heap array through memory of its own. */
    private static ByteBuffer bytes(MemorySegment segment, long offset, int length) {
        return segment.asSlice(offset, length).asByteBuffer();
    }

    private static ByteBuffer[] vectors(MemorySegment[] segments, int count) {
        ByteBuffer[] buffers = new ByteBuffer[count];
        for (int i = 0; i < count; i++) {
            buffers[i] = segments[i].asByteBuffer();
        }
        return buffers;
    }

    @Override
    public int poll(int fd) {
        return call(fd, NioSocket::look);
    }

    @Override
    public int tcpInfo(int fd, Map<TcpStat, Long> info) {
        return -Errno.ENOPROTOOPT;
    }

    /** After SHUT_RD a read ends at once, unlike Linux, which still gives what had arrived before. */
    @Override
    public int shutdown(int fd, int how) {
        return call(fd, socket -> {
            if (how == SHUT_RD) {
                socket.stream().shutdownInput();
            } else {
                socket.stream().shutdownOutput();
            }
            return 0;
        });
    }

    @Override
    public int close(int fd) {
        NioSocket socket = sockets.find(fd);
        if (socket == null || !sockets.remove(fd, socket)) {
            return -Errno.EBADF;
        }
        resting.add(fd);
        rested.incrementAndGet();
        try {
            socket.channel().close();
            return 0;
        } catch (IOException failure) {
            return -Errno.EIO;
        }
    }

    @Override
    public int unlink(UnixName path) {
        try {
            Files.delete(Path.of(path.text()));
            return 0;
        } catch (NoSuchFileException gone) {
            return -Errno.ENOENT;
        } catch (IOException | RuntimeException failure) {
            return -ExceptionErrno.of(failure);
        }
    }

    /**
     * The keepalive's times exist where the module {@code jdk.net} is resolved, which is not needed otherwise.
     * IPV6_V6ONLY: the JDK makes every IPv6 socket one of both versions, so 0 is granted and 1 is refused.
     */
    @Override
    public int setOption(int fd, SocketOption option, int value) {
        return call(fd, socket -> {
            if (option == SocketOption.V6_ONLY) {
                return isV6(socket) && value == 0 ? 0 : -Errno.ENOPROTOOPT;
            }
            var name = find(socket, option);
            if (name == null) {
                return -Errno.ENOPROTOOPT;
            }
            set(socket.network(), name, value);
            return 0;
        });
    }

    @Override
    public int option(int fd, SocketOption option) {
        return call(fd, socket -> {
            if (option == SocketOption.ERROR) {
                return socket.takePendingError();
            }
            if (option == SocketOption.V6_ONLY) {
                return isV6(socket) ? 0 : -Errno.ENOPROTOOPT;
            }
            var name = find(socket, option);
            if (name == null) {
                return -Errno.ENOPROTOOPT;
            }
            Object value = socket.network().getOption(name);
            return value instanceof Boolean on ? (on ? 1 : 0) : (Integer) value;
        });
    }

    private static boolean isV6(NioSocket socket) {
        return socket.family() == StandardProtocolFamily.INET6;
    }

    @SuppressWarnings("unchecked") // The type is looked at.
    private static void set(NetworkChannel channel, java.net.SocketOption<?> name, int value) throws IOException {
        if (name.type() == Boolean.class) {
            channel.setOption((java.net.SocketOption<Boolean>) name, value != 0);
        } else {
            channel.setOption((java.net.SocketOption<Integer>) name, value);
        }
    }

    /** The JDK's option, by its name: those of the keepalive have no constant in {@code java.base}. */
    private static java.net.@Nullable SocketOption<?> find(NioSocket socket, SocketOption option) {
        String name = switch (option) {
            case REUSE_ADDRESS -> "SO_REUSEADDR";
            case REUSE_PORT -> "SO_REUSEPORT";
            case KEEP_ALIVE -> "SO_KEEPALIVE";
            case KEEP_IDLE -> "TCP_KEEPIDLE";
            case KEEP_INTERVAL -> "TCP_KEEPINTERVAL";
            case KEEP_COUNT -> "TCP_KEEPCOUNT";
            case NO_DELAY -> "TCP_NODELAY";
            case SEND_BUFFER -> "SO_SNDBUF";
            case RECEIVE_BUFFER -> "SO_RCVBUF";
            case LINGER -> "SO_LINGER";
            // Of an IPv6 socket it sets the traffic class, too; Net.setSocketOption of JDK 25.
            case TYPE_OF_SERVICE, TRAFFIC_CLASS -> "IP_TOS";
            case USER_TIMEOUT, FAST_OPEN, FAST_OPEN_CONNECT, DEFER_ACCEPT, V6_ONLY, ERROR -> "";
        };
        for (var supported : socket.network().supportedOptions()) {
            if (supported.name().equals(name)) {
                return supported;
            }
        }
        return null;
    }

    @Override
    public int bindToDevice(int fd, String name) {
        return -Errno.ENOPROTOOPT;
    }

    @Override
    public int setRawOption(int fd, int level, int name, int value) {
        SocketOption option = ofLinux(level, name);
        return option == null ? -Errno.ENOPROTOOPT : setOption(fd, option, value);
    }

    @Override
    public int rawOption(int fd, int level, int name, int[] value) {
        SocketOption option = ofLinux(level, name);
        int result = option == null ? -Errno.ENOPROTOOPT : option(fd, option);
        if (result < 0) {
            return result;
        }
        value[0] = result;
        return 0;
    }

    /** asm-generic/socket.h, netinet/tcp.h, linux/in6.h. Without SO_LINGER, whose value is no int there. */
    private static @Nullable SocketOption ofLinux(int level, int name) {
        return switch (level) {
            case 1 -> // SOL_SOCKET
                switch (name) {
                    case 2 -> SocketOption.REUSE_ADDRESS;
                    case 4 -> SocketOption.ERROR;
                    case 7 -> SocketOption.SEND_BUFFER;
                    case 8 -> SocketOption.RECEIVE_BUFFER;
                    case 9 -> SocketOption.KEEP_ALIVE;
                    case 15 -> SocketOption.REUSE_PORT;
                    default -> null;
                };
            case 6 -> // IPPROTO_TCP
                switch (name) {
                    case 1 -> SocketOption.NO_DELAY;
                    case 4 -> SocketOption.KEEP_IDLE;
                    case 5 -> SocketOption.KEEP_INTERVAL;
                    case 6 -> SocketOption.KEEP_COUNT;
                    default -> null;
                };
            case 41 -> name == 26 ? SocketOption.V6_ONLY : null; // IPPROTO_IPV6
            default -> null;
        };
    }

    @Override
    public int localAddress(int fd, SocketName[] address) {
        return call(fd, socket -> {
            SocketAddress local = socket.network().getLocalAddress();
            SocketName wanted = socket.bindAddress();
            address[0] = local == null && wanted != null ? wanted : fromJdk(local, socket.family());
            return 0;
        });
    }

    /**
     * Also finishes a connect, which the JDK leaves to its caller; a failure is {@link SocketOption#ERROR} from then
     * on.
     */
    @Override
    public int remoteAddress(int fd, SocketName[] address) {
        return call(fd, socket -> {
            if (!socket.finishConnect()) {
                return -Errno.ENOTCONN;
            }
            address[0] = fromJdk(socket.stream().getRemoteAddress(), socket.family());
            return 0;
        });
    }

    private static SocketAddress toJdk(SocketName address) {
        return switch (address) {
            case SockAddr ip -> new InetSocketAddress(ip.toInetAddress(), ip.port());
            case UnixName name -> UnixDomainSocketAddress.of(name.text());
        };
    }

    /** {@code address}, or the unspecified one of a socket that is not bound. */
    private static SocketName fromJdk(@Nullable SocketAddress address, StandardProtocolFamily family) {
        if (address instanceof UnixDomainSocketAddress unix) {
            return new UnixName(unix.getPath().toString());
        }
        if (family == StandardProtocolFamily.UNIX) {
            return UnixName.NONE;
        }
        if (address instanceof InetSocketAddress inet) {
            return SockAddr.of(inet.getAddress(), inet.getPort());
        }
        int version = family == StandardProtocolFamily.INET6 ? SockAddr.VERSION_6 : SockAddr.VERSION_4;
        return new SockAddr(0, 0, version, 0, 0);
    }

    @Override
    public boolean hasKernelDescriptors() {
        return false;
    }

    /** A listener of the JDK has neither TCP_NODELAY nor SO_KEEPALIVE to pass on. */
    @Override
    public boolean inheritsOptions() {
        return false;
    }
}
