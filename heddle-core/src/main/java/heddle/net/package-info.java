/**
 * Connections, listeners and dialers: all that an application imports. A server that sends back whatever it gets:
 *
 * {@snippet :
 * import heddle.net.Conn;
 * import heddle.net.Heddle;
 * import heddle.net.Listener;
 * import heddle.net.Net;
 *
 * import java.io.IOException;
 *
 * public class EchoServer {
 *
 *     public static void main(String[] args) throws IOException {
 *         String address = args.length > 0 ? args[0] : "127.0.0.1:7007";
 *         try (Listener listener = Net.listen("tcp", address)) {
 *             System.out.println("listening at " + listener.address());
 *             while (true) {
 *                 Conn conn = listener.accept();
 *                 Heddle.shared().ofVirtual().start(() -> echo(conn));
 *             }
 *         }
 *     }
 *
 *     static void echo(Conn conn) {
 *         byte[] buffer = new byte[4096];
 *         try (conn) {
 *             int n;
 *             while ((n = conn.read(buffer)) >= 0) {
 *                 conn.write(buffer, 0, n);
 *             }
 *         } catch (IOException e) {
 *             System.err.println(e.getMessage());
 *         }
 *     }
 * }
 * }
 *
 * <p>{@link heddle.net.Net} listens, dials and makes pipes with the defaults; {@link heddle.net.ListenConfig} and
 * {@link heddle.net.Dialer} have the options. What every connection does is with {@link heddle.net.Conn}, what can go
 * wrong with {@link heddle.net.NetError}, the threads with {@link heddle.net.Heddle}.
 *
 * <h2 id="ways">Ways of running</h2>
 *
 * <p>Heddle starts in the best of three ways that the JVM and the system allow, or in the one that is asked for.
 * {@link heddle.net.Heddle#way} says which one it is, and {@link heddle.net.Heddle#missingFlags} which flags would give
 * a better one. All calls work in each; what a way cannot do fails with an error, and its method says so.
 *
 * <table>
 *   <caption>The ways, best first, but for the last</caption>
 *   <tr><th scope="col">way</th><th scope="col">needs</th><th scope="col">uses</th></tr>
 *   <tr><td>carriers</td><td>Linux, {@code --enable-native-access}, {@code --add-opens java.base/java.lang}</td>
 *       <td>epoll, polled by carrier threads of Heddle's own</td></tr>
 *   <tr><td>jdk</td><td>Linux, {@code --enable-native-access}</td><td>epoll, and the JDK's scheduler</td></tr>
 *   <tr><td>nio</td><td>nothing</td><td>the JDK's channels and Selector, and its scheduler</td></tr>
 *   <tr><td>uring</td><td>as carriers, Linux 6.0, and to be asked for; without io_uring it is carriers</td>
 *       <td>io_uring beside epoll, polled by carrier threads of Heddle's own</td></tr>
 * </table>
 */
@NullMarked
package heddle.net;

import org.jspecify.annotations.NullMarked;
