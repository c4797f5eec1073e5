package heddle.bench.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

/** What is read and what is shown: peers.conf, perf's and the load's lists, numbers, the command line. */
class TextsTest {

    @Test
    void everyPeerOfTheListHasItsReasonsInWordsThatScenariosHave() throws IOException {
        List<Peer> peers = Peer.parse(Files.readAllLines(Path.of("peers.conf")));
        assertThat(peers).extracting(Peer::name).doesNotHaveDuplicates().contains(Peer.REFERENCE);
        List<String> words = Stream.concat(
                        Stream.of("default"), Scenario.ALL.stream().flatMap(s -> s.demands().stream()))
                .toList();
        assertThat(peers).allSatisfy(peer -> assertThat(words).containsAll(peer.without()));
        assertThat(Scenario.ALL).extracting(Scenario::name).doesNotHaveDuplicates();
        assertThat(Scenario.ALL).extracting(Scenario::name).containsAll(Scenario.QUICK);
    }

    @Test
    void wordsInBracesAreFilledIn() {
        Peer peer = Peer.parse(List.of("# none", "", "x without=unix: {java} -Dn={n} {n}"))
                .getFirst();
        assertThat(peer.without()).containsExactly("unix");
        assertThat(peer.isJava()).isTrue();
        assertThat(peer.command(Map.of("java", List.of("java", "-cp"), "n", List.of("2"))))
                .containsExactly("java", "-cp", "-Dn=2", "2");
        assertThatThrownBy(() -> Peer.parse(List.of("x wihtout=unix: y"))).hasMessageContaining("wihtout");
        assertThatThrownBy(() -> Peer.parse(List.of("x"))).hasMessageContaining("no colon");
    }

    @Test
    void histogramsOfTheLoadKeepThreeDigits() {
        Histogram histogram = LoadReport.histogram(List.of(List.of(1000L, 98L), List.of(2_000_384L, 2L)));
        assertThat(histogram.getTotalCount()).isEqualTo(100);
        assertThat(histogram.getValueAtPercentile(50)).isEqualTo(1000);
        assertThat(histogram.getValueAtPercentile(99)).isBetween(2_000_000L, 2_002_000L);
    }

    @Test
    void perfsCountsAreByCall() {
        String text = """
                # started on a day

                3000,,raw_syscalls:sys_enter,1000,100.00,,
                2000,,syscalls:sys_enter_recvfrom,1000,100.00,,
                0,,syscalls:sys_enter_read,1000,100.00,,
                <not counted>,,syscalls:sys_enter_write,0,0.00,,
                """;
        assertThat(Calls.parse(text)).isEqualTo(Map.of("all", 3000L, "recvfrom", 2000L));
    }

    @Test
    void numbersHaveThreeDigits() {
        assertThat(List.of(0.02294, 8.53, 18.44, 187.4, 187_432.0, 0.0, Double.NaN))
                .extracting(Tables::significant)
                .containsExactly("0.0229", "8.53", "18.4", "187", "187432", "0", "-");
    }

    @Test
    void anAxisEndsAtAShortNumber() {
        assertThat(List.of(0.7, 1.0, 1.1, 37.0, 81.0))
                .extracting(most -> Plot.Axis.linear(most).end())
                .containsExactly(0.8, 1.0, 2.0, 40.0, 100.0);
        assertThat(Plot.Axis.logarithmic(0.02, 37).marks()).containsExactly(0.01, 0.1, 1.0, 10.0, 100.0);
        assertThat(Plot.Axis.logarithmic(1, 100).at(10)).isEqualTo(0.5);
    }

    @Test
    void wrongArgumentsAreNamed() {
        assertThat(refused("--scenarios", "64B-x65")).contains("no 64B-x65", "--list");
        assertThat(refused("--peers", "c-epoll,rust")).contains("no rust");
        assertThat(refused("--rounds", "0")).contains("--rounds");
        assertThat(refused("--rounds", "some")).contains("--rounds", "some");
        assertThat(refused("--report", "nowhere.json")).contains("nowhere.json");
        assertThat(refused("--fast")).contains("--fast");
    }

    private static String refused(String... args) {
        StringWriter err = new StringWriter();
        int exit = Main.commandLine().setErr(new PrintWriter(err, true)).execute(args);
        assertThat(exit).as(err.toString()).isEqualTo(2);
        return err.toString();
    }
}
