package heddle.lab;

import heddle.net.TcpAddr;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the kernel holds of connections on this machine: the queue columns of /proc/net/tcp and tcp6, proc(5), which are
 * what the requests SIOCOUTQ and SIOCINQ of tcp(7) answer, and need no native call. One thread.
 */
final class KernelQueues {

    private static final List<Path> TABLES = List.of(Path.of("/proc/net/tcp"), Path.of("/proc/net/tcp6"));

    /** Ports, and the queues to send and to read: {@code  0: 0100007F:1F90 0100007F:C350 01 00000000:00000000}. */
    private static final Pattern ENTRY =
            Pattern.compile("^ *\\d+: \\w+:(\\w{4}) \\w+:(\\w{4}) \\w\\w (\\w{8}):(\\w{8}) .*");

    /**
     * A direction of a connection, from one port to another.
     *
     * @param fromHex as the table has the first
     */
    record Flow(String name, int fromPort, int toPort, String fromHex) {
        Flow(String name, int fromPort, int toPort) {
            this(name, fromPort, toPort, ":" + HexFormat.of().withUpperCase().toHexDigits((short) fromPort) + " ");
        }

        Flow(String name, TcpAddr from, TcpAddr to) {
            this(name, from.port(), to.port());
        }
    }

    private KernelQueues() {}

    static boolean canSee() {
        return Files.isReadable(TABLES.getFirst());
    }

    /**
     * What it holds of each of {@code flows}, with the time since {@code zeroNanos}: null where the two ends were not
     * there once each, since the table is no snapshot.
     */
    static Trace.Sample[] look(List<Flow> flows, long zeroNanos) throws IOException {
        long[] unacknowledged = new long[flows.size()];
        long[] unread = new long[flows.size()];
        int[] found = new int[flows.size()];
        for (Path table : flows.isEmpty() ? List.<Path>of() : TABLES) {
            if (!Files.isReadable(table)) {
                continue;
            }
            for (String line : Files.readAllLines(table)) {
                if (!concerns(line, flows)) {
                    continue;
                }
                Matcher entry = ENTRY.matcher(line);
                if (!entry.matches()) {
                    continue;
                }
                int local = HexFormat.fromHexDigits(entry.group(1));
                int remote = HexFormat.fromHexDigits(entry.group(2));
                for (int i = 0; i < found.length; i++) {
                    Flow flow = flows.get(i);
                    if (flow.fromPort == local && flow.toPort == remote) {
                        unacknowledged[i] += HexFormat.fromHexDigitsToLong(entry.group(3));
                        found[i]++;
                    } else if (flow.fromPort == remote && flow.toPort == local) {
                        unread[i] += HexFormat.fromHexDigitsToLong(entry.group(4));
                        found[i]++;
                    }
                }
            }
        }
        // After the look, which takes its time: what is told to be before something else was seen before it.
        long nanos = System.nanoTime() - zeroNanos;
        Trace.Sample[] seen = new Trace.Sample[found.length];
        for (int i = 0; i < found.length; i++) {
            if (found[i] == 2) {
                seen[i] = new Trace.Sample(flows.get(i).name, nanos, unacknowledged[i], unread[i]);
            }
        }
        return seen;
    }

    /** A quick look: the table may have thousands of lines of others. */
    private static boolean concerns(String line, List<Flow> flows) {
        for (Flow flow : flows) {
            if (line.contains(flow.fromHex)) {
                return true;
            }
        }
        return false;
    }
}
