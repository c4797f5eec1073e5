package heddle.net;

import static heddle.net.Streams.readExactly;
import static heddle.net.Streams.readToEnd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import heddle.internal.socket.Errno;
import heddle.testing.Await;
import heddle.testing.Behaviour;
import heddle.testing.Runtimes;
import heddle.testing.Scenario;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

@Ways
class CloseTest {

    @Test
    @Scenario("E1")
    @Behaviour({134, 216})
    void dataSentBeforeThePeersCloseComesFirst() throws Exception {
        try (var pair = ConnPair.tcp()) {
            byte[] sent = Streams.random(100_000, 1);
            Task<Void> sender = Task.run(() -> {
                pair.right().write(sent);
                pair.right().close();
            });
            assertThat(readExactly(pair.left(), sent.length)).isEqualTo(sent);
            sender.result();
            for (int i = 0; i < 3; i++) {
                assertThat(pair.left().read(new byte[10])).as("and again").isEqualTo(-1);
            }
        }
    }

    /** The end is reported with the last bytes, so after the short read no other event comes. */
    @Test
    @Scenario("E1")
    @Behaviour({134, 216})
    void endThatCameWithTheLastBytesIsSeenAfterAShortRead() throws Exception {
        for (int round = 0; round < 50; round++) {
            try (var pair = ConnPair.tcp()) {
                Task<Integer> first = Task.start(() -> pair.left().read(new byte[10]));
                Parked.await(first.thread());
                pair.right().write(new byte[1]);
                assertThat(first.result()).isEqualTo(1);
                pair.right().write(new byte[3]);
                pair.right().close();
                assertThat(pair.left().read(new byte[10])).isEqualTo(3);
                assertThat(pair.left().read(new byte[10])).isEqualTo(-1);
                assertThat(pair.left().read(new byte[10])).isEqualTo(-1);
            }
        }
    }

    @Test
    @Scenario("E2")
    @Behaviour(134)
    void peersCloseWithNothingLeftIsTheEndOfStream() throws Exception {
        try (var pair = ConnPair.tcp()) {
            pair.right().close();
            assertThat(pair.left().read(new byte[10])).isEqualTo(-1);
        }
    }

    @Test
    @Scenario("E3")
    void writeAfterThePeerClosedFailsInTheEnd() throws Exception {
        try (var pair = ConnPair.tcp()) {
            pair.right().close();
            // The first only reaches our kernel; the answer to it, a reset, fails a later one.
            var e = assertThrows(ConnResetException.class, () -> Streams.writeForEver(pair.left(), new byte[1]));
            assertThat(e.errno()).isIn(Errno.EPIPE, Errno.ECONNRESET);
            assertThat(e.bytesTransferred()).isZero();
            assertThat(e).message().containsAnyOf("broken pipe", "connection reset by peer");
        }
    }

    @Test
    @Scenario("E4")
    @Behaviour(36)
    void closeEndsAllThatParkInIt() throws Exception {
        try (var pair = ConnPair.tcpWithBuffers(20_000)) {
            Conn conn = pair.left();
            Task<Integer> reader = Task.start(() -> conn.read(new byte[10]));
            Parked.awaitReader(conn);
            Task<Integer> queuedReader = Task.start(() -> conn.read(new byte[10]));
            Parked.awaitQueuedReaders(conn, 1);
            Task<Void> writer = Task.run(() -> Streams.writeForEver(conn, new byte[100_000]));
            Parked.awaitWriter(conn);
            Task<Integer> queuedWriter = Task.start(() -> conn.write(new byte[1]));
            Parked.awaitQueuedWriters(conn, 1);

            conn.close();

            for (Task<?> task : List.of(reader, queuedReader)) {
                checkClosed(task.failure(ConnClosedException.class), "read", conn);
            }
            for (Task<?> task : List.of(writer, queuedWriter)) {
                checkClosed(task.failure(ConnClosedException.class), "write", conn);
            }
            checkClosed(assertThrows(ConnClosedException.class, () -> conn.read(new byte[1])), "read", conn);
            checkClosed(assertThrows(ConnClosedException.class, () -> conn.write(new byte[1])), "write", conn);
            checkClosed(assertThrows(ConnClosedException.class, () -> conn.setDeadline(Deadline.NONE)), "set", conn);
            checkClosed(
                    assertThrows(ConnClosedException.class, () -> pair.leftTcp().closeWrite()), "close", conn);
        }
    }

