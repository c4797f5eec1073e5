package heddle.bench.run;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What is written in C and Go, compiled into a folder below target. */
final class Native {

    private static final List<String> GCC =
            List.of("gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread");

    private final Path sources;
    private final Path folder;

    /** Of the module that is at {@code module}. */
    Native(Path module) {
        sources = module.resolve("src/main");
        folder = module.resolve("target/native");
    }

    Path folder() {
        return folder;
    }

    /** The load generator. */
    Path load() {
        return folder.resolve("load");
    }

    /** Compiles the load generator. */
    void buildLoad() throws IOException {
        Files.createDirectories(folder);
        gcc("load", "load.c");
    }

    /**
     * Compiles the servers. Those that could not be compiled are missing from the folder; the result says why, a line
     * each.
     */
    List<String> buildServers() throws IOException {
        Files.createDirectories(folder);
        List<String> failures = new ArrayList<>();
        attempt(failures, () -> gcc("epoll_echo", "epoll_echo.c"));
        attempt(failures, () -> gcc("uring_echo", "uring_echo.c", "-luring"));
        Path go = sources.resolve("go/echo.go");
        attempt(failures, () -> {
            if (isOlder("go_echo", List.of(go)) || isOfAnotherGo("go_echo")) {
                compile("go_echo", List.of("go", "build", "-o", "go_echo", go.toString()));
            }
        });
        return failures;
    }

    private interface Step {
        void run() throws IOException;
    }

    private static void attempt(List<String> failures, Step step) {
        try {
            step.run();
        } catch (IOException e) {
            failures.add(String.valueOf(e.getMessage()));
        }
    }

    private void gcc(String name, String source, String... libraries) throws IOException {
        Path c = sources.resolve("c");
        List<Path> read;
        try (Stream<Path> files = Files.list(c)) {
            read = files.toList();
        }
        if (!isOlder(name, read)) {
            return;
        }
        List<String> command = new ArrayList<>(GCC);
        command.addAll(List.of("-o", name, c.resolve(source).toString()));
        command.addAll(List.of(libraries));
        compile(name, command);
    }

    private boolean isOlder(String name, List<Path> than) throws IOException {
        Path built = folder.resolve(name);
        if (!Files.exists(built)) {
            return true;
        }
        for (Path source : than) {
            if (Files.getLastModifiedTime(source).compareTo(Files.getLastModifiedTime(built)) > 0) {
                return true;
            }
        }
        return false;
    }

    /** Whether a Go is here, and another one has built {@code name}: it would be measured under the wrong name. */
    private boolean isOfAnotherGo(String name) {
        String today = Commands.output(List.of("go", "env", "GOVERSION")).strip();
        String built =
                Commands.output(List.of("go", "version", folder.resolve(name).toString()));
        return !today.isEmpty() && !built.strip().endsWith(" " + today);
    }

    /** Removes what was there before: a peer of an older source must not run in its place. */
    private void compile(String name, List<String> command) throws IOException {
        Files.deleteIfExists(folder.resolve(name));
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (Commands.await(process) != 0) {
            throw new IOException(name + " was not built: " + said.strip());
        }
    }
}
