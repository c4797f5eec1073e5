package heddle.bench.run;

import heddle.bench.peer.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What the load does, and what it needs of a server.
 *
 * @param bytes of a message
 * @param depth messages on their way on each connection
 * @param ratePercent of the best peer's rate; 0 is a closed loop, where each answer is followed by the next message
 * @param processors that the server may use
 */
record Scenario(
        String name,
        Mode mode,
        Role role,
        String network,
        int connections,
        int bytes,
        int depth,
        int ratePercent,
        int processors) {

    /** How long a block of a bulk transfer is; what is counted and timed there. */
    static final int BLOCK_BYTES = 65_536;

    /** Those of src/main/c/load.c. */
    enum Mode {
        ECHO,
        CHURN,
        IDLE,
        UP,
        DOWN,
        RELAY,
        WRITERS;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What scenarios that share their servers have in common. */
    record ServerSetUp(Role role, String network, int processors, int bufferBytes) {}

    /**
     * How many idle connections: with those of the server itself below 20,000 descriptors, a usual bound of a process.
     */
    private static final int IDLE = 18_000;

    private static final int KIB = 1024;

    /** All, in the order in which they run. */
    static final List<Scenario> ALL = all();

    /** Those that five minutes have time for. */
    static final List<String> QUICK = List.of("64B-x1", "64B-x64", "64B-x1000", "64B-x64-rate80", "churn-x64");

    private static List<Scenario> all() {
        List<Scenario> all = new ArrayList<>();
        for (int bytes : new int[] {64, KIB, 16 * KIB}) {
            for (int connections : new int[] {1, 64, 1000, 10_000}) {
                all.add(echo(bytes, connections));
            }
        }
        for (int connections : new int[] {64, 1000}) {
            all.add(echo(64, connections).atRate(50));
            all.add(echo(64, connections).atRate(80));
        }
        all.add(echo(64, 64).with("-deep16", 16, 1));
        all.add(echo(64, 64).of("churn-x64", Mode.CHURN, Role.ECHO, "tcp"));
        all.add(echo(64, IDLE).of("idle-x" + IDLE, Mode.IDLE, Role.ECHO, "tcp"));
        for (int connections : new int[] {1, 64, 1000, 10_000}) {
            all.add(echo(64, connections).with("-2p", 1, 2));
        }
        for (int connections : new int[] {64, 1000}) {
            Scenario echo = echo(64, connections);
            all.add(echo.of(echo.name + "-deadline", Mode.ECHO, Role.DEADLINE, "tcp"));
        }
        for (int connections : new int[] {64, 1000}) {
            Scenario echo = echo(64, connections);
            all.add(echo.of(echo.name + "-unix", Mode.ECHO, Role.ECHO, "unix"));
        }
        all.add(echo(64, 4).of("up-x4", Mode.UP, Role.UP, "tcp"));
        all.add(echo(64, 4).of("down-x4", Mode.DOWN, Role.DOWN, "tcp"));
        all.add(echo(64, 8).of("relay-x4", Mode.RELAY, Role.RELAY, "tcp"));
        all.add(echo(64, 1).of("writers-x16", Mode.WRITERS, Role.WRITERS, "tcp"));
        all.add(echo(64, 1).of("64B-x1-busy", Mode.ECHO, Role.BUSY, "tcp"));
        all.add(echo(64, 1).of("64B-x1-tasks", Mode.ECHO, Role.TASKS, "tcp"));
        return List.copyOf(all);
    }

    private static Scenario echo(int bytes, int connections) {
        String size = bytes < KIB ? bytes + "B" : bytes / KIB + "K";
        String name = size + "-x" + connections;
        return new Scenario(name, Mode.ECHO, Role.ECHO, "tcp", connections, bytes, 1, 0, 1);
    }

    private Scenario with(String suffix, int newDepth, int newProcessors) {
        return new Scenario(
                name + suffix, mode, role, network, connections, bytes, newDepth, ratePercent, newProcessors);
    }

    private Scenario of(String newName, Mode newMode, Role newRole, String newNetwork) {
        return new Scenario(newName, newMode, newRole, newNetwork, connections, bytes, depth, 0, processors);
    }

    private Scenario atRate(int percent) {
        return new Scenario(
                name + "-rate" + percent, mode, role, network, connections, bytes, depth, percent, processors);
    }

    ServerSetUp serverSetUp() {
        int buffer = mode == Mode.UP || mode == Mode.RELAY ? BLOCK_BYTES : bytes > 4 * KIB ? 16 * KIB : 4 * KIB;
        return new ServerSetUp(role, network, processors, buffer);
    }

    /** What the words of {@code without} in peers.conf may name, of this scenario. */
    List<String> demands() {
        return List.of(role.word(), network, mode.word());
    }

    /** What is counted. */
    String unit() {
        return switch (mode) {
            case ECHO, IDLE -> "request";
            case CHURN -> "connection";
            case UP, DOWN, RELAY -> "block";
            case WRITERS -> "message";
        };
    }

    /** The scenario in a sentence. */
    String describe() {
        String size = bytes < KIB ? bytes + " B" : bytes / KIB + " KiB";
        String text = switch (mode) {
            case ECHO -> size + " there and back on " + count(connections, "connection");
            case CHURN -> "connect, " + size + " there and back, close; " + connections + " at a time";
            case IDLE -> connections + " connections that wait, before and after a message each";
            case UP -> "blocks of 64 KiB to the server on " + connections + " connections";
            case DOWN -> "blocks of 64 KiB from the server on " + connections + " connections";
            case RELAY ->
                "blocks of 64 KiB through the server, from one connection to another, "
                        + connections / 2
                        + " at a time";
            case WRITERS -> "16 threads of the server write messages of 64 B to one connection";
        };
        if (depth > 1) {
            text += ", " + depth + " on their way on each";
        }
        if (ratePercent > 0) {
            text += ", at " + ratePercent + " % of the best peer's rate";
        }
        if (network.equals("unix")) {
            text += ", Unix sockets";
        }
        return text
                + switch (role) {
                    case DEADLINE -> ", a deadline for every read";
                    case BUSY ->
                        ", beside a thread for each processor that computes without end, whose"
                                + " time is in the cost";
                    case TASKS -> ", beside two threads for each processor in tasks of 5 ms, whose time is in the cost";
                    case ECHO, UP, DOWN, RELAY, WRITERS -> "";
                }
                + (processors > 1 ? ", " + processors + " processors" : "");
    }

    static String count(int n, String what) {
        return n + " " + what + (n == 1 ? "" : "s");
    }
}