    private static void checkClosed(ConnClosedException e, String op, Conn conn) {
        assertThat(e)
                .hasMessage(
                        "%s tcp %s->%s: use of closed network connection",
                        op, conn.localAddress(), conn.remoteAddress());
        assertThat(e.op()).isEqualTo(op);
        assertThat(e.timeout()).isFalse();
        assertThat(e.errno()).isZero();
    }

    @Test
    @Scenario("E4")
    @Behaviour(46)
    void portIsFreeWhenCloseReturnsThoughAThreadWasInAccept() throws Exception {
        Listener first = Runtimes.listen("tcp", "127.0.0.1:0");
        String address = first.address().toString();
        for (int round = 0; round < 20; round++) {
            Listener listener = round == 0 ? first : Runtimes.listen("tcp", address);
            Task<Conn> acceptor = Task.start(listener::accept);
            Parked.awaitAcceptor(listener);
            listener.close();
            var e = acceptor.failure(ConnClosedException.class);
            assertThat(e).hasMessage("accept tcp " + address + ": use of closed network connection");
        }
    }

    @Test
    @Scenario("E5")
    @Behaviour(35)
    void halfCloseEndsOneDirectionOnly() throws Exception {
        try (var pair = ConnPair.tcp()) {
            pair.left().write(new byte[] {1, 2, 3});
            pair.leftTcp().closeWrite();
            assertThat(readToEnd(pair.right())).containsExactly(1, 2, 3);
            pair.right().write(new byte[] {4, 5});
            assertThat(readExactly(pair.left(), 2)).containsExactly(4, 5);
            var e = assertThrows(ConnResetException.class, () -> pair.left().write(new byte[1]));
            assertThat(e).hasMessageEndingWith(": write: broken pipe");
            pair.right().close();
            assertThat(pair.left().read(new byte[1])).isEqualTo(-1);
        }
    }

    @Test
    @Scenario("E5")
    @Behaviour(34)
    void closedReadingSideEndsItsReads() throws Exception {
        try (var pair = ConnPair.tcp()) {
            Task<Integer> parked = Task.start(() -> pair.left().read(new byte[10]));
            Parked.await(parked.thread());
            pair.leftTcp().closeRead();
            assertThat(parked.result()).isEqualTo(-1);
            assertThat(pair.left().read(new byte[10])).isEqualTo(-1);
            pair.left().write(new byte[] {1});
            assertThat(readExactly(pair.right(), 1)).as("the other direction").containsExactly(1);
        }
    }

    @Test
    void closedReadingSideStillYieldsWhatHadArrived() throws Exception {
        assumeTrue(Networks.hasKernelNames(), "the JDK throws it away");
        try (var pair = ConnPair.tcp()) {
            pair.right().write(new byte[] {1, 2, 3});
            pair.left().awaitReadable(Deadline.NONE);
            pair.leftTcp().closeRead();
            byte[] buffer = new byte[10];
            assertThat(pair.left().read(buffer)).isEqualTo(3);
            assertThat(buffer).startsWith(1, 2, 3);
            assertThat(pair.left().read(buffer)).isEqualTo(-1);
        }
    }

    /** RFC 1122, 4.2.2.13: a reset says that what was unread is lost. */
    @Test
    void closeWithUnreadBytesResetsThePeer() throws Exception {
        assumeTrue(Networks.hasKernelNames(), "the JDK has no call that waits and takes nothing");
        try (var pair = ConnPair.tcp()) {
            pair.right().write(new byte[] {1});
            pair.left().awaitReadable(Deadline.NONE);
            pair.left().close();
            assertThrows(ConnResetException.class, () -> pair.right().read(new byte[1]));
        }
    }

    /** The same after a wait, in which the byte may have been received for the reader already. */
    @Test
    void closeWithBytesThatCameAfterAWaitResetsThePeer() throws Exception {
        try (var pair = ConnPair.tcp()) {
            pair.left().setReadDeadline(Streams.inMillis(5));
            assertThrows(DeadlineExceededException.class, () -> pair.left().read(new byte[1]));
            pair.right().write(new byte[] {1});
            pair.left().close();
            assertThrows(ConnResetException.class, () -> pair.right().read(new byte[1]));
        }
    }

