package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The programs of the README: shown there as they are, and running. */
@Tag("thorough")
class ExamplesTest {

    private static final Path ROOT = Path.of("..");

    @Test
    void readmeShowsTheExamplesAsTheyAre() throws IOException {
        String readme = Files.readString(ROOT.resolve("README.md"));
        for (String name : List.of("EchoServer", "EchoClient")) {
            assertThat(readme).contains("```java\n" + Files.readString(source(name)) + "```\n");
        }
    }

    @Test
    void packageShowsTheServerAsItIs() throws IOException {
        Path file = Path.of("src/main/java/heddle/net/package-info.java");
        StringBuilder shown = new StringBuilder();
        for (String line : Files.readAllLines(source("EchoServer"))) {
            if (!line.startsWith("/**")) { // It would end the comment.
                shown.append((" * " + line).stripTrailing()).append('\n');
            }
        }
        assertThat(Files.readString(file)).contains(shown);
    }

    @Test
    void clientAndServerTalk() throws Exception {
        Process server = start("EchoServer", "127.0.0.1:0");
        try (BufferedReader told = server.inputReader(StandardCharsets.UTF_8)) {
            String line = told.readLine();
            assertThat(line).startsWith("listening at 127.0.0.1:");
            Process client = start("EchoClient", line.substring("listening at ".length()));
            List<String> lines = new ArrayList<>();
            try (var out = new BufferedReader(new InputStreamReader(client.getInputStream(), StandardCharsets.UTF_8))) {
                out.lines().forEach(lines::add);
            }
            assertThat(client.waitFor()).isZero();
            assertThat(lines).hasSize(2);
            assertThat(lines.get(0)).startsWith("read tcp 127.0.0.1:").endsWith(": i/o timeout");
            assertThat(lines.get(1)).isEqualTo("hello");
        } finally {
            server.destroy();
            server.waitFor();
        }
    }

    private static Path source(String name) {
        return ROOT.resolve("examples").resolve(name + ".java");
    }

    private static Process start(String name, String address) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "--add-opens=java.base/java.lang=ALL-UNNAMED",
                        "--class-path",
                        "target/classes",
                        source(name).toString(),
                        address)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }
}
