package heddle.net;

import static heddle.net.Parked.afterParked;
import static heddle.net.Streams.checkUsable;
import static heddle.net.Streams.inMillis;
import static heddle.net.Streams.readExactly;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.internal.socket.Errno;
import heddle.testing.Behaviour;
import heddle.testing.Scenario;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

@Ways
class ReadTest {

    @Test
    @Scenario("R1")
    @Behaviour(218)
    void readWithoutDataParksOnlyItsThread() throws Exception {
        List<ConnPair> pairs = new ArrayList<>();
        List<Task<Integer>> readers = new ArrayList<>();
        try {
            // More than there are carriers, so that one held by each reader would leave none.
            for (int i = 0; i < 4 * Runtime.getRuntime().availableProcessors(); i++) {
                ConnPair pair = ConnPair.tcp();
                pairs.add(pair);
                readers.add(Task.start(() -> pair.left().read(new byte[10])));
                Parked.await(readers.getLast().thread());
            }
            assertThat(Task.start(() -> "others run").result()).isEqualTo("others run");
            for (int i = 0; i < pairs.size(); i++) {
                assertThat(readers.get(i).isDone()).isFalse();
                pairs.get(i).right().write(new byte[1]);
                assertThat(readers.get(i).result()).isEqualTo(1);
            }
        } finally {
            for (ConnPair pair : pairs) {
                pair.close();
            }
        }
    }

    @Test
    @Scenario("R2")
    void readOfSomeDataDoesNotWaitForMore() throws Exception {
        try (var pair = ConnPair.tcp()) {
            pair.right().write(new byte[] {1, 2});
            byte[] buffer = new byte[10];
            assertThat(pair.left().read(buffer)).isEqualTo(2);
            assertThat(buffer).startsWith(1, 2, 0);
        }
    }

    @Test
    @Scenario("R3")
    void readTakesWhatFitsAndTheNextTheRest() throws Exception {
        try (var pair = ConnPair.tcp()) {
            byte[] sent = Streams.random(15, 3);
            pair.right().write(sent);
            byte[] buffer = new byte[10];
            assertThat(pair.left().read(buffer)).isEqualTo(10);
            assertThat(buffer).startsWith(java.util.Arrays.copyOf(sent, 10));
            assertThat(pair.left().read(buffer)).isEqualTo(5);
            assertThat(buffer).startsWith(java.util.Arrays.copyOfRange(sent, 10, 15));
        }
    }

    @Test
    @Scenario("R4")
    void readFailsFromItsDeadlineOnAndLosesNothing() throws Exception {
        try (var pair = ConnPair.tcp()) {
            pair.left().setReadDeadline(inMillis(30));
            for (int i = 0; i < 3; i++) {
                checkTimeout(assertThrows(
                        DeadlineExceededException.class, () -> pair.left().read(new byte[10])));
            }
            pair.right().write(new byte[] {7});
            checkTimeout(assertThrows(
                    DeadlineExceededException.class, () -> pair.left().read(new byte[10])));
            pair.left().setReadDeadline(inMillis(60_000));
            assertThat(readExactly(pair.left(), 1)).containsExactly(7);
            pair.left().setReadDeadline(Deadline.NONE);
            checkUsable(pair);
        }
    }

    @Test
    @Behaviour(18)
    void passedReadDeadlineBeatsDataThatIsThere() throws Exception {
        try (var pair = ConnPair.tcp()) {
            pair.right().write(new byte[] {1});
            pair.left().setReadDeadline(Deadline.PAST);
            for (int i = 0; i < 2; i++) {
                checkTimeout(assertThrows(
                        DeadlineExceededException.class, () -> pair.left().read(new byte[10])));
            }
        }
    }