    /** Of java.nio.channels.Channel, against Go: closing again does nothing. */
    @Test
    @Behaviour({36, 48})
    void secondCloseDoesNothing() throws Exception {
        var pair = ConnPair.tcp();
        for (int i = 0; i < 3; i++) {
            assertThat(pair.left().isOpen()).isEqualTo(i == 0);
            pair.left().close();
        }
        pair.right().close();
        Listener listener = Runtimes.listen("tcp", "127.0.0.1:0");
        for (int i = 0; i < 3; i++) {
            listener.close();
        }
        assertThat(pair.left().localAddress()).as("still known").isNotNull();
        assertThat(pair.left().remoteAddress()).isEqualTo(pair.right().localAddress());
    }

    @Test
    @Behaviour(48)
    void halfClosesMayBeRepeated() throws Exception {
        try (var pair = ConnPair.tcp()) {
            for (int i = 0; i < 3; i++) {
                pair.leftTcp().closeRead();
                pair.leftTcp().closeWrite();
            }
            assertThat(pair.right().read(new byte[1])).isEqualTo(-1);
        }
    }

    /** As java.nio.channels.Channel says: who closes while another does returns when that is done. */
    @Test
    void concurrentCloseReturnsWhenTheDescriptorIsClosed() throws Exception {
        Listener first = Runtimes.listen("tcp", "127.0.0.1:0");
        String address = first.address().toString();
        first.close();
        for (int round = 0; round < 200; round++) {
            Listener listener = Runtimes.listen("tcp", address);
            Task<Conn> acceptor = Task.start(listener::accept);
            Parked.awaitAcceptor(listener);
            List<Task<Void>> closers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                closers.add(Task.run(() -> {
                    listener.close();
                    bindable(address);
                }));
            }
            for (Task<Void> closer : closers) {
                closer.result();
            }
            acceptor.failure(ConnClosedException.class);
        }
    }

    /** Fails if somebody listens at {@code address}; several may try at once. */
    private static void bindable(String address) throws IOException {
        Runtimes.listenConfig().reusePort(true).listen("tcp", address).close();
    }

    @Test
    @Behaviour(37)
    void acceptAfterCloseFails() throws Exception {
        Listener listener = Runtimes.listen("tcp", "127.0.0.1:0");
        listener.close();
        var e = assertThrows(ConnClosedException.class, listener::accept);
        assertThat(e).hasMessage("accept tcp " + listener.address() + ": use of closed network connection");
        assertThrows(ConnClosedException.class, () -> listener.setDeadline(Deadline.NONE));
    }

    @Test
    @Behaviour(47)
    void closedListenerNeverYieldsAQueuedConnection() throws Exception {
        Listener listener = Runtimes.listen("tcp", "127.0.0.1:0");
        try (Conn one = Runtimes.dial("tcp", listener.address().toString());
                Conn other = Runtimes.dial("tcp", listener.address().toString());
                Conn accepted = listener.accept()) {
            listener.close();
            assertThrows(ConnClosedException.class, listener::accept);
            assertThat(accepted.remoteAddress()).isEqualTo(one.localAddress());
            // The kernel resets what nobody accepted.
            assertThrows(ConnResetException.class, () -> other.read(new byte[1]));
        }
    }

    @Test
    @Behaviour(213)
    void resetWakesReaderAndWriter() throws Exception {
        for (int round = 0; round < 20; round++) {
            try (var pair = ConnPair.tcpWithBuffers(20_000)) {
                Task<Integer> reader = Task.start(() -> pair.left().read(new byte[10]));
                Task<Void> writer = Task.run(() -> Streams.writeForEver(pair.left(), new byte[100_000]));
                Parked.awaitReader(pair.left());
                Parked.awaitWriter(pair.left());
                pair.rightTcp().setLinger(Duration.ZERO);
                pair.right().close();
                writer.failure(ConnResetException.class);
                // The kernel tells the reset once: where the writer had it, the reader sees the end.
                Await.until("the reader wakes", reader::isDone);
                try {
                    assertThat(reader.result()).isEqualTo(-1);
                } catch (ConnResetException e) {
                    assertThat(e.errno()).isEqualTo(Errno.ECONNRESET);
                }
            }
        }
    }

    @Test
    void closeDoesNotDropWhatWasWritten() throws Exception {
        for (int round = 0; round < 20; round++) {
            try (var pair = ConnPair.tcp()) {
                byte[] sent = Streams.random(50_000, round);
                pair.left().write(sent);
                pair.left().close();
                assertThat(readToEnd(pair.right())).isEqualTo(sent);
            }
        }
    }
}
