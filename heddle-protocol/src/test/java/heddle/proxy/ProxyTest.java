package heddle.proxy;

import static heddle.proxy.Headers.addresses;
import static heddle.proxy.Headers.binary;
import static heddle.proxy.Headers.join;
import static heddle.proxy.Headers.line;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.net.CallInterruptedException;
import heddle.net.Conn;
import heddle.net.ConnClosedException;
import heddle.net.ConnPair;
import heddle.net.Deadline;
import heddle.net.DeadlineExceededException;
import heddle.proxy.ProxyException.Reason;
import heddle.testing.Await;
import heddle.testing.Runtimes;
import heddle.testing.Task;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ProxyTest {

    private static final byte[] LINE = line("PROXY TCP4 192.0.2.7 192.0.2.1 51544 7000\r\n");
    private static final byte[] BINARY = binary(0x21, 0x11, addresses("192.0.2.7", 51544, "192.0.2.1", 7000));

    /** What somebody sends over a pipe, each piece when the one before it was read, and the other end. */
    private static final class Sending implements AutoCloseable {
        final ConnPair pair = ConnPair.pipe();
        final ProxyConn conn;
        private final Task<Void> task;

        Sending(boolean expected, byte[]... pieces) throws Exception {
            conn = new ProxyConn(pair.right(), expected);
            task = Task.run(() -> {
                for (byte[] piece : pieces) {
                    pair.left().write(piece);
                }
                pair.left().closeWrite();
            });
        }

        /** All that can be read, which is all that is sent. */
        String read() throws Exception {
            String read = readAll(conn);
            task.result();
            return read;
        }

        /** Also ends the sending. */
        @Override
        public void close() throws IOException {
            pair.close();
        }
    }

    private static String readAll(Conn conn) throws IOException {
        return new String(conn.inputStream().readAllBytes(), ISO_8859_1);
    }

    private static byte[][] single(byte[] bytes) {
        byte[][] pieces = new byte[bytes.length][];
        for (int i = 0; i < bytes.length; i++) {
            pieces[i] = new byte[] {bytes[i]};
        }
        return pieces;
    }

    @Test
    void theClientIsWhomTheHeaderNamesOnceItWasRead() throws Exception {
        try (var sending = new Sending(true, join(LINE, line("hello")))) {
            var conn = sending.conn;
            assertThat(conn.remoteAddress()).isEqualTo(conn.peerAddress());
            conn.readHeader();
            assertThat(conn.remoteAddress()).hasToString("192.0.2.7:51544");
            assertThat(conn.destination()).hasToString("192.0.2.1:7000");
            assertThat(conn.peerAddress()).isEqualTo(sending.pair.right().remoteAddress());
            assertThat(sending.read()).isEqualTo("hello");
        }
    }

    @Test
    void aHeaderMayComeByteByByteAndNoByteBehindItIsLost() throws Exception {
        for (byte[] header : List.of(LINE, BINARY)) {
            try (var sending = new Sending(true, single(join(header, LINE)))) {
                assertThat(sending.read()).isEqualTo(new String(LINE, ISO_8859_1));
                assertThat(sending.conn.remoteAddress()).hasToString("192.0.2.7:51544");
            }
        }
    }

    private interface Reading {
        void read(ProxyConn conn, ByteArrayOutputStream out) throws IOException;
    }

    @Test
    void eachCallThatReadsLooksAtTheBeginning() throws Exception {
        List<Reading> calls = List.of(
                (conn, out) -> {
                    byte[] buffer = new byte[100];
                    out.write(buffer, 3, conn.read(buffer, 3, 90));
                },
                (conn, out) -> {
                    var buffer = ByteBuffer.allocate(100);
                    out.write(buffer.array(), 0, conn.read(buffer));
                },
                (conn, out) -> {
                    var buffer = ByteBuffer.allocate(100);
                    out.write(buffer.array(), 0, (int) conn.read(new ByteBuffer[] {ByteBuffer.allocate(0), buffer}));
                },
                (conn, out) -> conn.readLent(lent -> {
                    while (lent.hasRemaining()) {
                        out.write(lent.get());
                    }
                }),
                (conn, out) -> conn.awaitReadable(Deadline.NONE));
        for (boolean expected : new boolean[] {true, false}) {
            for (var call : calls) {
                try (var sending = new Sending(expected, expected ? LINE : line("PR"), line("hello"))) {
                    var out = new ByteArrayOutputStream();
                    call.read(sending.conn, out);
                    out.writeBytes(sending.read().getBytes(ISO_8859_1));
                    assertThat(out.toString(ISO_8859_1)).isEqualTo(expected ? "hello" : "PRhello");
                }
            }
        }
    }

    @Test
    void whatIsHeldIsCopiedToo() throws Exception {
        try (var sending = new Sending(false, single(line("PROX!")));
                var target = ConnPair.pipe()) {
            var copied = Task.start(() -> {
                long n = sending.conn.transferTo(target.left());
                target.left().closeWrite();
                return n;
            });
            assertThat(readAll(target.right())).isEqualTo("PROX!");
            assertThat(copied.result()).isEqualTo(5);
        }
    }

    @Test
    void whereTheHeaderNamesNobodyThePeerIsTheClient() throws Exception {
        for (byte[] header : List.of(binary(0x20, 0x00), line("PROXY UNKNOWN\r\n"))) {
            try (var sending = new Sending(true, header, line("x"))) {
                assertThat(sending.read()).isEqualTo("x");
                assertThat(sending.conn.remoteAddress()).isEqualTo(sending.conn.peerAddress());
                assertThat(sending.conn.destination()).isNull();
            }
        }
    }

    /** It stays so, and nothing of what follows is read. */
    private static void expectFailure(ProxyConn conn, Reason reason) {
        var first = assertThrows(ProxyException.class, conn::readHeader);
        assertThat(first.reason()).isEqualTo(reason);
        assertThat(first).hasMessageStartingWith("read pipe pipe->pipe: ");
        var next = assertThrows(ProxyException.class, () -> conn.read(new byte[10]));
        assertThat(next.reason()).isEqualTo(reason);
        assertThat(conn.remoteAddress()).isEqualTo(conn.peerAddress());
    }

    @Test
    void aProxyMustSendOne() throws Exception {
        try (var sending = new Sending(true, new byte[] {0, 0, 0, 13})) {
            expectFailure(sending.conn, Reason.MISSING);
        }
    }

    @Test
    void aHeaderThatBreaksOffIsNone() throws Exception {
        try (var sending = new Sending(true, Arrays.copyOf(LINE, 20))) {
            expectFailure(sending.conn, Reason.TRUNCATED);
        }
    }

    @Test
    void aProxyThatOnlyLooksWhetherSomebodyIsThereIsNoFailure() throws Exception {
        try (var sending = new Sending(true)) {
            assertThat(sending.conn.read(new byte[1])).isEqualTo(-1);
        }
    }

    @Test
    void aStrangersHeaderIsNeverBelieved() throws Exception {
        for (byte[] header : List.of(LINE, BINARY)) {
            for (byte[][] pieces : List.of(new byte[][] {header}, single(header))) {
                try (var sending = new Sending(false, pieces)) {
                    expectFailure(sending.conn, Reason.STRANGER);
                }
            }
        }
    }

    @Test
    void whatElseAStrangerSendsPassesAsItIs() throws Exception {
        for (String text : List.of("", "P", "PROXY", "PROXYX", "\r", "\r\n\r\n\0\r\nQUIT", "hello", "PPROXY TCP4")) {
            for (byte[][] pieces : List.of(new byte[][] {line(text)}, single(line(text)))) {
                try (var sending = new Sending(false, pieces)) {
                    assertThat(sending.read()).isEqualTo(text);
                }
            }
        }
    }

    @Test
    void aDeadlineWithinTheBeginningBreaksNothing() throws Exception {
        for (boolean expected : new boolean[] {true, false}) {
            try (var pair = ConnPair.tcp()) {
                var conn = new ProxyConn(pair.right(), expected);
                byte[] whole = expected ? join(LINE, line("hello")) : line("PROX");
                pair.left().write(whole, 0, 3);
                conn.setReadDeadline(Deadline.after(Duration.ofMillis(20)));
                assertThrows(DeadlineExceededException.class, conn::readHeader);
                conn.setReadDeadline(Deadline.NONE);
                pair.left().write(whole, 3, whole.length - 3);
                pair.left().closeWrite();
                assertThat(readAll(conn)).isEqualTo(expected ? "hello" : "PROX");
            }
        }
    }

    @Test
    void whatIsHeldIsNotReadAfterTheDeadlineOrTheClose() throws Exception {
        try (var sending = new Sending(false, single(line("PROX!")))) {
            var conn = sending.conn;
            conn.readHeader();
            conn.setReadDeadline(Deadline.PAST);
            assertThrows(DeadlineExceededException.class, () -> conn.read(new byte[1]));
            conn.setReadDeadline(Deadline.NONE);
            assertThat(conn.read(new byte[1])).isOne();
            conn.close();
            assertThrows(ConnClosedException.class, () -> conn.read(new byte[1]));
        }
    }

    private static void awaitParked(Task<?> task) throws Exception {
        Await.until("it waits", () -> task.thread().getState() == Thread.State.WAITING);
    }

    @Test
    void whoWaitsForItsTurnCanBeInterrupted() throws Exception {
        try (var pair = ConnPair.pipe()) {
            var conn = new ProxyConn(pair.right(), true);
            var first = Task.start(() -> conn.read(new byte[1]));
            awaitParked(first);
            var second = Task.start(() -> conn.read(new byte[1]));
            awaitParked(second);
            second.thread().interrupt();
            second.failure(CallInterruptedException.class);
            conn.close();
            first.failure(ConnClosedException.class);
        }
    }

    @Test
    void aListenerDecidesByWhoConnects() throws Exception {
        try (var listener = new ProxyListener(Runtimes.listenConfig().listen("tcp", "127.0.0.1:0"), address -> true)) {
            String address = listener.address().toString();
            try (var dialed = Runtimes.dialer().dial("tcp", address);
                    var accepted = listener.accept()) {
                dialed.write(LINE);
                dialed.closeWrite();
                assertThat(accepted.isExpected()).isTrue();
                assertThat(readAll(accepted)).isEmpty();
                assertThat(accepted.remoteAddress()).hasToString("192.0.2.7:51544");
            }
            listener.setProxies(any -> false);
            try (var dialed = Runtimes.dialer().dial("tcp", address);
                    var accepted = listener.accept()) {
                dialed.write(LINE);
                var refused = assertThrows(ProxyException.class, accepted::readHeader);
                assertThat(refused.reason()).isEqualTo(Reason.STRANGER);
            }
        }
    }
}
