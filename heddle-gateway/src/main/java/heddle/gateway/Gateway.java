package heddle.gateway;

import heddle.frame.FrameLimits;
import heddle.net.Listener;
import heddle.server.Server;
import java.io.IOException;
import java.time.Duration;

/**
 * The communication server: a {@link Server} whose sessions speak the protocol and hand the messages to one sink.
 *
 * <p>Ends in this order: {@link #stop}, then the sink's close. All methods may be called from any thread.
 */
public final class Gateway {

    private final Server server;
    private final Counters counters;
    private final String address;
    private final Shown shown;
    private final FrameLimits limits;

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
        this.limits = new FrameLimits(Packets.FRAME_BYTES_MIN, options.frameBytesMax);
        this.server = new Server(
                listener,
                conn -> new GatewaySession(conn, limits, sink, this.options, counters),
                options.connectionsMax);
    }

    /**
     * Takes other limits over for the connections to come, and the most connections at once; no connection is closed.
     * The largest frame stays as it is: what the sink takes was chosen by it.
     *
     * @param next the limits from now on
     */
    public void reload(GatewayOptions next) {
        options = next;
        server.setConnectionsMax(next.connectionsMax);
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
