package heddle.internal.sched;

import static org.assertj.core.api.Assertions.assertThat;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import heddle.internal.Platform;
import heddle.net.Conn;
import heddle.net.Heddle;
import heddle.net.Listener;
import heddle.net.Net;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** Whatever a virtual thread does to its carrier, the others' network goes on (go-net.md 218 and 219). */
@Timeout(120)
class HandOffTest {

    private static final int ROUND_TRIPS = 200;

    private static Listener server;

    @BeforeAll
    static void serve() throws IOException {
        server = Net.listen("tcp", "127.0.0.1:0");
        Heddle.ofVirtual().start(HandOffTest::acceptAll);
    }

    @AfterAll
    static void stop() throws IOException {
        server.close();
    }

    private static void acceptAll() {
        try {
            while (true) {
                Conn conn = server.accept();
                Heddle.ofVirtual().start(() -> echo(conn));
            }
        } catch (IOException closed) {
            // The end of the tests.
        }
    }

    private static void echo(Conn conn) {
        byte[] buffer = new byte[64];
        try (conn) {
            int n;
            while ((n = conn.read(buffer)) > 0) {
                conn.write(buffer, 0, n);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends and receives, on a thread of ours. */
    private static void roundTrips(int count) throws InterruptedException {
        AtomicInteger done = new AtomicInteger();
        Thread client =
                Heddle.ofVirtual()
                        .start(() -> {
                            try {
                                roundTripsHere(count, done);
                            } catch (IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        });
        client.join();
        assertThat(done).hasValue(count);
    }

    private static void roundTripsHere(int count, AtomicInteger done) throws IOException {
        byte[] buffer = new byte[64];
        try (Conn conn = Net.dial("tcp", server.address().toString())) {
            for (int i = 0; i < count; i++) {
                conn.write(buffer, 0, 1);
                assertThat(conn.read(buffer)).isEqualTo(1);
                done.incrementAndGet();
            }
        }
    }

    private static Scheduler scheduler() {
        Scheduler scheduler = Platform.current().scheduler();
        assertThat(scheduler).as("these tests need carriers of our own").isNotNull();
        return scheduler;
    }

    /** Runs {@code task} on as many threads as there are processors; all of them have begun on return. */
    private static List<Thread> onEachProcessor(Runnable task) throws InterruptedException {
        int count = scheduler().parallelism();
        CountDownLatch begun = new CountDownLatch(count);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            threads.add(
                    Heddle.ofVirtual()
                            .start(() -> {
                                begun.countDown();
                                task.run();
                            }));
        }
        begun.await();
        return threads;
    }

    private static volatile boolean spinning;

    @Test
    void endlessLoopsOnAllProcessorsDoNotStopAnEcho() throws Exception {
        int before = scheduler().handOffs();
        spinning = true;
        List<Thread> loops = onEachProcessor(HandOffTest::spin);
        try {
            roundTrips(ROUND_TRIPS);
            assertThat(loops).allMatch(Thread::isAlive);
            assertThat(scheduler().handOffs()).isGreaterThan(before);
        } finally {
            spinning = false;
            for (Thread loop : loops) {
                loop.join();
            }
        }
    }

    private static void spin() {
        while (spinning) {
            Thread.onSpinWait();
        }
    }

    @Test
    void nativeSleepsOnAllProcessorsDoNotStopAnEcho() throws Exception {
        List<Thread> sleepers = onEachProcessor(HandOffTest::sleepNatively);
        roundTrips(ROUND_TRIPS);
        assertThat(sleepers).as("the echo was over before the sleeps").allMatch(Thread::isAlive);
        for (Thread sleeper : sleepers) {
            sleeper.join();
        }
    }

    @SuppressWarnings("restricted") // Tests have native access.
    private static void sleepNatively() {
        Linker linker = Linker.nativeLinker();
        MethodHandle sleep =
                linker.downcallHandle(
                        linker.defaultLookup().findOrThrow("sleep"),
                        FunctionDescriptor.of(JAVA_INT, JAVA_INT));
        try {
            assertThat((int) sleep.invokeExact(2)).isZero();
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /** Waits in its initialiser for a connection that another virtual thread serves. */
    private static final class WaitsInInitialiser {
        static final AtomicInteger ROUND_TRIPS_DONE = new AtomicInteger();

        static {
            try {
                roundTripsHere(ROUND_TRIPS, ROUND_TRIPS_DONE);
            } catch (IOException e) {
                throw new ExceptionInInitializerError(e);
            }
        }
    }

    @Test
    void classInitialiserMayWaitForAnotherThreadsConnection() throws Exception {
        // One runs the initialiser and the others wait for that, each holding its carrier.
        List<Thread> users = onEachProcessor(() -> WaitsInInitialiser.ROUND_TRIPS_DONE.get());
        for (Thread user : users) {
            user.join();
        }
        assertThat(WaitsInInitialiser.ROUND_TRIPS_DONE).hasValue(ROUND_TRIPS);
    }

    @Test
    void processorIsGivenAwayAtOnceBeforeABlockingCall() throws Exception {
        int before = scheduler().handOffs();
        Thread blocking = Heddle.ofVirtual().start(() -> scheduler().beforeBlocking());
        blocking.join();
        assertThat(scheduler().handOffs()).isEqualTo(before + 1);
        roundTrips(1);
    }
}
