package heddle.server;

import heddle.net.Conn;
import heddle.net.Deadline;
import heddle.net.DeadlineExceededException;
import java.io.IOException;

/** Gives back what it gets, until the peer's half-close. */
public final class EchoSession implements Session {

    private static final int BUFFER_BYTES = 16 << 10;

    private final Conn conn;
    private volatile boolean draining;

    /**
     * An echo on {@code conn}.
     *
     * @param conn the connection
     */
    public EchoSession(Conn conn) {
        this.conn = conn;
    }

    @Override
    public void run() throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            for (int n; (n = conn.read(buffer)) > 0; ) {
                conn.write(buffer, 0, n);
            }
        } catch (DeadlineExceededException e) {
            if (!draining) {
                throw e;
            }
        }
    }

    @Override
    public void drain() {
        draining = true;
        try {
            conn.setReadDeadline(Deadline.PAST);
        } catch (IOException closed) {
            // It has come to its end by itself.
        }
    }
}
