package heddle.net;

import static heddle.net.Streams.inMillis;
import static heddle.net.Streams.readExactly;
import static heddle.net.Streams.readToEnd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import heddle.internal.socket.Errno;
import heddle.internal.trace.Counter;
import heddle.testing.Await;
import heddle.testing.Behaviour;
import heddle.testing.Counted;
import heddle.testing.Scenario;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Ways
class WriteTest {

    private static final int CHUNK = 65_536;
    private static final int DRAIN = 60_000;

    /** Kernel buffers of the default size (0) grow to megabytes; small ones hold less than one write. */
    @ParameterizedTest
    @ValueSource(ints = {0, 20_000, 100_000})
    @Scenario("W1")
    void fullBuffersParkTheWriterAndDrainingLetsItGoOn(int bufferBytes) throws Exception {
        try (var pair = bufferBytes == 0 ? ConnPair.tcp() : ConnPair.tcpWithBuffers(bufferBytes)) {
            var written = new AtomicLong();
            var enough = new AtomicBoolean();
            Task<Void> writer = Task.run(() -> {
                while (!enough.get()) {
                    long at = written.get();
                    assertThat(pair.left().write(pattern(at, CHUNK))).isEqualTo(CHUNK);
                    written.addAndGet(CHUNK);
                }
                pair.left().close();
            });
            long read = 0;
            for (int round = 0; round < 3; round++) {
                Parked.await(writer.thread());
                for (long before = written.get(); written.get() == before; read += DRAIN) {
                    assertThat(readExactly(pair.right(), DRAIN)).isEqualTo(pattern(read, DRAIN));
                }
            }
            enough.set(true);
            byte[] rest = readToEnd(pair.right());
            assertThat(rest).isEqualTo(pattern(read, rest.length));
            writer.result();
            assertThat(read + rest.length).isEqualTo(written.get());
        }
    }

