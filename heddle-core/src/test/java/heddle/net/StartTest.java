package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import heddle.testing.ForkedJvm;
import heddle.testing.Runtimes;
import heddle.testing.Ways;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The first use of Heddle in a JVM, which starts its pollers and threads. */
@Ways
@Tag("thorough")
class StartTest {

    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

    /** Two pollers, of which the second fails while the first one stands. */
    @Test
    void lackOfDescriptorsIsToldLeavesNoneOpenAndPasses() throws Exception {
        Way mode = Runtimes.current().way();
        // The JDK's carriers have a poller for every two.
        int parallelism = mode == Way.JDK || mode == Way.NIO ? 4 : 2;
        List<String> strace = List.of(
                "strace",
                "-f",
                "--seccomp-bpf",
                "-qq",
                "-o/dev/null",
                "-etrace=epoll_create1,eventfd2",
                "-einject=epoll_create1:error=EMFILE:when=2",
                "-einject=eventfd2:error=ENFILE:when=2");
        assumeTrue(ForkedJvm.canStartBy(strace), "needs strace, and leave to use it");
        List<String> told = new ArrayList<>();
        told.add(line(mode, "epoll_create1", "too many open files"));
        told.add(line(mode, "eventfd", "too many open files in system"));
        told.add("echoed");
        String output = ForkedJvm.startBy(
                        strace, ListensUntilItCan.class, List.of("-ea", "-Dheddle.parallelism=" + parallelism))
                .output();
        assertThat(output.lines().filter(line -> line.matches("listen.*|echoed")))
                .containsExactlyElementsOf(told);
    }

    private static String line(Way mode, String call, String why) {
        return "listen tcp: " + (mode == Way.NIO ? "selector" : call) + ": " + why;
    }

    /** Prints what refused it to listen, and that an echo came back at last. */
    static final class ListensUntilItCan {

        private ListensUntilItCan() {}

        public static void main(String[] args) throws IOException {
            while (true) {
                try (Listener listener = Net.listen("tcp", "127.0.0.1:0");
                        Conn dialed = Net.dial("tcp", listener.address().toString());
                        Conn accepted = listener.accept()) {
                    dialed.write(new byte[] {1});
                    assertThat(accepted.read(new byte[1])).isEqualTo(1);
                    System.out.println("echoed");
                    return;
                } catch (NetException refused) {
                    assertThat(refused.isRetryable()).isTrue();
                    assertThat(pollersOpen()).isEmpty();
                    System.out.println(refused.getMessage());
                }
            }
        }

        private static List<String> pollersOpen() throws IOException {
            List<String> open = new ArrayList<>();
            try (var numbers = Files.newDirectoryStream(DESCRIPTORS)) {
                for (Path number : numbers) {
                    String what = Files.readSymbolicLink(number).toString();
                    if (what.contains("eventpoll") || what.contains("eventfd")) {
                        open.add(what);
                    }
                }
            }
            return open;
        }
    }
}
