package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.testing.Await;
import heddle.testing.ForkedJvm;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A virtual thread that is pinned while it waits, on the only carrier that there is: its wait ends all the same. */
@Timeout(120)
class HeldCarriersTest {

    @ParameterizedTest
    @EnumSource
    void pinnedThreadOnTheOnlyCarrierReadsAndCloses(Way way) throws Exception {
        String output = ForkedJvm.start(
                        Main.class,
                        List.of(
                                "-Djdk.virtualThreadScheduler.parallelism=1",
                                "-Djdk.virtualThreadScheduler.maxPoolSize=1"),
                        way.name())
                .output();
        assertThat(output).endsWith("read 1, then closed" + System.lineSeparator());
    }

    /** A program whose virtual thread reads in the initializer of a class, and so keeps its carrier. */
    static final class Main {

        private static Listener listener;
        private static volatile String outcome = "";

        private Main() {}

        /** The way is the first argument. */
        public static void main(String[] arguments) throws Exception {
            Heddle heddle = Heddle.builder()
                    .way(Way.valueOf(arguments[0]))
                    .parallelism(1)
                    .start();
            listener = heddle.listenConfig().listen("tcp", "127.0.0.1:0");
            Thread thread = heddle.ofVirtual().start(Pinned::initialize);
            try (Conn conn = heddle.dialer().dial("tcp", listener.address().toString())) {
                Await.until("it has accepted", () -> outcome.equals("accepted"));
                Await.until("it waits", () -> thread.getState() == Thread.State.WAITING);
                conn.write(new byte[1]);
                thread.join();
            }
            heddle.close();
            System.out.println(outcome);
        }

        private static void acceptReadClose() {
            int n;
            try (Conn conn = listener.accept()) {
                outcome = "accepted";
                n = conn.read(new byte[1]);
            } catch (IOException failed) {
                outcome = failed.toString();
                return;
            }
            outcome = "read " + n + ", then closed";
        }

        private static final class Pinned {

            static {
                acceptReadClose();
            }

            static void initialize() {
                // The work was done before.
            }
        }
    }
}
