package heddle.lab;

import static heddle.cli.Ran.heddle;
import static org.assertj.core.api.Assertions.assertThat;

import heddle.cli.Main;
import heddle.cli.Ran;
import heddle.testing.ForkedJvm;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code heddle lab}, as a person uses it. */
@Timeout(240)
class LabTest {
    @TempDir
    private Path folder;

    @Test
    void listsSituationsAndTheirNeeds() {
        Ran ran = heddle("lab", "list");
        assertThat(ran.exit()).isZero();
        assertThat(ran.out().lines())
                .hasSize(26)
                .contains(
                        "W2  the peer dies while a write waits",
                        "S5  dial over a network that loses packets  (needs root)",
                        "P2  macOS, FreeBSD: kqueue  (needs another system)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "lab",
                "lab run",
                "lab run X9",
                "lab run --all R1",
                "lab run R1 --way=fast",
                "lab run R1 --connections=0",
                "lab list R1"
            })
    void argumentsThatMakeNoSenseAreUsage(String line) {
        Ran ran = heddle(line.split(" ", -1));
        assertThat(ran.exit()).as(ran.err()).isEqualTo(2);
        assertThat(ran.err()).startsWith("heddle lab").contains(" --help tells all options");
    }

    @Test
    void aReportThatCannotBeWrittenIsSaidBeforeAnythingIsPlayed() {
        Path report = folder.resolve("missing").resolve("report.html");
        Ran ran = heddle("lab", "run", "R3", "--report", report.toString());
        assertThat(ran.err()).isEqualToIgnoringNewLines("heddle lab run: " + report + ": no such file or folder");
        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.out()).isEmpty();
    }

    @Test
    void explainsPlaysAndJudges() {
        Ran ran = heddle("lab", "run", "r3", "P3", "--explain");
        assertThat(ran.exit()).as(ran.out() + ran.err()).isZero();
        assertThat(ran.out())
                .contains(
                        "R3  read enough data: the peer wrote 15 bytes, the buffer holds 10",
                        "    What does not fit stays in the kernel's receive buffer",
                        "look for: read returns 10; the next read returns the 5 that are left.",
                        "[seen]     the second returned the rest, 5 bytes, \"abcde\"",
                        "R3: seen",
                        "skipped: not this system: ")
                .containsPattern(" +\\d+\\.\\d{3}  server +read\\(10\\) +10 \"0123456789\"");
    }

    @Test
    void showsGoBesideItWhereGoIs() {
        Ran ran = heddle("lab", "run", "R2", "W2", "E5", "--with-go");
        assertThat(ran.exit()).as(ran.out() + ran.err()).isZero();
        boolean hasGo = Stream.of(System.getenv("PATH").split(File.pathSeparator, -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, "go")));
        if (hasGo) {
            assertThat(ran.out())
                    .contains("Go: go1.", "R2: seen in Heddle, seen in Go", "E5: seen in Heddle")
                    .containsPattern("server +read\\(10\\) +2 \"hi\" +\\| +\\S+ server +read");
        } else {
            assertThat(ran.out()).contains("Go: not installed, no go on the PATH; only Heddle runs", "R2: seen");
        }
    }

    /** Both at once: what they wait for is mostly the kernel's clock. The first way is SituationsTest's. */
    @Test
    @Tag("thorough")
    void allIsGreenInTheOtherWays() throws Exception {
        ForkedJvm jdk = all("jdk");
        ForkedJvm nio = all("nio");
        for (String output : List.of(jdk.output(), nio.output())) { // which fails unless it exits with 0
            assertThat(output)
                    .contains("W1: seen", "C4: seen", "E4: seen", "P5: not promised here")
                    .doesNotContain("NOT SEEN");
        }
        assertThat(jdk.output()).contains("P1: seen");
        assertThat(nio.output()).contains("P1: not promised here");
    }

    private static ForkedJvm all(String mode) throws Exception {
        return ForkedJvm.start(Main.class, List.of(), "lab", "run", "--all", "--connections=200", "--way=" + mode);
    }
}
