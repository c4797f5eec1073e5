package heddle.net;

import static heddle.net.Streams.echo;
import static heddle.net.Streams.inMillis;
import static heddle.net.Streams.random;
import static heddle.net.Streams.readFully;
import static heddle.net.Streams.readToEnd;
import static heddle.net.Streams.readUntilClosed;
import static heddle.net.Streams.roundTrip;
import static heddle.net.Streams.writeForEver;
import static heddle.net.Streams.writeUntilClosed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.testing.Await;
import heddle.testing.Behaviour;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link Conn} must do, whatever it runs over: behaviours 1 to 12 of docs/conformance.md, with the sizes of
 * Go's own tests. A subclass says how to make a pair.
 */
@Ways
public abstract class ConnContract {

    private static final int CHUNK = 1024;

    private ConnPair pair;
    private Conn left;
    private Conn right;

    /** A fresh pair; the suite closes it. */
    protected abstract ConnPair connect() throws Exception;

    /** How the message of a call ends that this side's close ended. */
    protected String closedText() {
        return "use of closed network connection";
    }

    /** Whether the peer's close is known before anybody reads. */
    protected boolean knowsUnreadEnd() {
        return true;
    }

    @BeforeEach
    void openPair() throws Exception {
        pair = connect();
        left = pair.left();
        right = pair.right();
    }

    @AfterEach
    void closePair() throws IOException {
        pair.close();
    }

    @Test
    @Behaviour(1)
    void mebibyteArrivesAsWrittenThenEndOfStream() throws Exception {
        long seed = System.nanoTime();
        byte[] sent = random(1 << 20, seed);
        Task<Void> writer = Task.run(() -> {
            for (int at = 0; at < sent.length; at += CHUNK) {
                assertThat(left.write(sent, at, CHUNK)).isEqualTo(CHUNK);
            }
            left.close();
        });
        byte[] got = readToEnd(right);
        writer.result();
        right.close();
        assertThat(Arrays.equals(got, sent)).as("same bytes, seed %d", seed).isTrue();
    }

    @Test
    @Behaviour(35)
    void halfCloseEndsOneDirectionOnly() throws Exception {
        left.closeWrite();
        byte[] buffer = new byte[2];
        assertThat(right.read(buffer)).isEqualTo(-1);
        assertThat(right.peerClosed()).isTrue();
        assertThrows(ConnResetException.class, () -> left.write(new byte[1]));
        Task<Integer> other = Task.start(() -> right.write(new byte[] {4, 5}));
        left.readFully(buffer);
        assertThat(buffer).containsExactly(4, 5);
        assertThat(other.result()).isEqualTo(2);
        assertThat(left.isOpen()).isTrue();
        right.setReadDeadline(inMillis(60_000));
        left.setWriteDeadline(inMillis(60_000));
    }

    @Test
    @Behaviour(34)
    void closedReadingSideEndsReadsAlsoThePendingOne() throws Exception {
        Task<Integer> parked = Task.start(() -> left.read(new byte[1]));
        Parked.await(parked.thread());
        left.closeRead();
        assertThat(parked.result()).isEqualTo(-1);
        assertThat(left.read(new byte[1])).isEqualTo(-1);
        left.awaitReadable(Deadline.NONE);
        Task<Integer> other = Task.start(() -> right.read(new byte[1]));
        assertThat(left.write(new byte[1])).isEqualTo(1);
        assertThat(other.result()).isEqualTo(1);
    }

    @Test
    void halfCloseEndsTheOwnWriteThatWaits() throws Exception {
        Task<Integer> parked = Task.start(() -> {
            while (true) {
                left.write(new byte[1 << 16]);
            }
        });
        Parked.await(parked.thread());
        left.closeWrite();
        parked.failure(ConnResetException.class);
    }

    @Test
    void halfClosesAfterCloseAreRefused() throws Exception {
        left.close();
        assertThrows(ConnClosedException.class, left::closeWrite);
        assertThrows(ConnClosedException.class, left::closeRead);
    }

