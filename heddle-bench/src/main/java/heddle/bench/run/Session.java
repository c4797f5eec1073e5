package heddle.bench.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Runs scenarios. Those that share their servers are a group: its servers start, each scenario is warmed up on each,
 * then come the rounds. In a round the peers take turns within each scenario, and each round begins with another peer:
 * what changes on the machine from minute to minute changes all of them. One server runs at a time; the others are
 * stopped by SIGSTOP.
 *
 * <p>Rates of open loops are shares of what the best peer did in a closed loop just before, when it was warmed up.
 */
final class Session implements AutoCloseable {

    /**
     * How long and how often.
     *
     * @param rounds of each scenario
     * @param windowSeconds how long each turn is measured
     * @param warmUpSeconds before each window
     * @param firstWarmUpSeconds before a server's first window in a scenario, once and again while its JVM compiles
     * @param firstWarmUpsMax how often at most
     * @param quietMillis how long a turn may wait for others to be quiet
     * @param countCalls in which scenarios system calls are counted
     */
    record Settings(
            int rounds,
            double windowSeconds,
            double warmUpSeconds,
            double firstWarmUpSeconds,
            int firstWarmUpsMax,
            int quietMillis,
            List<String> countCalls) {}

    private static final double CALLS_SECONDS = 1;

    /** A JVM whose compilers take less of its time than this is warm. */
    private static final double COMPILING_MAX = 0.01;

    /** Of connecting, draining and the pause after it, for the estimate. */
    private static final double TURN_SECONDS = 0.4;

    private static final double IDLE_SECONDS = 40;
    private static final double IDLE_SECONDS_MAX = 120;

    /** Options of servers in Java. */
    static final List<String> JVM = List.of("-XX:+UseSerialGC", "-Xms256m", "-Xmx2g");

    /** Those of idle connections: what a collection leaves free is given back, so what is resident is in use. */
    static final List<String> JVM_IDLE = List.of(
            "-XX:+UseSerialGC",
            "-Xms80m",
            "-Xmn64m",
            "-Xmx2g",
            "-XX:MinHeapFreeRatio=5",
            "-XX:MaxHeapFreeRatio=10",
            "-XX:-ShrinkHeapInSteps");

    /**
     * What a server does before its idle connections come: what is made once is made, and its code compiled. A virtual
     * thread that began in the interpreter keeps frames several times as large.
     */
    private static final Set<String> BEFORE_IDLE = Set.of("64B-x64", "64B-x1000", "churn-x64");

    private static final int QUIET_SAMPLE_MILLIS = 100;

    private final Settings settings;
    private final Native compiled;
    private final List<Peer> peers;
    private final List<Scenario> scenarios;
    private final List<Integer> processors;
    private final Path folder;
    private final Consumer<String> progress;
    private final List<Measurement> turns = new ArrayList<>();
    private final List<Calls> calls = new ArrayList<>();
    private final List<String> leftOut = new ArrayList<>();

    /** By the peer's name; those of the group that runs. */
    private final Map<String, Server> servers = new LinkedHashMap<>();

    /** Requests a second that a peer did while it was warmed up: by scenario, the best. */
    private final Map<String, Double> best = new HashMap<>();

    Session(Settings settings, Native compiled, List<Peer> peers, List<Scenario> scenarios, Consumer<String> progress)
            throws IOException {
        this.settings = settings;
        this.compiled = compiled;
        this.peers = peers;
        this.scenarios = scenarios;
        this.progress = progress;
        String status = Files.readString(Path.of("/proc/self/status"));
        try (Stream<String> lines = status.lines()) {
            String line = lines.filter(l -> l.startsWith("Cpus_allowed_list:"))
                    .findFirst()
                    .orElseThrow();
            processors = Proc.list(line.substring(line.indexOf(':') + 1));
        }
        folder = Files.createTempDirectory("heddle-bench");
    }

    /** What a peer's command may name, with {@code options} for a JVM. */
    private Map<String, List<String>> values(List<String> options) {
        List<String> java = new ArrayList<>();
        java.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        java.addAll(options);
        java.addAll(List.of("-cp", System.getProperty("java.class.path")));
        return Map.of("native", List.of(compiled.folder().toString()), "java", java);
    }

    List<Measurement> turns() {
        return Collections.unmodifiableList(turns);
    }

    List<Calls> calls() {
        return Collections.unmodifiableList(calls);
    }

    List<String> leftOut() {
        return Collections.unmodifiableList(leftOut);
    }

    /** How long it will take, about. */
    double seconds() {
        double sum = 0;
        for (Scenario scenario : scenarios) {
            long served = peers.stream().filter(peer -> peer.serves(scenario)).count();
            double turn = settings.warmUpSeconds + settings.windowSeconds + TURN_SECONDS;
            double each = scenario.mode() == Scenario.Mode.IDLE
                    ? settings.rounds * IDLE_SECONDS
                    : settings.rounds * turn
                            + Math.min(2, settings.firstWarmUpsMax) * (settings.firstWarmUpSeconds + TURN_SECONDS);
            if (settings.countCalls.contains(scenario.name())) {
                each += 2 * CALLS_SECONDS;
            }
            sum += served * each;
        }
        return sum;
    }

