package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.testing.Await;
import heddle.testing.Behaviour;
import heddle.testing.ForkedJvm;
import heddle.testing.Runtimes;
import heddle.testing.Scenario;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Whoever waits in a poller is woken, by whatever route, and however many they are. */
@Ways
class WakeUpTest {

    /** The quick tier's share of the 20,000 of the thorough one. */
    private static final int DESCRIPTORS_MAX = Integer.getInteger("test.descriptors", 4_000);

    /** Descriptors left to the JVM, and to what else opens some meanwhile. */
    private static final int DESCRIPTORS_SPARED = 500;

    @Test
    @Behaviour(215)
    @Tag("thorough")
    void allOfManyReadersAreWoken() throws Exception {
        int pairs = (descriptorsFree() - DESCRIPTORS_SPARED) / 2;
        List<Conn> dialed = new ArrayList<>();
        List<Conn> accepted = new ArrayList<>();
        List<Task<Integer>> readers = new ArrayList<>();
        try (Listener listener = Runtimes.listen("tcp", "127.0.0.1:0")) {
            for (int i = 0; i < pairs; i++) {
                dialed.add(Runtimes.dial("tcp", listener.address().toString()));
                Conn conn = listener.accept();
                accepted.add(conn);
                readers.add(Task.start(() -> conn.read(new byte[1])));
            }
            for (Conn conn : accepted) {
                Parked.awaitReader(conn);
            }
            for (Conn conn : dialed) {
                conn.write(new byte[1]);
            }
            for (Task<Integer> reader : readers) {
                assertThat(reader.result()).isEqualTo(1);
            }
        } finally {
            closeAll(dialed);
            closeAll(accepted);
        }
    }

    private static void closeAll(List<Conn> conns) throws IOException {
        for (Conn conn : conns) {
            conn.close();
        }
    }

    /** The limit of this process less what it has open; proc(5). */
    private static int descriptorsFree() throws IOException {
        Matcher limit =
                Pattern.compile("Max open files +(\\d+)").matcher(Files.readString(Path.of("/proc/self/limits")));
        assertThat(limit.find()).isTrue();
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return Math.min(Integer.parseInt(limit.group(1)) - (int) open.count(), DESCRIPTORS_MAX);
        }
    }

    @Test
    @Behaviour(201)
    void nobodyIsLeftInTheSlotAfterAWakeUpByAnyRoute() throws Exception {
        try (ConnPair pair = ConnPair.tcp()) {
            Conn conn = pair.left();
            afterEachRoute(conn, () -> pair.right().write(new byte[1]));
            afterEachRoute(conn, () -> conn.setReadDeadline(Deadline.PAST));
            conn.setReadDeadline(Deadline.NONE);
            afterEachRoute(conn, () -> conn.setReadDeadline(Deadline.afterNanos(1_000_000)));
            conn.setReadDeadline(Deadline.NONE);
            afterEachRoute(conn, () -> Parked.awaitReader(conn).interrupt());
            afterEachRoute(conn, conn::close);
        }
    }

    private static void afterEachRoute(Conn conn, Task.Action route) throws Exception {
        Task<Integer> reader = Task.start(() -> conn.read(new byte[1]));
        Parked.awaitReader(conn);
        route.run();
        Await.until("the reader has ended", reader::isDone);
        assertThat(Parked.hasReader(conn)).isFalse();
    }

    /** By an edge for each direction, which needs no call to be asked for again; epoll(7). */
    @Test
    @Scenario("P1")
    void descriptorIsRegisteredOnceHoweverOftenItIsWaitedFor() throws Exception {
        Map<Integer, Integer> registered = new ConcurrentHashMap<>();
        FaultySyscalls.Plan count = (call, fd) -> {
            if (call.equals("epoll_ctl")) {
                registered.merge(fd, 1, Integer::sum);
            }
            return 0;
        };
        try (var counting = new FaultySyscalls(count);
                ConnPair pair = counting.tcp().withBuffers(20_000)) {
            Conn conn = pair.left();
            // In way uring the kernel goes on receiving for who has read, until the next look, of which a writer that
            // need not wait has one in 4 MiB.
            byte[] large = new byte[8 << 20];
            for (int round = 0; round < 5; round++) {
                afterEachRoute(conn, () -> pair.right().write(new byte[1]));
                Task<Integer> writer = Task.start(() -> conn.write(large));
                Parked.awaitWriter(conn);
                Streams.readExactly(pair.right(), large.length);
                assertThat(writer.result()).isEqualTo(large.length);
            }
            assertThat(registered)
                    .containsEntry(Parked.descriptor(conn).registration().fd(), 1);
        }
    }

    @Test
    @Behaviour(202)
    void anEarlierDeadlineWakesAPollerThatSleepsUntilALaterOne() throws Exception {
        try (ConnPair pair = ConnPair.tcp()) {
            Conn conn = pair.left();
            conn.setReadDeadline(Deadline.afterNanos(3_600_000_000_000L));
            Task<Integer> reader = Task.start(() -> conn.read(new byte[1]));
            Parked.awaitReader(conn);
            conn.setReadDeadline(Deadline.afterNanos(1_000_000));
            assertThat(reader.failure(DeadlineExceededException.class).timeout())
                    .isTrue();
        }
    }

    @Tag("thorough")
    @Test
    @Behaviour(200)
    void aDialWhileTheRuntimeStartsDoesNotHang() throws Exception {
        assertThat(ForkedJvm.start(DialsInInitialiser.class, List.of()).output())
                .endsWith("dialed\n");
    }

    /** Dials before anything else, and in its initialiser. */
    static final class DialsInInitialiser {

        static {
            try (Listener listener = Net.listen("tcp", "127.0.0.1:0");
                    Conn dialed = Net.dial("tcp", listener.address().toString());
                    Conn accepted = listener.accept()) {
                dialed.write(new byte[1]);
                assertThat(accepted.read(new byte[1])).isEqualTo(1);
            } catch (IOException e) {
                throw new ExceptionInInitializerError(e);
            }
        }

        private DialsInInitialiser() {}

        public static void main(String[] args) {
            System.out.println("dialed");
        }
    }
}
