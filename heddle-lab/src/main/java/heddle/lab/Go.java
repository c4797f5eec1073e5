package heddle.lab;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The same situations in Go: a program that is kept as a source, built once, and run for each of them. One thread. */
final class Go implements AutoCloseable {

    private static final String SOURCE = "lab.go";

    private final Path folder;
    private final Path program;
    private final String version;

    private Go(Path folder, Path program, String version) {
        this.folder = folder;
        this.program = program;
        this.version = version;
    }

    static boolean isThere() {
        return Programs.has("go");
    }

    /** Builds it; needs nothing from the network. */
    static Go build() throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("heddle-lab");
        Path program = folder.resolve("lab");
        Path source = folder.resolve(SOURCE);
        try (InputStream in = Go.class.getResourceAsStream(SOURCE)) {
            Files.copy(Objects.requireNonNull(in, SOURCE), source);
        }
        go(folder, "build", "-o", program.toString(), source.toString());
        return new Go(folder, program, go(folder, "env", "GOVERSION").strip());
    }

    private static String go(Path folder, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("go"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
        builder.environment().put("GO111MODULE", "off"); // one file and the standard library
        builder.environment().put("GOTOOLCHAIN", "local");
        builder.environment().put("CGO_ENABLED", "0");
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int status = process.waitFor();
        if (status != 0) {
            throw new IOException("go " + arguments[0] + " ended with " + status + ": " + said.strip());
        }
        return said;
    }

    /** As Go writes it: {@code go1.25.4}. */
    String version() {
        return version;
    }

    /** Plays {@code situation} in Go, in a namespace of its own if it needs one. */
    Player.Played play(Situation situation, Settings settings) throws IOException, InterruptedException {
        List<String> command = List.of(
                program.toString(),
                situation.id(),
                Integer.toString(settings.connections()),
                Boolean.toString(settings.slow()));
        boolean apart = situation.need() == Situation.Need.ROOT;
        Trace trace = new Trace();
        try (Eyes eyes = new Eyes(trace)) {
            return Programs.play(apart ? Namespace.around(command) : command, Progress.NONE, trace, eyes);
        }
    }

    /** Looks at the other process's connections, which are in the same tables, on its clock. */
    private static final class Eyes implements TraceLines.Watcher, AutoCloseable {
        private final Trace trace;
        private Sampler sampler;

        Eyes(Trace trace) {
            this.trace = trace;
            this.sampler = new Sampler(trace, System.nanoTime());
        }

        @Override
        public void begins() {
            sampler.close();
            sampler = new Sampler(trace, System.nanoTime());
        }

        @Override
        public void watch(KernelQueues.Flow flow) {
            sampler.watch(flow);
        }

        @Override
        public void close() {
            sampler.close();
        }
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(program);
        Files.deleteIfExists(folder.resolve(SOURCE));
        Files.deleteIfExists(folder);
    }
}
