package heddle.net;

import static heddle.net.Streams.readExactly;
import static heddle.net.Streams.readToEnd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.testing.Task;
import heddle.testing.Ways;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Buffers of an arena, whose memory goes when that is closed. */
@Ways
class ArenaTest {

    private static final int BUFFER_BYTES = 1_000;

    /** More than a connection on loopback holds. */
    private static final int BUFFERS = 10_000;

    private ConnPair pair;

    @BeforeEach
    void connect() throws Exception {
        pair = ConnPair.tcp();
    }

    @AfterEach
    void disconnect() throws Exception {
        pair.close();
    }

    private static ByteBuffer buffer(Arena arena, byte[] content) {
        return arena.allocate(content.length).asByteBuffer().put(content).flip();
    }

    private static ByteBuffer[] buffers(Arena arena, byte[] content) {
        ByteBuffer all = buffer(arena, content);
        var buffers = new ByteBuffer[BUFFERS];
        Arrays.setAll(buffers, i -> all.slice(i * BUFFER_BYTES, BUFFER_BYTES));
        return buffers;
    }

    /**
     * Many small buffers, which go by writev(2) elsewhere: the kernel must not read what may be somebody else's by
     * then.
     */
    @Test
    void closedArenaEndsAGatheringWriteThatWaits() throws Exception {
        byte[] content = Streams.random(BUFFERS * BUFFER_BYTES, 1);
        Task<Long> writer;
        try (Arena arena = Arena.ofShared()) {
            ByteBuffer[] buffers = buffers(arena, content);
            writer = Task.start(() -> pair.left().write(buffers));
            Parked.awaitWriter(pair.left());
        }
        Task<byte[]> reader = Task.start(() -> readToEnd(pair.right()));
        writer.failure(IllegalStateException.class);
        pair.left().close();
        byte[] got = reader.result();
        assertThat(got.length).isBetween(1, content.length - 1);
        assertThat(content).startsWith(got);
    }

    @Test
    void arenasBuffersArriveInTheirOrder() throws Exception {
        byte[] content = Streams.random(BUFFERS * BUFFER_BYTES, 2);
        try (Arena arena = Arena.ofShared()) {
            Task<byte[]> reader = Task.start(() -> readToEnd(pair.right()));
            assertThat(pair.left().write(buffers(arena, content))).isEqualTo(content.length);
            pair.left().close();
            assertThat(reader.result()).isEqualTo(content);
        }
    }

    private static ByteBuffer closed() {
        try (Arena arena = Arena.ofShared()) {
            return buffer(arena, new byte[10]);
        }
    }

    @Test
    void closedArenasBufferIsTheCallersMistakeAndEndsNothingElse() throws Exception {
        ByteBuffer[] some = {ByteBuffer.allocateDirect(1), closed(), ByteBuffer.allocateDirect(1)};
        assertThrows(IllegalStateException.class, () -> pair.left().write(closed()));
        assertThrows(IllegalStateException.class, () -> pair.left().write(some));
        assertThat(pair.left().write(new byte[1])).isEqualTo(1);
    }

    /**
     * After a short read the refused one has waited for the edge of what came since: the next must not wait for
     * another.
     */
    @Test
    void readThatTheMemoryRefusesLeavesTheBytesForTheNext() throws Exception {
        pair.left().setReadDeadline(Streams.inMillis(30_000));
        pair.right().write(new byte[] {6});
        assertThat(pair.left().read(new byte[10])).as("a short read").isEqualTo(1);
        pair.right().write(new byte[] {7});
        assertThrows(IllegalStateException.class, () -> pair.left().read(closed()));
        assertThat(readExactly(pair.left(), 1)).containsExactly(7);
        pair.right().write(new byte[] {8});
        pair.left().awaitReadable(Deadline.NONE);
        assertThrows(IllegalStateException.class, () -> pair.left().read(closed()));
        assertThat(readExactly(pair.left(), 1)).containsExactly(8);
    }

    @Test
    void bufferOfAnotherThreadsArenaIsTheCallersMistake() throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            ByteBuffer own = buffer(arena, new byte[10]);
            pair.right().write(new byte[5]);
            for (ByteBuffer[] buffers : new ByteBuffer[][] {{own}, {own, own}}) {
                Task.start(() -> pair.left().write(buffers)).failure(WrongThreadException.class);
                Task.start(() -> pair.left().read(buffers)).failure(WrongThreadException.class);
            }
            assertThat(pair.left().write(own.duplicate())).isEqualTo(10);
            assertThat(pair.left().read(own)).isEqualTo(5);
        }
    }
}