    /** {@code count} bytes of a stream in which each place has its own content. */
    private static byte[] pattern(long at, int count) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = (byte) (((at + i) * 31) >> 3);
        }
        return bytes;
    }

    @Test
    @Scenario("W2")
    void peersResetTellsHowManyBytesTheKernelTook() throws Exception {
        assumeTrue(TcpQueues.canSee(), "no /proc/net/tcp to count what the kernel has");
        try (var pair = ConnPair.tcpWithBuffers(20_000)) {
            var completed = new AtomicLong();
            Task<Void> writer = Task.run(() -> {
                while (true) {
                    completed.addAndGet(pair.left().write(new byte[CHUNK]));
                }
            });
            Parked.await(writer.thread());
            // What the kernel has of the parked write: nobody reads, so all of it is in one of the two queues.
            long partial = TcpQueues.awaitUnread(pair.leftTcp()) - completed.get();
            pair.rightTcp().setLinger(Duration.ZERO);
            pair.right().close();
            var e = writer.failure(ConnResetException.class);
            assertThat(e.bytesTransferred()).isEqualTo(partial).isBetween(0L, CHUNK - 1L);
            assertThat(e.errno()).isIn(Errno.ECONNRESET, Errno.EPIPE);
            assertThat(e)
                    .message()
                    .startsWith("write tcp "
                            + pair.left().localAddress()
                            + "->"
                            + pair.left().remoteAddress()
                            + ": write: ")
                    .containsAnyOf("connection reset by peer", "broken pipe");
            assertThrows(ConnResetException.class, () -> pair.left().write(new byte[1]));
        }
    }

    @Test
    @Scenario("W3")
    @Behaviour(217)
    void timedOutWriteTellsHowManyBytesThePeerGets() throws Exception {
        try (var pair = ConnPair.tcpWithBuffers(20_000)) {
            byte[] all = pattern(0, 4 << 20);
            pair.left().setWriteDeadline(Deadline.afterNanos(TimeUnit.MICROSECONDS.toNanos(10)));
            var e = assertThrows(
                    DeadlineExceededException.class, () -> pair.left().write(all));
            long partial = e.bytesTransferred();
            assertThat(partial).isBetween(0L, all.length - 1L);
            assertThat(e).hasMessageStartingWith("write tcp ").hasMessageEndingWith(": i/o timeout");
            for (int i = 0; i < 3; i++) {
                e = assertThrows(
                        DeadlineExceededException.class, () -> pair.left().write(all));
                assertThat(e.bytesTransferred()).as("after the deadline").isZero();
            }
            pair.left().setWriteDeadline(Deadline.NONE);
            Task<byte[]> reader = Task.start(() -> readToEnd(pair.right()));
            pair.left().write(all, (int) partial, all.length - (int) partial);
            pair.left().close();
            assertThat(reader.result()).isEqualTo(all);
        }
    }

    /** More than Go's GiB a system call in the soak tier. */
    @Test
    @Scenario("W3")
    @Behaviour(217)
    void largeWriteCutShortByItsDeadlineIsCountedExactly() throws Exception {
        try (var pair = ConnPair.tcpWithBuffers(20_000)) {
            byte[] all = new byte[TransferTest.SOAK ? 1025 << 20 : 256 << 20];
            Task<Long> reader = Task.start(() -> {
                long total = 0;
                byte[] buffer = new byte[5_000];
                for (int n; (n = pair.right().read(buffer)) >= 0; ) {
                    total += n;
                }
                return total;
            });
            long taken = 0;
            for (int millis = 50; taken == 0; millis *= 2) { // a busy machine may take long to begin
                pair.left().setWriteDeadline(inMillis(millis));
                var e = assertThrows(
                        DeadlineExceededException.class, () -> pair.left().write(all));
                taken = e.bytesTransferred();
                InterruptedIOException jdks = e;
                assertThat((long) jdks.bytesTransferred).as("the JDK's field").isEqualTo(taken);
            }
            pair.left().close();
            assertThat(taken).isEqualTo(reader.result());
        }
    }

    @Test
    @Behaviour(21)
    void passedWriteDeadlineBeatsRoomThatIsThere() throws Exception {
        try (var pair = ConnPair.tcp()) {
            pair.left().setWriteDeadline(Deadline.PAST);
            for (int i = 0; i < 2; i++) {
                var e = assertThrows(
                        DeadlineExceededException.class, () -> pair.left().write(new byte[1]));
                assertThat(e.bytesTransferred()).isZero();
            }
            assertThrows(DeadlineExceededException.class, () -> pair.left().write(new byte[0]));
        }
    }

    @Test
    @Behaviour(21)
    void smallWritesSucceedUntilTheirDeadline() throws Exception {
        try (var pair = ConnPair.tcp()) {
            Task<Void> reader = Task.run(() -> Streams.readUntilClosed(pair.right()));
            Deadline deadline = inMillis(10);
            pair.left().setWriteDeadline(deadline);
            var e = assertThrows(DeadlineExceededException.class, () -> Streams.writeForEver(pair.left(), new byte[1]));
            assertThat(deadline.hasPassed()).isTrue();
            assertThat(e.bytesTransferred()).isZero();
            pair.left().close();
            reader.result();
        }
    }

    @Test
    @Behaviour(22)
    void clearedWriteDeadlineLetsTheWriteWait() throws Exception {
        try (var time = new ManualTime();
                var pair = time.tcp().withBuffers(20_000)) {
            pair.left().setDeadline(Deadline.PAST);
            pair.left().setReadDeadline(Deadline.PAST);
            pair.left().setWriteDeadline(Deadline.NONE);
            Task<Void> writer = Task.run(() -> Streams.writeForEver(pair.left(), new byte[CHUNK]));
            Parked.awaitWriter(pair.left());
            time.passes();
            assertThat(writer.isDone()).isFalse();
            pair.left().close();
            assertThat(writer.failure(ConnClosedException.class).timeout()).isFalse();
        }
    }

    /** The peer's half-close is reported once, not again and again, to a writer that waits for room. */
    @Test
    @Behaviour(55)
    void writerWaitsQuietlyForAPeerThatHasClosedItsWritingSide() throws Exception {
        try (var pair = ConnPair.tcpWithBuffers(20_000)) {
            pair.rightTcp().closeWrite();
            assertThat(pair.left().read(new byte[1])).isEqualTo(-1);
            long parksBefore = Counted.value(Counter.PARKS);
            pair.left().setWriteDeadline(inMillis(5));
            assertThrows(DeadlineExceededException.class, () -> Streams.writeForEver(pair.left(), new byte[CHUNK]));
            assertThat(Counted.value(Counter.PARKS) - parksBefore).isLessThanOrEqualTo(20);
        }
    }

    @Test
    @Behaviour(93)
    @Tag("thorough")
    void tenThousandRoundTripsOnTwoConnections() throws Exception {
        try (var one = ConnPair.tcp();
                var two = ConnPair.tcp()) {
            List<Task<Void>> tasks = new ArrayList<>();
            for (ConnPair pair : List.of(one, two)) {
                tasks.add(Task.run(() -> echoExactly(pair.right(), 10_000)));
                tasks.add(Task.run(() -> roundTrips(pair.left(), 10_000)));
            }
            for (Task<Void> task : tasks) {
                task.result();
            }
        }
    }

    private static void roundTrips(Conn conn, int count) throws IOException {
        byte[] sent = pattern(1, 512);
        byte[] got = new byte[512];
        for (int i = 0; i < count; i++) {
            conn.write(sent);
            assertThat(Streams.readFully(conn, got)).isTrue();
        }
        assertThat(got).isEqualTo(sent);
    }

    private static void echoExactly(Conn conn, int count) throws IOException {
        byte[] buffer = new byte[512];
        for (int i = 0; i < count; i++) {
            assertThat(Streams.readFully(conn, buffer)).isTrue();
            conn.write(buffer);
        }
    }

    /** A writer that parked must be woken by room, not only by its deadline or close. */
    @Test
    void writeLargerThanAllBuffersArrivesWhole() throws Exception {
        try (var pair = ConnPair.tcpWithBuffers(20_000)) {
            byte[] all = pattern(5, 2 << 20);
            Task<Integer> writer = Task.start(() -> pair.left().write(all));
            Parked.await(writer.thread());
            assertThat(readExactly(pair.right(), all.length)).isEqualTo(all);
            assertThat(writer.result()).isEqualTo(all.length);
            Await.until("no writer is left", () -> !Parked.hasWriter(pair.left()));
        }
    }
}
