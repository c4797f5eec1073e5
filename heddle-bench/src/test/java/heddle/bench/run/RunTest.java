package heddle.bench.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The whole way of a figure: server, load, counters, file, table, plots. */
@Tag("thorough")
@Timeout(180)
class RunTest {

    /** Whatever the number of connections. The JVM alone has about fifteen, most of them not of Java. */
    private static final int PLATFORM_THREADS_MAX = 30;

    @TempDir
    private Path folder;

    @BeforeAll
    static void gccIsHere() {
        assumeFalse(
                Commands.output(List.of("gcc", "--version")).isEmpty(), "no gcc, so heddle-bench/run is not tested");
    }

    @Test
    void aShortRunMakesATableAFileAndPlots() throws IOException {
        Path file = folder.resolve("results.json");
        String table = run(
                "--quick",
                "--rounds",
                "1",
                "--window",
                "0.3",
                "--scenarios",
                "64B-x64,64B-x64-rate80",
                "--peers",
                "c-epoll,heddle-carriers",
                "--out",
                file.toString());
        assertThat(table).contains("#### 64B-x64\n", "| c-epoll | 1/1", "| heddle-carriers | 1/1");
        Results results = Results.read(file);
        assertThat(results.turns()).hasSize(4);
        assertThat(results.turns()).allSatisfy(turn -> {
            // On a busy machine a server may get no processor for the whole window.
            assertThat(turn.answered() + turn.lateAnswered()).isPositive();
            assertThat(turn.unanswered()).isZero();
            assertThat(turn.isBad()).isFalse();
        });
        assertThat(folder.resolve("results-cost.svg")).content().contains("</svg>");
        assertThat(run("--report", file.toString())).isEqualTo(table);
        assertThat(run("--report", file + "," + file)).contains("| c-epoll | 2/2", "| heddle-carriers | 2/2");
    }

    /** A connection that waits costs memory, not threads. */
    @Test
    void idleConnectionsUseAHandfulOfPlatformThreads() throws IOException {
        Path file = folder.resolve("results.json");
        run(
                "--quick",
                "--rounds",
                "1",
                "--scenarios",
                "idle-x18000",
                "--peers",
                "heddle-carriers",
                "--out",
                file.toString());
        Measurement turn = Results.read(file).turns().getFirst();
        System.out.println("idle connections: " + turn.idle());
        assertThat(turn.unanswered()).isZero();
        assertThat(turn.idle()).isNotNull();
        assertThat(turn.idle().threads()).isLessThanOrEqualTo(PLATFORM_THREADS_MAX);
        assertThat(turn.idle().heapAfter()).isBetween(1000L, 20_000L);
    }

    private static String run(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        Main.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(args);
        System.out.println(err);
        return out.toString();
    }
}
