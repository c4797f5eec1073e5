package heddle.gateway;

import static heddle.gateway.ClientTestBase.submit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.testing.Await;
import heddle.testing.Task;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A {@link Client} that has each message kept once, and what breaks around it. */
@Timeout(60)
class OnceClientTest {

    private static final ClientOptions ONCE =
            new ClientOptions().name("a").once(true).closeTimeout(Duration.ofMillis(500));

    @TempDir
    private Path folder;

    private final Counters counters = new Counters();
    private final ManualStore store = new ManualStore();
    private final Told told = new Told();

    @AfterEach
    void end() {
        store.release();
    }

    private StoreSink onDisk() throws IOException {
        return new StoreSink(folder, new StoreOptions(), counters);
    }

    private StoreSink inMemory() throws IOException {
        return new StoreSink(folder, new StoreOptions(), counters, store);
    }

    private RunningGateway start(StoreSink sink) throws IOException {
        return new RunningGateway(sink, new GatewayOptions(), counters);
    }

    private List<String> stored() throws IOException {
        return Stored.texts(folder);
    }

    private static List<String> messages(int count) {
        return IntStream.range(0, count).mapToObj(i -> "m" + i).toList();
    }

    @Test
    void aNewClientOfTheNameGoesOnBehindTheLast() throws Exception {
        try (var sink = onDisk();
                var gateway = start(sink)) {
            for (int turn = 0; turn < 3; turn++) {
                try (var client = new Client(gateway.address, ONCE, new Told())) {
                    assertThat(client.highest()).isZero();
                    client.connect();
                    assertThat(client.highest()).isEqualTo(turn * 100L);
                    for (int i = 0; i < 100; i++) {
                        assertThat(submit(client, "m" + (turn * 100 + i))).isEqualTo(i);
                    }
                    client.awaitSettled();
                }
            }
        }
        assertThat(stored()).isEqualTo(messages(300));
        assertThat(counters.value(Counter.REPEATS)).isZero();
    }

    @Test
    void withoutANameThereIsNoOnce() {
        assertThatThrownBy(() -> new Client("127.0.0.1:1", new ClientOptions().once(true), told))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("once: needs a client name, by which the server knows the numbers");
    }

