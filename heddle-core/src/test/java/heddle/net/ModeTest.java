package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Which way a JVM runs, by the flags that it was given; in each of them an echo comes back. */
class ModeTest {

    private static final String NATIVE = "--enable-native-access=ALL-UNNAMED";
    private static final String OPENS = "--add-opens=java.base/java.lang=ALL-UNNAMED";

    @Test
    void bothFlagsGiveCarriersOfItsOwn() throws Exception {
        assertThat(mode(NATIVE, OPENS)).isEqualTo("epoll, carriers of its own (2)");
    }

    @Test
    void nativeAccessAloneGivesEpollOnTheJdksCarriers() throws Exception {
        assertThat(mode(NATIVE))
                .isEqualTo(
                        "epoll, the JDK's carriers; --add-opens java.base/java.lang=ALL-UNNAMED"
                                + " would give it carriers of its own");
    }

    /** As on s390x, for which the JDK has no continuations. */
    @Test
    void jvmWithoutContinuationsGivesEpollOnTheJdksCarriers() throws Exception {
        assertThat(mode(NATIVE, OPENS, "-XX:+UnlockExperimentalVMOptions", "-XX:-VMContinuations"))
                .isEqualTo(
                        "epoll, the JDK's carriers; this JVM has no continuations, so each virtual"
                                + " thread is a platform thread");
    }

    @Test
    void dumpWithoutTheFlagSaysWhatIsMissing() throws Exception {
        assertThat(run(NATIVE))
                .contains(
                        "\nother virtual threads: not listed;"
                                + " --add-opens java.base/java.lang=ALL-UNNAMED"
                                + " would let it see them\n");
        assertThat(run(NATIVE, OPENS)).containsPattern("\nother virtual threads: \\d+ thread");
    }

    @Test
    void noFlagGivesNio() throws Exception {
        assertThat(mode())
                .isEqualTo(
                        "NIO selector, the JDK's carriers; --enable-native-access=ALL-UNNAMED"
                                + " would give it epoll");
    }

    @Test
    void wayThatIsNotPossibleSaysWhatIsMissing() throws Exception {
        assertThat(run("-Dheddle.mode=carriers"))
                .contains(
                        "-Dheddle.mode=carriers is not possible: --enable-native-access=ALL-UNNAMED"
                                + " would give it epoll");
    }

    private static String mode(String... flags) throws Exception {
        return run(flags).lines().reduce("", (before, line) -> line); // The last one.
    }

    private static String run(String... flags) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(flags));
        command.addAll(
                List.of(
                        "-XX:ActiveProcessorCount=2",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path")));
        command.add(Echoes.class.getName());
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return output;
    }

    /** One echo, what is seen of the threads then, and the way it took. */
    static final class Echoes {

        private Echoes() {}

        public static void main(String[] args) throws IOException {
            try (Listener listener = Net.listen("tcp", "127.0.0.1:0");
                    Conn dialed = Net.dial("tcp", listener.address().toString());
                    Conn accepted = listener.accept()) {
                dialed.write(new byte[] {1});
                assertThat(accepted.read(new byte[1])).isEqualTo(1);
            }
            System.out.println(Heddle.dump());
            System.out.println(Heddle.mode());
        }
    }
}
