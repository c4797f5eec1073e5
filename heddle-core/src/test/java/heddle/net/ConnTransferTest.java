package heddle.net;

import static heddle.net.Streams.random;
import static heddle.net.Streams.readExactly;
import static heddle.net.Streams.readToEnd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import heddle.testing.Behaviour;
import heddle.testing.Runtimes;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A transfer from one connection to another. Each test has a client, a relay of two connections and a server: the
 * client's end and the source are one pair, the target and the server's end the other.
 */
@Ways
@Timeout(120)
class ConnTransferTest {

    private static final int KIB = 1 << 10;

    /** All of {@code content}, and then the end. */
    private static Task<Void> send(Conn client, byte[] content) {
        return Task.run(() -> {
            client.write(content);
            client.closeWrite();
        });
    }

    /** From client to source, from target to server. */
    private static final class Relay implements AutoCloseable {

        private final ConnPair in;
        private final ConnPair out;

        Relay(ConnPair in, ConnPair out) {
            this.in = in;
            this.out = out;
        }

        static Relay of(String source, String target) throws Exception {
            return new Relay(ConnPair.of(source), ConnPair.of(target));
        }

        Conn client() {
            return in.left();
        }

        Conn source() {
            return in.right();
        }

        Conn target() {
            return out.left();
        }

        Conn server() {
            return out.right();
        }

        @Override
        public void close() throws IOException {
            in.close();
            out.close();
        }
    }

    @ParameterizedTest
    @CsvSource({"tcp, tcp", "tcp, unix", "unix, tcp", "unix, unix", "tcp, pipe", "pipe, tcp", "pipe, pipe"})
    @Behaviour({113, 119})
    void allOfAStreamArrives(String from, String to) throws Exception {
        byte[] content = random(3_000_017, 1);
        try (Relay relay = Relay.of(from, to)) {
            Task<Void> client = send(relay.client(), content);
            Task<byte[]> server = Task.start(() -> readToEnd(relay.server()));
            assertThat(relay.source().transferTo(relay.target())).isEqualTo(content.length);
            relay.target().closeWrite();
            assertThat(server.result()).isEqualTo(content);
            client.result();
        }
    }

