package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.internal.trace.Counter;
import heddle.testing.Await;
import heddle.testing.Counted;
import heddle.testing.ForkedJvm;
import heddle.testing.Task;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.management.ObjectName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Runtimes beside the shared one: what they share, which is nothing, and what they leave, which is nothing either. */
@Timeout(120)
class RuntimeTest {

    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

    private static Set<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("heddle-"))
                .collect(Collectors.toSet());
    }

    /** Those of sockets, epoll and eventfd; others belong to class files and the like. */
    private static long descriptors() throws IOException {
        try (Stream<Path> all = Files.list(DESCRIPTORS)) {
            return all.filter(one -> {
                        try {
                            return Files.readSymbolicLink(one).toString().matches("socket:.*|anon_inode:.*");
                        } catch (IOException closedMeanwhile) {
                            return false;
                        }
                    })
                    .count();
        }
    }

    private static Heddle start(Way way) throws IOException {
        return Heddle.builder().way(way).parallelism(2).start();
    }

    /** Echoes on threads of {@code heddle} until its listener is closed. */
    private static void serve(Heddle heddle, Listener listener) {
        heddle.ofVirtual().start(() -> {
            try {
                while (true) {
                    Conn conn = listener.accept();
                    heddle.ofVirtual().start(() -> echo(conn));
                }
            } catch (IOException closed) {
                // The end.
            }
        });
    }

    private static void echo(Conn conn) {
        byte[] buffer = new byte[4096];
        try (conn) {
            int n;
            while ((n = conn.read(buffer)) >= 0) {
                conn.write(buffer, 0, n);
            }
        } catch (IOException closed) {
            // The end.
        }
    }

    private static void roundTrip(Conn conn, int value) throws IOException {
        byte[] sent = {(byte) value};
        byte[] got = new byte[1];
        conn.write(sent);
        assertThat(conn.read(got)).isEqualTo(1);
        assertThat(got).isEqualTo(sent);
    }

    private static String text(Listener listener) {
        return listener.address().toString();
    }

    @Test
    void allWaysEchoToEachOtherInOneJvm() throws Exception {
        for (Way one : Way.values()) {
            for (Way other : Way.values()) {
                try (Heddle server = start(one);
                        Heddle client = start(other);
                        Listener listener = server.listenConfig().listen("tcp", "127.0.0.1:0")) {
                    assertThat(server.way()).isEqualTo(one);
                    assertThat(client.way()).isEqualTo(other);
                    serve(server, listener);
                    Task<Void> talk = Task.run(client.ofVirtual(), () -> {
                        try (Conn conn = client.dialer().dial("tcp", text(listener))) {
                            for (int i = 0; i < 100; i++) {
                                roundTrip(conn, i);
                            }
                        }
                    });
                    talk.result();
                    assertThat(Counted.value(server, Counter.ACCEPTED)).isEqualTo(1);
                    assertThat(Counted.value(server, Counter.DIALED)).isZero();
                    assertThat(Counted.value(client, Counter.DIALED)).isEqualTo(1);
                    assertThat(Counted.value(client, Counter.ACCEPTED)).isZero();
                }
            }
        }
    }

    /** Two under load: one is closed, the other does not notice. */
    @ParameterizedTest
    @EnumSource
    void oneThatIsClosedUnderLoadLeavesNothingAndTheOtherGoesOn(Way way) throws Exception {
        try (Heddle stays = start(way == Way.NIO ? Way.JDK : Way.NIO);
                Listener listener = stays.listenConfig().listen("tcp", "127.0.0.1:0")) {
            serve(stays, listener);
            try (Conn warm = stays.dialer().dial("tcp", text(listener))) {
                roundTrip(warm, 1);
            }
            Set<Thread> threadsBefore = threads();
            Await.until("the first one is gone", () -> Counted.value(stays, Counter.DESCRIPTORS) == 1);
            long descriptorsBefore = descriptors();
            var survivors = new AtomicLong();
            var stop = new CountDownLatch(1);
            Task<Void> other = Task.run(stays.ofVirtual(), () -> {
                try (Conn conn = stays.dialer().dial("tcp", text(listener))) {
                    while (stop.getCount() > 0) {
                        roundTrip(conn, 7);
                        survivors.incrementAndGet();
                    }
                }
            });
            Heddle goes = start(way);
            Listener own = goes.listenConfig().listen("tcp", "127.0.0.1:0");
            serve(goes, own);
            var rounds = new AtomicLong();
            List<Task<IOException>> clients = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                clients.add(Task.on(goes.ofVirtual(), () -> {
                    Conn conn = goes.dialer().dial("tcp", text(own));
                    try {
                        while (true) {
                            roundTrip(conn, 3);
                            rounds.incrementAndGet();
                        }
                    } catch (IOException end) {
                        return end;
                    }
                }));
            }
            Await.until("load", () -> rounds.get() > 1_000);
            goes.close();
            for (Task<IOException> client : clients) {
                assertThat(client.result()).isInstanceOfAny(ConnClosedException.class, ConnResetException.class);
            }
            long seen = survivors.get();
            Await.until("the other goes on", () -> survivors.get() > seen + 100);
            stop.countDown();
            other.result();
            Await.until("its socket is closed", () -> Counted.value(stays, Counter.DESCRIPTORS) == 1);
            assertThat(Counted.value(goes, Counter.DESCRIPTORS)).isZero();
            // A leftover thread may still be on its way out.
            Await.until(() -> "threads are gone, have " + threads(), () -> threadsBefore.containsAll(threads()));
            assertThat(descriptors()).isEqualTo(descriptorsBefore);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whoWaitsIsToldThatTheRuntimeWasClosed(Way way) throws Exception {
        Heddle heddle = start(way);
        Listener listener = heddle.listenConfig().listen("tcp", "127.0.0.1:0");
        // The peer is another runtime's: else its end could come first.
        try (Listener other = Net.listen("tcp", "127.0.0.1:0")) {
            tellsWhy(heddle, listener, heddle.dialer().dial("tcp", text(other)));
        }
    }

    private static void tellsWhy(Heddle heddle, Listener listener, Conn conn) throws Exception {
        Task<Integer> reader = Task.on(heddle.ofVirtual(), () -> conn.read(new byte[1]));
        Parked.awaitReader(conn);
        heddle.close();
        String why = "use of closed network connection: its Heddle runtime was closed";
        assertThat(reader.failure(ConnClosedException.class)).hasMessage("read " + conn + ": " + why);
        assertThatThrownBy(listener::accept).hasMessage("accept tcp " + text(listener) + ": " + why);
        assertThatThrownBy(() -> conn.write(new byte[1])).hasMessage("write " + conn + ": " + why);
        assertThat(conn.isOpen()).isFalse();
        assertThat(heddle.isOpen()).isFalse();
    }

    @Test
    void whatIsBegunOnAClosedOneFails() throws Exception {
        Heddle heddle = start(Way.CARRIERS);
        Dialer dialer = heddle.dialer();
        ListenConfig config = heddle.listenConfig();
        heddle.close();
        heddle.close();
        var dial = assertThrows(ConnClosedException.class, () -> dialer.dial("tcp", "127.0.0.1:1"));
        assertThat(dial).hasMessage("dial tcp: the Heddle runtime is closed");
        assertThatThrownBy(() -> config.listen("unix", ""))
                .isInstanceOf(ConnClosedException.class)
                .hasMessage("listen unix: the Heddle runtime is closed");
        assertThat(heddle).hasToString("Heddle (closed)");
        // What opens nothing still works.
        assertThat(Task.on(heddle.ofVirtual(), () -> "ran").result()).isEqualTo("ran");
        assertThat(heddle.way()).isEqualTo(Way.CARRIERS);
        assertThat(heddle.describe()).startsWith("epoll, carriers of its own");
        assertThat(heddle.dump()).startsWith("Heddle: ");
        assertThat(Counted.value(heddle, Counter.CARRIERS)).isZero();
    }

    /** The lookup is the runtime's, so it fails as the dial would that follows it. */
    @Test
    void dialThatLooksANameUpWhileItClosesFailsLikeAnyOther() throws Exception {
        Heddle heddle = start(Way.NIO);
        heddle.way();
        heddle.resolver().close();
        var dial = assertThrows(ConnClosedException.class, () -> heddle.dialer().dial("tcp", "somebody.invalid:1"));
        assertThat(dial).hasMessage("dial tcp: the Heddle runtime is closed");
        heddle.close();
    }

    @ParameterizedTest
    @EnumSource
    void pathOfAUnixListenerGoesWithTheRuntime(Way way) throws Exception {
        Path folder = Files.createTempDirectory("heddle");
        Path goes = folder.resolve("goes");
        Path stays = folder.resolve("stays");
        Heddle heddle = start(way);
        heddle.listenConfig().listen("unix", goes.toString());
        var kept = (UnixListener) heddle.listenConfig().listen("unix", stays.toString());
        kept.setUnlinkOnClose(false);
        heddle.close();
        assertThat(goes).doesNotExist();
        assertThat(stays).exists();
        Files.delete(stays);
        Files.delete(folder);
    }

    /** One closed by its user before keeps its own text. */
    @Test
    void connectionThatItsUserClosedDoesNotBlameTheRuntime() throws Exception {
        Heddle heddle = start(Way.CARRIERS);
        Listener listener = heddle.listenConfig().listen("tcp", "127.0.0.1:0");
        listener.close();
        heddle.close();
        assertThatThrownBy(listener::accept)
                .hasMessage("accept tcp " + text(listener) + ": use of closed network connection");
    }

    /** It waits for nothing of Heddle's, so nothing ends its wait: it comes to its end later, without carriers. */
    @ParameterizedTest
    @EnumSource
    void threadThatOutlivesItsRuntimeComesToItsEnd(Way way) throws Exception {
        Heddle heddle = start(way);
        var waits = new CountDownLatch(1);
        var go = new CountDownLatch(1);
        Task<String> outlives = Task.on(heddle.ofVirtual(), () -> {
            waits.countDown();
            go.await();
            for (int i = 0; i < 100; i++) {
                Thread.yield();
                LockSupport.parkNanos(1_000);
            }
            return "ended";
        });
        waits.await();
        heddle.close();
        go.countDown();
        assertThat(outlives.result()).isEqualTo("ended");
    }

    /** One of its own threads closes it, which its carriers must let go for that. */
    @ParameterizedTest
    @EnumSource
    void itsOwnThreadMayCloseIt(Way way) throws Exception {
        Set<Thread> before = threads();
        Heddle heddle = start(way);
        Task.run(heddle.ofVirtual(), heddle::close).result();
        assertThat(heddle.isOpen()).isFalse();
        Await.until(() -> "threads are gone, have " + threads(), () -> before.containsAll(threads()));
    }

    @ParameterizedTest
    @EnumSource
    void manyThatDialAndListenWhileItClosesLeaveNothing(Way way) throws Exception {
        long before = descriptors();
        for (int round = 0; round < 10; round++) {
            Heddle heddle = start(way);
            List<Task<Void>> tasks = new ArrayList<>();
            var opened = new AtomicLong();
            for (int i = 0; i < 8; i++) {
                tasks.add(Task.run(Thread.ofVirtual(), () -> {
                    try {
                        while (true) {
                            Listener listener = heddle.listenConfig().listen("tcp", "127.0.0.1:0");
                            heddle.dialer().dial("tcp", text(listener));
                            opened.addAndGet(2);
                        }
                    } catch (ConnClosedException | ConnRefusedException | ConnResetException closed) {
                        // The end; refused or reset, if the listener was closed first.
                    }
                }));
            }
            Await.until("some are open", () -> opened.get() > 20);
            heddle.close();
            for (Task<Void> task : tasks) {
                task.result();
            }
            assertThat(Counted.value(heddle, Counter.DESCRIPTORS)).isZero();
        }
        Await.until(() -> "none left, have " + descriptorsOrFail(), () -> descriptorsOrFail() == before);
    }

    private static long descriptorsOrFail() {
        try {
            return descriptors();
        } catch (IOException failed) {
            throw new AssertionError(failed);
        }
    }

    /**
     * Behind a full buffer it never waits, and nobody takes its only carrier away: after a number of calls it gives way
     * by itself.
     */
    @Test
    void threadThatNeverHasToWaitLetsOthersRun() throws Exception {
        assertThat(bytesReadBeforeAnotherRuns(10_000, 1)).isBetween(1L, 128L);
    }

    @Test
    void threadThatMovesMuchLetsOthersRunEarlier() throws Exception {
        assertThat(bytesReadBeforeAnotherRuns(600 << 10, 8 << 10)).isBetween(1L, 64L * (8 << 10));
    }

    @Test
    void oneLongWriteLetsOthersRun() throws Exception {
        try (Heddle heddle = oneProcessor();
                ConnPair pair = ConnPair.tcp(heddle.listenConfig(), heddle.dialer(), "127.0.0.1:0")) {
            var written = new AtomicBoolean();
            Task<Boolean> writer = Task.on(heddle.ofVirtual(), () -> {
                Task<Boolean> other = Task.on(heddle.ofVirtual(), written::get);
                pair.left().write(new byte[256 << 10]); // the kernel has room for all of it
                written.set(true);
                return other.result();
            });
            assertThat(writer.result()).isFalse();
        }
    }

    private static Heddle oneProcessor() throws IOException {
        return Heddle.builder()
                .way(Way.CARRIERS)
                .parallelism(1)
                .handOff(Duration.ofHours(1))
                .start();
    }

    /** What a thread that reads {@code bytes}, all of which are there, has read when the next one first runs. */
    private static long bytesReadBeforeAnotherRuns(int bytes, int atATime) throws Exception {
        try (Heddle heddle = oneProcessor();
                ConnPair pair = ConnPair.tcp(heddle.listenConfig(), heddle.dialer(), "127.0.0.1:0")) {
            pair.right().write(new byte[bytes]);
            pair.left().awaitReadable(Deadline.NONE);
            var done = new AtomicLong();
            Task<Long> reader = Task.on(heddle.ofVirtual(), () -> {
                Task<Long> other = Task.on(heddle.ofVirtual(), done::get);
                byte[] buffer = new byte[atATime];
                while (done.get() < bytes) {
                    done.addAndGet(pair.left().read(buffer));
                }
                return other.result();
            });
            return reader.result();
        }
    }

    @Test
    void executorRunsItsTasksOnThreadsOfTheRuntime() throws Exception {
        try (Heddle heddle = start(Way.CARRIERS);
                ExecutorService executor = heddle.newThreadPerTaskExecutor()) {
            Future<String> thread = executor.submit(() -> Thread.currentThread().toString());
            assertThat(thread.get()).startsWith("VirtualThread").contains("heddle-carrier-");
        }
    }

    @Test
    void settingsThatMakeNoSenseAreRefused() {
        Heddle.Builder builder = Heddle.builder();
        assertThatThrownBy(() -> builder.parallelism(0)).hasMessage("parallelism 0: want 1 or more");
        assertThatThrownBy(() -> builder.carriersMax(-1)).hasMessage("carriersMax -1: want 1 or more");
        assertThatThrownBy(() -> builder.handOff(Duration.ofNanos(1)))
                .hasMessage("handOff PT0.000000001S: want 1 ms or more");
        assertThatThrownBy(() -> builder.parallelism(8).carriersMax(8).start())
                .hasMessage(
                        "carriersMax 8: want more than the processors, which are 8, as each of them" + " takes one");
    }

    @Test
    void settingsAreInForce() throws Exception {
        try (Heddle heddle = Heddle.builder().way(Way.CARRIERS).parallelism(3).start()) {
            assertThat(heddle.parallelism()).isEqualTo(3);
            assertThat(heddle.describe()).isEqualTo("epoll, carriers of its own (3)");
            assertThat(heddle.wayReason()).isEmpty();
            assertThat(heddle.missingFlags()).isEmpty();
            assertThat(heddle.dump()).startsWith("Heddle: epoll, carriers of its own (3)\n");
        }
    }

    /** In a JVM of its own, which has these properties. */
    @Tag("thorough")
    @Test
    void whatTheBuilderDoesNotSetTheSystemPropertiesDo() throws Exception {
        List<String> properties = List.of("-Dheddle.parallelism=3", "-Dheddle.carriersMax=7", "-Dheddle.handOff=25");
        assertThat(ForkedJvm.start(Builds.class, properties).output().lines())
                .endsWith(
                        "parallelism 3",
                        "parallelism 2",
                        "-Dheddle.carriersMax=7: want more than the processors, which are 8, as"
                                + " each of them takes one");
    }

    /** Builds runtimes from what the properties say. */
    static final class Builds {

        private Builds() {}

        public static void main(String[] args) throws IOException {
            try (Heddle byProperties = Heddle.builder().way(Way.CARRIERS).start()) {
                System.out.println("parallelism " + byProperties.parallelism());
            }
            try (Heddle both = Heddle.builder().way(Way.CARRIERS).parallelism(2).start()) {
                System.out.println("parallelism " + both.parallelism());
            }
            try (Heddle tooMany =
                    Heddle.builder().way(Way.CARRIERS).parallelism(8).start()) {
                System.out.println(tooMany);
            } catch (IllegalStateException wrong) {
                System.out.println(wrong.getMessage());
            }
        }
    }

    /** Misspelt, or of an older version: it would have no effect, and nobody would know why. */
    @Tag("thorough")
    @Test
    void propertyThatDoesNotExistIsWarnedOf() throws Exception {
        String output = ForkedJvm.start(UsesHeddle.class, List.of("-Dheddle.mode=nio", "-Dheddle.way=nio"))
                .output();
        assertThat(output)
                .contains("-Dheddle.mode is no property of Heddle; there are [heddle.way,"
                        + " heddle.parallelism, heddle.handOff, heddle.carriersMax]");
    }

    /**
     * With a bean that management knows, a flight recording, and the lookup of a name. The heap is walked afterwards:
     * nothing of it is left.
     */
    @Tag("thorough")
    @Test
    void classLoaderIsLetGo() throws Exception {
        String output = ForkedJvm.start(
                        LetsGo.class,
                        List.of(
                                // The JDK's method handles keep classes by soft references.
                                "-XX:SoftRefLRUPolicyMSPerMB=0",
                                "-XX:StartFlightRecording=settings=none",
                                "-Xlog:jfr+startup=off"))
                .output();
        assertThat(output.lines()).endsWith("let go", "left in the heap: []");
    }

    /** Uses Heddle by a class loader of its own, in a JVM of its own, and waits until the collector has taken that. */
    static final class LetsGo {

        private LetsGo() {}

        public static void main(String[] args) throws Exception {
            WeakReference<ClassLoader> loader = useInItsOwnLoader();
            Await.until("the loader is let go", () -> {
                System.gc();
                return loader.get() == null;
            });
            System.out.println("let go");
            System.out.println("left in the heap: " + left());
        }

        /** Classes of Heddle that have objects in the heap; this program itself is another class loader's. */
        private static List<String> left() throws Exception {
            Object histogram = ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "gcClassHistogram",
                            new Object[] {new String[0]},
                            new String[] {String[].class.getName()});
            return String.valueOf(histogram)
                    .lines()
                    .filter(line -> line.contains(" heddle."))
                    .filter(line -> !line.contains(LetsGo.class.getName()))
                    .filter(line -> !line.contains(" heddle.testing."))
                    .toList();
        }

        private static WeakReference<ClassLoader> useInItsOwnLoader() throws Exception {
            List<URL> path = new ArrayList<>();
            for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
                path.add(Path.of(entry).toUri().toURL());
            }
            try (var loader = new URLClassLoader(path.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
                Class<?> uses = loader.loadClass(UsesHeddle.class.getName());
                if (uses == UsesHeddle.class) {
                    throw new AssertionError("it is this loader's");
                }
                ((Runnable) uses.getConstructor().newInstance()).run();
                if (left().isEmpty()) {
                    throw new AssertionError("the walk would not see a runtime");
                }
                return new WeakReference<>(loader);
            }
        }
    }
}
