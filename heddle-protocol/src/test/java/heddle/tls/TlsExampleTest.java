package heddle.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The program that docs/library.md shows, as a user runs it. */
@Tag("thorough")
@Timeout(60)
class TlsExampleTest {

    private static Process example(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "--class-path",
                System.getProperty("java.class.path") + File.pathSeparator + System.getProperty("jdk.module.path", ""),
                "../examples/TlsEcho.java"));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    private static String printed(Process example) throws IOException {
        return new String(example.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void exampleEchoes() throws Exception {
        var files = TlsPairs.localhost();
        Process example = example(
                files.chain().toString(),
                files.key().toString(),
                TlsPairs.authority().file().toString());
        assertThat(printed(example)).isEqualTo("hello\n");
        assertThat(example.waitFor()).isZero();
    }

    @Test
    void exampleWithoutFilesSaysWhatItNeeds() throws Exception {
        Process example = example();
        assertThat(printed(example)).isEqualTo("usage: TlsEcho chain.pem key.pem ca.pem\n");
        assertThat(example.waitFor()).isEqualTo(2);
    }
}
