package heddle.tls;

import heddle.net.Addr;
import heddle.net.Conn;
import heddle.net.Deadline;
import heddle.net.Heddle;
import heddle.net.Listener;
import java.io.IOException;

/** Accepts connections of TLS; {@link TlsContext#listener}. Thread-safe. */
public final class TlsListener implements Listener {

    private final TlsContext context;
    private final Listener over;

    TlsListener(TlsContext context, Listener over) {
        this.context = context;
        this.over = over;
    }

    /** Waits for a connection, not for its handshake. */
    @Override
    public TlsConn accept() throws IOException {
        Conn accepted = over.accept();
        return context.server(accepted);
    }

    @Override
    public void setDeadline(Deadline deadline) throws IOException {
        over.setDeadline(deadline);
    }

    @Override
    public Addr address() {
        return over.address();
    }

    @Override
    public Heddle runtime() {
        return over.runtime();
    }

    @Override
    public boolean isOpen() {
        return over.isOpen();
    }

    @Override
    public void close() throws IOException {
        over.close();
    }

    /** {@code tls over} and what it listens at. */
    @Override
    public String toString() {
        return "tls over " + over;
    }
}
