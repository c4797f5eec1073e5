package heddle.net;

import heddle.internal.fd.Descriptors;
import heddle.internal.fd.Listening;
import heddle.internal.fd.Opening;
import heddle.internal.fd.Refused;
import heddle.internal.fd.SocketOptions;
import heddle.internal.fd.Traffic;
import heddle.internal.socket.Errno;
import heddle.internal.socket.SockAddr;
import heddle.internal.socket.SocketOption;
import heddle.internal.socket.UnixName;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** How to listen. Immutable and thread-safe: each setter returns a changed copy. */
public final class ListenConfig {

    private static final String INHERIT = "inherit";

    private final Settings settings;

    /**
     * What the setters set. Written only before its configuration is made, whose final field then publishes it; JLS
     * 17.5.
     */
    private static final class Settings implements Cloneable {
        private final Heddle heddle;
        private int backlog;
        private boolean reusePort;
        private boolean takeOver;
        private KeepAlive keepAlive = KeepAlive.DEFAULT;
        private boolean noDelay = true;
        private @Nullable Control control;
        private SocketOptions options = SocketOptions.NONE;

        Settings(Heddle heddle) {
            this.heddle = heddle;
        }

        Settings copy() {
            try {
                return (Settings) clone();
            } catch (CloneNotSupportedException impossible) {
                throw new AssertionError(impossible);
            }
        }
    }

    /**
     * Of {@link Heddle#shared}: the system's longest backlog, {@link KeepAlive#DEFAULT}, no delay of small writes, no
     * port shared.
     */
    public ListenConfig() {
        this(Heddle.shared());
    }

    /** The same of {@code heddle}. */
    ListenConfig(Heddle heddle) {
        this(new Settings(heddle));
    }

    private ListenConfig(Settings settings) {
        this.settings = settings;
    }

    private ListenConfig with(Consumer<Settings> change) {
        Settings changed = settings.copy();
        change.accept(changed);
        return new ListenConfig(changed);
    }

    private ListenConfig with(SocketOption option, int value) {
        return with(s -> s.options = s.options.with(option, value));
    }

    /**
     * How many connections the kernel queues for {@link Listener#accept}; listen(2).
     *
     * @param connections 1 or more, cut to the system's maximum by the kernel; that maximum by default
     * @return the changed copy
     */
    public ListenConfig backlog(int connections) {
        return with(s -> s.backlog = OptionValues.positive("backlog", connections));
    }

    /**
     * Whether several listeners may share the port, each with its part of the connections; SO_REUSEPORT, socket(7).
     *
     * @param share true if they may
     * @return the changed copy
     */
    public ListenConfig reusePort(boolean share) {
        return with(s -> s.reusePort = share);
    }

    /**
     * Whether to take a port over from the listener that has it: both share it, {@link #reusePort}, and all connections
     * that come from now on are this one's. So the older one may be closed a round trip later, with its backlog
     * accepted, without a connection being refused or reset; what a kernel does otherwise with those in the backlog of
     * a listener that closes. For two listeners at a time, as the kernel counts them from the oldest one, both of which
     * ask for this or for {@link #reusePort}. SO_ATTACH_REUSEPORT_CBPF, socket(7). Not in {@link heddle.net##ways way
     * nio}, and not for Unix sockets.
     *
     * @param newest true to do so
     * @return the changed copy
     */
    public ListenConfig takeOver(boolean newest) {
        return with(s -> s.takeOver = newest);
    }

    /**
     * Keep-alive of accepted connections.
     *
     * @param setting the setting
     * @return the changed copy
     */
    public ListenConfig keepAlive(KeepAlive setting) {
        return with(s -> s.keepAlive = setting);
    }

    /**
     * Whether small writes to accepted connections are sent at once, the default; TCP_NODELAY.
     *
     * @param atOnce true to send at once
     * @return the changed copy
     */
    public ListenConfig noDelay(boolean atOnce) {
        return with(s -> s.noDelay = atOnce);
    }

    /**
     * Size of the receive buffer of accepted connections, which ends its automatic sizing. It is set before they
     * connect, so the window that they offer can be as large. SO_RCVBUF, socket(7).
     *
     * @param bytes the size, which the kernel may round and double
     * @return the changed copy
     */
    public ListenConfig readBuffer(int bytes) {
        return with(SocketOption.RECEIVE_BUFFER, OptionValues.bufferBytes(bytes));
    }

