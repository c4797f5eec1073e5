package heddle.gateway;

import heddle.gateway.access.Limits;
import heddle.net.Conn;
import heddle.net.Deadline;
import heddle.net.DeadlineExceededException;
import heddle.net.TcpAddr;
import heddle.proxy.ProxyConn;
import heddle.proxy.ProxyException;
import heddle.server.Session;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A connection from a proxy. Its client arrives when the header has told who that is, as others arrive at their
/// accept: so all that goes by addresses goes by the client's. On the connection's own thread, for `handshakeTimeout`
/// at most, so that a proxy that is slow holds up nobody else.
///
///     HEADER -> INSIDE  run()  the header is read, and the client may come in
///     HEADER -> ENDED   run()  there was no header, or the client may not come in; drain() closes a connection here
///     INSIDE -> ENDED   run()  the client's session has ended
///
/// A drain may come at any time. It stores `draining`, then looks for the session; run() stores the session, then looks
/// at `draining`.
final class Proxied implements Session {

    private final ProxyConn conn;
    private final Refusals refusals;
    private final Duration timeout;
    private final Function<Conn, @Nullable Admission> arrival;

    /** INSIDE. Written by the connection's thread. */
    private volatile @Nullable Admission session;

    /** Written by any thread. */
    private volatile boolean draining;

    /**
     * One that has just been accepted.
     *
     * @param timeout for the header
     * @param arrival what the client's session is; null for who is refused
     */
    Proxied(ProxyConn conn, Refusals refusals, Duration timeout, Function<Conn, @Nullable Admission> arrival) {
        this.conn = conn;
        this.refusals = refusals;
        this.timeout = timeout;
        this.arrival = arrival;
    }

    @Override
    public void run() throws IOException, InterruptedException {
        if (!readHeader()) {
            return;
        }
        Thread.currentThread().setName("heddle-conn " + conn.localAddress() + "->" + conn.remoteAddress());
        var begun = arrival.apply(conn);
        if (begun == null) {
            return;
        }
        session = begun;
        if (draining) {
            begun.drain();
        }
        begun.run();
    }

    private boolean readHeader() throws IOException {
        conn.setReadDeadline(Deadline.after(timeout, conn.runtime().clock()));
        try {
            conn.readHeader();
        } catch (ProxyException e) {
            refused(Counter.ERROR_PROXY, String.valueOf(e.getMessage()));
            return false;
        } catch (DeadlineExceededException e) {
            refused(Counter.TIMEOUT_PROXY, Counter.TIMEOUT_PROXY.label());
            return false;
        }
        conn.setReadDeadline(Deadline.NONE);
        return true;
    }

    private void refused(Counter counter, String why) {
        long key = conn.peerAddress() instanceof TcpAddr tcp ? Limits.key(tcp.host()) : 0;
        refusals.refused(counter, key, conn.peerAddress(), "", why);
    }

    /** The client's; null before the header is read. Any thread. */
    @Nullable
    Admission admission() {
        return session;
    }

    @Override
    public void drain() {
        draining = true;
        Admission inside = session;
        if (inside != null) {
            inside.drain();
        } else {
            Conns.close(conn);
        }
    }
}
