package heddle.net;

import heddle.internal.fd.Descriptor;
import heddle.internal.fd.Listening;
import heddle.internal.fd.Refused;
import heddle.internal.fd.Result;
import java.io.IOException;

/** What a listener does whatever its network. */
abstract sealed class SocketListener implements Listener permits TcpListener, UnixListener {

    private final Heddle heddle;
    private final Listening listening;
    private final String network;
    private final Addr address;

    SocketListener(Heddle heddle, Listening listening, String network, Addr address) {
        this.heddle = heddle;
        this.listening = listening;
        this.network = network;
        this.address = address;
    }

    final Listening listening() {
        return listening;
    }

    final String network() {
        return network;
    }

    /** Waits for a connection and takes it from the backlog. */
    final Listening.Accepted take() throws IOException {
        try {
            return listening.accept();
        } catch (Refused refused) {
            throw failure("accept", refused.call(), refused.result());
        }
    }

    @Override
    public final void setDeadline(Deadline deadline) throws IOException {
        if (!descriptor().setReadDeadline(deadline.nanosBy(heddle.clock()))) {
            throw failure("set", "", Result.CLOSED);
        }
    }

    @Override
    public final void close() throws IOException {
        listening.close();
    }

    @Override
    public final Heddle runtime() {
        return heddle;
    }

    @Override
    public final boolean isOpen() {
        return !descriptor().isClosed();
    }

    private IOException failure(String op, String call, int result) {
        return Failures.because(
                descriptor(),
                Failures.of(
                        op,
                        network,
                        null,
                        address,
                        call,
                        result,
                        0,
                        descriptor().remark(result)));
    }

    final Descriptor descriptor() {
        return listening.descriptor();
    }

    /** {@code accept tcp 127.0.0.1:80}. */
    @Override
    public final String toString() {
        return "accept " + network + " " + address;
    }
}
