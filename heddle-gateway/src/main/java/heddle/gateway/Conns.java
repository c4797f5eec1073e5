package heddle.gateway;

import heddle.net.Conn;
import java.io.IOException;

/** What is done to connections. */
final class Conns {

    private Conns() {}

    /** Closes one whose end nobody waits for. Any thread. */
    static void close(Conn conn) {
        try {
            conn.close();
        } catch (IOException gone) {
            // The descriptor is gone all the same; close(2).
        }
    }
}