    @Test
    @Behaviour(18)
    void dataThatIsThereComesBeforeTheDeadline() throws Exception {
        try (var pair = ConnPair.tcp()) {
            pair.right().write(new byte[] {1});
            pair.left().setReadDeadline(inMillis(50));
            byte[] buffer = new byte[10];
            assertThat(pair.left().read(buffer)).isEqualTo(1);
            checkTimeout(assertThrows(
                    DeadlineExceededException.class, () -> pair.left().read(buffer)));
        }
    }

    @Test
    @Behaviour(19)
    void clearedReadDeadlineLetsTheReadWait() throws Exception {
        try (var time = new ManualTime();
                var pair = time.tcp()) {
            pair.left().setDeadline(Deadline.PAST);
            pair.left().setWriteDeadline(Deadline.PAST);
            pair.left().setReadDeadline(Deadline.NONE);
            Task<Integer> reader = Task.start(() -> pair.left().read(new byte[10]));
            Parked.awaitReader(pair.left());
            time.passes();
            assertThat(reader.isDone()).isFalse();
            pair.left().close();
            assertThat(reader.failure(ConnClosedException.class).timeout()).isFalse();
        }
    }

    @Test
    @Behaviour({40, 134})
    void readOfNothingReturnsAtOnce() throws Exception {
        try (var pair = ConnPair.tcp()) {
            for (Conn conn : List.of(pair.left(), pair.right())) {
                assertThat(conn.read(new byte[0])).isZero();
                assertThat(conn.read(new byte[5], 5, 0)).isZero();
            }
            pair.left().setReadDeadline(Deadline.PAST);
            assertThat(pair.left().read(new byte[0]))
                    .as("no look at the deadline")
                    .isZero();
            pair.left().close();
            assertThrows(ConnClosedException.class, () -> pair.left().read(new byte[0]));
        }
    }

    @Test
    @Behaviour(41)
    void deadlineMovedToThePastEndsTheRead() throws Exception {
        try (var pair = ConnPair.tcp()) {
            Task<Void> mover =
                    afterParked(Thread.currentThread(), () -> pair.left().setReadDeadline(Deadline.PAST));
            checkTimeout(assertThrows(
                    DeadlineExceededException.class, () -> pair.left().read(new byte[1])));
            mover.result();
        }
    }

    @Test
    @Behaviour(42)
    void peersCloseEndsTheReadWithTheEndOfStream() throws Exception {
        try (var pair = ConnPair.tcp()) {
            Task<Void> closer = afterParked(Thread.currentThread(), pair.right()::close);
            assertThat(pair.left().read(new byte[10])).isEqualTo(-1);
            closer.result();
        }
    }

    @Test
    @Behaviour(44)
    void peersResetIsAnErrorAndNoEndOfStream() throws Exception {
        try (var pair = ConnPair.tcp()) {
            pair.rightTcp().setLinger(Duration.ZERO);
            Task<Void> closer = afterParked(Thread.currentThread(), pair.right()::close);
            var e = assertThrows(ConnResetException.class, () -> pair.left().read(new byte[10]));
            assertThat(e)
                    .hasMessage(
                            "read tcp %s->%s: read: connection reset by peer",
                            pair.left().localAddress(), pair.left().remoteAddress());
            assertThat(e.errno()).isEqualTo(Errno.ECONNRESET);
            assertThat(e.timeout()).isFalse();
            closer.result();
        }
    }

    @Test
    void readParksAfterAShortOneAndWakesForTheNextByte() throws Exception {
        try (var pair = ConnPair.tcp()) {
            byte[] buffer = new byte[100];
            for (int i = 1; i <= 100; i++) {
                int length = i;
                Task<Void> writer =
                        afterParked(Thread.currentThread(), () -> pair.right().write(new byte[length]));
                assertThat(pair.left().read(buffer)).isEqualTo(length);
                writer.result();
            }
        }
    }

    private static void checkTimeout(DeadlineExceededException e) {
        assertThat(e).hasMessageStartingWith("read tcp 127.0.0.1:").hasMessageEndingWith(": i/o timeout");
        assertThat(e.timeout()).isTrue();
        assertThat(e.bytesTransferred()).isZero();
    }
}
