package heddle.net;

import static heddle.net.Streams.inMillis;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import heddle.testing.Await;
import heddle.testing.Behaviour;
import heddle.testing.Runtimes;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Waiting for something to read without a buffer, and asking whether the peer has closed. */
@Ways
class AwaitReadableTest {

    private static boolean isNio() {
        return Runtimes.current().way() == Way.NIO;
    }

    private static Task<Void> waiting(Conn conn, Deadline deadline) {
        return Task.run(() -> conn.awaitReadable(deadline));
    }

    @ParameterizedTest
    @EnumSource
    void dataEndsTheWaitAndIsStillThere(InterruptTest.Caller caller) throws Exception {
        try (var pair = ConnPair.tcp()) {
            Task<Void> waiter = caller.start(() -> {
                pair.left().awaitReadable(Deadline.NONE);
                return null;
            });
            Parked.awaitReader(pair.left());
            pair.right().write(new byte[] {1, 2, 3});
            waiter.result();
            pair.left().awaitReadable(Deadline.NONE); // As often as one likes.
            assertThat(Streams.readExactly(pair.left(), 3)).containsExactly(1, 2, 3);
        }
    }

    /** After each short read, and after each read that filled its buffer. */
    @ParameterizedTest
    @ValueSource(ints = {2, 3, 10})
    void waitAndReadTakeTurnsFromMessageToMessage(int bufferBytes) throws Exception {
        try (var pair = ConnPair.tcp()) {
            Task<Integer> reader = Task.start(() -> {
                byte[] buffer = new byte[bufferBytes];
                int total = 0;
                while (true) {
                    pair.left().awaitReadable(Deadline.NONE);
                    pair.left().setReadDeadline(inMillis(30_000));
                    int n = pair.left().read(buffer);
                    if (n < 0) {
                        return total;
                    }
                    total += n;
                }
            });
            for (int i = 0; i < 1000; i++) {
                pair.right().write(new byte[3]);
                if (i % 10 == 0) {
                    Parked.awaitReader(pair.left());
                }
            }
            pair.right().close();
            assertThat(reader.result()).isEqualTo(3000);
        }
    }

    @Test
    void endOfStreamEndsTheWait() throws Exception {
        try (var pair = ConnPair.tcp()) {
            Task<Void> waiter = waiting(pair.left(), Deadline.NONE);
            Parked.awaitReader(pair.left());
            pair.rightTcp().closeWrite();
            waiter.result();
            assertThat(pair.left().read(new byte[1])).isEqualTo(-1);
            pair.left().awaitReadable(Deadline.NONE);
        }
    }

    @Test
    void resetEndsTheWaitAndTheReadTellsIt() throws Exception {
        try (var pair = ConnPair.tcp()) {
            Task<Void> waiter = waiting(pair.left(), Deadline.NONE);
            Parked.awaitReader(pair.left());
            pair.rightTcp().setLinger(Duration.ZERO);
            pair.right().close();
            waiter.result();
            pair.left().awaitReadable(Deadline.NONE);
            assertThat(pair.left().peerClosed()).isTrue();
            assertThrows(ConnResetException.class, () -> pair.left().read(new byte[1]));
        }
    }

    @Test
    void deadlineEndsTheWaitAndNothingElse() throws Exception {
        try (var pair = ConnPair.tcp()) {
            for (int i = 0; i < 5; i++) {
                long from = System.nanoTime();
                var e = assertThrows(
                        DeadlineExceededException.class, () -> pair.left().awaitReadable(inMillis(20)));
                assertThat(System.nanoTime() - from).isGreaterThanOrEqualTo(20_000_000);
                assertThat(e).hasMessageStartingWith("read tcp ").hasMessageEndingWith("i/o timeout");
            }
            // The limit was that wait's alone.
            Task<Integer> reader = Task.start(() -> pair.left().read(new byte[1]));
            Parked.awaitReader(pair.left());
            pair.right().write(new byte[1]);
            assertThat(reader.result()).isEqualTo(1);
        }
    }

    @Test
    void deadlineInThePastFailsEvenWithDataReady() throws Exception {
        try (var pair = ConnPair.tcp()) {
            pair.right().write(new byte[1]);
            pair.left().awaitReadable(Deadline.NONE);
            assertThrows(DeadlineExceededException.class, () -> pair.left().awaitReadable(Deadline.PAST));
            pair.left().setReadDeadline(Deadline.PAST);
            assertThrows(DeadlineExceededException.class, () -> pair.left().awaitReadable(Deadline.NONE));
            pair.left().setReadDeadline(Deadline.NONE);
            pair.left().awaitReadable(inMillis(30_000));
            assertThat(pair.left().read(new byte[10])).isEqualTo(1);
        }
    }

    @Test
    void readDeadlineBoundsTheWaitToo() throws Exception {
        try (var pair = ConnPair.tcp()) {
            Task<Void> waiter = waiting(pair.left(), inMillis(3_600_000));
            Parked.awaitReader(pair.left());
            pair.left().setReadDeadline(inMillis(10));
            waiter.failure(DeadlineExceededException.class);
            pair.left().setReadDeadline(Deadline.NONE);

            Task<Void> again = waiting(pair.left(), inMillis(20));
            pair.left().setReadDeadline(inMillis(3_600_000));
            again.failure(DeadlineExceededException.class);
        }
    }

