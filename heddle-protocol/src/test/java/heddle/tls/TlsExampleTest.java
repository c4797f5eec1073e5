package heddle.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The program that docs/library.md shows, as a user runs it. */
@Tag("thorough")
@Timeout(60)
class TlsExampleTest {

    @Test
    void exampleEchoes() throws Exception {
        var files = TlsPairs.localhost();
        Process example = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "--add-opens=java.base/java.lang=ALL-UNNAMED",
                        "--class-path",
                        System.getProperty("java.class.path")
                                + File.pathSeparator
                                + System.getProperty("jdk.module.path", ""),
                        "../examples/TlsEcho.java",
                        files.chain().toString(),
                        files.key().toString(),
                        TlsPairs.authority().file().toString())
                .redirectErrorStream(true)
                .start();
        String printed = new String(example.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(printed).isEqualTo("hello\n");
        assertThat(example.waitFor()).isZero();
    }
}