    @Test
    void readFullyTellsByThePositionHowFarItCame() throws Exception {
        Task<Integer> other = Task.start(() -> right.write(new byte[] {1, 2, 3}));
        ByteBuffer buffer = ByteBuffer.allocate(5);
        left.readFully(buffer.limit(3));
        assertThat(other.result()).isEqualTo(3);
        left.setReadDeadline(Deadline.PAST);
        assertThrows(DeadlineExceededException.class, () -> left.readFully(buffer.limit(5)));
        assertThat(buffer.position()).isEqualTo(3);
        left.setReadDeadline(Deadline.NONE);
        Task<Void> rest = Task.run(() -> {
            right.write(new byte[] {4});
            right.closeWrite();
        });
        EOFException cut = assertThrows(EOFException.class, () -> left.readFully(buffer));
        rest.result();
        assertThat(cut).hasMessageEndingWith(": end of stream, 1 bytes short");
        assertThat(buffer.position()).isEqualTo(4);
        left.readFully(new byte[0]);
    }

    @Test
    @Behaviour(2)
    void counterBouncesAThousandTimes() throws Exception {
        Task<Void> other = Task.run(() -> pingPong(right, 0));
        left.write(bytes(0));
        pingPong(left, 1);
        other.result();
    }

    /** Answers each number with the next, until one side has 1000 and closes, and the other sees the end of stream. */
    private static void pingPong(Conn conn, long first) throws IOException {
        long expected = first;
        byte[] buffer = new byte[Long.BYTES];
        while (readFully(conn, buffer)) {
            long value = ByteBuffer.wrap(buffer).getLong();
            assertThat(value).as("two more than the last").isEqualTo(expected);
            if (value == 1000) {
                break;
            }
            conn.write(bytes(value + 1));
            expected = value + 2;
        }
        assertThat(expected).isGreaterThan(998);
        conn.close();
    }

    private static byte[] bytes(long value) {
        return ByteBuffer.allocate(Long.BYTES).putLong(value).array();
    }

