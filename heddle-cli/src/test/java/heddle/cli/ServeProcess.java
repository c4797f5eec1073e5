package heddle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.testing.Await;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** {@code heddle serve} in a process of its own, so that it can be killed. */
final class ServeProcess implements AutoCloseable {
    private static final Pattern READY =
            Pattern.compile("listening on (127\\.0\\.0\\.1:\\d+), data in (.*), sync (always|interval)," + " (.+)");

    private final Process process;
    private final Path stderr;

    /** The one line that it prints when it is ready. */
    final String ready;

    final String address;

    private ServeProcess(Process process, Path stderr, String ready) {
        this.process = process;
        this.stderr = stderr;
        this.ready = ready;
        var parts = READY.matcher(ready);
        assertThat(parts.matches()).as(ready).isTrue();
        this.address = parts.group(1);
    }

    /** A server on {@code data}; waits until it is ready. */
    static ServeProcess start(Path data, String... more) throws IOException {
        return start(List.of(), "127.0.0.1:0", data, more);
    }

    /** The same, behind a command that starts it, and at a given address. */
    static ServeProcess start(List<String> prefix, String listen, Path data, String... more) throws IOException {
        List<String> command = new ArrayList<>(hearingHangUp());
        command.addAll(prefix);
        command.addAll(bareJava());
        command.addAll(List.of("serve", "--listen", listen, "--data", data.toString()));
        if (!String.join(" ", more).contains("--admin-listen")) {
            command.addAll(List.of("--admin-listen", "off")); // many run side by side
        }
        command.addAll(List.of(more));
        Path stderr = Files.createTempFile(data.toAbsolutePath().getParent(), "serve", ".err");
        Process process =
                new ProcessBuilder(command).redirectError(stderr.toFile()).start();
        BufferedReader out = process.inputReader();
        String ready = out.readLine();
        if (ready == null) {
            throw new AssertionError("serve did not start: " + Files.readString(stderr));
        }
        return new ServeProcess(process, stderr, ready);
    }

    /** Java with the flags of the launcher and {@code more}, up to the command's own arguments. */
    static List<String> java(String... more) {
        List<String> command = new ArrayList<>(hearingHangUp());
        command.addAll(bareJava(more));
        return command;
    }

    /** Java itself. */
    static String program() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private static List<String> bareJava(String... more) {
        List<String> command = new ArrayList<>();
        command.add(program());
        command.addAll(List.of(more));
        command.addAll(List.of(
                "--enable-native-access=ALL-UNNAMED",
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                "heddle.cli.Main"));
        return command;
    }

    /** A command in front of others, if these tests run under nohup: a JVM that is started so never hears SIGHUP. */
    private static List<String> hearingHangUp() {
        Path status = Path.of("/proc/self/status");
        try {
            boolean ignored = Files.exists(status)
                    && Files.readAllLines(status).stream()
                            .anyMatch(line -> line.startsWith("SigIgn:")
                                    && (Long.parseUnsignedLong(line.substring(7).strip(), 16) & 1) != 0);
            return ignored ? List.of("env", "--default-signal=HUP") : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** After its end. */
    int exitCode() {
        return process.exitValue();
    }

    /** kill -9. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** SIGTERM, without waiting. */
    void signal() {
        process.destroy();
    }

    /** SIGHUP, without waiting. */
    static void hangUp(Process process) throws IOException, InterruptedException {
        var kill = new ProcessBuilder("kill", "-HUP", Long.toString(process.pid())).start();
        assertThat(kill.waitFor()).isZero();
    }

    /** SIGHUP; what the log says of this reload, once it has said one of these. */
    String reload(String... said) throws Exception {
        int before = stderr().length();
        hangUp(process);
        Await.until(String.join(", or ", said), () -> Stream.of(said).anyMatch(stderr().substring(before)::contains));
        return stderr().substring(before);
    }

    /** SIGTERM; the exit code. */
    int terminate() throws InterruptedException {
        process.destroy();
        return awaitExit();
    }

    /** The exit code, once it has ended by itself. */
    int awaitExit() throws InterruptedException {
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("ended").isTrue();
        return process.exitValue();
    }

    /** SIGTERM to the server that a tracer runs; the tracer ends with it. */
    void terminateTraced() throws InterruptedException {
        process.descendants().forEach(ProcessHandle::destroy);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("ended").isTrue();
    }

    String stderr() throws IOException {
        return Files.readString(stderr);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