    /** Every connection is cut after some bytes, in either direction, and the server starts anew now and then. */
    @Test
    @Tag("thorough")
    void whateverIsCutEachMessageIsThereOnceAndInOrder() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        int count = 5000;
        var sink = onDisk();
        var gateway = start(sink);
        try (var proxy = new CuttingProxy(gateway.port, random)) {
            try (var client = new Client(proxy.address, ONCE.inFlight(256, 1 << 20), told)) {
                for (int i = 0; i < count; i++) {
                    submit(client, "m" + i);
                    if (i % 1000 == 999) {
                        gateway.close();
                        sink.close();
                        sink = onDisk();
                        gateway = start(sink);
                        proxy.target = gateway.port;
                    }
                }
                proxy.cuts = false;
                client.awaitSettled();
            }
            assertThat(proxy.connections).as("seed %d", seed).hasValueGreaterThan(5);
        } finally {
            gateway.close();
            sink.close();
        }
        assertThat(stored()).as("seed %d", seed).isEqualTo(messages(count));
        assertThat(told.results)
                .as("seed %d", seed)
                .hasSize(count)
                .allSatisfy((number, result) -> assertThat(result).isEqualTo(Result.SUCCESS));
    }

    /** Commits fail: some for want of room, and some in doubt, kept or not, which ends the server. */
    @Test
    void whateverCommitsDoEachMessageIsThereOnceAndInOrder() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        int count = 500;
        try (var server = new Restarting();
                var client = new Client(server.address, ONCE.inFlight(16, 1 << 20), told)) {
            for (int i = 0; i < count; i++) {
                if (random.nextInt(20) == 0) {
                    var doubts = ManualStore.Doubt.values();
                    store.doubt = doubts[random.nextInt(doubts.length)];
                    store.failsToCommit = random.nextInt(4) == 0;
                }
                if (random.nextInt(10) == 0) {
                    store.failsToCommit = false;
                }
                if (store.failsToCommit) {
                    // The window may be full: only a store that works again makes room.
                    var works = Thread.startVirtualThread(() -> {
                        LockSupport.parkNanos(2_000_000);
                        store.failsToCommit = false;
                    });
                    submit(client, "m" + i);
                    works.join();
                } else {
                    submit(client, "m" + i);
                }
            }
            store.failsToCommit = false;
            client.awaitSettled();
            assertThat(server.starts).as("seed %d", seed).hasValueGreaterThan(1);
        }
        assertThat(store.stored())
                .as("seed %d", seed)
                .isEqualTo(
                        IntStream.rangeClosed(1, count).mapToObj(i -> (long) i).toList());
        assertThat(told.results.values()).as("seed %d", seed).containsOnly(Result.SUCCESS);
    }

    @ParameterizedTest
    @EnumSource(names = {"KEPT", "LOST"})
    void aCommitInDoubtIsLookedUp(ManualStore.Doubt doubt) throws Exception {
        try (var server = new Restarting();
                var client = new Client(server.address, ONCE, told)) {
            store.doubt = doubt;
            submit(client, "m");
            client.awaitSettled();
            assertThat(told.causes.getFirst())
                    .hasMessage("submit once " + server.address + ": in doubt, may or may not be kept");
        }
        assertThat(store.stored()).containsExactly(1L);
        assertThat(told.results).containsEntry(0L, Result.SUCCESS);
    }

    /** A server on one store in memory: after a commit in doubt, which ends it, the next start. */
    private final class Restarting implements AutoCloseable {
        private StoreSink sink = inMemory();
        private RunningGateway gateway = start(sink);
        final String address = gateway.address;
        final AtomicInteger starts = new AtomicInteger(1);
        private volatile boolean ending;
        private final Task<Void> restarting = Task.run(this::restart);

        Restarting() throws IOException {}

        private void restart() throws Exception {
            while (true) {
                sink.awaitEnd();
                gateway.close();
                if (ending) {
                    sink.close();
                    return;
                }
                assertThatThrownBy(sink::close).hasMessageContaining("in doubt");
                store.doubt = ManualStore.Doubt.NONE;
                sink = inMemory();
                gateway = new RunningGateway(sink, new GatewayOptions(), counters, gateway.port);
                starts.incrementAndGet();
            }
        }

        @Override
        public void close() throws IOException {
            ending = true;
            store.doubt = ManualStore.Doubt.NONE;
            sink.close();
            try {
                restarting.result();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
    }

    @Test
    void aMessageThatIsTooLargeIsReportedAndTheRestIsKept() throws Exception {
        try (var sink = new StoreSink(folder, new StoreOptions().queue(100, 2000), counters);
                var gateway = start(sink);
                var client = new Client(gateway.address, ONCE, told)) {
            submit(client, "m0");
            submit(client, "x".repeat(10_000));
            submit(client, "m1");
            submit(client, "m2");
            client.awaitSettled();
            assertThat(told.results).containsEntry(1L, Result.TOO_LARGE).hasSize(4);
        }
        assertThat(stored()).containsExactly("m0", "m1", "m2");
    }

    @Test
    void aMessageThatIsLargerThanAnyFrameIsGivenUpAndTheRestIsKept() throws Exception {
        try (var sink = onDisk();
                var gateway = new RunningGateway(sink, new GatewayOptions().frameBytesMax(1000), counters);
                var client = new Client(gateway.address, ONCE, told)) {
            submit(client, "m0");
            submit(client, "x".repeat(100_000));
            submit(client, "m1");
            client.awaitSettled();
            assertThat(told.results).containsEntry(1L, Result.NOT_TAKEN).hasSize(3);
        }
        assertThat(stored()).containsExactly("m0", "m1");
    }

    @Test
    void whoIsTakenOverEndsAndSaysWhy() throws Exception {
        try (var sink = onDisk();
                var gateway = start(sink);
                var client = new Client(gateway.address, ONCE, told)) {
            submit(client, "m0");
            client.awaitSettled();
            try (var other = gateway.dial().introduced("a")) {
                other.resume(1);
                submit(client, "refused");
                client.awaitSettled();
                String why = "submit once " + gateway.address + ": another connection has resumed this name";
                Await.until("the loss is told", () -> !told.causes.isEmpty());
                assertThat(told.causes.getLast()).hasMessage(why);
                assertThat(told.results).containsEntry(1L, Result.TAKEN_OVER);
                assertThatThrownBy(() -> submit(client, "late")).hasMessage(why);
                assertThat(client.highest()).isZero();
            }
        }
        assertThat(stored()).containsExactly("m0");
    }

    @Test
    void whoFindsTheNumbersOfAnotherEndsAndSaysWhy() throws Exception {
        try (var sink = onDisk();
                var gateway = start(sink);
                var proxy = new CuttingProxy(gateway.port, null);
                var client = new Client(proxy.address, ONCE, told)) {
            submit(client, "m0");
            client.awaitSettled();
            try (var other = gateway.dial().introduced("a")) {
                other.resume(1);
                other.once(2, "another's");
                other.expectOnce(2, 0);
                other.once(3, "another's");
                other.expectOnce(3, 0);
                proxy.cut();
                var e = assertThrows(RefusedException.class, () -> {
                    submit(client, "m1");
                    client.awaitSettled();
                });
                assertThat(e).hasMessage("resume " + proxy.address + ": another client sends under the name a");
            }
        }
    }

    @Test
    void aServerOfVersionOneIsNamedAndNotUsedOtherwise() throws Exception {
        try (var listener = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            var serving = Thread.startVirtualThread(() -> serveVersionOne(listener));
            String address = "127.0.0.1:" + listener.getLocalPort();
            try (var client = new Client(address, ONCE, told)) {
                var e = assertThrows(RefusedException.class, client::connect);
                assertThat(e)
                        .hasMessage(
                                "resume " + address
                                        + ": the server speaks version 1 of the protocol, which cannot keep messages exactly once");
                assertThat(e.result()).isEqualTo(Result.MALFORMED);
            }
            serving.join();
        }
    }

    /** Answers a conn, and then what is an unknown command to it. */
    private static void serveVersionOne(ServerSocket listener) {
        try (var socket = listener.accept()) {
            var in = new DataInputStream(socket.getInputStream());
            for (byte[] answer : new byte[][] {{(byte) 0x81, 0}, {(byte) 0x82, 1}}) {
                byte[] packet = in.readNBytes(in.readInt() - 4);
                socket.getOutputStream()
                        .write(ByteBuffer.allocate(14)
                                .putInt(14)
                                .put(answer[0])
                                .put(packet, 1, 8)
                                .put(answer[1])
                                .array());
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Passes bytes on, and cuts each connection after some, in whichever direction they go. */
    private static final class CuttingProxy implements AutoCloseable {
        /** A tenth of what the test sends, so that there are cuts for certain. */
        private static final int BYTES_MAX = 9_000;

        private final ServerSocket listener = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        private final Random random;
        final String address = "127.0.0.1:" + listener.getLocalPort();
        volatile int target;
        volatile boolean cuts;
        final AtomicInteger connections = new AtomicInteger();
        private volatile Socket client;
        private volatile Socket server;

        CuttingProxy(int target, Random random) throws IOException {
            this.target = target;
            this.random = random;
            this.cuts = random != null;
            Thread.startVirtualThread(this::accept);
        }

        private void accept() {
            try {
                while (true) {
                    var accepted = listener.accept();
                    connections.incrementAndGet();
                    client = accepted;
                    try {
                        server = new Socket(InetAddress.getLoopbackAddress(), target);
                    } catch (IOException starting) {
                        accepted.close();
                        continue;
                    }
                    int up = cuts ? random.nextInt(BYTES_MAX) : Integer.MAX_VALUE;
                    int down = cuts ? random.nextInt(BYTES_MAX) : Integer.MAX_VALUE;
                    var from = accepted;
                    var to = server;
                    Thread.startVirtualThread(() -> pass(from, to, up));
                    Thread.startVirtualThread(() -> pass(to, from, down));
                }
            } catch (IOException closed) {
                // the end
            }
        }

        private static void pass(Socket from, Socket to, int bytes) {
            try (from;
                    to) {
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream();
                byte[] buffer = new byte[1000];
                int left = bytes;
                while (left > 0) {
                    int n = in.read(buffer, 0, Math.min(left, buffer.length));
                    if (n < 0) {
                        to.shutdownOutput();
                        return;
                    }
                    out.write(buffer, 0, n);
                    left -= n;
                }
            } catch (IOException cut) {
                // by the other direction
            }
        }

        void cut() throws IOException {
            client.close();
            server.close();
        }

        @Override
        public void close() throws IOException {
            listener.close();
            if (client != null) {
                client.close();
            }
        }
    }
}
