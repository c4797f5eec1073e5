package heddle.server;

import java.io.IOException;

/** What a server does with one connection. */
public interface Session {

    /**
     * Serves the connection, on a virtual thread of its own. The server closes the connection when this returns or
     * throws.
     *
     * @throws IOException the connection failed; the server logs nothing, as peers come and go
     * @throws InterruptedException the thread was interrupted, which the server does not do
     */
    void run() throws IOException, InterruptedException;

    /**
     * Asks {@link #run} to come to an end: finish what was begun, take up nothing new. Called from any thread, before,
     * during or after run, possibly more than once. Must not wait.
     */
    void drain();
}
