package heddle.gateway;

import heddle.frame.FrameLimits;
import heddle.net.Conn;
import heddle.net.Deadline;
import heddle.net.DeadlineExceededException;
import heddle.proxy.ProxyException;
import heddle.server.Session;
import heddle.tls.TlsContext;
import heddle.tls.TlsException;
import heddle.tls.TlsSession;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// A connection from its accept on: shakes hands where TLS is spoken, then is a [GatewaySession]. All of it on the
/// connection's own thread, so that who is slow at it holds up nobody else. Handshake and introduction together have
/// `handshakeTimeout`.
///
///     SHAKING -> INSIDE  serve()  the handshake is done; at once without TLS
///     SHAKING -> ENDED   serve()  it failed, or lasted too long; drain() closes a connection here
///     INSIDE  -> ENDED   run()    the session has ended
///
/// A drain closes who is still shaking hands, as nothing was read of it.
///
/// A drain may come at any time. It stores `draining`, then looks for the session; run() stores the session, then looks
/// at `draining`.
final class Admission implements Session {

    private final Conn conn;
    private final Guest guest;
    private final @Nullable TlsContext tls;
    private final FrameLimits limits;
    private final Sink sink;
    private final GatewayOptions options;
    private final Counters counters;

    /** INSIDE. Written by the connection's thread. */
    private volatile @Nullable GatewaySession session;

    /** Written by any thread. */
    private volatile boolean draining;

    Admission(
            Conn conn,
            Guest guest,
            @Nullable TlsContext tls,
            FrameLimits limits,
            Sink sink,
            GatewayOptions options,
            Counters counters) {
        this.conn = conn;
        this.guest = guest;
        this.tls = tls;
        this.limits = limits;
        this.sink = sink;
        this.options = options;
        this.counters = counters;
    }

    @Override
    public void run() throws IOException, InterruptedException {
        // Ahead of the count: who sees the connection there may rely on its time-out having begun.
        Deadline until = Deadline.after(options.handshakeTimeout, conn.runtime().clock());
        counters.increment(Counter.CONNECTIONS);
        try {
            if (tls == null) {
                serve(conn, until);
            } else {
                serve(tls, until);
            }
        } catch (ProxyException e) {
            guest.refused(Counter.ERROR_PROXY_STRANGER, String.valueOf(e.getMessage()));
        } finally {
            guest.leave();
            counters.increment(Counter.CONNECTIONS_CLOSED);
        }
    }

    private void serve(TlsContext context, Deadline until) throws IOException, InterruptedException {
        try (var secured = context.server(conn)) {
            secured.setDeadline(until);
            TlsSession agreed;
            try {
                agreed = secured.handshake();
            } catch (TlsException e) {
                guest.refused(counterOf(e), String.valueOf(e.getMessage()));
                return;
            } catch (DeadlineExceededException e) {
                guest.refused(Counter.TIMEOUT_TLS);
                return;
            }
            counters.increment(Counter.TLS_HANDSHAKES);
            secured.setDeadline(Deadline.NONE);
            guest.secured(agreed);
            serve(secured, until);
        }
    }

    private void serve(Conn inside, Deadline until) throws IOException, InterruptedException {
        var begun = new GatewaySession(inside, limits, sink, options, counters, guest, until);
        session = begun;
        if (draining) {
            begun.drain();
        }
        begun.run();
    }

    /** What a failure of TLS counts as. */
    static Counter counterOf(TlsException failure) {
        return switch (failure.reason()) {
            case NOT_TLS -> Counter.ERROR_NOT_TLS;
            case VERSION, CIPHER, PROTOCOL -> Counter.ERROR_TLS_VERSION;
            case UNKNOWN_AUTHORITY, EXPIRED, WRONG_HOST, BAD_CERTIFICATE, CERTIFICATE_REQUIRED ->
                Counter.ERROR_CERTIFICATE;
            case HANDSHAKE_TIMEOUT -> Counter.TIMEOUT_TLS;
            case TRUNCATED -> Counter.ERROR_TLS_TRUNCATED;
            case RENEGOTIATION, PEER_ALERT, BROKEN -> Counter.ERROR_TLS;
        };
    }

    @Override
    public void drain() {
        draining = true;
        GatewaySession inside = session;
        if (inside != null) {
            inside.drain();
        } else if (tls != null) {
            Conns.close(conn);
        }
    }

    long id() {
        return guest.id();
    }

    /** How it is. Any thread. */
    ClientStatus status() {
        GatewaySession inside = session;
        return inside != null
                ? inside.status()
                : new ClientStatus(guest.id(), conn.remoteAddress().toString(), "", guest.since(), 0, 0, 0, "");
    }

    /** Closes the connection at once, as an operator asks. What it has sent and was taken is kept. Any thread. */
    void closeByOperator() {
        GatewaySession inside = session;
        if (inside != null) {
            inside.closeByOperator();
        } else {
            guest.refused(Counter.CLOSED_BY_OPERATOR);
            Conns.close(conn);
        }
    }
}
