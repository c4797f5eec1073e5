package heddle.admin;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.gateway.Client;
import heddle.gateway.ClientOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The dashboard for Grafana and the alerts for Prometheus ask for what a real server has: each metric, and each of its
 * labels with the value that is asked for.
 */
@Timeout(60)
@Tag("thorough") // It loads all of Micrometer.
class DashboardTest {

    private static final Path FOLDER = Path.of("..", "docs", "grafana");

    /** In JSON, and in YAML. */
    private static final Pattern EXPRESSION =
            Pattern.compile("\"expr\": \"((?:[^\"\\\\]|\\\\.)*)\"|^ +expr: (.*)$", Pattern.MULTILINE);

    private static final Pattern ALERT =
            Pattern.compile("- alert: (\\w+)$.*?\\{severity: (\\w+)}", Pattern.MULTILINE | Pattern.DOTALL);

    private static final Pattern SELECTOR = Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)\\{([^}]*)}");
    private static final Pattern MATCHER = Pattern.compile("([a-z_]+)(=~|=)\"([^\"]*)\"");
    private static final Pattern BY = Pattern.compile("by \\(([^)]*)\\)");
    private static final Pattern SAMPLE = Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)})? [-+0-9.eEInfNa]+");

    /** What Prometheus adds itself. */
    private static final Set<String> OF_THE_SCRAPE = Set.of("instance", "job");

    @TempDir
    private static Path folder;

    private record Sample(String name, Map<String, String> labels) {}

    private static List<Sample> samples() throws Exception {
        try (var server = new AdminServer(folder.resolve("data")).serve();
                var client = new Client(server.address, new ClientOptions().name("x"), (_, _, _) -> {})) {
            client.connect();
            client.submit(new byte[10], 0, 10);
            client.awaitSettled();
            return server.get("/metrics")
                    .body()
                    .lines()
                    .map(SAMPLE::matcher)
                    .filter(line -> line.matches())
                    .map(line -> new Sample(line.group(1), labels(line.group(2) == null ? "" : line.group(2))))
                    .toList();
        }
    }

    private static Map<String, String> labels(String text) {
        Map<String, String> labels = new TreeMap<>();
        MATCHER.matcher(text).results().forEach(one -> labels.put(one.group(1), one.group(3)));
        return labels;
    }

    private static List<String> expressions(String file) throws Exception {
        return EXPRESSION
                .matcher(Files.readString(FOLDER.resolve(file)))
                .results()
                .map(found ->
                        found.group(1) == null ? found.group(2) : found.group(1).replace("\\\"", "\""))
                .toList();
    }

    /** For whom it is and what to do is in the pages. */
    @Test
    void eachAlertIsExplained() throws Exception {
        String page = Files.readString(FOLDER.resolveSibling("operating.md"));
        var alerts = ALERT.matcher(Files.readString(FOLDER.resolve("alerts.yaml")))
                .results()
                .map(one -> "| `" + one.group(1) + "` | " + one.group(2) + " |")
                .toList();
        assertThat(alerts)
                .hasSizeGreaterThan(10)
                .allSatisfy(row -> assertThat(page).contains(row));
    }

    @Test
    void eachQueryFindsSamples() throws Exception {
        var samples = samples();
        var expressions = Stream.concat(expressions("heddle.json").stream(), expressions("alerts.yaml").stream())
                .toList();
        assertThat(expressions).hasSizeGreaterThan(40);
        List<String> missing = new ArrayList<>();
        for (String expression : expressions) {
            var selectors = SELECTOR.matcher(expression).results().toList();
            assertThat(selectors).as(expression).isNotEmpty();
            for (var selector : selectors) {
                String name = selector.group(1);
                var wanted = labels(selector.group(2));
                wanted.keySet().removeAll(OF_THE_SCRAPE);
                var found = samples.stream()
                        .filter(one -> one.name().equals(name)
                                && one.labels().entrySet().containsAll(wanted.entrySet()))
                        .toList();
                if (!name.equals("up") && found.isEmpty()) {
                    missing.add(selector.group());
                }
                BY.matcher(expression)
                        .results()
                        .flatMap(by -> Stream.of(by.group(1).split(", *", -1)))
                        .filter(label -> !OF_THE_SCRAPE.contains(label)
                                && found.stream().noneMatch(one -> one.labels().containsKey(label)))
                        .forEach(label -> missing.add(name + " by " + label));
            }
        }
        assertThat(missing).as("metrics and labels that no server has").isEmpty();
    }
}