    /** Runs all; {@code saved} is called when there is something new to keep. */
    void run(Runnable saved) throws IOException {
        Map<Scenario.ServerSetUp, List<Scenario>> groups = new LinkedHashMap<>();
        List<Scenario> idle = new ArrayList<>();
        for (Scenario scenario : scenarios) {
            if (scenario.mode() == Scenario.Mode.IDLE) {
                idle.add(scenario);
            } else {
                groups.computeIfAbsent(scenario.serverSetUp(), setUp -> new ArrayList<>())
                        .add(scenario);
            }
        }
        for (Map.Entry<Scenario.ServerSetUp, List<Scenario>> group : groups.entrySet()) {
            try {
                runGroup(group.getKey(), group.getValue(), saved);
            } finally {
                closeServers();
            }
            saved.run();
        }
        for (Scenario scenario : idle) {
            for (int round = 1; round <= settings.rounds; round++) {
                runIdle(scenario, round);
                saved.run();
            }
        }
    }

    private void runGroup(Scenario.ServerSetUp setUp, List<Scenario> group, Runnable saved) throws IOException {
        Placement placement = Placement.of(processors, setUp.processors());
        for (Peer peer : peers) {
            if (group.stream().anyMatch(peer::serves)) {
                start(peer, setUp, placement, JVM);
            }
        }
        for (Scenario scenario : group) {
            List<String> absent = peers.stream()
                    .filter(peer -> !peer.serves(scenario))
                    .map(Peer::name)
                    .toList();
            if (!absent.isEmpty()) {
                leftOut.add(String.join(", ", absent) + " in " + scenario.name() + ", see peers.conf");
            }
        }
        for (Scenario scenario : group) {
            for (Server server : List.copyOf(servers.values())) {
                if (server.peer().serves(scenario)) {
                    warmUp(scenario, server, placement);
                }
            }
        }
        for (int round = 1; round <= settings.rounds; round++) {
            for (Scenario scenario : group) {
                List<Server> order = new ArrayList<>(servers.values());
                Collections.rotate(order, 1 - round);
                for (Server server : order) {
                    if (server.peer().serves(scenario)) {
                        turn(scenario, server, round, placement);
                    }
                }
            }
            saved.run();
        }
        for (Scenario scenario : group) {
            if (settings.countCalls.contains(scenario.name())) {
                countCalls(scenario, placement);
            }
        }
    }

    private void start(Peer peer, Scenario.ServerSetUp setUp, Placement placement, List<String> options) {
        try {
            Server server = Server.start(peer, setUp, placement, values(options), folder);
            server.stop();
            servers.put(peer.name(), server);
        } catch (IOException e) {
            leftOut.add(e.getMessage() + " (" + setUp + ")");
            progress.accept(leftOut.getLast());
        }
    }

    /**
     * Warms {@code server} up until nothing is left to compile: else a JVM would be measured that takes a fifth of its
     * processor for it, which no server does that has run for a minute.
     */
    private void warmUp(Scenario scenario, Server server, Placement placement) throws IOException {
        for (int times = 0; times < settings.firstWarmUpsMax; times++) {
            long beforeNanos = server.compilerNanos();
            if (!warmUpOnce(scenario, server, placement)) {
                return;
            }
            long compiledNanos = server.compilerNanos() - beforeNanos;
            if (compiledNanos < COMPILING_MAX * settings.firstWarmUpSeconds * 1e9) {
                return;
            }
        }
    }

    /** In a closed loop also where the scenario is an open one: it shows what the peer can do. */
    private boolean warmUpOnce(Scenario scenario, Server server, Placement placement) throws IOException {
        server.resume();
        try (Load load = start(scenario, server, placement, 0, 0, settings.firstWarmUpSeconds)) {
            LoadReport report = load.report();
            double perSecond = report.answered()
                    * 1e9
                    / (report.after().wallNs() - report.before().wallNs());
            best.merge(scenario.name(), perSecond, Math::max);
            return true;
        } catch (IOException e) {
            giveUp(scenario, server, e);
            return false;
        } finally {
            pause(scenario, server);
        }
    }

    private Load start(Scenario scenario, Server server, Placement placement, double rate, double warmUp, double window)
            throws IOException {
        return Load.start(
                compiled.load(),
                placement.load(),
                warmUp + window,
                Load.options(scenario, server, rate, warmUp, window));
    }

    private void giveUp(Scenario scenario, Server server, IOException e) {
        leftOut.add(server.peer().name() + " in " + scenario.name() + ": " + e.getMessage());
        progress.accept(leftOut.getLast());
    }

    /** Lets the server close what the load has left, and stops it. */
    private static void pause(Scenario scenario, Server server) {
        Commands.sleep(50 + scenario.connections() / 20);
        server.stop();
    }

