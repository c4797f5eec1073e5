package heddle.net;

import heddle.testing.Runtimes;
import heddle.testing.Task;
import java.io.IOException;

/** Two connections, each the other's peer. Closing it closes both. */
public final class ConnPair implements AutoCloseable {

    private final Conn left;
    private final Conn right;

    /** A pair of connections that somebody else made. */
    public ConnPair(Conn left, Conn right) {
        this.left = left;
        this.right = right;
    }

    /** Over loopback: left dialed, right accepted. */
    public static ConnPair tcp() throws Exception {
        return tcp(Runtimes.listenConfig(), Runtimes.dialer(), "127.0.0.1:0");
    }

    /**
     * Over loopback, with kernel buffers of about {@code bytes} on all four sides, so that little data fills them.
     * Below 16 KiB, a quarter of a segment of loopback, Linux waits 40 ms for each acknowledgement.
     */
    public static ConnPair tcpWithBuffers(int bytes) throws Exception {
        return tcp().withBuffers(bytes);
    }

    /** Gives all four sides kernel buffers of about {@code bytes}. */
    ConnPair withBuffers(int bytes) throws IOException {
        for (TcpConn conn : new TcpConn[] {leftTcp(), rightTcp()}) {
            conn.setWriteBuffer(bytes);
            conn.setReadBuffer(bytes);
        }
        return this;
    }

    /** Over whatever {@code address} is. */
    public static ConnPair tcp(ListenConfig listenConfig, Dialer dialer, String address) throws Exception {
        return over("tcp", listenConfig, dialer, address);
    }

    /** Over a Unix socket at a path of its own; {@code network} is unix or unixpacket. */
    public static ConnPair unix(String network) throws Exception {
        try (var path = new SocketPath()) {
            return over(network, Runtimes.listenConfig(), Runtimes.dialer(), path.toString());
        }
    }

    /** In memory. */
    public static ConnPair pipe() {
        Pipe pipe = Runtimes.pipe();
        return new ConnPair(pipe.left(), pipe.right());
    }

    private static ConnPair over(String network, ListenConfig listenConfig, Dialer dialer, String address)
            throws Exception {
        try (Listener listener = listenConfig.listen(network, address)) {
            Task<Conn> dialed =
                    Task.start(() -> dialer.dial(network, listener.address().toString()));
            Conn left = dialed.result();
            Conn accepted = listener.accept();
            // Another JVM's, which dials a port that it found free.
            while (!left.localAddress().equals(accepted.remoteAddress())) {
                accepted.close();
                accepted = listener.accept();
            }
            return new ConnPair(left, accepted);
        }
    }

    /** Over {@code network}, whichever it is, at an address of the pair's own. */
    public static ConnPair of(String network) throws Exception {
        return switch (network) {
            case "tcp" -> tcp();
            case "pipe" -> pipe();
            default -> unix(network);
        };
    }

    /** One end. */
    public Conn left() {
        return left;
    }

    /** The other end. */
    public Conn right() {
        return right;
    }

    /** The end that dialed, of a pair with a socket. */
    public SocketConn leftSocket() {
        return (SocketConn) left;
    }

    /** The end that dialed, of a pair of TCP. */
    public TcpConn leftTcp() {
        return (TcpConn) left;
    }

    /** The end that was accepted, of a pair of TCP. */
    public TcpConn rightTcp() {
        return (TcpConn) right;
    }

    @Override
    public void close() throws IOException {
        try (right) {
            left.close();
        }
    }
}