    @ParameterizedTest
    @CsvSource({"tcp, tcp", "unix, unix", "pipe, pipe"})
    @Behaviour({116, 118})
    void asManyAsAskedForAndNoMore(String from, String to) throws Exception {
        byte[] content = random(100, 2);
        try (Relay relay = Relay.of(from, to)) {
            Task<Integer> client = Task.start(() -> relay.client().write(content));
            Task<byte[]> server = Task.start(() -> readExactly(relay.server(), 70));
            assertThat(relay.source().transferTo(relay.target(), 0)).isZero();
            assertThat(relay.source().transferTo(relay.target(), 70)).isEqualTo(70);
            assertThat(server.result()).isEqualTo(Arrays.copyOf(content, 70));
            assertThat(readExactly(relay.source(), 30)).isEqualTo(Arrays.copyOfRange(content, 70, 100));
            client.result();
            assertThatThrownBy(() -> relay.source().transferTo(relay.target(), -1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("bytesMax -1: want 0 or more");
        }
    }

    @ParameterizedTest
    @CsvSource({"tcp", "unix", "pipe"})
    void connectionIsItsOwnEcho(String network) throws Exception {
        byte[] content = random(200_000, 3);
        try (ConnPair pair = ConnPair.of(network)) {
            Task<Long> echo = Task.start(() -> pair.right().transferTo(pair.right()));
            Task<Void> client = send(pair.left(), content);
            assertThat(readExactly(pair.left(), content.length)).isEqualTo(content);
            client.result();
            assertThat(echo.result()).isEqualTo(content.length);
        }
    }

    /** Packets keep their bounds, so they are not spliced: each read takes one. */
    @Test
    @Behaviour(121)
    void packetsPassOneByOne() throws Exception {
        assumeTrue(Runtimes.current().way() != Way.NIO);
        try (Relay relay = Relay.of("unixpacket", "unixpacket")) {
            relay.client().write(new byte[] {1, 2});
            relay.client().write(new byte[] {3});
            relay.client().closeWrite();
            assertThat(relay.source().transferTo(relay.target())).isEqualTo(3);
            byte[] room = new byte[8];
            assertThat(relay.server().read(room)).isEqualTo(2);
            assertThat(relay.server().read(room)).isEqualTo(1);
        }
    }

    /** A transfer that is ended at the source: all that came has gone on. */
    @ParameterizedTest
    @CsvSource({"tcp, tcp", "unix, unix", "tcp, pipe", "pipe, tcp"})
    void deadlineOfTheSourceLosesNothing(String from, String to) throws Exception {
        byte[] content = random(1000, 4);
        try (Relay relay = Relay.of(from, to)) {
            Task<Long> transfer = Task.start(() -> relay.source().transferTo(relay.target()));
            relay.client().write(content);
            assertThat(readExactly(relay.server(), 1000)).isEqualTo(content);
            Parked.await(transfer.thread());
            relay.source().setReadDeadline(Deadline.PAST);
            var late = transfer.failure(DeadlineExceededException.class);
            assertThat(late.op()).isEqualTo("read");
            assertThat(late.bytesTransferred()).isEqualTo(1000);
            assertThat(late).hasMessageEndingWith("i/o timeout");
            relay.source().setReadDeadline(Deadline.NONE);
            Task<Integer> more = Task.start(() -> relay.client().write(content));
            Task<Long> again = Task.start(() -> relay.source().transferTo(relay.target(), 1000));
            assertThat(readExactly(relay.server(), 1000)).isEqualTo(content);
            assertThat(again.result()).isEqualTo(1000);
            more.result();
        }
    }

    /** A transfer that is ended at the target: what it did not take is what the source reads next. */
    @ParameterizedTest
    @CsvSource({"tcp, tcp", "unix, unix", "tcp, pipe", "pipe, tcp", "pipe, pipe"})
    void deadlineOfTheTargetLosesNothing(String from, String to) throws Exception {
        byte[] content = random(8_000_000, 5);
        try (Relay relay = Relay.of(from, to)) {
            Task<Void> client = send(relay.client(), content);
            Task<Long> transfer = Task.start(() -> relay.source().transferTo(relay.target()));
            Parked.await(transfer.thread());
            relay.target().setWriteDeadline(Deadline.after(Duration.ofMillis(50)));
            var late = transfer.failure(DeadlineExceededException.class);
            assertThat(late.op()).isEqualTo("write");
            int passed = (int) late.bytesTransferred();
            relay.target().setWriteDeadline(Deadline.NONE);
            Task<byte[]> rest = Task.start(() -> readToEnd(relay.source()));
            relay.target().closeWrite();
            byte[] arrived = readToEnd(relay.server());
            assertThat(arrived.length).isEqualTo(passed);
            var all = new ByteArrayOutputStream();
            all.write(arrived);
            all.write(rest.result());
            assertThat(all.toByteArray()).isEqualTo(content);
            client.result();
        }
    }

    /** What a transfer leaves behind is there for every kind of read. */
    @Test
    void whatIsLeftIsReadInEachWay() throws Exception {
        byte[] content = random(16_000_000, 6);
        try (Relay relay = Relay.of("tcp", "tcp")) {
            Task<Integer> client = Task.start(() -> relay.client().write(content));
            Task<Long> transfer = Task.start(() -> relay.source().transferTo(relay.target()));
            Parked.awaitWriter(relay.target());
            relay.target().setWriteDeadline(Deadline.PAST);
            int at = (int) transfer.failure(DeadlineExceededException.class).bytesTransferred();
            relay.source().awaitReadable(Deadline.NONE);
            assertThat(relay.source().read(new byte[0])).isZero();
            var one = ByteBuffer.allocate(3);
            var two = ByteBuffer.allocateDirect(5);
            while (two.hasRemaining()) {
                relay.source().read(new ByteBuffer[] {one, two});
            }
            byte[] read = new byte[8];
            one.flip().get(read, 0, 3);
            two.flip().get(read, 3, 5);
            assertThat(read).isEqualTo(Arrays.copyOfRange(content, at, at + 8));
            relay.source().setReadDeadline(Deadline.PAST);
            assertThrows(DeadlineExceededException.class, () -> relay.source().read(new byte[1]));
            assertThrows(DeadlineExceededException.class, () -> relay.source().awaitReadable(Deadline.NONE));
            relay.source().setReadDeadline(Deadline.NONE);
            byte[] rest = readExactly(relay.source(), content.length - at - 8);
            assertThat(rest).isEqualTo(Arrays.copyOfRange(content, at + 8, content.length));
            client.result();
        }
    }

    @ParameterizedTest
    @CsvSource({"tcp, tcp", "unix, unix", "pipe, pipe"})
    void interruptLosesNothing(String from, String to) throws Exception {
        try (Relay relay = Relay.of(from, to)) {
            Task<Long> transfer = Task.start(() -> relay.source().transferTo(relay.target()));
            Parked.await(transfer.thread());
            transfer.thread().interrupt();
            transfer.failure(CallInterruptedException.class);
            Task<Long> again = Task.start(() -> relay.source().transferTo(relay.target(), 2));
            Task<Integer> client = Task.start(() -> relay.client().write(new byte[] {7, 8}));
            assertThat(readExactly(relay.server(), 2)).containsExactly(7, 8);
            assertThat(again.result()).isEqualTo(2);
            client.result();
        }
    }

    @ParameterizedTest
    @CsvSource({"tcp, tcp", "unix, unix", "pipe, pipe"})
    void closingEitherEndsIt(String from, String to) throws Exception {
        try (Relay relay = Relay.of(from, to)) {
            Task<Long> transfer = Task.start(() -> relay.source().transferTo(relay.target()));
            Parked.await(transfer.thread());
            relay.source().close();
            assertThat(transfer.failure(ConnClosedException.class).op()).isEqualTo("read");
        }
        try (Relay relay = Relay.of(from, to)) {
            Task<Long> transfer = Task.start(() -> relay.source().transferTo(relay.target()));
            relay.target().close();
            Task<Integer> client = Task.start(() -> relay.client().write(new byte[] {9}));
            assertThat(transfer.failure(ConnClosedException.class).op()).isEqualTo("write");
            assertThat(readExactly(relay.source(), 1)).containsExactly(9);
            client.result();
        }
    }

    @Test
    void targetWhosePeerIsGoneIsTold() throws Exception {
        try (Relay relay = Relay.of("tcp", "tcp")) {
            Task<Long> transfer = Task.start(() -> relay.source().transferTo(relay.target()));
            ((TcpConn) relay.server()).setLinger(Duration.ZERO);
            relay.server().close();
            relay.client().write(new byte[100]);
            var reset = transfer.failure(ConnResetException.class);
            assertThat(reset.op()).isEqualTo("write");
            assertThat(reset.source()).isEqualTo(relay.target().localAddress());
            assertThat(readExactly(relay.source(), 100 - (int) reset.bytesTransferred()))
                    .containsOnly(0);
        }
    }

    /**
     * Deadlines that come at any time, at either side, small buffers: the server and the rest at the source have all,
     * once and in order.
     */
    @ParameterizedTest
    @CsvSource({"tcp, tcp", "unix, tcp", "pipe, tcp", "tcp, pipe"})
    @Tag("thorough")
    void transfersThatEndAtAnyTimeLoseNothing(String from, String to) throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        byte[] content = random(1_000_000, seed);
        ConnPair out = to.equals("tcp") ? ConnPair.tcpWithBuffers(16 * KIB) : ConnPair.of(to);
        try (Relay relay = new Relay(ConnPair.of(from), out)) {
            Task<Void> client = send(relay.client(), content);
            Task<byte[]> server = Task.start(() -> readToEnd(relay.server()));
            long passed = 0;
            while (passed < content.length) {
                int most = 1 + random.nextInt(100_000);
                var end = Deadline.afterNanos(random.nextInt(200_000));
                (random.nextBoolean() ? relay.source() : relay.target()).setDeadline(end);
                try {
                    passed += relay.source().transferTo(relay.target(), most);
                } catch (DeadlineExceededException late) {
                    passed += late.bytesTransferred();
                }
                relay.source().setDeadline(Deadline.NONE);
                relay.target().setDeadline(Deadline.NONE);
            }
            relay.target().closeWrite();
            assertThat(passed).as("seed %d", seed).isEqualTo(content.length);
            assertThat(server.result()).as("seed %d", seed).isEqualTo(content);
            client.result();
        }
    }

    /** Idle pipes are kept for the next transfers, few of them; a runtime takes its own along. */
    @Test
    @Behaviour(123)
    void pipesOfTransfersAreFewAndEndWithTheRuntime() throws Exception {
        long before = pipes();
        Heddle heddle =
                Heddle.builder().way(Runtimes.current().way()).parallelism(2).start();
        List<Task<Long>> transfers = new ArrayList<>();
        List<ConnPair> pairs = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            ConnPair pair = ConnPair.tcp(heddle.listenConfig(), heddle.dialer(), "127.0.0.1:0");
            pairs.add(pair);
            transfers.add(Task.start(() -> pair.right().transferTo(pair.right())));
        }
        for (ConnPair pair : pairs) {
            Parked.awaitReader(pair.right());
            pair.left().closeWrite();
        }
        for (Task<Long> transfer : transfers) {
            assertThat(transfer.result()).isZero();
        }
        assertThat(pipes() - before).as("ends of idle pipes").isBetween(0L, 32L);
        heddle.close();
        assertThat(pipes()).isEqualTo(before);
    }

