package heddle.bench;

import heddle.net.Conn;
import heddle.net.Heddle;
import heddle.net.Listener;
import heddle.net.Net;

import org.HdrHistogram.Histogram;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * The round trip of an echo while virtual threads compute on all processors, without end or in tasks after each of which they yield: on
 * Heddle's carriers, then with java.net.Socket on the JDK's scheduler. Prints the percentiles, or that nothing came back within the time.
 *
 * <p>Arguments: seconds for each (10), milliseconds of a task (0 for without end), computing threads a processor (1). Needs the flags that
 * Heddle's own carriers need.
 */
public final class Starvation {

    private static volatile boolean computing = true;

    /** How long a task is, 0 for without end. Set before the first begins. */
    private static long taskNanos;

    /** How many threads compute. Likewise. */
    private static int computers;

    private Starvation() {}

    /** See the class comment. */
    public static void main(String[] args) throws Exception {
        long seconds = args.length > 0 ? Long.parseLong(args[0]) : 10;
        long taskMillis = args.length > 1 ? Long.parseLong(args[1]) : 0;
        taskNanos = TimeUnit.MILLISECONDS.toNanos(taskMillis);
        computers =
                Runtime.getRuntime().availableProcessors()
                        * (args.length > 2 ? Integer.parseInt(args[2]) : 1);
        System.out.printf(
                Locale.ROOT,
                "%s; %d threads compute %s%n",
                Heddle.shared().describe(),
                computers,
                taskMillis == 0 ? "without end" : "in tasks of " + taskMillis + " ms");
        Listener listener = Net.listen("tcp", "127.0.0.1:0");
        Heddle.shared().ofVirtual().start(() -> quietly(() -> echoAll(listener)));
        measure(
                "heddle",
                Heddle.shared().ofVirtual(),
                seconds,
                () -> heddleClient(listener.address().toString()));
        ServerSocket serverSocket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(() -> quietly(() -> echoAll(serverSocket)));
        measure(
                Contender.JAVA_NET,
                Thread.ofVirtual(),
                seconds,
                () -> javaNetClient(serverSocket.getLocalPort()));
        System.exit(0);
    }

    /** Something that reads and writes. */
    private interface Task {
        void run() throws IOException;
    }

    /** One round trip at a time. */
    private interface Client {
        void roundTrip() throws IOException;
    }

    /** Makes a connected client. */
    private interface Dial {
        Client get() throws IOException;
    }

    private static void quietly(Task task) {
        try {
            task.run();
        } catch (IOException over) {
            // The process is about to end, or the peer has closed.
        }
    }

    private static void measure(
            String name, Thread.Builder.OfVirtual threads, long seconds, Dial dial)
            throws InterruptedException {
        Histogram nanos = new Histogram(TimeUnit.MINUTES.toNanos(10), 3);
        computing = true;
        for (int i = 0; i < computers; i++) {
            threads.start(Starvation::compute);
        }
        long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        Thread client =
                threads.start(() ->
                        quietly(() -> {
                            Client conn = dial.get();
                            while (System.nanoTime() < endNanos) {
                                long before = System.nanoTime();
                                conn.roundTrip();
                                nanos.recordValue(System.nanoTime() - before);
                            }
                        }));
        client.join(TimeUnit.SECONDS.toMillis(seconds));
        long whileComputing = nanos.getTotalCount();
        computing = false;
        client.join();
        if (whileComputing == 0) {
            System.out.printf(Locale.ROOT, "  %-10s no round trip in %d s%n", name, seconds);
        } else {
            System.out.printf(
                    Locale.ROOT,
                    "  %-10s %d round trips in %d s: p50 %.3f ms, p99 %.3f ms, max %.3f ms%n",
                    name,
                    whileComputing,
                    seconds,
                    nanos.getValueAtPercentile(50) / 1e6,
                    nanos.getValueAtPercentile(99) / 1e6,
                    nanos.getMaxValue() / 1e6);
        }
    }

    private static void compute() {
        while (computing) {
            long beganNanos = System.nanoTime();
            while (computing && (taskNanos == 0 || System.nanoTime() - beganNanos < taskNanos)) {
                Thread.onSpinWait();
            }
            Thread.yield();
        }
    }

    private static void echoAll(Listener listener) throws IOException {
        while (true) {
            Conn conn = listener.accept();
            Heddle.shared()
                    .ofVirtual()
                    .start(() ->
                            quietly(() -> {
                                byte[] buffer = new byte[64];
                                int n;
                                while ((n = conn.read(buffer)) > 0) {
                                    conn.write(buffer, 0, n);
                                }
                            }));
        }
    }

    private static Client heddleClient(String address) throws IOException {
        Conn conn = Net.dial("tcp", address);
        byte[] buffer = new byte[64];
        return () -> {
            conn.write(buffer);
            if (conn.read(buffer) < 0) {
                throw new IOException("the server closed");
            }
        };
    }

    private static void echoAll(ServerSocket listener) throws IOException {
        while (true) {
            Socket socket = listener.accept();
            socket.setTcpNoDelay(true);
            Thread.ofVirtual()
                    .start(() ->
                            quietly(() -> {
                                InputStream in = socket.getInputStream();
                                OutputStream out = socket.getOutputStream();
                                byte[] buffer = new byte[64];
                                int n;
                                while ((n = in.read(buffer)) > 0) {
                                    out.write(buffer, 0, n);
                                }
                            }));
        }
    }

    private static Client javaNetClient(int port) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        InputStream in = socket.getInputStream();
        OutputStream out = socket.getOutputStream();
        byte[] buffer = new byte[64];
        return () -> {
            out.write(buffer);
            if (in.read(buffer) < 0) {
                throw new IOException("the server closed");
            }
        };
    }
}
