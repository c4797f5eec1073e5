package heddle.frame;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.net.Conn;
import heddle.net.DeadlineExceededException;
import heddle.net.Heddle;
import java.io.DataInputStream;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FrameWriterTest {
    private static final Duration LONG = Duration.ofMinutes(1);
    private static final Duration SHORT = Duration.ofMillis(50);
    private static final int ROOM = 64 << 10;

    private final CompletableFuture<IOException> failure = new CompletableFuture<>();
    private final AtomicInteger failures = new AtomicInteger();

    private FrameWriter writer(Conn conn, Duration stall) {
        return new FrameWriter(conn, ROOM, stall, e -> {
            failures.incrementAndGet();
            failure.complete(e);
        });
    }

    @Test
    void framesOfManyThreadsStayWholeAndInEachThreadsOrder() throws Exception {
        int threads = 8;
        int each = 2000;
        try (var peers = Peers.open()) {
            var writer = writer(peers.ours(), LONG);
            List<Thread> senders = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int thread = t;
                senders.add(Heddle.shared().ofVirtual().start(() -> {
                    for (int i = 0; i < each; i++) {
                        writer.send(packet(thread, i));
                    }
                }));
            }
            var in = new DataInputStream(peers.theirs().getInputStream());
            int[] next = new int[threads];
            for (int i = 0; i < threads * each; i++) {
                int total = in.readInt();
                int thread = in.readByte();
                int number = in.readInt();
                assertThat(number).isEqualTo(next[thread]++);
                assertThat(total).isEqualTo(4 + packet(thread, number).length());
                byte[] rest = in.readNBytes(total - 9);
                for (byte b : rest) {
                    assertThat(b).isEqualTo((byte) thread);
                }
            }
            for (var sender : senders) {
                sender.join();
            }
        }
    }

    private static Packet packet(int thread, int number) {
        int rest = number % 200;
        return new Packet() {
            @Override
            public int length() {
                return 5 + rest;
            }

            @Override
            public void encode(byte[] buffer, int offset) {
                buffer[offset] = (byte) thread;
                for (int i = 0; i < 4; i++) {
                    buffer[offset + 1 + i] = (byte) (number >> (24 - 8 * i));
                }
                Arrays.fill(buffer, offset + 5, offset + 5 + rest, (byte) thread);
            }
        };
    }

    @Test
    void whatWasAddedBeforeAFlushIsOneWriteCall() throws Exception {
        try (var peers = Peers.open()) {
            var writes = new AtomicInteger();
            var writer = writer(counting(peers.ours(), writes), LONG);
            for (int i = 0; i < 1000; i++) {
                writer.add(Bytes.of(10, i));
            }
            writer.flush();
            assertThat(writer.awaitWritten(LONG)).isTrue();
            assertThat(writes).hasValue(1);
            byte[] arrived = peers.theirs().getInputStream().readNBytes(14 * 1000);
            for (int i = 0; i < 1000; i++) {
                assertThat(arrived[14 * i + 3]).isEqualTo((byte) 14);
                assertThat(arrived[14 * i + 4]).isEqualTo((byte) i);
            }
        }
    }

    private static Conn counting(Conn conn, AtomicInteger writes) {
        return (Conn) Proxy.newProxyInstance(
                FrameWriterTest.class.getClassLoader(), new Class<?>[] {Conn.class}, (proxy, method, args) -> {
                    if (method.getName().equals("write")) {
                        writes.incrementAndGet();
                    }
                    try {
                        return method.invoke(conn, args);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    @Test
    void aPeerThatStopsReadingEndsTheWritingAtTheStallLimit() throws Exception {
        try (var peers = Peers.open()) {
            var writer = writer(peers.ours(), SHORT);
            while (!failure.isDone()) {
                writer.awaitRoom();
                writer.send(Bytes.of(10_000, 1));
            }
            assertThat(failure.get()).isInstanceOf(DeadlineExceededException.class);
            assertThat(writer.awaitWritten(LONG)).isFalse();
            writer.send(Bytes.of(10_000, 1)); // dropped: nothing more is written, nobody is told again
            writer.awaitRoom();
            assertThat(failures).hasValue(1);
        }
    }

    @Test
    void roomComesBackWhenThePeerReads() throws Exception {
        try (var peers = Peers.open()) {
            var writer = writer(peers.ours(), LONG);
            var sent = new FutureTask<>(() -> {
                for (int i = 0; i < 2000; i++) {
                    writer.awaitRoom();
                    writer.send(Bytes.of(9996, i));
                }
                return null;
            });
            Heddle.shared().ofVirtual().start(sent);
            // 20 MB fit into no two kernel buffers: the sender must be waiting at some time.
            while (writer.awaitWritten(SHORT)) {
                assertThat(sent.isDone()).isFalse();
            }
            assertThat(peers.theirs().getInputStream().readNBytes(20_000_000)).hasSize(20_000_000);
            sent.get(30, TimeUnit.SECONDS);
            assertThat(writer.awaitWritten(LONG)).isTrue();
        }
    }

    @Test
    void aPeerThatIsGoneIsReportedOnce() throws Exception {
        try (var peers = Peers.open()) {
            var writer = writer(peers.ours(), LONG);
            peers.theirs().close();
            while (!failure.isDone()) {
                writer.send(Bytes.of(9, 1));
                writer.awaitWritten(LONG);
            }
            assertThat(failure.get()).hasMessageStartingWith("write tcp 127.0.0.1:");
            assertThat(failures).hasValue(1);
        }
    }
}
