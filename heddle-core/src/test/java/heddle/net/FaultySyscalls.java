package heddle.net;

import heddle.internal.Settings;
import heddle.internal.poll.Poller;
import heddle.internal.poll.PollerSource;
import heddle.internal.poll.Watched;
import heddle.internal.socket.Errno;
import heddle.internal.socket.SocketName;
import heddle.internal.socket.SocketOption;
import heddle.internal.socket.TcpStat;
import heddle.internal.socket.UnixName;
import heddle.internal.sys.Syscalls;
import heddle.testing.Runtimes;
import heddle.time.Clock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The system calls of a runtime of its own, {@link #heddle}, of which some fail as a {@link Plan} has it. It runs in
 * the way of the shared one, until {@link #close}.
 *
 * <p>A call that fails is not made, and so has done nothing, with two exceptions that the kernel makes as well.
 * close(2) closes and then reports (close(2), "Dealing with error returns from close()"). connect(2) that ends with
 * EINTR goes on in the background (connect(2) of POSIX).
 *
 * <p>EAGAIN means "not now", and so do ENOTCONN of getpeername(2) and EINPROGRESS of a write: the kernel then reports
 * an edge when it is time. So does this, at once, to whoever watches.
 */
final class FaultySyscalls extends Syscalls implements AutoCloseable {

    /** Decides about each call that is about to be made, by its name in the kernel. Any thread. */
    @FunctionalInterface
    interface Plan {
        /** 0 to let it be made, else the errno to fail with; {@code fd} is -1 for socket(2). */
        int errno(String call, int fd);
    }

    /** The registrations of pollers, which are made by system calls too. */
    private final class FaultySource implements PollerSource {

        private final PollerSource realSource;

        FaultySource(PollerSource realSource) {
            this.realSource = realSource;
        }

        @Override
        public Poller current() {
            return realSource.current();
        }

        @Override
        public void giveWay() {
            realSource.giveWay();
        }

        @Override
        public @Nullable Poller batching() {
            return realSource.batching();
        }

        @Override
        public void beforeBlocking() {
            realSource.beforeBlocking();
        }

        @Override
        public int register(Poller poller, Watched registration) {
            // Before the system watches, so that nobody who is told EAGAIN waits for an edge in vain.
            watched.put(registration.fd(), registration);
            int fault = fault("epoll_ctl", registration.fd());
            return fault != 0 ? fault : realSource.register(poller, registration);
        }
    }

    /** Puts this between the runtime and the system. */
    private final class Between implements Settings.Between {

        @Override
        public Syscalls syscalls(Syscalls system) {
            real = system;
            return FaultySyscalls.this;
        }

        @Override
        public PollerSource pollers(PollerSource system) {
            return new FaultySource(system);
        }
    }

    /** Asked about each call. Written by the test, read by any thread. */
    private volatile Plan plan;

    /** Written once, by the runtime's start. */
    private Syscalls real;

    private final Heddle heddle;

    /** The ends to read from; numbers of pipes stay theirs, as those are kept. */
    private final Set<Integer> pipes = ConcurrentHashMap.newKeySet();

    /** By their numbers; an entry of a number that was closed stays until the number is watched again. */
    private final Map<Integer, Watched> watched = new ConcurrentHashMap<>();

    /** Starts the runtime; {@code plan} is asked from now on. */
    FaultySyscalls(Plan plan) {
        this.plan = plan;
        try {
            heddle = Heddle.start(Settings.with(Runtimes.current().way().internal, null, null, null, Clock.system())
                    .withBetween(new Between()));
        } catch (IOException refused) {
            throw new UncheckedIOException(refused);
        }
    }

    /** Asks {@code next} from now on. */
    void plan(Plan next) {
        plan = next;
    }

    /** The runtime. */
    Heddle heddle() {
        return heddle;
    }

    /** A connection of the runtime, both ends of it. */
    ConnPair tcp() throws Exception {
        return ConnPair.tcp(heddle.listenConfig(), heddle.dialer(), "127.0.0.1:0");
    }

    /** Closes the runtime. */
    @Override
    public void close() {
        heddle.close();
    }

    /** 0, or the failure of a call that is then not to be made. */
    private int fault(String call, int fd) {
        int errno = plan.errno(call, fd);
        boolean comesLater = switch (call) {
            case "getpeername" -> errno == Errno.ENOTCONN;
            case "write", "writev" -> errno == Errno.EINPROGRESS;
            default -> false;
        };
        if (errno == Errno.EAGAIN || comesLater) {
            Watched registration = watched.get(fd);
            if (registration != null) {
                registration.signal(true, true, false);
            }
        }
        return -errno;
    }

    @Override
    public int socket(int kind, boolean passive) {
        int fault = fault("socket", -1);
        return fault != 0 ? fault : real.socket(kind, passive);
    }

    @Override
    public int inherit(int fd, int[] kind) {
        int fault = fault("fcntl", fd);
        return fault != 0 ? fault : real.inherit(fd, kind);
    }

    @Override
    public int steer(int fd, int index) {
        int fault = fault("setsockopt", fd);
        return fault != 0 ? fault : real.steer(fd, index);
    }

    @Override
    public int sendDatagram(UnixName to, byte[] bytes) {
        int fault = fault("sendto", -1);
        return fault != 0 ? fault : real.sendDatagram(to, bytes);
    }

    @Override
    public int bind(int fd, int kind, SocketName address) {
        int fault = fault("bind", fd);
        return fault != 0 ? fault : real.bind(fd, kind, address);
    }

    @Override
    public int listen(int fd, int backlog) {
        int fault = fault("listen", fd);
        return fault != 0 ? fault : real.listen(fd, backlog);
    }

    @Override
    public int connect(int fd, int kind, SocketName address) {
        int fault = fault("connect", fd);
        int result = fault == 0 || fault == -Errno.EINTR ? real.connect(fd, kind, address) : fault;
        return fault != 0 ? fault : result;
    }

    @Override
    public int accept(int fd, SocketName[] peer) {
        int fault = fault("accept4", fd);
        return fault != 0 ? fault : real.accept(fd, peer);
    }

    @Override
    public int recv(int fd, MemorySegment buffer, long offset, int length) {
        int fault = fault("read", fd);
        return fault != 0 ? fault : real.recv(fd, buffer, offset, length);
    }

    @Override
    public int send(int fd, MemorySegment buffer, long offset, int length, boolean more) {
        int fault = fault("write", fd);
        return fault != 0 ? fault : real.send(fd, buffer, offset, length, more);
    }

    @Override
    public int takeReceived(int fd) {
        return fault("read", fd);
    }

    @Override
    public int askToSend(int fd) {
        return fault("write", fd);
    }

    @Override
    public long readv(int fd, MemorySegment[] buffers, int count) {
        int fault = fault("readv", fd);
        return fault != 0 ? fault : real.readv(fd, buffers, count);
    }

    @Override
    public long writev(int fd, MemorySegment[] buffers, int count, boolean more) {
        int fault = fault("writev", fd);
        return fault != 0 ? fault : real.writev(fd, buffers, count, more);
    }

    @Override
    public int pipe(int[] ends) {
        int fault = fault("pipe2", -1);
        int result = fault != 0 ? fault : real.pipe(ends);
        if (result == 0) {
            pipes.add(ends[0]);
        }
        return result;
    }

    /** Said of the socket, from which or to which. */
    @Override
    public long splice(int from, int to, int length) {
        boolean in = !pipes.contains(from);
        int fault = fault(in ? "splice in" : "splice out", in ? from : to);
        return fault != 0 ? fault : real.splice(from, to, length);
    }

    @Override
    public int poll(int fd) {
        int fault = fault("poll", fd);
        return fault != 0 ? fault : real.poll(fd);
    }

    @Override
    public int tcpInfo(int fd, Map<TcpStat, Long> info) {
        int fault = fault("getsockopt", fd);
        return fault != 0 ? fault : real.tcpInfo(fd, info);
    }

    @Override
    public int shutdown(int fd, int how) {
        int fault = fault("shutdown", fd);
        return fault != 0 ? fault : real.shutdown(fd, how);
    }

    @Override
    public int close(int fd) {
        int fault = fault("close", fd);
        int result = real.close(fd);
        return fault != 0 ? fault : result;
    }

    @Override
    public int unlink(UnixName path) {
        int fault = fault("unlink", -1);
        return fault != 0 ? fault : real.unlink(path);
    }

    @Override
    public int setOption(int fd, SocketOption option, int value) {
        int fault = fault("setsockopt", fd);
        return fault != 0 ? fault : real.setOption(fd, option, value);
    }

    @Override
    public int option(int fd, SocketOption option) {
        int fault = fault("getsockopt", fd);
        return fault != 0 ? fault : real.option(fd, option);
    }

    @Override
    public int bindToDevice(int fd, String name) {
        int fault = fault("setsockopt", fd);
        return fault != 0 ? fault : real.bindToDevice(fd, name);
    }

    @Override
    public int setRawOption(int fd, int level, int name, int value) {
        int fault = fault("setsockopt", fd);
        return fault != 0 ? fault : real.setRawOption(fd, level, name, value);
    }

    @Override
    public int rawOption(int fd, int level, int name, int[] value) {
        int fault = fault("getsockopt", fd);
        return fault != 0 ? fault : real.rawOption(fd, level, name, value);
    }

    @Override
    public int localAddress(int fd, SocketName[] address) {
        int fault = fault("getsockname", fd);
        return fault != 0 ? fault : real.localAddress(fd, address);
    }

    @Override
    public int remoteAddress(int fd, SocketName[] address) {
        int fault = fault("getpeername", fd);
        return fault != 0 ? fault : real.remoteAddress(fd, address);
    }

    @Override
    public boolean hasKernelDescriptors() {
        return real.hasKernelDescriptors();
    }

    @Override
    public boolean inheritsOptions() {
        return real.inheritsOptions();
    }
}
