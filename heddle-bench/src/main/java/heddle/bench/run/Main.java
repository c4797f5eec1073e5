package heddle.bench.run;

import io.netty.util.Version;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Where {@code heddle-bench/run} arrives. */
@Command(
        name = "heddle-bench/run",
        description = "Compares Heddle with servers in C, Go, on the JDK's sockets and on Netty. Tables"
                + " go to stdout, progress to stderr.",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:all ran",
            "1:a byte was wrong, a connection broke, or something could not be run",
            "2:wrong arguments"
        })
public final class Main implements Callable<Integer> {

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    @Option(names = "--quick", description = "five minutes: few scenarios, short windows; the figures spread more")
    private boolean quick;

    @Option(names = "--scenarios", split = ",", paramLabel = "NAME", description = "only these, as --list has them")
    private @Nullable List<String> scenarioNames;

    @Option(
            names = "--peers",
            split = ",",
            paramLabel = "NAME",
            description = "only these, as --list has them; ratios need " + Peer.REFERENCE)
    private @Nullable List<String> peerNames;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "how often each peer has its turn in each scenario (5; 3 if quick)")
    private @Nullable Integer rounds;

    @Option(names = "--window", paramLabel = "SECONDS", description = "how long a turn is measured (3; 0.6 if quick)")
    private @Nullable Double window;

    @Option(names = "--list", description = "print the scenarios and the peers, and end")
    private boolean list;

    @Option(
            names = "--report",
            split = ",",
            paramLabel = "FILE.json",
            description = "measure nothing; print the tables of an earlier run, or of several as if they were one")
    private @Nullable List<Path> reports;

    @Option(
            names = "--out",
            paramLabel = "FILE.json",
            description = "where the results go (a file in target/bench that has the time in its name)")
    private @Nullable Path out;

    @Option(names = "--plots", paramLabel = "FOLDER", description = "where the plots go (beside the results)")
    private @Nullable Path plots;

    private final Path module = Path.of(System.getProperty("bench.module", "")).toAbsolutePath();

    private Main() {}

    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Main())
                .setParameterExceptionHandler((failure, ignored) -> {
                    PrintWriter err = failure.getCommandLine().getErr();
                    err.println("heddle-bench/run: " + failure.getMessage());
                    err.println("heddle-bench/run --help tells all options");
                    return 2;
                })
                .setExecutionExceptionHandler((failure, command, ignored) -> {
                    if (!(failure instanceof IOException)) {
                        throw failure;
                    }
                    command.getErr().println("heddle-bench/run: " + failure.getMessage());
                    return 1;
                });
    }

    @Override
    public Integer call() throws IOException {
        List<Peer> peers = Peer.parse(Files.readAllLines(module.resolve("peers.conf")));
        if (list) {
            printList(peers);
            return 0;
        }
        if (reports != null) {
            List<Results> runs = new ArrayList<>();
            for (Path report : reports) {
                runs.add(read(report));
            }
            show(runs.size() == 1 ? runs.getFirst() : Results.joined(runs), reports.getFirst());
            return 0;
        }
        List<String> defaults = quick
                ? Scenario.QUICK
                : Scenario.ALL.stream().map(Scenario::name).toList();
        List<Scenario> scenarios =
                chosen("--scenarios", Scenario.ALL, Scenario::name, scenarioNames == null ? defaults : scenarioNames);
        List<Peer> chosenPeers = chosen(
                "--peers",
                peers,
                Peer::name,
                peerNames == null
                        ? peers.stream()
                                .filter(Peer::runsByDefault)
                                .map(Peer::name)
                                .toList()
                        : peerNames);
        return measure(scenarios, chosenPeers);
    }

    private void printList(List<Peer> peers) {
        PrintWriter printer = spec.commandLine().getOut();
        printer.println("Scenarios (* in --quick):");
        for (Scenario scenario : Scenario.ALL) {
            printer.printf(
                    Locale.ROOT,
                    "%s %-20s %s%n",
                    Scenario.QUICK.contains(scenario.name()) ? "*" : " ",
                    scenario.name(),
                    scenario.describe());
        }
        printer.println("Peers (peers.conf):");
        for (Peer peer : peers) {
            String without =
                    peer.without().isEmpty() ? "" : "without " + String.join(", ", new TreeSet<>(peer.without()));
            printer.printf(Locale.ROOT, "  %-20s %s%n", peer.name(), without);
        }
        printer.flush();
    }

    /** Those of {@code all} that are named, in the order of {@code all}. */
    private <T> List<T> chosen(String option, List<T> all, Function<T, String> name, List<String> wanted) {
        List<String> known = all.stream().map(name).toList();
        for (String one : wanted) {
            if (!known.contains(one)) {
                throw new ParameterException(
                        spec.commandLine(), option + ": there is no " + one + "; --list shows all");
            }
        }
        return all.stream().filter(one -> wanted.contains(name.apply(one))).toList();
    }

    private Session.Settings settings(List<Scenario> scenarios) {
        int wantedRounds = rounds == null ? (quick ? 3 : 5) : rounds;
        double wantedWindow = window == null ? (quick ? 0.6 : 3) : window;
        if (wantedRounds < 1) {
            throw new ParameterException(spec.commandLine(), "--rounds: want 1 or more");
        }
        if (!(wantedWindow >= 0.1 && wantedWindow <= 3600)) {
            throw new ParameterException(spec.commandLine(), "--window: want 0.1 to 3600 seconds");
        }
        List<String> callsOf = quick
                ? List.of("64B-x64")
                : scenarios.stream().map(Scenario::name).toList();
        return new Session.Settings(
                wantedRounds,
                wantedWindow,
                quick ? 0.2 : 0.5,
                quick ? 1 : 4,
                quick ? 1 : 10,
                quick ? 0 : 2000,
                callsOf);
    }

    private Integer measure(List<Scenario> scenarios, List<Peer> peers) throws IOException {
        PrintWriter err = spec.commandLine().getErr();
        Session.Settings settings = settings(scenarios);
        Native compiled = new Native(module);
        compiled.buildLoad();
        List<String> failures = new ArrayList<>(compiled.buildServers());
        List<Peer> present =
                peers.stream().filter(peer -> isPresent(peer, compiled)).toList();
        peers.stream()
                .filter(peer -> !present.contains(peer))
                .forEach(peer -> failures.add(peer.name() + ": its program is not there"));
        failures.forEach(err::println);
        Path file = out == null ? defaultFile() : out;
        Files.createDirectories(file.toAbsolutePath().resolveSibling(""));
        try (Session session = new Session(settings, compiled, present, scenarios, line -> {
            err.println(line);
            err.flush();
        })) {
            Thread atInterrupt = new Thread(() -> closeQuietly(session));
            Runtime.getRuntime().addShutdownHook(atInterrupt);
            err.printf(
                    Locale.ROOT,
                    "%d scenarios, %d peers: about %.0f minutes%n",
                    scenarios.size(),
                    present.size(),
                    Math.ceil(session.seconds() / 60));
            err.flush();
            Map<String, String> about = about(settings);
            session.run(() -> save(about, failures, session, file));
            Results results = results(about, failures, session);
            results.write(file);
            show(results, file);
            Runtime.getRuntime().removeShutdownHook(atInterrupt);
            err.println("results: " + file);
            return failures.isEmpty() && results.turns().stream().noneMatch(Measurement::isBad) ? 0 : 1;
        }
    }

    private static boolean isPresent(Peer peer, Native compiled) {
        return peer.command().stream()
                .filter(word -> word.startsWith("{native}/"))
                .allMatch(word -> Files.isExecutable(compiled.folder().resolve(word.substring("{native}/".length()))));
    }

    private static void closeQuietly(Session session) {
        try {
            session.close();
        } catch (IOException leftBehind) {
            // A file in the folder for temporary ones.
        }
    }

    private Path defaultFile() {
        String now = LocalDateTime.now(ZoneId.systemDefault())
                .format(DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmmss", Locale.ROOT));
        return module.resolve("target/bench/" + now + ".json");
    }

    private static void save(Map<String, String> about, List<String> failures, Session session, Path file) {
        try {
            results(about, failures, session).write(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Results results(Map<String, String> about, List<String> failures, Session session) {
        List<String> leftOut = new ArrayList<>(failures);
        leftOut.addAll(session.leftOut());
        return new Results(about, leftOut, session.turns(), session.calls());
    }

    private Results read(Path file) throws IOException {
        if (!Files.isReadable(file)) {
            throw new ParameterException(spec.commandLine(), "--report: no such file: " + file);
        }
        return Results.read(file);
    }

    private void show(Results results, Path file) throws IOException {
        PrintWriter printer = spec.commandLine().getOut();
        printer.print(Tables.of(results));
        printer.flush();
        Path beside = file.toAbsolutePath();
        String prefix = plots == null ? beside.getFileName().toString().replace(".json", "-") : "";
        Path folder = plots == null ? beside.resolveSibling("") : plots;
        Files.createDirectories(folder);
        for (Map.Entry<String, String> plot : Plot.of(results).entrySet()) {
            Files.writeString(folder.resolve(prefix + plot.getKey()), plot.getValue());
        }
    }

    private Map<String, String> about(Session.Settings settings) throws IOException {
        Map<String, String> about = new LinkedHashMap<>();
        about.put(
                "when",
                LocalDateTime.now(ZoneId.systemDefault())
                        .format(DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm", Locale.ROOT)));
        about.put("commit", firstLine("git", "-C", module.toString(), "describe", "--always", "--dirty"));
        about.put("machine", machine());
        about.put("kernel", System.getProperty("os.version"));
        about.put("congestion control", congestionControl());
        about.put(
                "Java",
                System.getProperty("java.vendor.version")
                        + ", "
                        + String.join(" ", Session.JVM)
                        + "; for idle connections "
                        + String.join(" ", Session.JVM_IDLE));
        about.put("Go", firstLine("go", "version"));
        about.put("gcc", firstLine("gcc", "--version"));
        about.put("Netty", netty());
        about.put(
                "rounds", String.format(Locale.ROOT, "%d of %.1f s each", settings.rounds(), settings.windowSeconds()));
        int processors = Runtime.getRuntime().availableProcessors();
        about.put(
                "processors",
                processors < 3
                        ? "the server runs on one, the load on the other; with two for the server they share both"
                        : "server and load have their own");
        return about;
    }

    private static String machine() throws IOException {
        String model = Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.substring(line.indexOf(':') + 1).trim())
                .findFirst()
                .orElse("unknown");
        return Runtime.getRuntime().availableProcessors() + " processors, " + model;
    }

    /** Bulk depends on it: BBR paces what is sent in a row. */
    private static String congestionControl() throws IOException {
        Path file = Path.of("/proc/sys/net/ipv4/tcp_congestion_control");
        return Files.exists(file) ? Files.readString(file).strip() : "unknown";
    }

    private static String netty() {
        Version version = Version.identify().get("netty-common");
        return version == null ? "unknown" : version.artifactVersion();
    }

    private static String firstLine(String... command) {
        return Commands.output(Arrays.asList(command)).lines().findFirst().orElse("not there");
    }
}
