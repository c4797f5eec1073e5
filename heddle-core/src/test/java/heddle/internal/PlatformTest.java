package heddle.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import heddle.internal.trace.Trace;
import heddle.time.Clock;
import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.SynchronousQueue;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Platforms that start, run threads, and end without a trace. */
@Timeout(120)
class PlatformTest {

    private static Platform start(Platform.Way way, int parallelism) {
        var settings =
                new Settings(way, parallelism, Duration.ofMillis(10), 64, Clock.system(), Settings.Between.NOTHING);
        return Platform.start(settings, new Trace());
    }

    private static Set<Thread> platformThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("heddle-"))
                .collect(Collectors.toSet());
    }

    @Test
    void stopEndsAllThreadsOfEachWay() throws Exception {
        Set<Thread> before = platformThreads();
        for (Platform.Way way : Platform.Way.values()) {
            for (int parallelism : new int[] {1, 4}) {
                Platform platform = start(way, parallelism);
                handOver(platform, 100);
                platform.close();
            }
        }
        assertThat(platformThreads()).isSubsetOf(before);
    }

    /** Two virtual threads that hand each other numbers. */
    private static void handOver(Platform platform, int count) throws InterruptedException {
        SynchronousQueue<Integer> numbers = new SynchronousQueue<>();
        List<Integer> received = new ArrayList<>();
        Thread taker = platform.ofVirtual().start(() -> {
            for (int i = 0; i < count; i++) {
                received.add(take(numbers));
            }
        });
        Thread giver = platform.ofVirtual().start(() -> {
            for (int i = 0; i < count; i++) {
                put(numbers, i);
            }
        });
        giver.join();
        taker.join();
        assertThat(received).hasSize(count).isSorted();
    }

    private static int take(SynchronousQueue<Integer> queue) {
        try {
            return queue.take();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void put(SynchronousQueue<Integer> queue, int number) {
        try {
            queue.put(number);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void carriersOfOurOwnCarryTheirThreads() throws Exception {
        Platform platform = start(Platform.Way.CARRIERS, 2);
        List<String> carriers = new ArrayList<>();
        Thread thread = platform.ofVirtual()
                .start(() -> carriers.add(Thread.currentThread().toString()));
        thread.join();
        platform.close();
        assertThat(carriers).singleElement().asString().contains("heddle-carrier-");
    }

    @Test
    void threadsTakeNothingFromWhoStartsThem() throws Exception {
        Set<Thread> before = platformThreads();
        try (var loader = new URLClassLoader(new URL[0])) {
            for (Platform.Way way : Platform.Way.values()) {
                var starts = new FutureTask<>(() -> start(way, 1));
                Thread starter = new Thread(new ThreadGroup("application"), starts);
                starter.setContextClassLoader(loader);
                starter.start();
                Platform platform = starts.get();
                Set<Thread> own = platformThreads();
                own.removeAll(before);
                assertThat(own).as(way.label()).isNotEmpty().allSatisfy(thread -> {
                    assertThat(thread.getContextClassLoader()).isNotSameAs(loader);
                    assertThat(thread.getThreadGroup().getParent()).isNull();
                });
                platform.close();
            }
        }
    }

    @Test
    void reportNamesTheWay() throws Exception {
        Platform platform = start(Platform.Way.CARRIERS, 3);
        assertThat(platform.report()).isEqualTo("epoll, carriers of its own (3)");
        platform.close();
    }

    @Test
    void badPropertiesSayWhatTheyWant() {
        assertBad("heddle.way", "fast", "-Dheddle.way=fast: want carriers, jdk, nio or uring");
        assertBad("heddle.parallelism", "0", "-Dheddle.parallelism=0: want a whole number above 0");
        assertBad("heddle.handOff", "soon", "-Dheddle.handOff=soon: want a whole number above 0");
        int processors = Settings.fromProperties().parallelism();
        assertBad(
                "heddle.carriersMax",
                Integer.toString(processors),
                "-Dheddle.carriersMax="
                        + processors
                        + ": want more than the processors, which are "
                        + processors
                        + ", as each of them takes one");
    }

    private static void assertBad(String property, String value, String message) {
        String before = System.getProperty(property);
        System.setProperty(property, value);
        try {
            assertThatThrownBy(Settings::fromProperties)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(message);
        } finally {
            if (before == null) {
                System.clearProperty(property);
            } else {
                System.setProperty(property, before);
            }
        }
    }
}
