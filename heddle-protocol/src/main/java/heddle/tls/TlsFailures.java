package heddle.tls;

import heddle.net.CallInterruptedException;
import heddle.net.Conn;
import heddle.net.ConnClosedException;
import heddle.net.ConnResetException;
import heddle.net.DeadlineExceededException;
import heddle.net.Errno;
import heddle.net.NetError;
import heddle.tls.TlsException.Reason;
import java.nio.ByteBuffer;
import java.time.Duration;
import javax.net.ssl.SSLException;

/**
 * What the calls of a {@link TlsConn} over {@code transport} throw; each has the count 0 unless it is given one.
 *
 * @param client which end this is
 */
record TlsFailures(Conn transport, boolean client) {

    /** Of what is no TLS, shown in the message. */
    private static final int SHOWN_BYTES = 16;

    private NetError.Details details(String op, int errno, boolean timeout) {
        return new NetError.Details(op, "tls", transport.localAddress(), transport.remoteAddress(), errno, timeout, 0);
    }

    ConnClosedException closed(String op) {
        return new ConnClosedException(details(op, 0, false), "use of closed network connection");
    }

    DeadlineExceededException expired(Op op) {
        return new DeadlineExceededException(details(op.label, 0, true), "i/o timeout");
    }

    CallInterruptedException interrupted(Op op) {
        return new CallInterruptedException(details(op.label, 0, false), "interrupted");
    }

    ConnResetException reset(String why) {
        return new ConnResetException(details("write", Errno.EPIPE, false), "write: " + why);
    }

    TlsException of(Reason reason, String op, String cause) {
        return new TlsException(reason, details(op, 0, false), cause, null);
    }

    /** What {@code failure} of the engine means, unless that has been said. */
    TlsException of(SSLException failure, String op) {
        return failure instanceof TlsException told ? told : TlsException.of(failure, details(op, 0, false), client);
    }

    TlsException handshakeTimeout(Duration limit, DeadlineExceededException late) {
        return new TlsException(
                Reason.HANDSHAKE_TIMEOUT,
                details("handshake", 0, true),
                "the peer did not shake hands within " + limit + "; does it speak TLS on this port?",
                late);
    }

    /** Of what the peer sent in place of a record, at the front of {@code bytes}, before the handshake was done. */
    TlsException notTls(ByteBuffer bytes) {
        byte[] first = new byte[Math.min(bytes.remaining(), SHOWN_BYTES)];
        bytes.get(bytes.position(), first);
        var shown = new StringBuilder();
        for (byte b : first) {
            shown.append(b >= ' ' && b <= '~' ? (char) b : '.');
        }
        return of(
                Reason.NOT_TLS,
                "handshake",
                "the peer does not speak TLS: it began with \"" + shown + "\"; "
                        + (client ? "dial it without TLS, or another port" : "have it dial with TLS, or another port"));
    }
}
