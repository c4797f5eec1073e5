package heddle.net;

import static heddle.net.Streams.inMillis;
import static heddle.net.Streams.random;
import static heddle.net.Streams.readExactly;
import static heddle.net.Streams.readToEnd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.testing.Behaviour;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** All the kinds of memory that bytes come from and go to. */
@Ways
class BufferTest {

    private ConnPair pair;
    private Conn left;
    private Conn right;

    @BeforeEach
    void connect() throws Exception {
        pair = ConnPair.tcp();
        left = pair.left();
        right = pair.right();
    }

    @AfterEach
    void close() throws IOException {
        pair.close();
    }

    @Test
    void partsOfArrays() throws Exception {
        byte[] sent = random(100, 1);
        assertThat(left.write(sent, 10, 50)).isEqualTo(50);
        byte[] got = new byte[100];
        assertThat(right.read(got, 20, 60)).isEqualTo(50);
        assertThat(Arrays.copyOfRange(got, 20, 70)).isEqualTo(Arrays.copyOfRange(sent, 10, 60));
        assertThat(Arrays.copyOf(got, 20)).as("in front").isEqualTo(new byte[20]);
        assertThat(Arrays.copyOfRange(got, 70, 100)).as("behind").isEqualTo(new byte[30]);
    }

    @Test
    void partOutsideTheArrayIsRefusedAndNothingMoves() throws Exception {
        byte[] array = new byte[10];
        for (int[] part : new int[][] {{-1, 5}, {0, 11}, {6, 5}, {0, -1}, {11, 0}, {5, Integer.MAX_VALUE}}) {
            assertThrows(IndexOutOfBoundsException.class, () -> left.write(array, part[0], part[1]));
            assertThrows(IndexOutOfBoundsException.class, () -> left.read(array, part[0], part[1]));
        }
        Streams.checkUsable(pair);
    }

    @Test
    void buffersOfAllKinds() throws Exception {
        byte[] content = random(64, 2);
        ByteBuffer directWhole = ByteBuffer.allocateDirect(64).put(content).flip();
        ByteBuffer array = ByteBuffer.wrap(content);
        ByteBuffer slice = ByteBuffer.wrap(new byte[100]).put(17, content).slice(17, 64);
        for (ByteBuffer source : List.of(
                array.duplicate(),
                array.asReadOnlyBuffer(),
                slice,
                slice.asReadOnlyBuffer(),
                directWhole.duplicate(),
                directWhole.asReadOnlyBuffer(),
                ByteBuffer.allocateDirect(80).put(9, content).slice(9, 64))) {
            for (ByteBuffer target : List.of(
                    ByteBuffer.allocate(70),
                    ByteBuffer.allocate(80).position(5),
                    ByteBuffer.allocate(80).slice(3, 70),
                    ByteBuffer.allocateDirect(70),
                    ByteBuffer.allocateDirect(80).position(5).slice())) {
                int start = target.position();
                assertThat(left.write(source.duplicate())).isEqualTo(64);
                assertThat(right.read(target)).as("%s to %s", source, target).isEqualTo(64);
                assertThat(target.position()).isEqualTo(start + 64);
                byte[] got = new byte[64];
                target.get(start, got);
                assertThat(got).as("%s to %s", source, target).isEqualTo(content);
            }
        }
    }

