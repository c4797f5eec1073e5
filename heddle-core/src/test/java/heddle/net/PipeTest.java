package heddle.net;

import static heddle.net.Streams.readExactly;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.testing.Behaviour;
import heddle.testing.Runtimes;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * {@link Net#pipe}: a write waits until readers have taken all of it, a second close does nothing, closed beats the
 * deadline. {@link PipeConnTest} has what every connection does.
 */
@Ways
class PipeTest {

    private final Conn left;
    private final Conn right;

    PipeTest() {
        Pipe pipe = Runtimes.pipe();
        left = pipe.left();
        right = pipe.right();
    }

    @AfterEach
    void closeBoth() throws IOException {
        left.close();
        right.close();
    }

    /** Nothing is buffered, so what is written after that could never be read. */
    @Test
    void peersWritesFailOnceTheReadingSideIsClosed() throws Exception {
        try (Pipe pipe = Runtimes.pipe()) {
            Task<Integer> parked = Task.start(() -> pipe.right().write(new byte[3]));
            Parked.await(parked.thread());
            pipe.left().closeRead();
            assertThat(parked.failure(ConnResetException.class)).hasMessage("write pipe: write: broken pipe");
            assertThrows(ConnResetException.class, () -> pipe.right().write(new byte[1]));
            assertThat(pipe.left().peerClosed()).isTrue();
        }
    }

    @Test
    @Behaviour(177)
    void writeFeedsManyReadsAndReturnsAfterTheLast() throws Exception {
        Task<Integer> writer = Task.start(() -> left.write(new byte[] {1, 2, 3}));
        assertThat(readExactly(right, 1)).containsExactly(1);
        assertThat(readExactly(right, 1)).containsExactly(2);
        Parked.await(writer.thread());
        assertThat(readExactly(right, 1)).containsExactly(3);
        assertThat(writer.result()).isEqualTo(3);
    }

    @Test
    @Behaviour(177)
    void readTakesNoMoreThanOneWrite() throws Exception {
        List<Task<Integer>> writers =
                List.of(Task.start(() -> left.write(new byte[10])), Task.start(() -> left.write(new byte[10])));
        for (Task<Integer> writer : writers) {
            Parked.await(writer.thread());
        }
        assertThat(right.read(new byte[100])).isEqualTo(10);
        assertThat(right.read(new byte[100])).isEqualTo(10);
        for (Task<Integer> writer : writers) {
            assertThat(writer.result()).isEqualTo(10);
        }
    }

    @Test
    @Behaviour(177)
    void emptyWriteWaitsForAReaderWhoWaitsOnForAByte() throws Exception {
        Task<Integer> empty = Task.start(() -> left.write(new byte[0]));
        Parked.await(empty.thread());
        Task<Integer> reader = Task.start(() -> right.read(new byte[10]));
        assertThat(empty.result()).isZero();
        Parked.await(reader.thread());
        left.write(new byte[2]);
        assertThat(reader.result()).isEqualTo(2);
    }

    @Test
    @Behaviour(177)
    void writersTakeTurns() throws Exception {
        int each = 1000;
        List<Task<Integer>> writers =
                List.of(Task.start(() -> left.write(filled(each, 1))), Task.start(() -> left.write(filled(each, 2))));
        byte[] got = new byte[2 * each];
        for (int at = 0; at < got.length; ) {
            at += right.read(got, at, Math.min(7, got.length - at));
        }
        byte first = got[0];
        assertThat(Arrays.copyOf(got, each)).containsOnly(first);
        assertThat(Arrays.copyOfRange(got, each, 2 * each)).containsOnly(3 - first);
        for (Task<Integer> writer : writers) {
            assertThat(writer.result()).isEqualTo(each);
        }
    }

    private static byte[] filled(int count, int with) {
        byte[] bytes = new byte[count];
        Arrays.fill(bytes, (byte) with);
        return bytes;
    }

    @Test
    @Behaviour(177)
    void gatheredAndScatteredBuffersMoveByWhatWent() throws Exception {
        ByteBuffer[] sources = {
            ByteBuffer.wrap(new byte[] {1, 2}),
            ByteBuffer.allocate(0),
            ByteBuffer.allocateDirect(3).put(new byte[] {3, 4, 5}).flip()
        };
        Task<Long> writer = Task.start(() -> left.write(sources));
        ByteBuffer[] targets = {ByteBuffer.allocateDirect(1), ByteBuffer.allocate(3)};
        assertThat(right.read(targets)).isEqualTo(4);
        assertThat(targets[0].flip().get()).isEqualTo((byte) 1);
        assertThat(targets[1].array()).containsExactly(2, 3, 4);
        left.setWriteDeadline(Deadline.PAST);
        var e = writer.failure(DeadlineExceededException.class);
        assertThat(e.bytesTransferred()).isEqualTo(4);
        assertThat(sources[0].remaining()).isZero();
        assertThat(sources[2].remaining()).isEqualTo(1);
    }

    @Test
    void missingBufferFailsTheWriterAndNotItsReader() throws Exception {
        left.setWriteDeadline(Deadline.PAST); // none waits for the other
        var sources = new ByteBuffer[] {ByteBuffer.allocate(1), null};
        assertThrows(NullPointerException.class, () -> left.write(sources));
        assertThrows(NullPointerException.class, () -> left.write((ByteBuffer) null));
        assertThrows(DeadlineExceededException.class, () -> left.write(sources, 0, 1));
    }

    @Test
    @Behaviour({177, 217})
    void deadlineTellsWhatWasTaken() throws Exception {
        Task<Integer> writer = Task.start(() -> left.write(new byte[10]));
        assertThat(right.read(new byte[4])).isEqualTo(4);
        left.setWriteDeadline(Deadline.PAST);
        var e = writer.failure(DeadlineExceededException.class);
        assertThat(e).hasMessage("write pipe: i/o timeout");
        assertThat(e.bytesTransferred()).isEqualTo(4);
        right.setReadDeadline(Deadline.PAST);
        assertThatThrownBy(() -> right.read(new byte[1])).hasMessage("read pipe: i/o timeout");
        left.setWriteDeadline(Deadline.NONE);
        right.setReadDeadline(Deadline.NONE);
        checkUsable();
    }

    @Test
    @Behaviour(178)
    void localCloseComesBeforeAllElse() throws Exception {
        left.setDeadline(Deadline.PAST);
        left.close();
        left.close();
        right.close();
        assertThat(left.isOpen()).isFalse();
        checkClosed(() -> left.read(new byte[1]));
        checkClosed(() -> left.read(new byte[0]));
        checkClosed(() -> left.write(new byte[1]));
        checkClosed(() -> left.write(new byte[0]));
        checkClosed(() -> left.setReadDeadline(Deadline.NONE));
        checkClosed(() -> left.setWriteDeadline(Deadline.NONE));
        checkClosed(() -> left.setDeadline(Deadline.NONE));
        checkClosed(() -> left.awaitReadable(Deadline.NONE));
        checkClosed(left::peerClosed);
    }

    @Test
    @Behaviour(178)
    void remoteCloseIsTheEndOfStreamToAReaderAndClosedToAWriter() throws Exception {
        left.setDeadline(Deadline.PAST);
        assertThat(left.peerClosed()).isFalse();
        right.close();
        assertThat(left.read(new byte[1])).isEqualTo(-1);
        assertThat(left.read(new byte[1])).as("and again").isEqualTo(-1);
        checkClosed(() -> left.write(new byte[1]));
        checkClosed(() -> left.setReadDeadline(Deadline.NONE));
        checkClosed(() -> left.setWriteDeadline(Deadline.NONE));
        assertThat(left.isOpen()).isTrue();
        assertThat(left.peerClosed()).isTrue();
        left.awaitReadable(Deadline.NONE);
        left.close();
    }

    @Test
    @Behaviour(178)
    void remoteCloseEndsWhoWaits() throws Exception {
        Task<Integer> reader = Task.start(() -> left.read(new byte[1]));
        Task<Integer> writer = Task.start(() -> left.write(new byte[5]));
        assertThat(right.read(new byte[2])).isEqualTo(2);
        Parked.await(reader.thread());
        Parked.await(writer.thread());
        right.close();
        assertThat(reader.result()).isEqualTo(-1);
        var e = writer.failure(ConnClosedException.class);
        assertThat(e).hasMessage("io: read/write on closed pipe");
        assertThat(e.bytesTransferred()).isEqualTo(2);
    }

    private void checkUsable() throws Exception {
        Task<Integer> writer = Task.start(() -> left.write(new byte[] {7}));
        assertThat(readExactly(right, 1)).containsExactly(7);
        writer.result();
    }

    private static void checkClosed(Task.Action call) {
        assertThatThrownBy(call::run)
                .isInstanceOf(ConnClosedException.class)
                .hasMessage("io: read/write on closed pipe");
    }

    @Test
    @Behaviour(214)
    void interruptEndsOnlyThatCall() throws Exception {
        Task<Integer> reader = Task.start(() -> right.read(new byte[1]));
        Parked.await(reader.thread());
        reader.thread().interrupt();
        assertThat(reader.failure(CallInterruptedException.class)).hasMessage("read pipe: interrupted");
        Task<Integer> writer = Task.start(() -> left.write(new byte[5]));
        assertThat(right.read(new byte[2])).isEqualTo(2);
        Parked.await(writer.thread());
        writer.thread().interrupt();
        var e = writer.failure(CallInterruptedException.class);
        assertThat(e.bytesTransferred()).isEqualTo(2);
        checkUsable();
    }

    @Test
    void readerIsToldWhenAByteIsThere() throws Exception {
        assertThrows(DeadlineExceededException.class, () -> right.awaitReadable(Streams.inMillis(1)));
        Task<Void> waiter = Task.run(() -> right.awaitReadable(Deadline.NONE));
        Parked.await(waiter.thread());
        assertThat(left.write(new byte[0])).as("an empty write meets it").isZero();
        Parked.await(waiter.thread());
        Task<Integer> writer = Task.start(() -> left.write(new byte[1]));
        waiter.result();
        assertThat(right.read(new byte[9])).isEqualTo(1);
        writer.result();
    }

    @Test
    void platformThreadsMayUseItToo() throws Exception {
        Task<Integer> writer = Task.on(Thread.ofPlatform(), () -> left.write(new byte[3]));
        Task<Integer> reader = Task.on(Thread.ofPlatform(), () -> right.read(new byte[9]));
        assertThat(reader.result()).isEqualTo(3);
        assertThat(writer.result()).isEqualTo(3);
    }

    @Test
    void bothAddressesAreThePipes() {
        assertThat(left.localAddress()).isEqualTo(right.remoteAddress()).hasToString("pipe");
        assertThat(left.remoteAddress().network()).isEqualTo("pipe");
        assertThrows(
                IllegalArgumentException.class,
                () -> left.read(ByteBuffer.allocate(1).asReadOnlyBuffer()));
    }
}
