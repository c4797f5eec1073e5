package heddle.net;

import heddle.testing.Await;
import heddle.testing.Runtimes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A listener whose backlog is full, so that Linux drops the next connection request, and the next dial waits. */
final class FullBacklog implements AutoCloseable {

    private static final int BACKLOG = 1;

    private final Listener listener;
    private final List<Conn> conns = new ArrayList<>();

    FullBacklog() throws Exception {
        listener = Runtimes.listenConfig().backlog(BACKLOG).listen("tcp", "127.0.0.1:0");
        // Linux queues one more than asked for: sk_acceptq_is_full() in sock.h.
        for (int i = 0; i < BACKLOG + 1; i++) {
            conns.add(Runtimes.dial("tcp", address()));
        }
        // A dial may end long before the listener has its last packet.
        Await.until("the backlog is full", () -> queued() == BACKLOG + 1);
    }

    /**
     * How many connections wait to be accepted: what /proc/net/tcp, proc(5), has as rx_queue of a socket in state 0A,
     * "listens".
     */
    private int queued() throws IOException {
        String port = String.format(":%04X", ((TcpAddr) where()).port());
        try (var sockets = Files.lines(Path.of("/proc/self/net/tcp"))) {
            return sockets.map(line -> line.strip().split("\\s+"))
                    .filter(columns -> columns[1].endsWith(port) && columns[3].equals("0A"))
                    .mapToInt(columns -> Integer.parseInt(columns[4].split(":", -1)[1], 16))
                    .sum();
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
