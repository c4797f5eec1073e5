package heddle.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.net.ConnClosedException;
import heddle.net.Deadline;
import heddle.net.DeadlineExceededException;
import heddle.net.Heddle;
import heddle.testing.Await;
import heddle.time.ManualClock;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class FrameReaderTest {
    private static final FrameLimits LIMITS = new FrameLimits(13, 1 << 20);
    private static final Duration LONG = Duration.ofMinutes(1);
    private static final Duration SHORT = Duration.ofMillis(100);

    private static FrameReader reader(Peers peers) {
        return new FrameReader(peers.ours(), LIMITS, LONG, LONG);
    }

    @Test
    void aFrameMayArriveOneByteAtATime() throws Exception {
        try (var peers = Peers.open()) {
            var reader = reader(peers);
            byte[] frame = Bytes.of(20, 7).frame();
            var sender = Thread.startVirtualThread(() -> {
                try {
                    for (byte b : frame) {
                        peers.send(new byte[] {b});
                    }
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            });
            assertThat(reader.next()).isTrue();
            assertThat(Bytes.packet(reader)).isEqualTo(Bytes.of(20, 7).bytes());
            sender.join();
        }
    }

    @Test
    void aThousandFramesMayArriveInOneSegment() throws Exception {
        try (var peers = Peers.open()) {
            var reader = reader(peers);
            var all = new ByteArrayOutputStream();
            for (int i = 0; i < 1000; i++) {
                all.write(Bytes.of(9 + i % 10, i).frame());
            }
            peers.send(all.toByteArray());
            for (int i = 0; i < 1000; i++) {
                assertThat(reader.next()).isTrue();
                assertThat(Bytes.packet(reader))
                        .isEqualTo(Bytes.of(9 + i % 10, i).bytes());
            }
        }
    }

    @Test
    void theLargestFramePassesAndOneByteMoreDoesNot() throws Exception {
        try (var peers = Peers.open()) {
            var reader = reader(peers);
            var largest = Bytes.of((1 << 20) - 4, 5);
            var sent = new FutureTask<>(() -> {
                peers.send(largest.frame());
                peers.send(ByteBuffer.allocate(4).putInt((1 << 20) + 1).array());
                return null;
            });
            Thread.startVirtualThread(sent);
            assertThat(reader.next()).isTrue();
            assertThat(Bytes.packet(reader)).isEqualTo(largest.bytes());
            sent.get();
            var e = assertThrows(FrameException.class, reader::next);
            assertThat(e.kind()).isEqualTo(FrameException.Kind.TOO_LONG);
            assertThat(e).hasMessage("frame of 1048577 bytes, the largest is 1048576");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4, 12})
    void aLengthBelowTheSmallestFrameIsRejected(int total) throws Exception {
        try (var peers = Peers.open()) {
            peers.send(ByteBuffer.allocate(4).putInt(total).array());
            var e = assertThrows(FrameException.class, reader(peers)::next);
            assertThat(e.kind()).isEqualTo(FrameException.Kind.TOO_SHORT);
        }
    }

    @Test
    void theLengthIsUnsignedAndTheLimitIsCheckedBeforeAnythingIsAllocated() throws Exception {
        try (var peers = Peers.open()) {
            var reader = reader(peers);
            peers.send(ByteBuffer.allocate(4).putInt(-1).array());
            assertThatThrownBy(reader::next)
                    .isInstanceOf(FrameException.class)
                    .hasMessage("frame of 4294967295 bytes, the largest is 1048576");
            assertThat(reader.buffer()).hasSize(256);
        }
    }

    /** Whoever claims a large frame must send it before it costs us memory. */
    @Test
    void theBufferGrowsWithWhatArrivesNotWithWhatIsClaimed() throws Exception {
        try (var peers = Peers.open()) {
            var reader = new FrameReader(peers.ours(), LIMITS, LONG, SHORT);
            peers.send(ByteBuffer.allocate(300).putInt(1 << 20).array());
            assertThrows(DeadlineExceededException.class, reader::next);
            assertThat(reader.buffer().length).isBetween(300, 4 * 300);
        }
    }

    @Test
    void theEndOfTheStreamBetweenFramesIsNoError() throws Exception {
        try (var peers = Peers.open()) {
            var reader = reader(peers);
            peers.send(Bytes.of(9, 1).frame());
            peers.theirs().shutdownOutput();
            assertThat(reader.next()).isTrue();
            assertThat(reader.next()).isFalse();
            assertThat(reader.next()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 5, 12})
    void theEndOfTheStreamWithinAFrameIsAnError(int sent) throws Exception {
        try (var peers = Peers.open()) {
            peers.send(Bytes.of(9, 1).frame(), 0, sent);
            peers.theirs().shutdownOutput();
            var e = assertThrows(FrameException.class, reader(peers)::next);
            assertThat(e.kind()).isEqualTo(FrameException.Kind.TRUNCATED);
            assertThat(e).hasMessage("end of stream " + sent + " bytes into a frame");
        }
    }

    @Test
    void silenceBetweenFramesEndsAtTheIdleDeadlineAndNothingIsLost() throws Exception {
        try (var peers = Peers.open()) {
            var reader = new FrameReader(peers.ours(), LIMITS, SHORT, LONG);
            assertThrows(DeadlineExceededException.class, reader::next);
            assertThat(reader.midFrame()).isFalse();
            peers.send(Bytes.of(9, 1).frame());
            assertThat(reader.next()).isTrue();
        }
    }

    @Test
    void silenceWithinAFrameEndsAtTheStallDeadlineAndNothingIsLost() throws Exception {
        try (var peers = Peers.open()) {
            var reader = new FrameReader(peers.ours(), LIMITS, LONG, SHORT);
            byte[] frame = Bytes.of(20, 1).frame();
            peers.send(frame, 0, 10);
            assertThrows(DeadlineExceededException.class, reader::next);
            assertThat(reader.midFrame()).isTrue();
            peers.send(frame, 10, 14);
            assertThat(reader.next()).isTrue();
            assertThat(Bytes.packet(reader)).isEqualTo(Bytes.of(20, 1).bytes());
        }
    }

    @Test
    void anInstantOfTheOwnersChoiceEndsTheWaitWhateverArrives() throws Exception {
        try (var peers = Peers.open()) {
            var reader = reader(peers);
            reader.setDeadline(Deadline.after(SHORT));
            assertThrows(DeadlineExceededException.class, reader::next);
            peers.send(Bytes.of(9, 1).frame());
            assertThrows(DeadlineExceededException.class, reader::next);
            reader.setDeadline(Deadline.NONE);
            assertThat(reader.next()).isTrue();
        }
    }

    @Test
    void aSilentConnectionGivesItsBufferBack() throws Exception {
        var clock = new ManualClock();
        try (Heddle heddle = Heddle.builder().clock(clock).start();
                var peers = Peers.open(heddle)) {
            var reader = reader(peers);
            var large = Bytes.of(200_000, 1);
            var sent = new FutureTask<>(() -> {
                peers.send(large.frame());
                return null;
            });
            Thread.startVirtualThread(sent);
            assertThat(reader.next()).isTrue();
            sent.get();
            assertThat(reader.buffer().length).isGreaterThan(200_000);

            var next = new FutureTask<>(reader::next);
            Heddle.shared().ofVirtual().start(next);
            Await.until("a small buffer", () -> {
                clock.advance(Duration.ofSeconds(1));
                return reader.buffer().length <= 256;
            });
            peers.send(Bytes.of(9, 2).frame());
            assertThat(next.get()).isTrue();
            assertThat(Bytes.packet(reader)).isEqualTo(Bytes.of(9, 2).bytes());
        }
    }

    @Test
    void stopGivesWhatWasReadAndThenTheEnd() throws Exception {
        try (var peers = Peers.open()) {
            var reader = reader(peers);
            var two = ByteBuffer.allocate(40);
            two.put(Bytes.of(9, 1).frame())
                    .put(Bytes.of(9, 2).frame())
                    .put(Bytes.of(9, 3).frame(), 0, 5);
            peers.send(two.array(), 0, two.position());
            assertThat(reader.next()).isTrue();
            while (!reader.ready()) { // a segment may have been cut
                assertThat(reader.next()).isTrue();
            }
            reader.stop();
            assertThat(reader.next()).isTrue();
            assertThat(Bytes.packet(reader)).isEqualTo(Bytes.of(9, 2).bytes());
            assertThat(reader.next()).isFalse();
            assertThat(reader.next()).isFalse();
        }
    }

    /** The reader sets its own deadline before each read: it must not push the stop's away. */
    @RepeatedTest(20)
    void stopEndsAWaitWheneverItComes() throws Exception {
        try (var peers = Peers.open()) {
            var reader = reader(peers);
            var next = new FutureTask<>(reader::next);
            Heddle.shared().ofVirtual().start(next);
            if (new Random().nextBoolean()) {
                // Real time: the stop shall come at any moment.
                Thread.sleep(0, new Random().nextInt(200_000));
            }
            reader.stop();
            assertThat(next.get()).isFalse();
        }
    }

    @Test
    void closeEndsAWaitWithItsOwnError() throws Exception {
        try (var peers = Peers.open()) {
            var reader = reader(peers);
            var next = new FutureTask<>(reader::next);
            Heddle.shared().ofVirtual().start(next);
            peers.ours().close();
            assertThatThrownBy(next::get).hasCauseInstanceOf(ConnClosedException.class);
        }
    }

    @Test
    void anyFramesInAnyPiecesComeOutAsTheyWentIn() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        List<byte[]> packets = new ArrayList<>();
        var all = new ByteArrayOutputStream();
        for (int i = 0; i < 500; i++) {
            int length = 9 + (int) Math.pow(2, random.nextDouble() * 17);
            var packet = Bytes.of(length, i);
            packets.add(packet.bytes());
            all.write(packet.frame());
        }
        byte[] stream = all.toByteArray();
        try (var peers = Peers.open()) {
            var reader = reader(peers);
            var sent = new FutureTask<>(() -> {
                for (int at = 0; at < stream.length; ) {
                    int length = (int) Math.pow(2, random.nextDouble() * 17);
                    int n = Math.min(length, stream.length - at);
                    peers.send(stream, at, n);
                    at += n;
                }
                peers.theirs().shutdownOutput();
                return null;
            });
            Thread.startVirtualThread(sent);
            for (byte[] packet : packets) {
                assertThat(reader.next()).as("seed %d", seed).isTrue();
                assertThat(Arrays.equals(Bytes.packet(reader), packet))
                        .as("seed %d", seed)
                        .isTrue();
            }
            assertThat(reader.next()).isFalse();
            sent.get();
        }
    }
}
