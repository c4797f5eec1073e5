import heddle.net.Conn;
import heddle.net.Deadline;
import heddle.net.DeadlineExceededException;
import heddle.net.Net;

import java.io.IOException;
import java.time.Duration;

/** Sends a line, prints what comes back, and shows that a deadline ends a call, not the connection. */
public class EchoClient {

    public static void main(String[] args) throws IOException {
        String address = args.length > 0 ? args[0] : "127.0.0.1:7007";
        byte[] buffer = new byte[4096];
        try (Conn conn = Net.dial("tcp", address, Duration.ofSeconds(5))) {
            conn.setReadDeadline(Deadline.after(Duration.ofMillis(100)));
            try {
                conn.read(buffer); // Nobody has sent anything yet.
            } catch (DeadlineExceededException e) {
                System.out.println(e.getMessage());
            }
            conn.setReadDeadline(Deadline.after(Duration.ofSeconds(5)));
            conn.write("hello\n".getBytes());
            int n = conn.read(buffer);
            System.out.write(buffer, 0, n);
            System.out.flush();
        }
    }
}
