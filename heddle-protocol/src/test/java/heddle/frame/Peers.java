package heddle.frame;

import heddle.net.Conn;
import heddle.net.Heddle;
import heddle.net.Listener;
import heddle.net.TcpAddr;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;

/** A connection of ours, and at its other end a socket of the JDK, which owes us nothing. */
record Peers(Listener listener, Conn ours, Socket theirs) implements AutoCloseable {
    static Peers open() throws IOException {
        return open(Heddle.shared());
    }

    static Peers open(Heddle heddle) throws IOException {
        var listener = heddle.listenConfig().listen("tcp", "127.0.0.1:0");
        var theirs = new Socket(InetAddress.getLoopbackAddress(), ((TcpAddr) listener.address()).port());
        theirs.setTcpNoDelay(true);
        return new Peers(listener, listener.accept(), theirs);
    }

    void send(byte[] bytes) throws IOException {
        theirs.getOutputStream().write(bytes);
    }

    void send(byte[] bytes, int offset, int length) throws IOException {
        theirs.getOutputStream().write(bytes, offset, length);
    }

    @Override
    public void close() throws IOException {
        theirs.close();
        ours.close();
        listener.close();
    }
}
