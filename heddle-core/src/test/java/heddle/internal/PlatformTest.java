package heddle.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import heddle.internal.sched.Scheduler;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Platforms that start, run threads, and end without a trace. */
@Timeout(120)
class PlatformTest {

    private static final Scheduler.Limits LIMITS =
            new Scheduler.Limits(
                    TimeUnit.MILLISECONDS.toNanos(10), 64, TimeUnit.SECONDS.toNanos(10));

    private static Platform.Choice choice(Platform.Mode mode, int parallelism) {
        return new Platform.Choice(mode, parallelism, LIMITS);
    }

    private static Set<Thread> platformThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("heddle-"))
                .collect(Collectors.toSet());
    }

    @Test
    void stopEndsAllThreadsOfEachWay() throws Exception {
        Platform.current();
        Set<Thread> before = platformThreads();
        for (Platform.Mode mode : Platform.Mode.values()) {
            for (int parallelism : new int[] {1, 4}) {
                Platform platform = Platform.start(choice(mode, parallelism));
                handOver(platform, 100);
                platform.stop();
            }
        }
        assertThat(platformThreads()).isSubsetOf(before);
    }

    /** Two virtual threads that hand each other numbers. */
    private static void handOver(Platform platform, int count) throws InterruptedException {
        SynchronousQueue<Integer> numbers = new SynchronousQueue<>();
        List<Integer> received = new ArrayList<>();
        Thread taker =
                platform.ofVirtual()
                        .start(() -> {
                            for (int i = 0; i < count; i++) {
                                received.add(take(numbers));
                            }
                        });
        Thread giver =
                platform.ofVirtual()
                        .start(() -> {
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
        Platform platform = Platform.start(choice(Platform.Mode.CARRIERS, 2));
        List<String> carriers = new ArrayList<>();
        Thread thread =
                platform.ofVirtual().start(() -> carriers.add(Thread.currentThread().toString()));
        thread.join();
        platform.stop();
        assertThat(carriers).singleElement().asString().contains("heddle-carrier-");
    }

    @Test
    void threadsTakeNothingFromWhoStartsThem() throws Exception {
        Set<Thread> before = platformThreads();
        try (var loader = new URLClassLoader(new URL[0])) {
            for (Platform.Mode mode : Platform.Mode.values()) {
                var starts = new FutureTask<>(() -> Platform.start(choice(mode, 1)));
                Thread starter = new Thread(new ThreadGroup("application"), starts);
                starter.setContextClassLoader(loader);
                starter.start();
                Platform platform = starts.get();
                Set<Thread> own = platformThreads();
                own.removeAll(before);
                assertThat(own)
                        .as(mode.label())
                        .isNotEmpty()
                        .allSatisfy(thread -> {
                            assertThat(thread.getContextClassLoader()).isNotSameAs(loader);
                            assertThat(thread.getThreadGroup().getParent()).isNull();
                        });
                platform.stop();
            }
        }
    }

    @Test
    void reportNamesTheWay() throws Exception {
        Platform platform = Platform.start(choice(Platform.Mode.CARRIERS, 3));
        assertThat(platform.report()).isEqualTo("epoll, carriers of its own (3)");
        platform.stop();
    }

    @Test
    void badPropertiesSayWhatTheyWant() {
        assertBad("heddle.mode", "fast", "-Dheddle.mode=fast: want carriers, jdk or nio");
        assertBad("heddle.parallelism", "0", "-Dheddle.parallelism=0: want a whole number above 0");
        assertBad("heddle.handOff", "soon", "-Dheddle.handOff=soon: want a whole number above 0");
        int processors = Platform.Choice.fromProperties().parallelism();
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
            assertThatThrownBy(Platform.Choice::fromProperties)
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
