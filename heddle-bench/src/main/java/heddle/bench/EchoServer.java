package heddle.bench;

import heddle.net.Conn;
import heddle.net.Heddle;
import heddle.net.Listener;
import heddle.net.Net;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * An echo server to be measured: one virtual thread a connection, a straight loop. Prints its port; for each line of its standard input the
 * bytes of heap in use after a collection and the number of platform threads; and runs until that input ends. Argument: {@code heddle} (in
 * the way that -Dheddle.way forces) or {@code jdk} (java.net.Socket).
 */
public final class EchoServer {

    private static final int BUFFER_BYTES = 4096;

    private EchoServer() {}

    /** See the class comment. */
    public static void main(String[] args) throws IOException {
        switch (args[0]) {
            case "heddle" -> heddle();
            case "jdk" -> jdk();
            default -> throw new IllegalArgumentException(args[0] + ": want heddle or jdk");
        }
        var commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        while (commands.readLine() != null) {
            System.gc();
            Runtime heap = Runtime.getRuntime();
            long used = heap.totalMemory() - heap.freeMemory();
            System.out.println(used + " " + Thread.getAllStackTraces().size());
        }
        System.exit(0);
    }

    private static void heddle() throws IOException {
        Listener listener = Net.listen("tcp4", "127.0.0.1:0");
        report(listener.address().toString());
        Heddle.shared()
                .ofVirtual()
                .start(() -> {
                    while (true) {
                        Conn conn = accept(listener);
                        Heddle.shared().ofVirtual().start(() -> echo(conn));
                    }
                });
    }

    private static Conn accept(Listener listener) {
        try {
            return listener.accept();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void echo(Conn conn) {
        byte[] buffer = new byte[BUFFER_BYTES];
        try (conn) {
            int n;
            while ((n = conn.read(buffer)) > 0) {
                conn.write(buffer, 0, n);
            }
        } catch (IOException gone) {
            // The load generator closes when it has measured enough.
        }
    }

    private static void jdk() throws IOException {
        ServerSocket listener = new ServerSocket(0, 4096, InetAddress.getLoopbackAddress());
        report("127.0.0.1:" + listener.getLocalPort());
        Thread.ofVirtual()
                .start(() -> {
                    while (true) {
                        Socket socket = accept(listener);
                        Thread.ofVirtual().start(() -> echo(socket));
                    }
                });
    }

    private static Socket accept(ServerSocket listener) {
        try {
            Socket socket = listener.accept();
            socket.setTcpNoDelay(true);
            return socket;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void echo(Socket socket) {
        byte[] buffer = new byte[BUFFER_BYTES];
        try (socket) {
            InputStream in = socket.getInputStream();
            OutputStream out = socket.getOutputStream();
            int n;
            while ((n = in.read(buffer)) > 0) {
                out.write(buffer, 0, n);
            }
        } catch (IOException gone) {
            // As above.
        }
    }

    private static void report(String address) {
        System.out.println(address.substring(address.lastIndexOf(':') + 1));
        System.out.flush();
    }
}