    @Test
    void closeEndsTheWait() throws Exception {
        try (var pair = ConnPair.tcp()) {
            Task<Void> waiter = waiting(pair.left(), Deadline.NONE);
            Parked.awaitReader(pair.left());
            pair.left().close();
            waiter.failure(ConnClosedException.class);
            assertThrows(ConnClosedException.class, () -> pair.left().awaitReadable(Deadline.NONE));
            assertThrows(ConnClosedException.class, pair.left()::peerClosed);
        }
    }

    @ParameterizedTest
    @EnumSource
    @Behaviour(214)
    void interruptEndsTheWaitAndNothingElse(InterruptTest.Caller caller) throws Exception {
        try (var pair = ConnPair.tcp()) {
            Task<Void> waiter = caller.start(() -> {
                pair.left().awaitReadable(inMillis(3_600_000));
                return null;
            });
            Parked.awaitReader(pair.left());
            waiter.thread().interrupt();
            waiter.failure(CallInterruptedException.class);
            Streams.checkUsable(pair);
        }
    }

    @Test
    void waiterTakesItsTurnAmongReaders() throws Exception {
        try (var pair = ConnPair.tcp()) {
            Task<byte[]> reader = Task.start(() -> Streams.readExactly(pair.left(), 1));
            Parked.awaitReader(pair.left());
            Task<Void> waiter = waiting(pair.left(), Deadline.NONE);
            Parked.awaitQueuedReaders(pair.left(), 1);
            pair.right().write(new byte[] {5, 6});
            assertThat(reader.result()).containsExactly(5);
            waiter.result();
            assertThat(Streams.readExactly(pair.left(), 1)).containsExactly(6);
        }
    }

    @Test
    void peerThatIsThereHasNotClosed() throws Exception {
        try (var pair = ConnPair.tcp()) {
            assertThat(pair.left().peerClosed()).isFalse();
            pair.right().write(new byte[] {1, 2});
            assertThat(pair.left().peerClosed()).isFalse();
            pair.left().awaitReadable(Deadline.NONE);
            assertThat(pair.left().peerClosed()).isFalse();
            assertThat(Streams.readExactly(pair.left(), 2)).containsExactly(1, 2);
            assertThat(pair.left().peerClosed()).isFalse();
            Task<Integer> reader = Task.start(() -> pair.left().read(new byte[1]));
            Parked.awaitReader(pair.left());
            assertThat(pair.left().peerClosed()).isFalse();
            pair.right().write(new byte[1]);
            assertThat(reader.result()).isEqualTo(1);
        }
    }

    @Test
    void halfCloseOfThePeerIsKnownThoughDataIsUnread() throws Exception {
        try (var pair = ConnPair.tcp()) {
            pair.right().write(new byte[] {1, 2, 3});
            pair.rightTcp().closeWrite();
            if (!isNio()) {
                Await.until("the end has arrived", pair.left()::peerClosed);
            }
            assertThat(Streams.readExactly(pair.left(), 3)).containsExactly(1, 2, 3);
            Await.until("the end has arrived", pair.left()::peerClosed);
            assertThat(pair.left().read(new byte[1])).isEqualTo(-1);
            assertThat(pair.left().peerClosed()).isTrue();
            pair.left().write(new byte[] {4}); // Half of it is open.
            assertThat(Streams.readExactly(pair.right(), 1)).containsExactly(4);
        }
    }

    @Test
    void resetOfThePeerIsKnown() throws Exception {
        try (var pair = ConnPair.tcp()) {
            pair.rightTcp().setLinger(Duration.ZERO);
            pair.right().close();
            Await.until("the reset has arrived", pair.left()::peerClosed);
            assertThrows(ConnResetException.class, () -> pair.left().read(new byte[1]));
            assertThat(pair.left().peerClosed()).isTrue();
        }
    }

    @Test
    void pollersKnowledgeCostsNoCallAndItsLackOne() throws Exception {
        assumeFalse(isNio()); // Its poller does not see the end.
        var calls = new ConcurrentLinkedQueue<String>();
        try (var counting = new FaultySyscalls((call, fd) -> {
                    calls.add(call);
                    return 0;
                });
                var pair = counting.tcp()) {
            Task<Integer> reader = Task.start(() -> pair.left().read(new byte[1]));
            Parked.awaitReader(pair.left());
            calls.clear();
            assertThat(pair.left().peerClosed()).isFalse();
            assertThat(calls).containsExactly("poll");
            pair.right().close();
            assertThat(reader.result()).isEqualTo(-1);
            calls.clear();
            assertThat(pair.left().peerClosed()).isTrue();
            assertThat(calls).isEmpty();
            assertThat(counting.hasKernelDescriptors()).isTrue();
        }
    }

    /** A reader waits while others ask: where asking means reading ahead, it must still get every byte. */
    @Test
    void askingTakesNothingFromAReader() throws Exception {
        try (var pair = ConnPair.tcp()) {
            byte[] sent = Streams.random(200_000, 3);
            Task<byte[]> reader = Task.start(() -> Streams.readExactly(pair.left(), sent.length));
            Task<Void> asker = Task.run(() -> {
                while (!reader.isDone()) {
                    assertThat(pair.left().peerClosed()).isFalse();
                    Thread.yield();
                }
            });
            for (int at = 0; at < sent.length; at += 1000) {
                pair.right().write(sent, at, 1000);
            }
            assertThat(reader.result()).isEqualTo(sent);
            asker.result();
        }
    }

    @Test
    void ownEndOfReadingCountsAsThePeers() throws Exception {
        try (var pair = ConnPair.tcp()) {
            pair.leftTcp().closeRead();
            assertThat(pair.left().peerClosed()).isTrue();
        }
    }
}
