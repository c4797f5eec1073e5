/**
 * A server over a {@link heddle.net.Listener}: an accept loop that survives a lack of descriptors, one virtual thread for each
 * connection, a bound on connections, and an end that lets the handlers finish.
 *
 * <p>A server that gives back what it gets:
 *
 * <pre>{@code
 * var server = new Server(Net.listen("tcp", "127.0.0.1:7007"), EchoSession::new, 10_000);
 * server.serve();
 * }</pre>
 *
 * Who calls what: one thread stays in {@link heddle.server.Server#serve}; each connection's thread stays in its {@link
 * heddle.server.Session#run}; any thread calls {@link heddle.server.Server#stop}.
 */
@NullMarked
package heddle.server;

import org.jspecify.annotations.NullMarked;
