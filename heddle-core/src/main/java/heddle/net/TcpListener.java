package heddle.net;

import heddle.internal.fd.Listening;
import heddle.internal.socket.SockAddr;
import java.io.IOException;

/** A listener of TCP. */
public final class TcpListener extends SocketListener {

    private final TcpAddr address;

    TcpListener(Heddle heddle, Listening listening, String network) {
        var bound = new TcpAddr((SockAddr) listening.bound());
        this.address = bound;
        super(heddle, listening, network, bound);
    }

    @Override
    public TcpConn accept() throws IOException {
        Listening.Accepted accepted = take();
        return new TcpConn(
                runtime(), accepted.descriptor(), network(), (SockAddr) accepted.own(), (SockAddr) accepted.peer());
    }

    @Override
    public TcpAddr address() {
        return address;
    }
}
