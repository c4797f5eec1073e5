package heddle.net;

import static heddle.net.Streams.random;
import static heddle.net.Streams.readExactly;
import static heddle.net.Streams.readToEnd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import heddle.testing.Runtimes;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads into a buffer that is lent: what comes, what is left, and what ends them. */
@Ways
@Timeout(120)
class ReadLentTest {

    private static byte[] rest(ByteBuffer bytes) {
        byte[] all = new byte[bytes.remaining()];
        bytes.get(all);
        return all;
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException ended) {
            throw new InterruptedIOException();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "unix", "pipe"})
    void echoOfOneLine(String network) throws Exception {
        byte[] content = random(1_000_003, 1);
        try (ConnPair pair = ConnPair.of(network)) {
            Task<Void> echo = Task.run(() -> {
                int n = 0;
                while (n >= 0) {
                    n = pair.right().readLent(pair.right()::write);
                }
                pair.right().closeWrite();
                assertThat(pair.right().readLent(_ -> {})).as("and again").isEqualTo(-1);
            });
            Task<Void> client = Task.run(() -> {
                pair.left().write(content);
                pair.left().closeWrite();
            });
            assertThat(readToEnd(pair.left())).isEqualTo(content);
            client.result();
            echo.result();
        }
    }

    /** What is left is there for every kind of read, and before what comes later. */
    @ParameterizedTest
    @ValueSource(strings = {"tcp", "unix", "pipe"})
    void whatIsLeftIsTheNextReads(String network) throws Exception {
        byte[] content = random(100, 2);
        try (ConnPair pair = ConnPair.of(network)) {
            Conn reader = pair.right();
            Task<Void> writer = Task.run(() -> {
                pair.left().write(content, 0, 60);
                pair.left().write(content, 60, 40);
            });
            var all = new ByteArrayOutputStream();
            assertThat(reader.readLent(bytes -> {
                        byte[] some = new byte[10];
                        bytes.get(some);
                        all.write(some);
                    }))
                    .isEqualTo(10);
            assertThat(reader.readLent(_ -> {})).as("took nothing").isZero();
            reader.awaitReadable(Deadline.NONE);
            IOException full = assertThrows(
                    IOException.class,
                    () -> reader.readLent(bytes -> {
                        all.write(bytes.get());
                        throw new IOException("full");
                    }));
            assertThat(full).hasMessage("full");
            all.write(readExactly(reader, 9));
            while (all.size() < 100) {
                reader.readLent(bytes -> all.write(rest(bytes)));
            }
            assertThat(all.toByteArray()).isEqualTo(content);
            writer.result();
        }
    }

    /** A taker that leaves the buffer in disorder takes what lies before its position. */
    @ParameterizedTest
    @ValueSource(strings = {"tcp", "pipe"})
    void limitOfTheLentBufferIsNoMatter(String network) throws Exception {
        try (ConnPair pair = ConnPair.of(network)) {
            Task<Integer> writer = Task.start(() -> pair.left().write(new byte[] {1, 2, 3}));
            assertThat(pair.right().readLent(bytes -> bytes.limit(2).position(2)))
                    .isEqualTo(2);
            assertThat(readExactly(pair.right(), 1)).containsExactly(3);
            writer.result();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "unix", "pipe"})
    void waitsEndAsThoseOfARead(String network) throws Exception {
        try (ConnPair pair = ConnPair.of(network)) {
            Conn reader = pair.right();
            Taker none = _ -> {
                throw new EOFException("nothing came");
            };
            reader.setReadDeadline(Deadline.PAST);
            assertThat(assertThrows(DeadlineExceededException.class, () -> reader.readLent(none))
                            .op())
                    .isEqualTo("read");
            reader.setReadDeadline(Deadline.NONE);

            Task<Integer> interrupted = Task.start(() -> reader.readLent(none));
            Parked.await(interrupted.thread());
            interrupted.thread().interrupt();
            interrupted.failure(CallInterruptedException.class);

            Task<Integer> late = Task.start(() -> reader.readLent(none));
            Parked.await(late.thread());
            reader.setReadDeadline(Deadline.PAST);
            late.failure(DeadlineExceededException.class);
            reader.setReadDeadline(Deadline.NONE);

            Task<Integer> closed = Task.start(() -> reader.readLent(none));
            Parked.await(closed.thread());
            reader.close();
            closed.failure(ConnClosedException.class);
        }
    }

    /** Others read after the taker, not while it runs; the connection may be written, and closed, meanwhile. */
    @ParameterizedTest
    @ValueSource(strings = {"tcp", "unix"})
    void takerIsOneCallAmongTheReaders(String network) throws Exception {
        try (ConnPair pair = ConnPair.of(network)) {
            Conn reader = pair.right();
            pair.left().write(new byte[] {1, 2});
            var taking = new CountDownLatch(1);
            var goOn = new CountDownLatch(1);
            Task<Integer> first = Task.start(() -> reader.readLent(bytes -> {
                taking.countDown();
                await(goOn);
                bytes.get();
            }));
            taking.await();
            Task<byte[]> second = Task.start(() -> readExactly(reader, 1));
            Parked.await(second.thread());
            assertThat(reader.write(new byte[] {9})).isEqualTo(1);
            goOn.countDown();
            assertThat(first.result()).isEqualTo(1);
            assertThat(second.result()).containsExactly(2);
        }
    }

    /** Any mix of reads and borrowings, of takers that take all, some or nothing, keeps the stream. */
    @ParameterizedTest
    @ValueSource(strings = {"tcp", "unix", "pipe"})
    void mixedReadsLoseNothing(String network) throws Exception {
        byte[] content = random(2_000_000, 3);
        long seed = System.nanoTime();
        var random = new Random(seed);
        try (ConnPair pair = ConnPair.of(network)) {
            Task<Void> writer = Task.run(() -> {
                pair.left().write(content);
                pair.left().closeWrite();
            });
            var all = new ByteArrayOutputStream();
            byte[] own = new byte[5_000];
            int n = 0;
            while (n >= 0) {
                switch (random.nextInt(3)) {
                    case 0 -> {
                        n = pair.right().read(own, 0, 1 + random.nextInt(own.length));
                        all.write(own, 0, Math.max(n, 0));
                    }
                    case 1 -> n = pair.right().readLent(bytes -> all.write(rest(bytes)));
                    default ->
                        n = pair.right().readLent(bytes -> {
                            byte[] some = new byte[random.nextInt(bytes.remaining() + 1)];
                            bytes.get(some);
                            all.write(some);
                        });
                }
            }
            assertThat(Arrays.equals(all.toByteArray(), content))
                    .as("seed %d", seed)
                    .isTrue();
            writer.result();
        }
    }

    @Test
    void packetsComeOneByOne() throws Exception {
        assumeTrue(Runtimes.current().way() != Way.NIO, "no packets in this way");
        try (ConnPair pair = ConnPair.of("unixpacket")) {
            pair.left().write(new byte[] {1, 2});
            pair.left().write(new byte[] {3});
            List<byte[]> packets = new ArrayList<>();
            pair.right().readLent(bytes -> packets.add(rest(bytes)));
            pair.right().readLent(bytes -> packets.add(rest(bytes)));
            assertThat(packets).containsExactly(new byte[] {1, 2}, new byte[] {3});
        }
    }
}