    /**
     * Size of the send buffer of accepted connections, and an end to its automatic sizing; SO_SNDBUF, socket(7).
     *
     * @param bytes the size, which the kernel may round and double
     * @return the changed copy
     */
    public ListenConfig writeBuffer(int bytes) {
        return with(SocketOption.SEND_BUFFER, OptionValues.bufferBytes(bytes));
    }

    /**
     * How long data sent on accepted connections may stay unacknowledged before the kernel breaks them;
     * TCP_USER_TIMEOUT, tcp(7). Not in {@link heddle.net##ways way nio}.
     *
     * @param limit more than zero, rounded up to milliseconds; the system's own limit by default
     * @return the changed copy
     */
    public ListenConfig userTimeout(Duration limit) {
        OptionValues.positive("user timeout", limit);
        return with(SocketOption.USER_TIMEOUT, OptionValues.roundedUp(limit, TimeUnit.MILLISECONDS));
    }

    /**
     * Whether clients may send data with their connection request, which saves them a round trip; RFC 7413,
     * TCP_FASTOPEN. Such a request may arrive twice, so it must do no harm if it is carried out twice. On Linux
     * net.ipv4.tcp_fastopen must allow it. Not in {@link heddle.net##ways way nio}.
     *
     * @param queued most such connections whose handshake is not complete, 1 or more; none by default
     * @return the changed copy
     */
    public ListenConfig fastOpenQueue(int queued) {
        return with(SocketOption.FAST_OPEN, OptionValues.positive("fast open queue", queued));
    }

    /**
     * Leaves connections to the kernel until their first data comes, so that {@link Listener#accept} never returns a
     * silent one; TCP_DEFER_ACCEPT, tcp(7). For protocols in which the client speaks first. Not in {@link
     * heddle.net##ways way nio}.
     *
     * @param limit how long at most, about: more than zero, rounded up to seconds, and by the kernel to its own steps
     * @return the changed copy
     */
    public ListenConfig deferAccept(Duration limit) {
        OptionValues.positive("defer accept", limit);
        return with(SocketOption.DEFER_ACCEPT, OptionValues.roundedUp(limit, TimeUnit.SECONDS));
    }

    /**
     * The traffic class (IPv6) or type of service (IPv4) of what is sent on accepted connections: the upper six bits
     * are the DSCP, RFC 2474.
     *
     * @param value 0 to 255
     * @return the changed copy
     */
    public ListenConfig trafficClass(int value) {
        return with(SocketOption.TRAFFIC_CLASS, OptionValues.trafficClass(value));
    }

    /**
     * The network device through which clients must come; SO_BINDTODEVICE, socket(7). Not in {@link heddle.net##ways
     * way nio}.
     *
     * @param name such as {@code eth0}
     * @return the changed copy
     */
    public ListenConfig device(String name) {
        return with(s -> s.options = s.options.onDevice(OptionValues.device(name)));
    }

    /**
     * A hook between socket(2) and bind(2), after the other options are set.
     *
     * @param hook the hook
     * @return the changed copy
     */
    public ListenConfig control(Control hook) {
        return with(s -> s.control = hook);
    }

    /**
     * Listens.
     *
     * @param network {@code tcp}, {@code tcp4}, {@code tcp6}, {@code unix} or {@code unixpacket}
     * @param address {@code host:port}, where an empty host stands for all of this machine's addresses, port 0 for a
     *     free one; an empty address for both. For the last two networks a path to make, {@code @name} in Linux's
     *     abstract namespace, or empty for a name of the kernel's choice in that
     * @return the listener
     * @throws UnknownNetworkException no such network
     * @throws AddressException the address cannot be used as written
     * @throws HostNotFoundException the host has no address
     * @throws BindFailedException the address is in use, not of this machine, or not allowed
     * @throws IOException any other failure, carrying the errno; socket(2), listen(2)
     */
    public Listener listen(String network, String address) throws IOException {
        Descriptors descriptors = settings.heddle.descriptors("listen", network);
        if (UnixSockets.have(network)) {
            return UnixSockets.listen(
                    settings.heddle,
                    descriptors,
                    network,
                    address,
                    settings.backlog,
                    settings.options,
                    settings.control);
        }
        Network known = Network.named("listen", network);
        HostPort hostPort = address.isEmpty() ? new HostPort("", 0) : HostPort.parse("listen", network, address);
        List<SockAddr> addresses = hostPort.resolve("listen", known, Deadline.NONE, settings.heddle.resolver());
        return listen(descriptors, known, firstV4OrFirst(addresses));
    }

