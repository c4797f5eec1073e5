package heddle.cli;

import heddle.net.Conn;
import heddle.net.Deadline;
import heddle.net.Dialer;
import heddle.net.Errno;
import heddle.net.Heddle;
import heddle.net.Net;
import heddle.net.NetError;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A client to explore with. */
@Command(
        name = "dial",
        description = {
            "Connects stdin and stdout to a connection, both directions at once.",
            "Half-closes at the end of stdin; ends when the peer has closed."
        },
        showDefaultValues = true,
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {
            "0:the peer closed in order",
            "1:no connection, or it broke; stderr says why",
            ExitCodes.USAGE_TEXT
        })
final class Dial implements Callable<Integer> {
    private static final int BUFFER_BYTES = 64 << 10;

    @Parameters(paramLabel = "HOST:PORT", converter = Address.Peer.class, description = "The peer.")
    private String peer;

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            defaultValue = "30s",
            converter = TimeSpan.class,
            description = "For connecting, and for the handshake of TLS.")
    private Duration timeout;

    @CommandLine.Mixin
    private ClientTlsArguments tls;

    private volatile @Nullable IOException receiveFailure;
    private volatile @Nullable IOException sendFailure;

    @Override
    public Integer call() throws IOException, InterruptedException {
        try (var conn = connect()) {
            var receiving = Heddle.shared().ofVirtual().name("heddle-dial").start(() -> receive(conn));
            // A daemon of its own: nothing can end a read of stdin when the peer has closed.
            Thread.ofPlatform().daemon().name("heddle-stdin").start(() -> send(conn));
            receiving.join();
            check(); // before the close, which a sender that goes on takes for a failure
        }
        return ExitCodes.OK;
    }

    private Conn connect() throws IOException {
        var context = tls.context();
        if (context == null) {
            return Net.dial("tcp", peer, timeout);
        }
        return context.dialer(new Dialer()).deadline(Deadline.after(timeout)).dial("tcp", peer);
    }

    /**
     * Throws what broke the connection. Whichever direction meets a reset first takes it from the kernel, and the other
     * sees an end.
     */
    private void check() throws IOException {
        var receive = receiveFailure;
        if (receive != null) {
            throw receive;
        }
        var send = sendFailure;
        if (send != null && !(send instanceof NetError error && error.errno() == Errno.EPIPE)) {
            throw send;
        }
    }

    /** After a failure too, what the peer has sent is still to be received. */
    private void send(Conn conn) {
        var buffer = new byte[BUFFER_BYTES];
        try (var in = new FileInputStream(FileDescriptor.in)) {
            for (int n; (n = in.read(buffer)) > 0; ) {
                conn.write(buffer, 0, n);
            }
        } catch (IOException e) {
            sendFailure = e;
        }
        try {
            conn.closeWrite();
        } catch (IOException e) {
            // There is no connection any more: receiving meets that too.
        }
    }

    private void receive(Conn conn) {
        var buffer = new byte[BUFFER_BYTES];
        try {
            var out = new FileOutputStream(FileDescriptor.out);
            for (int n; (n = conn.read(buffer)) > 0; ) {
                out.write(buffer, 0, n);
            }
        } catch (IOException e) {
            receiveFailure = e;
        }
    }
}
