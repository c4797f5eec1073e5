package heddle.bench.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProcTest {

    @Test
    void timesComeAfterANameWithBracketsAndBlanks() {
        String text = "12 (a (b) c) S 1 12 12 0 -1 4194560 100 0 0 0 250 50 3 4 20 0 7 0 900 1 2";
        assertThat(Proc.stat(text)).isEqualTo(new Proc.Stat(2_500_000_000L, 500_000_000L));
    }

    @Test
    void ownFilesAreUnderstood() throws IOException {
        Proc.stat(Files.readString(Path.of("/proc/self/stat")));
        String status = Files.readString(Path.of("/proc/self/status"));
        assertThat(Proc.status(status, "VmRSS")).isGreaterThan(1000);
        assertThat(Proc.status(status, "Threads")).isPositive();
        assertThat(Proc.status(status, "NoSuchLine")).isZero();
        assertThat(Proc.processors(Files.readString(Path.of("/proc/stat")))).isNotEmpty();
        assertThat(Server.compilerNanos(ProcessHandle.current().pid())).isPositive();
    }

    @Test
    void waitingForADiskIsNotBusyAndStolenIsApart() {
        String text = """
                cpu  99 99 99 99 99 99 99 99 99 99
                cpu0 10 2 3 1000 500 4 5 7 0 0
                cpu11 1 0 0 1000 0 0 0 0 0 0
                intr 5 0 0
                """;
        assertThat(Proc.processors(text))
                .isEqualTo(
                        Map.of(0, new Proc.Processor(240_000_000, 70_000_000), 11, new Proc.Processor(10_000_000, 0)));
    }

    @Test
    void threadsThatComeCountFromZeroAndThoseThatGoDoNot() {
        String before = "1 10 1 500 50\n2 7 7 7 7\n";
        String after = "1 15 2 900 60\n3 4 3 100 20\n";
        assertThat(Proc.tasks(before, after)).isEqualTo(new Proc.Tasks(9, 4, 30));
    }

    @Test
    void listsOfProcessors() {
        assertThat(Proc.list(" 0-2,5")).isEqualTo(List.of(0, 1, 2, 5));
        assertThat(Proc.list("3")).isEqualTo(List.of(3));
    }

    @Test
    void loadGetsAProcessorOfItsOwnWhereThereIsOne() {
        assertThat(Placement.of(List.of(0, 1), 1)).isEqualTo(new Placement(List.of(0), List.of(1)));
        assertThat(Placement.of(List.of(2, 3, 4), 2)).isEqualTo(new Placement(List.of(2, 3), List.of(4)));
        assertThat(Placement.of(List.of(0, 1), 2).shared()).isTrue();
        assertThat(Placement.of(List.of(0), 1).shared()).isTrue();
    }

    @Test
    void whatNeitherServerNorLoadUsedIsOthers() {
        Map<Integer, Proc.Processor> before = Map.of(0, busy(100, 0), 1, busy(50, 5), 2, busy(0, 0));
        // In a second: 0.9 and 0.75 busy, 0.05 stolen; the third processor is none of ours.
        Map<Integer, Proc.Processor> after = Map.of(0, busy(190, 0), 1, busy(125, 10), 2, busy(100, 0));
        Placement placement = new Placement(List.of(0), List.of(1));
        assertThat(placement.others(before, after, 1_000_000_000, 1.5)).isCloseTo(0.2, within(1e-9));
    }

    private static Proc.Processor busy(long ticks, long stolen) {
        return new Proc.Processor(ticks * Proc.TICK_NANOS, stolen * Proc.TICK_NANOS);
    }
}