    private double rate(Scenario scenario) {
        return scenario.ratePercent() / 100.0 * best.getOrDefault(scenario.name(), 0.0);
    }

    private void turn(Scenario scenario, Server server, int round, Placement placement) {
        if (!server.isAlive()) {
            leftOut.add(server.peer().name() + " has ended, no round " + round + " of " + scenario.name());
            servers.remove(server.peer().name());
            return;
        }
        awaitQuiet();
        server.resume();
        double rate = rate(scenario);
        try (Load load = start(scenario, server, placement, rate, settings.warmUpSeconds, settings.windowSeconds)) {
            Measurement turn = Measurement.of(scenario, server.peer(), round, rate, placement, load.report(), null);
            turns.add(turn);
            progress.accept(Tables.line(turn));
        } catch (IOException e) {
            giveUp(scenario, server, e);
        }
        pause(scenario, server);
    }

    /** Servers of ours stand still between turns: whoever is busy then is somebody else. */
    private void awaitQuiet() {
        for (int waited = 0; waited < settings.quietMillis; waited += QUIET_SAMPLE_MILLIS) {
            try {
                String before = Files.readString(Path.of("/proc/stat"));
                long beganNanos = System.nanoTime();
                Commands.sleep(QUIET_SAMPLE_MILLIS);
                double others = new Placement(processors, processors)
                        .others(
                                Proc.processors(before),
                                Proc.processors(Files.readString(Path.of("/proc/stat"))),
                                System.nanoTime() - beganNanos,
                                0);
                if (others <= Turns.OTHERS_MAX) {
                    return;
                }
            } catch (IOException unreadable) {
                return; // The turn will tell.
            }
        }
    }

    private void countCalls(Scenario scenario, Placement placement) throws IOException {
        if (!Calls.available()) {
            leftOut.add("system calls: no perf, or no leave to trace (root, tracefs)");
            return;
        }
        for (Server server : servers.values()) {
            if (!server.peer().serves(scenario)) {
                continue;
            }
            server.resume();
            List<String> options = Load.options(scenario, server, rate(scenario), 0, CALLS_SECONDS);
            options.add("phases=1");
            try (Load load = Load.start(compiled.load(), placement.load(), CALLS_SECONDS, options)) {
                load.awaitPhase("up");
                var counting = new Calls.Counting(server.pid(), folder.resolve("calls"));
                load.goOn();
                load.awaitPhase("over");
                Map<String, Long> counts = counting.end();
                load.goOn();
                LoadReport report = load.report();
                if (report.total() > 0) {
                    calls.add(Calls.of(scenario, server.peer(), counts, report.total()));
                }
            } catch (IOException e) {
                giveUp(scenario, server, e);
            }
            pause(scenario, server);
        }
    }

    /** A server for itself: what others' connections have left in it would be counted. */
    private void runIdle(Scenario scenario, int round) throws IOException {
        Placement placement = Placement.of(processors, scenario.processors());
        for (Peer peer : peers) {
            start(peer, scenario.serverSetUp(), placement, JVM_IDLE);
            Server server = servers.get(peer.name());
            if (server == null) {
                continue;
            }
            try {
                turns.add(idle(scenario, server, round, placement));
                progress.accept(Tables.line(turns.getLast()));
            } catch (IOException e) {
                giveUp(scenario, server, e);
            } finally {
                closeServers();
            }
        }
    }

    private Measurement idle(Scenario scenario, Server server, int round, Placement placement) throws IOException {
        for (Scenario before : Scenario.ALL) {
            if (BEFORE_IDLE.contains(before.name())) {
                warmUp(before, server, placement);
            }
        }
        server.resume();
        long heap = server.heapBytes();
        long resident = server.status("VmRSS");
        List<String> options = Load.options(scenario, server, 0, 0, 0);
        try (Load load = Load.start(compiled.load(), placement.load(), IDLE_SECONDS_MAX, options)) {
            load.awaitPhase("connected");
            Commands.sleep(1000);
            long heapBefore = server.heapBytes();
            long residentBefore = server.status("VmRSS");
            load.goOn();
            load.awaitPhase("asked");
            Commands.sleep(200);
            long heapAfter = server.heapBytes();
            var idle = new Measurement.Idle(
                    (residentBefore - resident) * 1024 / scenario.connections(),
                    (server.status("VmRSS") - resident) * 1024 / scenario.connections(),
                    (heapBefore - heap) / scenario.connections(),
                    (heapAfter - heap) / scenario.connections(),
                    server.status("Threads"));
            load.goOn();
            return Measurement.of(scenario, server.peer(), round, 0, placement, load.report(), idle);
        }
    }

    private void closeServers() {
        servers.values().forEach(Server::close);
        servers.clear();
    }

    @Override
    public void close() throws IOException {
        closeServers();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
        }
        Files.deleteIfExists(folder);
    }
}