    private static long pipes() throws IOException {
        long count = 0;
        try (var all = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path one : all) {
                if (Files.isSymbolicLink(one)
                        && Files.readSymbolicLink(one).toString().startsWith("pipe:")) {
                    count++;
                }
            }
        }
        return count;
    }

    /** No pipe to be had, or sockets that cannot splice: the bytes go through a buffer. */
    @ParameterizedTest
    @CsvSource({"pipe2, 24", "splice in, 22", "splice out, 22"}) // EMFILE, EINVAL
    void whatCannotBeSplicedIsCopied(String call, int errno) throws Exception {
        byte[] content = random(300_000, 7);
        try (var faulty = new FaultySyscalls((made, _) -> made.equals(call) ? errno : 0);
                Relay relay = new Relay(faulty.tcp(), faulty.tcp())) {
            Task<Void> client = send(relay.client(), content);
            Task<byte[]> server = Task.start(() -> readToEnd(relay.server()));
            assertThat(relay.source().transferTo(relay.target())).isEqualTo(content.length);
            relay.target().closeWrite();
            assertThat(server.result()).isEqualTo(content);
            client.result();
        }
    }

    /** Interrupted calls are made again; a failure of either side is told with its call, and loses nothing. */
    @ParameterizedTest
    @CsvSource({"splice in, 4, ''", "splice out, 4, ''", "splice in, 104, read", "splice out, 104, write"})
    void failuresWithinATransferAreTold(String call, int errno, String op) throws Exception {
        assumeTrue(Runtimes.current().way() != Way.NIO, "nothing is spliced there");
        byte[] content = random(2_000_000, 8);
        var left = new AtomicInteger(2);
        try (var faulty =
                        new FaultySyscalls((made, _) -> made.equals(call) && left.decrementAndGet() == 0 ? errno : 0);
                Relay relay = new Relay(faulty.tcp(), faulty.tcp())) {
            Task<Void> client = send(relay.client(), content);
            Task<byte[]> server = Task.start(() -> readToEnd(relay.server()));
            long passed;
            try {
                passed = relay.source().transferTo(relay.target());
                assertThat(op).isEmpty();
            } catch (ConnResetException told) {
                assertThat(told.op()).isEqualTo(op);
                passed = told.bytesTransferred();
            }
            passed += relay.source().transferTo(relay.target());
            relay.target().closeWrite();
            assertThat(passed).isEqualTo(content.length);
            assertThat(server.result()).isEqualTo(content);
            client.result();
        }
    }
}
