package heddle.tls;

import heddle.net.Conn;
import heddle.net.Deadline;
import heddle.net.Dialer;
import heddle.net.TcpAddr;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Dials connections of TLS; {@link TlsContext#dialer}. Immutable and thread-safe: each setter returns a changed copy.
 */
public final class TlsDialer {

    private final TlsContext context;
    private final Dialer over;
    private final @Nullable String serverName;
    private final Deadline end;

    TlsDialer(TlsContext context, Dialer over) {
        this(context, over, null, Deadline.NONE);
    }

    private TlsDialer(TlsContext context, Dialer over, @Nullable String serverName, Deadline end) {
        this.context = context;
        this.over = over;
        this.serverName = serverName;
        this.end = end;
    }

    /**
     * The name to tell the server and to look for in its certificate, in place of the host that is dialled.
     *
     * @param name a DNS name or an IP address
     * @return the changed copy
     */
    public TlsDialer serverName(String name) {
        return new TlsDialer(context, over, Objects.requireNonNull(name), end);
    }

    /**
     * When connect and handshake must both be done, beside the limits that each has anyway.
     *
     * @param deadline the instant, {@link Deadline#NONE} for none, the default
     * @return the changed copy
     */
    public TlsDialer deadline(Deadline deadline) {
        return new TlsDialer(context, over.deadline(deadline), serverName, deadline);
    }

    /**
     * Connects and shakes hands. The {@link Dialer}'s limits bound the connect, {@link TlsConfig#handshakeTimeout} the
     * handshake.
     *
     * @param network as for {@link Dialer#dial}
     * @param address likewise; its host is whom the certificate must name, {@code localhost} for an empty one or a path
     * @return the connection
     * @throws TlsException the server does not speak TLS, or is not believed; nothing is left open
     * @throws heddle.net.DeadlineExceededException {@link #deadline} has passed; likewise
     * @throws IOException as {@link Dialer#dial}, or a failure within the handshake
     */
    public TlsConn dial(String network, String address) throws IOException {
        int colon = network.startsWith("tcp") ? address.lastIndexOf(':') : -1;
        String host =
                colon < 0 ? "" : address.substring(0, colon).replace("[", "").replace("]", "");
        String name = serverName != null ? serverName : host.isEmpty() ? "localhost" : host;
        Conn below = over.dial(network, address);
        int port = below.remoteAddress() instanceof TcpAddr tcp ? tcp.port() : -1;
        TlsConn conn = context.client(below, name, port);
        boolean done = false;
        try {
            conn.setDeadline(end);
            conn.handshake();
            conn.setDeadline(Deadline.NONE);
            done = true;
            return conn;
        } finally {
            if (!done) {
                conn.close();
            }
        }
    }
}