    @Test
    @Behaviour({3, 12})
    void tenReadersWithRacingDeadlinesSeeTimeoutsOnly() throws Exception {
        Task<Void> writer = Task.run(() -> writeUntilClosed(right));
        left.setReadDeadline(inMillis(1));
        List<Task<Void>> readers = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            readers.add(Task.run(() -> {
                byte[] own = new byte[CHUNK];
                for (int j = 0; j < 100; j++) {
                    try {
                        assertThat(left.read(own)).isPositive();
                    } catch (DeadlineExceededException e) {
                        checkTimeout(e, 0);
                        left.setReadDeadline(inMillis(1));
                    }
                    // Ours again: nobody may write to it now.
                    Arrays.fill(own, (byte) j);
                    Thread.yield();
                    for (byte b : own) {
                        assertThat(b).isEqualTo((byte) j);
                    }
                }
            }));
        }
        for (Task<Void> reader : readers) {
            reader.result();
        }
        pair.close();
        writer.result();
    }

    @Test
    @Behaviour({4, 12})
    void tenWritersWithRacingDeadlinesSeeTimeoutsOnly() throws Exception {
        Task<Void> reader = Task.run(() -> readUntilClosed(right));
        left.setWriteDeadline(inMillis(1));
        List<Task<Void>> writers = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            writers.add(Task.run(() -> {
                byte[] own = new byte[CHUNK];
                for (int j = 0; j < 100; j++) {
                    try {
                        assertThat(left.write(own)).isEqualTo(CHUNK);
                    } catch (DeadlineExceededException e) {
                        checkTimeout(e, e.bytesTransferred());
                        assertThat(e.bytesTransferred()).isBetween(0L, CHUNK - 1L);
                        left.setWriteDeadline(inMillis(1));
                    }
                    Arrays.fill(own, (byte) j);
                }
            }));
        }
        for (Task<Void> writer : writers) {
            writer.result();
        }
        pair.close();
        reader.result();
    }

    @Test
    @Behaviour(5)
    void readDeadlineInThePastLeavesWritesAlone() throws Exception {
        Task<Void> reader = Task.run(() -> readUntilClosed(right));
        left.setReadDeadline(Deadline.PAST);
        assertThat(left.write(new byte[CHUNK])).isEqualTo(CHUNK);
        pair.close();
        reader.result();
    }

    @Test
    @Behaviour(6)
    void writeDeadlineInThePastLeavesReadsAlone() throws Exception {
        Task<Void> writer = Task.run(() -> writeUntilClosed(right));
        left.setWriteDeadline(Deadline.PAST);
        assertThat(left.read(new byte[CHUNK])).isPositive();
        pair.close();
        writer.result();
    }

    @Test
    @Behaviour({7, 12})
    void deadlineInThePastFailsEachCallUntilItIsMoved() throws Exception {
        Task<Void> echo = Task.run(() -> echo(right));
        roundTrip(left);
        left.setDeadline(Deadline.PAST);
        for (int i = 0; i < 2; i++) {
            checkTimeout(timeout(() -> left.write(new byte[CHUNK])), 0);
            checkTimeout(timeout(() -> left.read(new byte[CHUNK])), 0);
        }
        left.setDeadline(Deadline.NONE);
        roundTrip(left);
        pair.close();
        echo.result();
    }

    @Test
    @Behaviour({8, 12})
    void deadlineMovedToThePastWakesReaderAndWriter() throws Exception {
        var moved = new AtomicBoolean();
        Task<DeadlineExceededException> reader = Task.start(() -> {
            var e = timeout(() -> left.read(new byte[CHUNK]));
            assertThat(moved).as("not before the deadline").isTrue();
            return e;
        });
        Task<DeadlineExceededException> writer = Task.start(() -> {
            var e = timeout(() -> writeForEver(left, new byte[CHUNK]));
            assertThat(moved).as("not before the deadline").isTrue();
            return e;
        });
        Parked.await(reader.thread());
        Parked.await(writer.thread());
        moved.set(true);
        left.setReadDeadline(Deadline.PAST);
        left.setWriteDeadline(Deadline.PAST);
        checkTimeout(reader.result(), 0);
        checkTimeout(writer.result(), writer.result().bytesTransferred());
    }

    @Test
    @Behaviour({9, 12})
    void deadlineAheadWakesReaderAndWriterAndTheConnectionGoesOn() throws Exception {
        long startNanos = System.nanoTime();
        left.setDeadline(inMillis(100));
        Task<DeadlineExceededException> reader = Task.start(() -> timeout(() -> left.read(new byte[CHUNK])));
        Task<DeadlineExceededException> writer = Task.start(() -> timeout(() -> writeForEver(left, new byte[CHUNK])));
        checkTimeout(reader.result(), 0);
        checkTimeout(writer.result(), writer.result().bytesTransferred());
        assertThat(System.nanoTime() - startNanos).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(100));
        Task<Void> echo = Task.run(() -> echo(right));
        resynchronise(left);
        roundTrip(left);
        pair.close();
        echo.result();
    }

    @Test
    @Behaviour(10)
    void closeWakesReaderAndWriter() throws Exception {
        Task<Integer> reader = Task.start(() -> left.read(new byte[CHUNK]));
        Task<Void> writer = Task.run(() -> writeForEver(left, new byte[CHUNK]));
        Parked.await(reader.thread());
        Parked.await(writer.thread());
        left.close();
        assertThat(reader.failure(ConnClosedException.class)).hasMessageEndingWith(closedText());
        assertThat(writer.failure(ConnClosedException.class)).hasMessageEndingWith(closedText());
    }

    @Test
    void waitForSomethingToReadTakesNothing() throws Exception {
        Task<Void> waiter = Task.run(() -> left.awaitReadable(Deadline.NONE));
        Task<Integer> writer = Task.start(() -> right.write(random(100, 5)));
        waiter.result();
        left.awaitReadable(inMillis(30_000));
        assertThat(left.peerClosed()).isFalse();
        assertThat(Streams.readExactly(left, 100)).isEqualTo(random(100, 5));
        assertThat(writer.result()).isEqualTo(100);
    }

    @Test
    void waitForSomethingToReadEndsAtItsDeadline() throws Exception {
        long from = System.nanoTime();
        checkTimeout(assertThrows(DeadlineExceededException.class, () -> left.awaitReadable(inMillis(20))), 0);
        assertThat(System.nanoTime() - from).isGreaterThanOrEqualTo(20_000_000);
        Task<Integer> writer = Task.start(() -> right.write(new byte[1]));
        assertThat(Streams.readExactly(left, 1)).hasSize(1);
        assertThat(writer.result()).isEqualTo(1);
        left.setReadDeadline(Deadline.PAST);
        assertThrows(DeadlineExceededException.class, () -> left.awaitReadable(inMillis(30_000)));
    }

    @Test
    void closeEndsTheWaitForSomethingToRead() throws Exception {
        Task<Void> waiter = Task.run(() -> left.awaitReadable(Deadline.NONE));
        Await.until("it waits", () -> waiter.thread().getState() == Thread.State.WAITING);
        left.close();
        assertThat(waiter.failure(ConnClosedException.class)).hasMessageEndingWith(closedText());
    }

    @Test
    void closeOfThePeerIsKnown() throws Exception {
        assertThat(left.peerClosed()).isFalse();
        Task<Void> closing = Task.run(right::close);
        if (knowsUnreadEnd()) {
            Await.until("the close has arrived", left::peerClosed);
        }
        left.awaitReadable(Deadline.NONE);
        assertThat(left.read(new byte[1])).isEqualTo(-1);
        closing.result();
        assertThat(left.peerClosed()).isTrue();
        left.close();
        assertThrows(ConnClosedException.class, left::peerClosed);
    }

    @Test
    @Behaviour(11)
    void allMethodsAtOnceLeaveAWorkingConnection() throws Exception {
        Task<Void> echo = Task.run(() -> echo(right));
        for (int i = 0; i < 100; i++) {
            List<Task<Void>> calls = List.of(
                    tolerant(() -> left.read(new byte[CHUNK])),
                    tolerant(() -> left.write(new byte[CHUNK])),
                    tolerant(() -> left.setDeadline(inMillis(10))),
                    tolerant(() -> left.setReadDeadline(Deadline.PAST)),
                    tolerant(() -> left.setWriteDeadline(Deadline.PAST)),
                    tolerant(left::localAddress),
                    tolerant(left::remoteAddress));
            for (Task<Void> call : calls) {
                call.result();
            }
        }
        resynchronise(left);
        roundTrip(left);
        pair.close();
        echo.result();
    }

    /** Calls that get in each other's way may time out, nothing else. */
    private static Task<Void> tolerant(Task.Action call) {
        return Task.run(() -> {
            try {
                call.run();
            } catch (DeadlineExceededException e) {
                checkTimeout(e, e.bytesTransferred());
            }
        });
    }

    private static DeadlineExceededException timeout(Task.Action call) throws Exception {
        try {
            call.run();
        } catch (DeadlineExceededException e) {
            return e;
        }
        throw new AssertionError("the call succeeded, want a timeout");
    }

    private static void checkTimeout(DeadlineExceededException e, long bytes) {
        assertThat(e).hasMessageEndingWith(": i/o timeout");
        assertThat(e.timeout()).isTrue();
        assertThat(e.bytesTransferred()).isEqualTo(bytes);
    }

    /** Finds the beginning again in a stream of zeros of unknown length, against a peer that echoes. */
    private static void resynchronise(Conn conn) throws Exception {
        conn.setDeadline(Deadline.NONE);
        Task<Integer> marker = Task.start(() -> conn.write(new byte[] {1}));
        byte[] buffer = new byte[CHUNK];
        int n;
        do {
            n = conn.read(buffer);
            assertThat(n).isPositive();
        } while (buffer[n - 1] != 1);
        marker.result();
    }
}
