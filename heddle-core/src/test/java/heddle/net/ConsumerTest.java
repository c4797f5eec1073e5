package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A user's program compiles and runs with Heddle's classes and nothing else, however strict its javac is. {@code
 * .ci/library} does the same with the jar that Maven installs.
 */
@Tag("thorough")
class ConsumerTest {

    private static final String CLASSES =
            Path.of("target/classes").toAbsolutePath().toString();

    private static final String MODULE = "module app { requires heddle.core; }";

    private static final String MAIN = """
            package app;

            import heddle.net.Conn;
            import heddle.net.Heddle;
            import heddle.net.Listener;
            import heddle.net.Net;
            import heddle.net.NetError;

            final class Main {
                private Main() {}

                public static void main(String[] args) throws Exception {
                    try (Listener listener = Net.listen("tcp", "127.0.0.1:0");
                            Conn dialed = Net.dial("tcp", listener.address().toString());
                            Conn accepted = listener.accept()) {
                        dialed.write(new byte[] {1});
                        System.out.println(accepted.read(new byte[1]));
                    }
                    try (Conn nobody = Net.dial("tcp", "127.0.0.1:1")) {
                        System.out.println(nobody);
                    } catch (java.io.IOException e) {
                        System.out.println(((NetError) e).address());
                    }
                    System.out.println(Heddle.shared().describe());
                }
            }
            """;

    private static final String[] OUTPUT = {"1", "127.0.0.1:1", "epoll, carriers of its own (2)"};

    @TempDir
    private Path folder;

    @Test
    void moduleNeedsHeddleCoreAlone() throws Exception {
        Path module = Files.writeString(folder.resolve("module-info.java"), MODULE);
        compile(List.of("--module-path", CLASSES), module, main());
        String path = CLASSES + System.getProperty("path.separator") + folder.resolve("out");
        assertThat(java(
                        "--enable-native-access=heddle.core",
                        "--add-opens=java.base/java.lang=heddle.core",
                        "--module-path",
                        path,
                        "--module",
                        "app/app.Main"))
                .containsExactly(OUTPUT);
    }

    @Test
    void classPathNeedsHeddleCoreAlone() throws Exception {
        compile(List.of("--class-path", CLASSES), main());
        String path = CLASSES + System.getProperty("path.separator") + folder.resolve("out");
        assertThat(java(
                        "--enable-native-access=ALL-UNNAMED",
                        "--add-opens=java.base/java.lang=ALL-UNNAMED",
                        "--class-path",
                        path,
                        "app.Main"))
                .containsExactly(OUTPUT);
    }

    private Path main() throws IOException {
        Path packageFolder = Files.createDirectories(folder.resolve("app"));
        return Files.writeString(packageFolder.resolve("Main.java"), MAIN);
    }

    private void compile(List<String> path, Path... sources) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add("javac");
        command.addAll(List.of("-J-XX:TieredStopAtLevel=1", "-Xlint:all", "-Werror", "-d"));
        command.add(folder.resolve("out").toString());
        command.addAll(path);
        for (Path source : sources) {
            command.add(source.toString());
        }
        assertThat(run(command)).isEmpty();
    }

    private static List<String> java(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add("java");
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:ActiveProcessorCount=2"));
        command.addAll(List.of(arguments));
        return run(command);
    }

    /** All lines that a tool of this JDK prints. */
    private static List<String> run(List<String> command) throws IOException, InterruptedException {
        List<String> full = new ArrayList<>(command);
        full.set(
                0,
                Path.of(System.getProperty("java.home"), "bin", command.getFirst())
                        .toString());
        Process process = new ProcessBuilder(full).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output.lines().toList();
    }
}
