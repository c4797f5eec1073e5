package heddle.internal.jdk;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.testing.ForkedJvm;
import heddle.testing.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** The JDK's register of virtual threads, on this JDK and on ones that changed it. */
class LiveThreadsTest {

    private static LiveThreads live() {
        LiveThreads.Probe probe = LiveThreads.probe();
        assertThat(probe.reason()).isEmpty();
        return Objects.requireNonNull(probe.threads());
    }

    private static List<Thread> all() {
        List<Thread> found = new ArrayList<>();
        live().forEachVirtual(found::add);
        return found;
    }

    @Test
    void threadsAreThereUntilTheyEnd() throws Exception {
        CountDownLatch latch = new CountDownLatch(1);
        Task<Void> alone = Task.run(latch::await);
        Task<Void> platform = Task.on(Thread.ofPlatform(), () -> {
            latch.await();
            return null;
        });
        assertThat(all()).contains(alone.thread()).doesNotContain(platform.thread());
        latch.countDown();
        alone.result();
        platform.result();
        alone.thread().join();
        assertThat(all()).doesNotContain(alone.thread());
    }

    @Test
    void anExecutorsThreadsAreThereToo() throws Exception {
        CountDownLatch latch = new CountDownLatch(1);
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            Thread ended = executor.submit(Thread::currentThread).get();
            ended.join();
            CompletableFuture<Thread> waiting = new CompletableFuture<>();
            Future<?> waits = executor.submit(() -> {
                waiting.complete(Thread.currentThread());
                latch.await();
                return null;
            });
            Thread waiter = waiting.get();
            List<Thread> seen = all();
            latch.countDown(); // The executor's close would wait for it, after a failure too.
            waits.get();
            assertThat(seen).contains(waiter).doesNotContain(ended);
        }
    }

    @Test
    void whoRunsHasACarrier() throws Exception {
        Task<Thread> carrier = Task.start(() -> live().carrierOf(Thread.currentThread()));
        assertThat(carrier.result()).isNotNull().matches(thread -> !thread.isVirtual());
        assertThat(live().carrierOf(Thread.ofVirtual().unstarted(() -> {}))).isNull();
    }

    @Test
    void registerThatIsGoneIsAReason() {
        LiveThreads.Probe probe = LiveThreads.probe("Gone");
        assertThat(probe.threads()).isNull();
        assertThat(probe.reason()).isEqualTo("this JDK keeps them elsewhere: jdk.internal.vm.Gone");
    }

    @Test
    void registerThatIsNotKeptIsAReason() throws Exception {
        assertThat(ForkedJvm.start(PrintsReason.class, List.of("-Djdk.trackAllThreads=false"))
                        .output())
                .isEqualTo("this JVM runs with -Djdk.trackAllThreads=false\n");
    }

    /** Why the threads cannot be seen in this JVM. */
    static final class PrintsReason {
        private PrintsReason() {}

        public static void main(String[] args) {
            System.out.println(LiveThreads.probe().reason());
        }
    }
}
