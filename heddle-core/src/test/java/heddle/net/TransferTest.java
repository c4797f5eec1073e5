package heddle.net;

import static heddle.net.Streams.random;
import static heddle.net.Streams.readExactly;
import static heddle.net.Streams.readFully;
import static heddle.net.Streams.readToEnd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.testing.Behaviour;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.Pipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A connection where the JDK wants a channel or a stream: files, pipes and other connections as sources and targets.
 */
@Ways
class TransferTest {

    /** Go's own size. */
    private static final int FILE_BYTES = 567_198;

    /** As in SoakTest: the long tier has minutes. */
    static final boolean SOAK = Long.getLong("test.soak.seconds", 3) >= 60;

    @TempDir
    private Path directory;

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

    private FileChannel file(byte[] content) throws IOException {
        Path path = directory.resolve("source");
        Files.write(path, content);
        return FileChannel.open(path, StandardOpenOption.READ);
    }

    @Test
    @Behaviour(104)
    void wholeFileArrives() throws Exception {
        byte[] content = random(FILE_BYTES, 1);
        Task<byte[]> reader = Task.start(() -> readToEnd(right));
        try (FileChannel source = file(content)) {
            assertThat(source.transferTo(0, Long.MAX_VALUE, left)).isEqualTo(FILE_BYTES);
        }
        left.close();
        assertThat(Arrays.equals(reader.result(), content)).isTrue();
    }

    @Test
    @Behaviour({105, 106})
    void limitAtTheFilesEndAndBeyondItSendsTheFile() throws Exception {
        byte[] content = random(5_000, 2);
        try (FileChannel source = file(content)) {
            for (long limit : new long[] {5_000, 5_001, 1_000_000}) {
                assertThat(source.transferTo(0, limit, left)).isEqualTo(5_000);
                assertThat(readExactly(right, 5_000)).isEqualTo(content);
            }
            assertThat(source.transferTo(5_000, 10, left)).as("at the end").isZero();
        }
    }

    @Test
    @Behaviour(107)
    void partBeyondTwoGibibytesArrives() throws Exception {
        byte[] content = random(10_000, 3);
        Path path = directory.resolve("sparse");
        try (FileChannel sparse = FileChannel.open(
                path,
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.SPARSE,
                StandardOpenOption.WRITE,
                StandardOpenOption.READ)) {
            sparse.write(ByteBuffer.wrap(content), 1L << 31);
            assertThat(sparse.transferTo(1L << 31, 1L << 31, left)).isEqualTo(content.length);
            assertThat(readExactly(right, content.length)).isEqualTo(content);
        }
    }

    @Test
    @Behaviour({108, 109})
    void partsFollowEachOtherFromWhereTheFileStands() throws Exception {
        byte[] content = random(100_000, 4);
        try (FileChannel source = file(content)) {
            source.position(65_000);
            InputStream in = Channels.newInputStream(source);
            OutputStream out = left.outputStream();
            for (int part = 0; part < 3; part++) {
                out.write(in.readNBytes(3));
            }
            assertThat(readExactly(right, 9)).isEqualTo(Arrays.copyOfRange(content, 65_000, 65_009));
            assertThat(source.transferTo(source.position(), 10_000, left)).isEqualTo(10_000);
            assertThat(readExactly(right, 10_000)).isEqualTo(Arrays.copyOfRange(content, 65_009, 75_009));
            assertThat(source.position()).as("transferTo leaves it").isEqualTo(65_009);
        }
    }

    @Test
    @Behaviour({97, 110})
    void pipesBytesArriveAsTheyComeAndThePipeStaysAsItWas() throws Exception {
        Pipe pipe = Pipe.open();
        try (Pipe.SourceChannel source = pipe.source()) {
            Task<Long> copy = Task.start(() -> {
                long n = Channels.newInputStream(source).transferTo(left.outputStream());
                left.close();
                return n;
            });
            try (Pipe.SinkChannel sink = pipe.sink()) {
                for (byte b = 1; b <= 2; b++) {
                    sink.write(ByteBuffer.wrap(new byte[] {b}));
                    assertThat(readExactly(right, 1)).containsExactly(b);
                }
            }
            assertThat(right.read(new byte[1])).isEqualTo(-1);
            assertThat(copy.result()).isEqualTo(2);
            assertThat(source.isBlocking()).isTrue();
        }
    }

    @Test
    @Behaviour(111)
    void passedWriteDeadlineSendsNothingOfAFile() throws Exception {
        byte[] content = random(5_000, 5);
        try (FileChannel source = file(content)) {
            left.setWriteDeadline(Deadline.PAST);
            var e = assertThrows(DeadlineExceededException.class, () -> source.transferTo(0, content.length, left));
            assertThat(e.bytesTransferred()).isZero();
            left.setWriteDeadline(Deadline.NONE);
            left.write(new byte[] {7});
            left.close();
            assertThat(readToEnd(right)).containsExactly(7);
        }
    }

    @ParameterizedTest
    @CsvSource({"tcp, tcp", "unix, tcp", "tcp, unix"})
    @Behaviour({113, 114})
    void relayOfManySmallWritesLosesNothing(String from, String to) throws Exception {
        relay(from, to, 4 << 10, 256);
    }

