package heddle.net;

import heddle.internal.ConnectEvent;
import heddle.internal.fd.Descriptor;
import heddle.internal.fd.Descriptors;
import heddle.internal.fd.Opening;
import heddle.internal.fd.Refused;
import heddle.internal.fd.Result;
import heddle.internal.fd.SocketOptions;
import heddle.internal.fd.Traffic;
import heddle.internal.socket.Errno;
import heddle.internal.socket.SockAddr;
import heddle.internal.socket.SocketName;
import heddle.internal.socket.SocketOption;
import heddle.time.Clock;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** How to dial. Immutable and thread-safe: each setter returns a changed copy. */
public final class Dialer {

    /**
     * Least share of the time for one of several addresses, as in Go. When less than that is left, one address gets all
     * of it.
     */
    private static final long SHARE_NANOS_MIN = TimeUnit.SECONDS.toNanos(2);

    /**
     * Attempts at one address when the kernel's choice of the local port makes them fail, as many as in Go: it chose
     * the port that is dialled, so the socket connected to itself, or it found no free one (EADDRNOTAVAIL).
     */
    private static final int ATTEMPTS_MAX = 3;

    private final Settings settings;

    /** What the setters set. Written only before its dialer is made, whose final field then publishes it; JLS 17.5. */
    private static final class Settings implements Cloneable {
        private final Heddle heddle;
        private @Nullable Duration timeout;
        private Deadline deadline = Deadline.NONE;
        private @Nullable Addr local;
        private KeepAlive keepAlive = KeepAlive.DEFAULT;
        private boolean noDelay = true;
        private Duration attemptDelay = Race.DELAY_DEFAULT;
        private boolean inTurn;
        private boolean shuffled;
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
     * Of {@link Heddle#shared}: no time limit but the kernel's, {@link KeepAlive#DEFAULT}, no delay of small writes.
     */
    public Dialer() {
        this(Heddle.shared());
    }

    /** The same of {@code heddle}. */
    Dialer(Heddle heddle) {
        this(new Settings(heddle));
    }

    private Dialer(Settings settings) {
        this.settings = settings;
    }

    private Dialer with(Consumer<Settings> change) {
        Settings changed = settings.copy();
        change.accept(changed);
        return new Dialer(changed);
    }

    private Dialer with(SocketOption option, int value) {
        return with(s -> s.options = s.options.with(option, value));
    }

    /**
     * Bounds each dial, name lookup and all addresses included.
     *
     * @param limit from the call on; zero or less is over at once
     * @return the changed copy
     */
    public Dialer timeout(Duration limit) {
        return with(s -> s.timeout = limit);
    }

    /**
     * The instant by which a dial must be done; the earlier of this and the timeout counts.
     *
     * @param instant {@link Deadline#NONE} for none
     * @return the changed copy
     */
    public Dialer deadline(Deadline instant) {
        return with(s -> s.deadline = instant);
    }

    /**
     * The address to dial from.
     *
     * @param address of the network to dial; port 0 lets the kernel choose the port
     * @return the changed copy
     */
    public Dialer localAddress(Addr address) {
        return with(s -> s.local = address);
    }

    /**
     * How long to wait for one of several addresses of a host before another is tried beside it, network {@code tcp}
     * only: RFC 8305's Connection Attempt Delay, Go's FallbackDelay.
     *
     * @param delay 10 ms or more, 250 ms by default
     * @return the changed copy
     */
    public Dialer attemptDelay(Duration delay) {
        if (delay.compareTo(Race.DELAY_MIN) < 0) {
            throw new IllegalArgumentException("attempt delay " + delay + ": want 10 ms or more");
        }
        return with(s -> {
            s.attemptDelay = delay;
            s.inTurn = false;
        });
    }

    /**
     * Tries several addresses of a host one after the other, each with its share of the time, in place of one beside
     * the other.
     *
     * @return the changed copy
     */
    public Dialer inTurn() {
        return with(s -> s.inTurn = true);
    }

    /**
     * Tries several addresses of a host in an order of chance, in place of the resolver's: so many clients of one name
     * spread over the servers that it stands for.
     *
     * @return the changed copy
     */
    public Dialer shuffled() {
        return with(s -> s.shuffled = true);
    }

    /**
     * Keep-alive of the connection.
     *
     * @param setting the setting
     * @return the changed copy
     */
    public Dialer keepAlive(KeepAlive setting) {
        return with(s -> s.keepAlive = setting);
    }

    /**
     * Whether small writes are sent at once, the default; TCP_NODELAY.
     *
     * @param atOnce true to send at once
     * @return the changed copy
     */
    public Dialer noDelay(boolean atOnce) {
        return with(s -> s.noDelay = atOnce);
    }

    /**
     * Size of the kernel's receive buffer, set before the connection is made, so that the window that it offers can be
     * as large; an end to its automatic sizing. SO_RCVBUF, socket(7).
     *
     * @param bytes the size, which the kernel may round and double
     * @return the changed copy
     */
    public Dialer readBuffer(int bytes) {
        return with(SocketOption.RECEIVE_BUFFER, OptionValues.bufferBytes(bytes));
    }

    /**
     * Size of the kernel's send buffer, and an end to its automatic sizing; SO_SNDBUF, socket(7).
     *
     * @param bytes the size, which the kernel may round and double
     * @return the changed copy
     */
    public Dialer writeBuffer(int bytes) {
        return with(SocketOption.SEND_BUFFER, OptionValues.bufferBytes(bytes));
    }

    /**
     * How long sent data may stay unacknowledged before the kernel breaks the connection, the handshake included;
     * TCP_USER_TIMEOUT, tcp(7). Not in {@link heddle.net##ways way nio}.
     *
     * @param limit more than zero, rounded up to milliseconds; the system's own limit by default
     * @return the changed copy
     */
    public Dialer userTimeout(Duration limit) {
        OptionValues.positive("user timeout", limit);
        return with(SocketOption.USER_TIMEOUT, OptionValues.roundedUp(limit, TimeUnit.MILLISECONDS));
    }

    /**
     * Whether the first write goes with the connection request where the peer is known to take that, which saves a
     * round trip; RFC 7413, TCP_FASTOPEN_CONNECT. The dial then returns before anything is sent, so a refusal comes
     * with the first read or write, and nothing comes from the peer before that write. Not in {@link heddle.net##ways
     * way nio}.
     *
     * @param on true to do so
     * @return the changed copy
     */
    public Dialer fastOpen(boolean on) {
        return with(SocketOption.FAST_OPEN_CONNECT, on ? 1 : 0);
    }

    /**
     * The traffic class (IPv6) or type of service (IPv4) of what is sent: the upper six bits are the DSCP, RFC 2474.
     *
     * @param value 0 to 255
     * @return the changed copy
     */
    public Dialer trafficClass(int value) {
        return with(SocketOption.TRAFFIC_CLASS, OptionValues.trafficClass(value));
    }

    /**
     * The network device that the connection uses, whatever the routes say; SO_BINDTODEVICE, socket(7). Not in
     * {@link heddle.net##ways way nio}.
     *
     * @param name such as {@code eth0}
     * @return the changed copy
     */
    public Dialer device(String name) {
        return with(s -> s.options = s.options.onDevice(OptionValues.device(name)));
    }

    /**
     * A hook between socket(2) and bind(2) or connect(2), called for each attempt, after the other options are set.
     *
     * @param hook the hook
     * @return the changed copy
     */
    public Dialer control(Control hook) {
        return with(s -> s.control = hook);
    }

    /**
     * Connects. Several addresses of the host are tried at a time, of both families in turn, each {@link #attemptDelay}
     * after the one before or at once when that fails, until one connection stands; the others are closed. For {@code
     * tcp4} and {@code tcp6}, or if {@link #inTurn} says so, they are tried one after the other, each with its share of
     * the time. If all fail, the failure is that of the first address, the others are its suppressed ones.
     *
     * @param network {@code tcp}, {@code tcp4}, {@code tcp6}, {@code unix} or {@code unixpacket}
     * @param address {@code host:port}, where an empty or unspecified host is this machine; for the last two a path, or
     *     {@code @name} in Linux's abstract namespace
     * @return the connection
     * @throws DeadlineExceededException the time is over; no descriptor is left open
     * @throws CallInterruptedException the thread was interrupted while it would have to wait; likewise
     * @throws ConnRefusedException nobody listens there
     * @throws BindFailedException the local address is in use, not of this machine or not allowed, or no local port is
     *     left
     * @throws UnknownNetworkException no such network
     * @throws AddressException the address cannot be used as written
     * @throws HostNotFoundException the host has no address
     * @throws DialException any other failure, carrying the errno; connect(2)
     * @throws IOException the failure of a {@link Control}
     */
    public SocketConn dial(String network, String address) throws IOException {
        // Its start is not in the caller's time.
        Descriptors descriptors = settings.heddle.descriptors("dial", network);
        Duration timeout = settings.timeout;
        Clock clock = settings.heddle.clock();
        Deadline given = settings.deadline.by(clock);
        Deadline end = timeout == null ? given : given.earlier(Deadline.after(timeout, clock));
        if (UnixSockets.have(network)) {
            return UnixSockets.dial(
                    settings.heddle,
                    descriptors,
                    network,
                    address,
                    settings.local,
                    end,
                    settings.options,
                    settings.control);
        }
        Network known = Network.named("dial", network);
        List<SockAddr> resolved =
                HostPort.parse("dial", network, address).resolve("dial", known, end, settings.heddle.resolver());
        return dialAny(known, suitable(known, withV4(known, resolved)), end);
    }

    /** The first connection that stands; for tests too, which have no names of several addresses. */
    TcpConn dialAny(Network network, List<SockAddr> found, Deadline end) throws IOException {
        if (found.size() == 1) {
            return dial(network, found.getFirst(), end);
        }
        List<SockAddr> addresses = found;
        if (settings.shuffled) {
            addresses = new ArrayList<>(found);
            Collections.shuffle(addresses);
        }
        return network == Network.TCP && !settings.inTurn
                ? race(network, addresses, end)
                : inTurn(network, addresses, end);
    }

    private TcpConn race(Network network, List<SockAddr> addresses, Deadline end) throws IOException {
        var race = new Race(
                settings.heddle,
                Race.interleaved(addresses),
                settings.attemptDelay,
                end,
                remote -> dial(network, remote, end));
        try {
            return race.run();
        } catch (InterruptedException interrupted) {
            throw failure(network, new TcpAddr(addresses.getFirst()), "", Result.INTERRUPTED);
        }
    }

    private TcpConn inTurn(Network network, List<SockAddr> addresses, Deadline end) throws IOException {
        IOException first = null;
        for (int i = 0; i < addresses.size(); i++) {
            try {
                return dial(network, addresses.get(i), share(end, addresses.size() - i));
            } catch (CallInterruptedException over) {
                throw over;
            } catch (IOException failed) {
                if (first == null) {
                    first = failed;
                } else {
                    first.addSuppressed(failed);
                }
            }
        }
        throw Objects.requireNonNull(first);
    }

    /** The local address, once the network is known to be one of TCP's. */
    private @Nullable TcpAddr tcpLocal() {
        return (TcpAddr) settings.local;
    }

    /** Those of the wanted local address's family, at least one. */
    private List<SockAddr> suitable(Network network, List<SockAddr> addresses) throws AddressException {
        if (settings.local != null && !(settings.local instanceof TcpAddr)) {
            throw Failures.address("dial", network.label, settings.local.toString(), "mismatched local address type");
        }
        TcpAddr local = tcpLocal();
        if (local == null) {
            return addresses;
        }
        List<SockAddr> suitable = addresses.stream()
                .filter(address -> address.version() == 0
                        || address.version() == local.raw().version())
                .toList();
        if (suitable.isEmpty()) {
            throw Failures.address("dial", network.label, local.toString(), "no suitable address found");
        }
        return suitable;
    }

    /** {@code [::]} is this machine, which may listen at 127.0.0.1 alone: both are tried, as in Go. */
    private static List<SockAddr> withV4(Network network, List<SockAddr> addresses) {
        SockAddr first = addresses.getFirst();
        return network == Network.TCP && first.version() == SockAddr.VERSION_6 && first.isUnspecified()
                ? List.of(first, SockAddr.ofV4(0, first.port()))
                : addresses;
    }

    /** The deadline of the next of {@code left} addresses; for a test too. */
    static Deadline share(Deadline end, int left) {
        return end.isNone() || left == 1 ? end : end.sooner(shareNanos(end.remainingNanos(), left));
    }

    /**
     * An equal share of {@code allNanos} for the next of {@code left} addresses, at least two seconds, at most all
     * there is.
     */
    static long shareNanos(long allNanos, int left) {
        return Math.max(allNanos / left, Math.min(allNanos, SHARE_NANOS_MIN));
    }

    private TcpConn dial(Network network, SockAddr remote, Deadline end) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                TcpConn conn = attempt(network, remote, end);
                if (!mayRetry() || !conn.localAddress().equals(conn.remoteAddress())) {
                    return conn;
                }
                // The kernel chose the dialed port as the local one, and connected the socket to
                // itself; RFC 9293 3.5, "simultaneous open". So nobody listens there.
                conn.close();
                if (attempt == ATTEMPTS_MAX) {
                    throw failure(network, new TcpAddr(remote), "connect", -Errno.ECONNREFUSED);
                }
            } catch (BindFailedException failed) {
                if (attempt == ATTEMPTS_MAX || !mayRetry() || failed.errno() != Errno.EADDRNOTAVAIL) {
                    throw failed;
                }
            }
        }
    }

    private boolean mayRetry() {
        TcpAddr local = tcpLocal();
        return local == null || local.port() == 0;
    }

    private TcpConn attempt(Network network, SockAddr remote, Deadline end) throws IOException {
        ConnectEvent event = settings.heddle.life().beginConnect();
        try {
            TcpConn conn = connect(network, remote, end);
            event.done(conn);
            return conn;
        } catch (IOException failed) {
            event.failed(remote, String.valueOf(failed.getMessage()));
            throw failed;
        }
    }

    private TcpConn connect(Network network, SockAddr remote, Deadline end) throws IOException {
        TcpAddr local = tcpLocal();
        SockAddr from = local == null ? null : local.raw();
        int version = network.versionToDial(from, remote);
        SockAddr target = remote.isUnspecified() ? new SockAddr(0, 0, version, remote.port(), 0).toLoopback() : remote;
        var address = new TcpAddr(remote);
        if (end.hasPassed()) {
            throw failure(network, address, "", Result.EXPIRED);
        }
        var plan = new Opening.Plan(
                network.label,
                version,
                Traffic.BYTES,
                settings.options.withDefaults(defaults(network, version)),
                Hooks.of(settings.control, Network.concrete(version), new TcpAddr(target)));
        try {
            Descriptor descriptor = settings.heddle
                    .descriptors("dial", network.label)
                    .opening()
                    .connect(plan, from, target, remote, end.nanosBy(settings.heddle.clock()));
            SocketName[] own = {new SockAddr(0, 0, version, 0, 0)};
            descriptor.localAddress(own); // Where that fails, the connection is as good without it.
            return new TcpConn(settings.heddle, descriptor, network.label, (SockAddr) own[0], target);
        } catch (Refused refused) {
            throw failure(network, address, refused.call(), refused.result());
        }
    }

    private Map<SocketOption, Integer> defaults(Network network, int version) {
        Map<SocketOption, Integer> defaults = settings.keepAlive.options();
        defaults.put(SocketOption.NO_DELAY, settings.noDelay ? 1 : 0);
        if (version == SockAddr.VERSION_6) {
            defaults.put(SocketOption.V6_ONLY, network == Network.TCP6 ? 1 : 0);
        }
        return defaults;
    }

    private IOException failure(Network network, TcpAddr address, String call, int result) {
        return Failures.of(
                "dial", network.label, settings.local, address, call, result, 0, settings.heddle.remark(result));
    }
}
