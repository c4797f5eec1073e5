package heddle.net;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A listener whose backlog is full, so that Linux drops the next connection request, and the next dial waits. */
final class FullBacklog implements AutoCloseable {

    private static final int BACKLOG = 1;

    private final Listener listener;
    private final List<Conn> conns = new ArrayList<>();

    FullBacklog() throws IOException {
        listener = new ListenConfig().backlog(BACKLOG).listen("tcp", "127.0.0.1:0");
        // Linux queues one more than asked for: sk_acceptq_is_full() in sock.h.
        for (int i = 0; i < BACKLOG + 1; i++) {
            conns.add(Net.dial("tcp", address()));
        }
    }

    String address() {
        return listener.address().toString();
    }

    Addr where() {
        return listener.address();
    }

    /** Makes room for one. */
    void accept() throws IOException {
        conns.add(listener.accept());
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Conn conn : conns) {
            conn.close();
        }
    }
}
