package heddle.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import heddle.net.Listener;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

/** The classes here leak on purpose; none of them names the extension that must see it. */
@Ways
class LeaksTest {

    @Test
    void openListenerFailsItsClass() throws IOException {
        assertThat(failureOf(LeavesListener.class)).contains("1 descriptor(s) still open");
        for (Listener left : LeavesListener.LEFT) {
            left.close();
        }
        LeavesListener.LEFT.clear();
    }

    @Test
    void livePlatformThreadFailsItsClass() {
        assertThat(failureOf(LeavesPlatformThread.class))
                .contains("platform thread #")
                .contains("\"left platform\" still runs")
                .contains("LeavesPlatformThread");
        LeavesPlatformThread.end.countDown();
    }

    @Test
    void liveVirtualThreadFailsItsClass() {
        assertThat(failureOf(LeavesVirtualThread.class))
                .contains("virtual thread #")
                .contains("\"left virtual\" still runs");
        LeavesVirtualThread.end.countDown();
    }

    @Test
    void classThatTidiesUpPasses() {
        assertThat(failureOf(TidiesUp.class)).isEmpty();
    }

    /** What the class as a whole fails with; empty if it passes. */
    static String failureOf(Class<?> testClass) {
        var results = EngineTestKit.engine("junit-jupiter")
                .enableImplicitConfigurationParameters(true) // junit-platform.properties
                .selectors(selectClass(testClass))
                // The bound for what is late; here nothing comes any more.
                .configurationParameter(Leaks.LIMIT_MILLIS, "200")
                .execute();
        assertThat(results.testEvents().succeeded().count()).isEqualTo(1);
        return results.containerEvents().failed().stream()
                .map(LeaksTest::message)
                .reduce("", String::concat);
    }

    private static String message(Event failed) {
        return failed.getRequiredPayload(TestExecutionResult.class)
                .getThrowable()
                .orElseThrow()
                .getMessage();
    }

    static class LeavesListener {
        static final List<Listener> LEFT = new ArrayList<>();

        @Test
        void listens() throws IOException {
            LEFT.add(Runtimes.listen("tcp", "127.0.0.1:0"));
        }
    }

    static class LeavesPlatformThread {
        private static CountDownLatch end = new CountDownLatch(1);

        @Test
        void startsThread() {
            end = new CountDownLatch(1);
            Thread.ofPlatform().name("left platform").start(LeavesPlatformThread::stay);
        }

        static void stay() {
            try {
                end.await();
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
            }
        }
    }

    static class LeavesVirtualThread {
        private static CountDownLatch end = new CountDownLatch(1);

        @Test
        void startsThread() {
            end = new CountDownLatch(1);
            Runtimes.current().ofVirtual().name("left virtual").start(LeavesVirtualThread::stay);
        }

        static void stay() {
            try {
                end.await();
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
            }
        }
    }

    static class TidiesUp {
        @Test
        void listensAndCloses() throws Exception {
            Runtimes.listen("tcp", "127.0.0.1:0").close();
            Task.run(() -> {}).result();
        }
    }
}