    /** Go's GiB in the soak tier. */
    @ParameterizedTest
    @CsvSource({"tcp, tcp", "unix, tcp", "tcp, unix"})
    @Behaviour({113, 115})
    void relayOfLargeWritesLosesNothing(String from, String to) throws Exception {
        relay(from, to, 5 << 20, SOAK ? 205 : 3);
    }

    /**
     * Writes {@code count} times the same to a connection, whose other end goes to another, whose other end is
     * compared.
     */
    private static void relay(String from, String to, int chunkBytes, int count) throws Exception {
        byte[] chunk = random(chunkBytes, 6);
        try (var source = ConnPair.of(from);
                var onward = ConnPair.of(to)) {
            Task<Void> writer = Task.run(() -> {
                for (int i = 0; i < count; i++) {
                    source.left().write(chunk);
                }
                source.left().close();
            });
            Task<Long> relay = relay((SocketConn) source.right(), onward.leftSocket());
            byte[] got = new byte[chunkBytes];
            for (int i = 0; i < count; i++) {
                assertThat(readFully(onward.right(), got)).isTrue();
                assertThat(Arrays.equals(got, chunk)).as("chunk %d", i).isTrue();
            }
            assertThat(onward.right().read(got)).isEqualTo(-1);
            writer.result();
            assertThat(relay.result()).isEqualTo((long) chunkBytes * count);
        }
    }

    /** One call that writes more than 32 bits can count, from direct buffers; in the quick tier a scaled-down one. */
    @Test
    @Behaviour(94)
    void gatheringWriteCountsAllItsBytes() throws Exception {
        int count = SOAK ? 81 : 2;
        ByteBuffer block = ByteBuffer.allocateDirect(64 << 20);
        for (int i = 0; i < block.capacity(); i += 8) {
            block.putLong(i, i * 0x9E3779B97F4A7C15L);
        }
        ByteBuffer[] buffers = new ByteBuffer[count];
        Arrays.setAll(buffers, _ -> block.duplicate());
        Task<Long> writer = Task.start(() -> {
            long n = left.write(buffers);
            left.close();
            return n;
        });
        ByteBuffer got = ByteBuffer.allocateDirect(1 << 20);
        long total = 0;
        while (right.read(got) >= 0) {
            got.flip();
            int at = (int) (total % block.capacity());
            int fits = Math.min(got.remaining(), block.capacity() - at);
            assertThat(got.slice(0, fits)).isEqualTo(block.slice(at, fits));
            total += fits;
            got.position(fits);
            got.compact();
        }
        assertThat(got.position()).isZero();
        assertThat(total).isEqualTo((long) count * block.capacity());
        assertThat(writer.result()).isEqualTo(total);
        assertThat(buffers).noneMatch(ByteBuffer::hasRemaining);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "unix"})
    @Behaviour(113)
    void connectionsBytesGoToAFile(String network) throws Exception {
        byte[] content = random(FILE_BYTES, 7);
        Path target = directory.resolve("target");
        try (var source = ConnPair.of(network);
                FileChannel file = FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            Task<Void> writer = Task.run(() -> {
                source.left().write(content);
                source.left().close();
            });
            assertThat(file.transferFrom(source.right(), 0, Long.MAX_VALUE)).isEqualTo(FILE_BYTES);
            writer.result();
        }
        assertThat(Arrays.equals(Files.readAllBytes(target), content)).isTrue();
    }

    @Test
    @Behaviour({116, 117, 118, 119})
    void limitLeavesTheRestInTheConnection() throws Exception {
        try (FileChannel file = FileChannel.open(
                directory.resolve("target"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            assertThat(file.transferFrom(right, 0, 0)).as("no limit, no read").isZero();
            byte[] content = random(20_000, 8);
            left.write(content);
            pair.leftTcp().closeWrite();
            assertThat(file.transferFrom(right, 0, 12_345)).isEqualTo(12_345);
            assertThat(readExactly(right, 10)).isEqualTo(Arrays.copyOfRange(content, 12_345, 12_355));
            assertThat(file.transferFrom(right, 12_345, 1_000_000)).isEqualTo(20_000 - 12_355);
            assertThat(file.transferFrom(right, 20_000, 10)).as("at the end").isZero();
        }
    }

    /** Each direction is a thread that copies, and tells its target of the end. */
    @Test
    @Behaviour(120)
    void twoWayRelayEndsWhenOneSideDoes() throws Exception {
        try (var onward = ConnPair.tcp()) {
            Task<Long> there = relay(pair.rightTcp(), onward.leftTcp());
            Task<Long> back = relay(onward.leftTcp(), pair.rightTcp());
            left.write(new byte[] {1, 2});
            assertThat(readExactly(onward.right(), 2)).containsExactly(1, 2);
            onward.right().write(new byte[] {3});
            onward.right().close();
            assertThat(readToEnd(left)).containsExactly(3);
            assertThat(back.result()).isEqualTo(1);
            left.close();
            assertThat(there.result()).isEqualTo(2);
        }
    }

    private static Task<Long> relay(SocketConn from, SocketConn to) {
        return Task.start(() -> {
            long n = from.inputStream().transferTo(to.outputStream());
            to.closeWrite();
            return n;
        });
    }
}
