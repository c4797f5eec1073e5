package heddle.bench.run;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** One run of the load generator. */
final class Load implements AutoCloseable {

    /** More than it takes to set up, to drain and to end. */
    private static final long GRACE_SECONDS = 60;

    private static final ObjectMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private final Process process;
    private final BufferedReader out;

    private Load(Process process) {
        this.process = process;
        out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /** Starts it with options of src/main/c/load.c, on those processors. */
    static Load start(Path binary, List<Integer> processors, double seconds, List<String> options) throws IOException {
        List<String> command = new ArrayList<>();
        if (!processors.isEmpty()) {
            command.addAll(List.of("taskset", "-c", Placement.list(processors)));
        }
        command.add(binary.toString());
        command.addAll(options);
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        // Its end closes the pipe that report() reads.
        Thread.ofVirtual().start(() -> {
            try {
                if (!process.waitFor((long) seconds + GRACE_SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException nobodyDoes) {
                throw new IllegalStateException(nobodyDoes);
            }
        });
        return new Load(process);
    }

    /** The options that a scenario means. */
    static List<String> options(Scenario scenario, Server server, double rate, double warmUp, double window) {
        List<String> options = new ArrayList<>();
        options.add("mode=" + scenario.mode().word());
        options.add("network=" + server.network());
        options.add("address=" + server.address());
        options.add("pid=" + server.pid());
        options.add("connections=" + scenario.connections());
        options.add("bytes=" + scenario.bytes());
        options.add("depth=" + scenario.depth());
        options.add(String.format(Locale.ROOT, "rate=%.1f", rate));
        options.add(String.format(Locale.ROOT, "warmup=%.3f", warmUp));
        options.add(String.format(Locale.ROOT, "window=%.3f", window));
        if (scenario.mode() == Scenario.Mode.CHURN) {
            // Ports of closed connections wait for a second or a minute; from so many addresses there are enough.
            options.add("sources=64");
        }
        return options;
    }

    /** Waits until it says so, as it does between the phases of idle connections. */
    void awaitPhase(String phase) throws IOException {
        String line = out.readLine();
        if (!phase.equals(line)) {
            throw new IOException("the load said " + line + " instead of " + phase);
        }
    }

    /** Lets it go on after a phase. */
    void goOn() throws IOException {
        process.getOutputStream().write('\n');
        process.getOutputStream().flush();
    }

    /** Waits for its end. */
    LoadReport report() throws IOException {
        String line = out.readLine();
        int exit = Commands.await(process);
        if (line == null) {
            throw new IOException("the load ended with exit code " + exit + " and said nothing");
        }
        return JSON.readValue(line, LoadReport.class);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
