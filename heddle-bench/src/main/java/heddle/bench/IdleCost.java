package heddle.bench;

import java.io.IOException;
import java.util.List;
import java.util.Locale;

/**
 * What idle connections cost a server: heap for each, and platform threads, of Heddle's three ways and java.net.Socket on virtual threads.
 * Each connection has echoed one message and waits for the next; each server's thread holds a buffer of 4 KiB, which is counted.
 *
 * <p>Argument: connections (15000; the descriptor limit of a process bounds them).
 */
public final class IdleCost {

    private static final int BUFFER_BYTES = 4096;

    private IdleCost() {}

    /** See the class comment. */
    public static void main(String[] args) throws IOException {
        int connections = args.length > 0 ? Integer.parseInt(args[0]) : 15_000;
        System.out.printf(Locale.ROOT, "%d idle connections%n", connections);
        for (String name : List.of("carriers", "jdk", "nio", Contender.JAVA_NET)) {
            Cost cost = measure(name, connections);
            System.out.printf(
                    Locale.ROOT,
                    "  %-16s %6d bytes of heap each, of which %d buffer; %d platform threads%n",
                    name,
                    cost.heapBytesEach,
                    BUFFER_BYTES,
                    cost.platformThreads);
        }
    }

    /** What one server showed. */
    record Cost(long heapBytesEach, long platformThreads) {}

    static Cost measure(String name, int connections) throws IOException {
        try (Contender server = Contender.echoServer(name, -1)) {
            try (EchoLoad few = new EchoLoad(server.port, 100, 64)) {
                few.run(10_000); // What is made once is made.
            }
            long before = server.heapBytesAndThreads()[0];
            try (EchoLoad all = new EchoLoad(server.port, connections, 64)) {
                all.run(connections);
                long[] now = server.heapBytesAndThreads();
                return new Cost((now[0] - before) / connections, now[1]);
            }
        }
    }
}
