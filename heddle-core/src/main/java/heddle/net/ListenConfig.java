package heddle.net;

import heddle.internal.Platform;
import heddle.internal.sys.SockAddr;
import heddle.internal.sys.SocketOption;
import heddle.internal.sys.Syscalls;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.List;

/** How to listen. Immutable and thread-safe: each setter returns a changed copy. */
public final class ListenConfig {

    private final int backlog;
    private final boolean reusePort;
    private final KeepAlive keepAlive;
    private final @Nullable Control control;

    /** The system's longest backlog, {@link KeepAlive#DEFAULT}, no port shared. */
    public ListenConfig() {
        this(0, false, KeepAlive.DEFAULT, null);
    }

    private ListenConfig(
            int backlog, boolean reusePort, KeepAlive keepAlive, @Nullable Control control) {
        this.backlog = backlog;
        this.reusePort = reusePort;
        this.keepAlive = keepAlive;
        this.control = control;
    }

    /**
     * How many connections the kernel queues for {@link Listener#accept}; listen(2).
     *
     * @param connections more than 0, cut to the system's maximum by the kernel; 0 for that maximum
     * @return the changed copy
     */
    public ListenConfig backlog(int connections) {
        if (connections < 0) {
            throw new IllegalArgumentException("backlog " + connections + ": want 0 or more");
        }
        return new ListenConfig(connections, reusePort, keepAlive, control);
    }

    /**
     * Whether several listeners may share the port, each with its part of the connections; SO_REUSEPORT, socket(7).
     *
     * @param share true if they may
     * @return the changed copy
     */
    public ListenConfig reusePort(boolean share) {
        return new ListenConfig(backlog, share, keepAlive, control);
    }

    /**
     * Keep-alive of accepted connections.
     *
     * @param setting the setting
     * @return the changed copy
     */
    public ListenConfig keepAlive(KeepAlive setting) {
        return new ListenConfig(backlog, reusePort, setting, control);
    }

    /**
     * A hook between socket(2) and bind(2).
     *
     * @param hook the hook
     * @return the changed copy
     */
    public ListenConfig control(Control hook) {
        return new ListenConfig(backlog, reusePort, keepAlive, hook);
    }

    /**
     * Listens.
     *
     * @param network {@code tcp}, {@code tcp4} or {@code tcp6}
     * @param address {@code host:port}; an empty host stands for all of this machine's addresses, port 0 for a free one
     * @return the listener
     * @throws UnknownNetworkException no such network
     * @throws AddressException the address cannot be used as written
     * @throws HostNotFoundException the host has no address
     * @throws BindFailedException the address is in use, not of this machine, or not allowed
     * @throws IOException any other failure, carrying the errno; socket(2), listen(2)
     */
    public Listener listen(String network, String address) throws IOException {
        Network known = Network.named("listen", network);
        List<SockAddr> addresses =
                HostPort.parse("listen", network, address).resolve("listen", known, Deadline.NONE);
        return listen(known, firstV4OrFirst(addresses));
    }

    private static SockAddr firstV4OrFirst(List<SockAddr> addresses) {
        for (SockAddr address : addresses) {
            if (address.version() == SockAddr.VERSION_4) {
                return address;
            }
        }
        return addresses.getFirst();
    }

    private TcpListener listen(Network network, SockAddr address) throws IOException {
        Platform platform = Platform.current();
        Syscalls sys = platform.syscalls();
        int version = network.versionToListen(address);
        var wanted = new TcpAddr(address);
        int fd = sys.socket(version, true);
        if (fd < 0) {
            throw Failures.of("listen", network.label, null, wanted, "socket", fd, 0);
        }
        boolean listening = false;
        try {
            setOptions(sys, fd, version, network);
            Sockets.control(control, sys, fd, version, wanted);
            // 0.0.0.0 on a socket of both versions is its own "any", not IPv4's mapped one.
            SockAddr toBind =
                    address.isUnspecified()
                            ? new SockAddr(0, 0, version, address.port(), 0)
                            : address;
            check(network, wanted, "bind", sys.bind(fd, version, toBind));
            check(network, wanted, "listen", sys.listen(fd, backlog));
            SockAddr bound = Sockets.localAddress(sys, fd, toBind);
            listening = true;
            return new TcpListener(platform, fd, network.label, bound, keepAlive);
        } finally {
            if (!listening) {
                sys.close(fd);
            }
        }
    }

    private void setOptions(Syscalls sys, int fd, int version, Network network) {
        if (version == SockAddr.VERSION_6) {
            sys.setOption(fd, SocketOption.V6_ONLY, network == Network.TCP6 ? 1 : 0);
        }
        sys.setOption(fd, SocketOption.REUSE_ADDRESS, 1);
        if (reusePort) {
            sys.setOption(fd, SocketOption.REUSE_PORT, 1);
        }
        if (sys.inheritsOptions()) {
            // Set here once, instead of five calls for each connection.
            sys.setOption(fd, SocketOption.NO_DELAY, 1);
            Sockets.setKeepAlive(sys, fd, keepAlive);
        }
    }

    private static void check(Network network, TcpAddr wanted, String call, int result)
            throws IOException {
        if (result < 0) {
            throw Failures.of("listen", network.label, null, wanted, call, result, 0);
        }
    }
}
