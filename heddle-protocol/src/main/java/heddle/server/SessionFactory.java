package heddle.server;

import heddle.net.Conn;

/** Makes the session of a new connection. */
@FunctionalInterface
public interface SessionFactory {

    /**
     * Called on the accepting thread, so it must not wait.
     *
     * @param conn the connection, which the server closes
     * @return its session
     */
    Session open(Conn conn);
}
