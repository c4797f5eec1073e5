package heddle.server;

import heddle.net.Conn;
import org.jspecify.annotations.Nullable;

/** Makes the session of a new connection. */
@FunctionalInterface
public interface SessionFactory {

    /**
     * Called on the accepting thread, so it must not wait.
     *
     * @param conn the connection, which the server closes
     * @return its session; null refuses it: the server closes it, and no thread is started
     */
    @Nullable
    @SuppressWarnings("exports") // An annotation, which users need not have: docs/decisions/0004.
    Session open(Conn conn);
}
