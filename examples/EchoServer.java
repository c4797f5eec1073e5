import heddle.net.Conn;
import heddle.net.Heddle;
import heddle.net.Listener;
import heddle.net.Net;

import java.io.IOException;

/** Sends back whatever it gets: one virtual thread a connection, each a straight loop. */
public class EchoServer {

    public static void main(String[] args) throws IOException {
        String address = args.length > 0 ? args[0] : "127.0.0.1:7007";
        try (Listener listener = Net.listen("tcp", address)) {
            System.out.println("listening at " + listener.address());
            while (true) {
                Conn conn = listener.accept();
                Heddle.shared().ofVirtual().start(() -> echo(conn));
            }
        }
    }

    static void echo(Conn conn) {
        byte[] buffer = new byte[4096];
        try (conn) {
            int n;
            while ((n = conn.read(buffer)) >= 0) {
                conn.write(buffer, 0, n);
            }
        } catch (IOException e) {
            System.err.println(e.getMessage());
        }
    }
}
