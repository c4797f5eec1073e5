/// A server over a [Listener][heddle.net.Listener]: one virtual thread for each connection. This one gives back what it
/// gets:
///
/// ```java
/// var server = new Server(Net.listen("tcp", "127.0.0.1:7007"), EchoSession::new, 10_000);
/// server.serve();
/// ```
///
/// Who enters: one thread stays in [Server#serve()][heddle.server.Server#serve()]; each connection's thread stays in
/// its [Session#run()][heddle.server.Session#run()]; any thread calls
/// [Server#stop][heddle.server.Server#stop(java.time.Duration)].
///
/// What it owes:
///
/// - a bound on connections: at it the server does not accept, and clients wait in the kernel's backlog;
/// - a lack of descriptors or memory is waited out: 5 ms, doubling to 1 s, and one line in the log for the whole
///   episode;
/// - an end in order: stop() asks each session to finish what it began, and closes those that did not within a bound;
/// - one session's failure is nobody else's.
@NullMarked
package heddle.server;

import org.jspecify.annotations.NullMarked;