    private static SockAddr firstV4OrFirst(List<SockAddr> addresses) {
        for (SockAddr address : addresses) {
            if (address.version() == SockAddr.VERSION_4) {
                return address;
            }
        }
        return addresses.getFirst();
    }

    private TcpListener listen(Descriptors descriptors, Network network, SockAddr address) throws IOException {
        int version = network.versionToListen(address, descriptors::hasV6);
        var wanted = new TcpAddr(address);
        // 0.0.0.0 on a socket of both versions is its own "any", not IPv4's mapped one.
        SockAddr toBind = address.isUnspecified() ? new SockAddr(0, 0, version, address.port(), 0) : address;
        var plan = new Opening.Plan(
                network.label,
                version,
                Traffic.BYTES,
                options(network, version, address),
                Hooks.of(settings.control, Network.concrete(version), wanted));
        try {
            Listening listening = descriptors.opening().listen(plan, toBind, settings.backlog);
            if (settings.takeOver) {
                preferLater(listening);
            }
            return new TcpListener(settings.heddle, listening, network.label);
        } catch (Refused refused) {
            throw Failures.of(
                    "listen",
                    network.label,
                    null,
                    wanted,
                    refused.call(),
                    refused.result(),
                    0,
                    settings.heddle.remark(refused.result()));
        }
    }

    private static void preferLater(Listening listening) throws Refused {
        try {
            listening.preferLater();
        } catch (Refused refused) {
            listening.close();
            throw refused;
        }
    }

    /**
     * Takes over a socket that listens already: one that this program was started with, as a {@link ServiceManager}
     * passes it on. The connections get what is set here; what is for binding and listening has no effect. Whoever made
     * the socket may have it still: its close here then leaves its backlog as it is, and its path in the file system.
     *
     * @param descriptor the kernel's number, which is the listener's from then on. In {@link heddle.net##ways way nio}
     *     0 alone, the standard input
     * @return the listener, of TCP or of Unix sockets
     * @throws IOException it is no socket of streams or packets that listens, carrying the errno, and stays as it is;
     *     or any other failure; getsockopt(2), fcntl(2)
     */
    public Listener inherit(int descriptor) throws IOException {
        Descriptors descriptors = settings.heddle.descriptors(INHERIT, "");
        try {
            String[] network = new String[1];
            Listening listening = descriptors
                    .opening()
                    .inherit(descriptor, settings.options.withDefaults(defaults()), kind -> network[0] = network(kind));
            return listening.bound() instanceof SockAddr
                    ? new TcpListener(settings.heddle, listening, network[0])
                    : new UnixListener(settings.heddle, listening, network[0]);
        } catch (Refused refused) {
            int result = refused.result();
            String remark = " (descriptor " + descriptor
                    + switch (-result) {
                        case Errno.EINVAL -> ", which does not listen)";
                        case Errno.ENOSYS -> "; running on " + settings.heddle.describe() + ")";
                        default -> ")";
                    };
            throw Failures.of(INHERIT, "", null, null, refused.call(), result, 0, remark);
        }
    }

    /** What connections get if nothing else is asked for. */
    private Map<SocketOption, Integer> defaults() {
        Map<SocketOption, Integer> defaults = settings.keepAlive.options();
        defaults.put(SocketOption.NO_DELAY, settings.noDelay ? 1 : 0);
        return defaults;
    }

    private static String network(int kind) {
        return switch (kind) {
            case UnixName.STREAM -> UnixSockets.STREAM;
            case UnixName.PACKET -> UnixSockets.PACKET;
            default -> Network.TCP.label;
        };
    }

    private SocketOptions options(Network network, int version, SockAddr address) {
        Map<SocketOption, Integer> defaults = defaults();
        defaults.put(SocketOption.REUSE_ADDRESS, 1);
        SocketOptions options = settings.options;
        if (settings.reusePort || settings.takeOver) {
            options = options.with(SocketOption.REUSE_PORT, 1);
        }
        if (version == SockAddr.VERSION_6) {
            int only = network == Network.TCP6 ? 1 : 0;
            defaults.put(SocketOption.V6_ONLY, only);
            if (address.isUnspecified()) {
                options = options.with(SocketOption.V6_ONLY, only); // Else it would take IPv4 too.
            }
        }
        return options.withDefaults(defaults);
    }
}