    @Test
    void limitBoundsBothDirections() throws Exception {
        ByteBuffer source = ByteBuffer.allocateDirect(10).put(new byte[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
        source.position(2).limit(7);
        assertThat(left.write(source)).isEqualTo(5);
        assertThat(source.position()).isEqualTo(7);
        ByteBuffer target = ByteBuffer.allocate(10).position(1).limit(4);
        assertThat(right.read(target)).isEqualTo(3);
        assertThat(target.remaining()).isZero();
        assertThat(right.read(target)).as("no room").isZero();
        assertThat(target.array()).startsWith(0, 2, 3, 4, 0);
        assertThat(readExactly(right, 2)).containsExactly(5, 6);
    }

    @Test
    void readIntoAReadOnlyBufferIsRefused() {
        ByteBuffer readOnly = ByteBuffer.allocate(10).asReadOnlyBuffer();
        assertThrows(IllegalArgumentException.class, () -> left.read(readOnly));
        assertThrows(
                IllegalArgumentException.class, () -> left.read(new ByteBuffer[] {ByteBuffer.allocate(1), readOnly}));
    }

    @Test
    void callsOfNothing() throws Exception {
        assertThat(left.write(new byte[0])).isZero();
        assertThat(left.write(ByteBuffer.allocate(0))).isZero();
        assertThat(left.write(new ByteBuffer[0])).isZero();
        assertThat(left.write(new ByteBuffer[] {ByteBuffer.allocate(0)})).isZero();
        assertThat(left.read(ByteBuffer.allocateDirect(0))).isZero();
        assertThat(left.read(new ByteBuffer[0])).isZero();
        assertThat(left.read(new ByteBuffer[] {ByteBuffer.allocate(0)})).isZero();
        left.close();
        assertThat(right.read(new byte[1])).as("nothing was sent").isEqualTo(-1);
    }

    @Test
    @Behaviour(100)
    void scatteringReadFillsTheBuffersInTheirOrder() throws Exception {
        byte[] sent = random(100, 3);
        left.write(sent);
        left.close();
        ByteBuffer[] targets = {
            ByteBuffer.allocate(7), ByteBuffer.allocateDirect(11), ByteBuffer.allocate(0),
            ByteBuffer.allocateDirect(13), ByteBuffer.allocateDirect(17), ByteBuffer.allocate(19)
        };
        var got = new ByteArrayOutputStream();
        for (long n; (n = right.read(targets)) > 0; ) {
            long taken = 0;
            for (ByteBuffer target : targets) {
                target.flip();
                taken += target.remaining();
                while (target.hasRemaining()) {
                    got.write(target.get());
                }
                target.clear();
            }
            assertThat(taken).isEqualTo(n);
        }
        assertThat(got.toByteArray()).isEqualTo(sent);
        assertThat(right.read(targets)).isEqualTo(-1);
    }

    @Test
    void scatteringReadDoesNotWaitToFill() throws Exception {
        left.write(new byte[] {1, 2, 3});
        ByteBuffer[] targets = {ByteBuffer.allocate(2), ByteBuffer.allocate(2), ByteBuffer.allocate(2)};
        assertThat(right.read(targets)).isEqualTo(3);
        assertThat(targets[1].position()).isEqualTo(1);
        assertThat(targets[2].position()).isZero();
    }

    @Test
    void partOfTheBuffersOnly() throws Exception {
        ByteBuffer[] sources = {
            ByteBuffer.wrap(new byte[] {1}), ByteBuffer.wrap(new byte[] {2}), ByteBuffer.wrap(new byte[] {3})
        };
        assertThat(left.write(sources, 1, 1)).isEqualTo(1);
        assertThat(sources[0].position()).isZero();
        assertThat(sources[2].position()).isZero();
        assertThat(readExactly(right, 1)).containsExactly(2);
        assertThrows(IndexOutOfBoundsException.class, () -> left.write(sources, 2, 2));
        assertThrows(IndexOutOfBoundsException.class, () -> left.read(sources, -1, 2));
    }

    /**
     * All of it has arrived, and the second buffer is larger than one system call takes: that call returns less than
     * the buffer has room for, which does not mean that the socket is empty.
     */
    @Test
    void largeBufferInAScatteringReadIsNotTakenForADrainedSocket() throws Exception {
        pair.rightTcp().setReadBuffer(2 << 20);
        byte[] sent = random(400_000, 4);
        for (int round = 0; round < 10; round++) {
            Task<Integer> registered = Task.start(() -> right.read(new byte[1]));
            Parked.await(registered.thread());
            left.write(new byte[1]);
            registered.result();

            left.write(sent);
            right.setReadDeadline(inMillis(10_000)); // the next read has data, if it only looks
            var got = new ByteArrayOutputStream();
            while (got.size() < sent.length) {
                ByteBuffer[] targets = {ByteBuffer.allocate(10), ByteBuffer.allocate(100_000)};
                right.read(targets);
                for (ByteBuffer target : targets) {
                    byte[] taken = new byte[target.flip().remaining()];
                    target.get(taken);
                    got.writeBytes(taken);
                }
            }
            assertThat(got.toByteArray()).isEqualTo(sent);
            right.setReadDeadline(Deadline.NONE);
        }
    }

    @ParameterizedTest
    @Behaviour(102)
    @ValueSource(ints = {0, 1, 10, 1_023, 1_024, 1_025, 2_049})
    void gatheringWriteOfManyBuffers(int count) throws Exception {
        for (int kind = 0; kind < 3; kind++) {
            var sources = new ByteBuffer[count];
            var expected = new ByteArrayOutputStream();
            for (int i = 0; i < count; i++) {
                byte[] content = random(i % 5, i);
                expected.writeBytes(content);
                boolean direct = kind == 0 || (kind == 1 && i % 3 == 0);
                sources[i] = direct
                        ? ByteBuffer.allocateDirect(content.length).put(content).flip()
                        : ByteBuffer.wrap(content);
            }
            assertThat(left.write(sources)).isEqualTo(expected.size());
            assertThat(sources).noneMatch(ByteBuffer::hasRemaining);
            assertThat(readExactly(right, expected.size())).isEqualTo(expected.toByteArray());
        }
    }

    @Test
    @Behaviour(101)
    void gatheringWriteOfRandomBuffersArrivesInOrder() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        for (int round = 0; round < 50; round++) {
            List<ByteBuffer> sources = new ArrayList<>();
            var expected = new ByteArrayOutputStream();
            for (int i = random.nextInt(12); i >= 0; i--) {
                byte[] content = random(random.nextInt(random.nextInt(4) == 0 ? 150_000 : 3_000), i);
                int skipped = random.nextInt(content.length + 1);
                ByteBuffer source = random.nextBoolean()
                        ? ByteBuffer.wrap(content)
                        : ByteBuffer.allocateDirect(content.length).put(content).flip();
                sources.add(source.position(skipped));
                expected.write(content, skipped, content.length - skipped);
            }
            Task<byte[]> reader = Task.start(() -> readExactly(right, expected.size()));
            long written = left.write(sources.toArray(ByteBuffer[]::new));
            assertThat(written).as("seed %d", seed).isEqualTo(expected.size());
            assertThat(reader.result()).as("seed %d", seed).isEqualTo(expected.toByteArray());
        }
    }

    @Test
    @Behaviour(101)
    void timedOutGatheringWriteMovesThePositionsByWhatThePeerGets() throws Exception {
        byte[] all = random(3 << 20, 5);
        ByteBuffer direct =
                ByteBuffer.allocateDirect(1 << 20).put(all, 1 << 20, 1 << 20).flip();
        ByteBuffer[] sources = {ByteBuffer.wrap(all, 0, 1 << 20), direct, ByteBuffer.wrap(all, 2 << 20, 1 << 20)};
        pair.leftTcp().setWriteBuffer(20_000);
        pair.rightTcp().setReadBuffer(20_000);
        left.setWriteDeadline(inMillis(20));
        var e = assertThrows(DeadlineExceededException.class, () -> left.write(sources));
        long unsent = 0;
        for (ByteBuffer source : sources) {
            unsent += source.remaining();
        }
        assertThat(e.bytesTransferred()).isEqualTo(all.length - unsent);
        left.setWriteDeadline(Deadline.NONE);
        Task<byte[]> reader = Task.start(() -> readToEnd(right));
        left.write(sources);
        left.close();
        assertThat(reader.result()).isEqualTo(all);
    }

    @Test
    @Behaviour(103)
    void gatheringWriteToAClosedPeerFails() throws Exception {
        right.close();
        ByteBuffer mebibyte = ByteBuffer.allocateDirect(1 << 20);
        var e = assertThrows(ConnResetException.class, () -> {
            for (int i = 0; i < 1_024; i++) {
                left.write(new ByteBuffer[] {mebibyte.duplicate(), mebibyte.duplicate()});
            }
        });
        assertThat(e)
                .hasMessageStartingWith("write tcp ")
                .message()
                .containsAnyOf(": writev: broken pipe", ": writev: connection reset by peer");
    }

    @Test
    void largeArraysArriveWhole() throws Exception {
        byte[] sent = random(5 << 20, 6);
        Task<Integer> writer = Task.start(() -> left.write(sent));
        assertThat(readExactly(right, sent.length)).isEqualTo(sent);
        assertThat(writer.result()).isEqualTo(sent.length);
    }

    @Test
    void streamsAreViewsOfTheConnection() throws Exception {
        try (var in = right.inputStream()) {
            try (var out = left.outputStream()) {
                out.write(200);
                out.write(new byte[] {1, 2, 3}, 1, 2);
                out.flush();
            }
            assertThat(left.isOpen()).as("closed with its stream").isFalse();
            assertThat(in.read()).isEqualTo(200);
            assertThat(in.readNBytes(2)).containsExactly(2, 3);
            assertThat(in.read(new byte[0])).isZero();
            assertThat(in.read()).isEqualTo(-1);
            assertThat(in.read(new byte[4])).isEqualTo(-1);
        }
        assertThat(right.isOpen()).isFalse();
    }
}
