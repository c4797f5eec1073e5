package heddle.gateway;

import heddle.frame.FrameLimits;
import heddle.net.Conn;
import heddle.net.Listener;
import heddle.net.TcpAddr;
import heddle.proxy.ProxyConn;
import heddle.server.Server;
import heddle.server.Session;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The communication server: a {@link Server} whose sessions speak the protocol and hand the messages to one sink.
 *
 * <p>Ends in this order: {@link #stop}, then the sink's close. All methods may be called from any thread.
 */
public final class Gateway {

    /** A virtual thread that waits, with its stack; rounded up. */
    private static final long THREAD_BYTES = 4 << 10;

    /** What a buffer of {@link heddle.frame.FrameReader} grows to when frames are smaller. */
    private static final int READ_BYTES_MIN = 64 << 10;

    /**
     * Acks that wait to be written, and those of one read behind them: in the array that is filled and in the one that
     * is written, each up to twice as long as needed.
     */
    private static final long ACKS_BYTES = 9L * Answers.ACK_BYTES_MAX;

    /** An ack in these two arrays, and the time of its submit, with as much room beside it. */
    private static final long IN_FLIGHT_BYTES = 4 * 22 + 2 * 16;

    /**
     * What a {@link heddle.tls.TlsConn} holds: a long record that is not there in full, with room for the next one;
     * what was read of one, and the caller had no room for; one that is not written in full: 17 KiB each.
     */
    private static final long TLS_BYTES = 4 * (17 << 10);

    private final AtomicLong ids = new AtomicLong();
    private final Sink sink;
    private final Server server;
    private final Counters counters;
    private final String address;
    private final Shown shown;
    private final FrameLimits limits;
    private final Reception reception;

    /** Those of the connections to come. */
    private volatile GatewayOptions options;

    /**
     * A gateway that clients reach at {@code listener}.
     *
     * @param listener closed by the gateway
     * @param sink where messages go; not closed by the gateway
     * @param options limits
     * @param counters where everything is counted
     */
    public Gateway(Listener listener, Sink sink, GatewayOptions options, Counters counters) {
        this.counters = counters;
        this.shown = new Shown(listener.runtime());
        this.address = listener.address().toString();
        this.options = options;
        this.sink = sink;
        this.limits = new FrameLimits(Packets.FRAME_BYTES_MIN, options.frameBytesMax);
        this.reception =
                new Reception(options.access, counters, listener.runtime().clock());
        this.server = new Server(listener, this::open, options.connectionsMax);
    }

    /** Null for who is refused at the door, which costs no thread and no buffer. */
    private @Nullable Session open(Conn conn) {
        var access = reception.access();
        if (access.proxies().isEmpty()) {
            return arrive(conn);
        }
        boolean expected = conn.remoteAddress() instanceof TcpAddr peer && access.isProxy(peer.host());
        var proxied = new ProxyConn(conn, expected);
        return expected
                ? new Proxied(proxied, reception.refusals, options.handshakeTimeout, this::arrive)
                : arrive(proxied);
    }

    private @Nullable Admission arrive(Conn conn) {
        var guest = new Guest(ids.incrementAndGet(), reception, conn);
        return guest.arrive()
                ? new Admission(conn, guest, reception.access().tls(), limits, sink, options, counters)
                : null;
    }

    /**
     * Takes other limits over for the connections to come, the most connections at once, and who may, how much. Closes
     * connections that are no longer allowed, and no others. The largest frame stays as it is: what the sink takes was
     * chosen by it.
     *
     * @param next the limits from now on
     * @return how many connections were closed
     */
    public int reload(GatewayOptions next) {
        options = next;
        server.setConnectionsMax(next.connectionsMax);
        return reception.admit(next.access);
    }

    /**
     * Serves until {@link #stop}. Blocks the calling thread. Meanwhile the counters are attributes of the managed bean
     * {@code dev.heddle:type=Gateway,address="HOST:PORT"}, where this JVM has java.management.
     *
     * @throws IOException the listener failed for good
     * @throws InterruptedException the thread was interrupted
     */
    public void serve() throws IOException, InterruptedException {
        shown.begin(address, counters);
        server.serve();
    }

    /**
     * How many clients are connected.
     *
     * @return the number of connections now
     */
    public int connections() {
        return server.connections();
    }

    /**
     * Whether clients are let in: while {@link #serve} runs, until {@link #stop}.
     *
     * @return true also at the limit of connections, where they wait in the kernel's backlog
     */
    public boolean accepting() {
        return server.accepting();
    }

    /**
     * Whether {@link #stop} was called.
     *
     * @return true from then on
     */
    public boolean stopping() {
        return server.stopping();
    }

    /**
     * All connections as they are now, those included that have not introduced themselves, but for those of proxies
     * that have not said yet whose they are. Costs something for each of them when it is called, and nothing for a
     * message.
     *
     * @return a copy, in no order
     */
    public List<ClientStatus> clients() {
        return sessions().map(Admission::status).toList();
    }

    private Stream<Admission> sessions() {
        return server.sessions().stream()
                .map(session -> session instanceof Proxied proxied ? proxied.admission() : (Admission) session)
                .filter(Objects::nonNull);
    }

    /**
     * Closes a connection at once. Of what it has sent, what was taken is kept; it gets no acks any more. It is counted
     * and logged.
     *
     * @param id as {@link ClientStatus#id} says
     * @return false if there is no such connection any more
     */
    public boolean closeClient(long id) {
        var found = sessions().filter(session -> session.id() == id).findFirst();
        found.ifPresent(Admission::closeByOperator);
        return found.isPresent();
    }

    /**
     * Where messages go.
     *
     * @return the sink's state now
     */
    public SinkStatus sink() {
        return sink.status();
    }

    /**
     * Most memory that so many connections, each at all its limits at once, and the messages on their way can take, by
     * the formula of docs/server.md. The kernel's buffers are not in it, nor what the JVM takes for itself.
     *
     * @param connections how many
     * @return bytes
     */
    public long memoryBytesMax(int connections) {
        // While a buffer grows, the smaller one is there too.
        long reading = 2L * Math.max(limits.frameBytesMax(), READ_BYTES_MIN);
        long tls = reception.access().tls() == null ? 0 : TLS_BYTES;
        long each = THREAD_BYTES + reading + tls + ACKS_BYTES + IN_FLIGHT_BYTES * options.inFlightMax;
        return connections * each + sink.status().memoryBytesMax();
    }

    /**
     * Where it listens.
     *
     * @return such as {@code 127.0.0.1:7000}
     */
    public String address() {
        return address;
    }

    /**
     * The limit of connections.
     *
     * @return most at a time
     */
    public int connectionsMax() {
        return options.connectionsMax;
    }

    /**
     * Stops accepting, answers what has been read, half-closes the connections, and waits for the clients to do the
     * same.
     *
     * @param bound longest wait; then the connections that are left are closed
     * @return how many were left
     * @throws InterruptedException the thread was interrupted
     */
    public int stop(Duration bound) throws InterruptedException {
        try {
            return server.stop(bound);
        } finally {
            shown.end();
        }
    }
}
