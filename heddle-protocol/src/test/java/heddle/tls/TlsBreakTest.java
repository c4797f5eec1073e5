package heddle.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.net.Conn;
import heddle.net.ConnClosedException;
import heddle.net.ConnPair;
import heddle.net.Deadline;
import heddle.net.DeadlineExceededException;
import heddle.net.Parked;
import heddle.testing.Task;
import heddle.testing.Ways;
import heddle.tls.TlsException.Reason;
import heddle.tls.TlsPairs.Pair;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a connection of TLS breaks off: what was good before is kept and counted, and nothing passes for its end. */
@Ways
class TlsBreakTest {

    private static final byte[] HELLO = "hello".getBytes(StandardCharsets.US_ASCII);

    /** Alerts in the clear: user_canceled, close_notify. */
    private static final byte[] PLAIN_END = HexFormat.of().parseHex("150303000201" + "5a" + "15030300020100");

    private static final byte[] GARBAGE = "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    /** Anyone on the way can send them: they are no end of the stream, however often one asks. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void endInTheClearBeforeTheHandshakeIsAFailure(boolean ofServer) throws Exception {
        ConnPair below = ConnPair.tcp();
        try (Pair pair = Pair.fresh(below.left(), below.right(), TlsPairs.client(), TlsPairs.server())) {
            TlsConn hit = ofServer ? pair.server() : pair.client();
            Conn attacker = ofServer ? below.left() : below.right();
            attacker.write(PLAIN_END);
            hit.awaitReadable(Deadline.NONE);
            for (int i = 0; i < 2; i++) {
                assertThat(assertThrows(TlsException.class, () -> hit.read(new byte[1])))
                        .extracting(TlsException::reason)
                        .isEqualTo(Reason.TRUNCATED);
            }
            assertThrows(TlsException.class, () -> hit.readLent(_ -> {}));
            assertThrows(TlsException.class, () -> hit.write(HELLO));
        }
    }

    @Test
    void awaitReadableKeepsItsDeadlineWhileAnotherShakesHands() throws Exception {
        try (ConnPair silent = ConnPair.tcp()) {
            TlsConn server = TlsPairs.server().server(silent.right());
            Task<Integer> writer = Task.start(() -> server.write(HELLO));
            Parked.await(writer.thread());
            assertThrows(
                    DeadlineExceededException.class, () -> server.awaitReadable(Deadline.after(Duration.ofMillis(10))));
            server.close();
            writer.failure(ConnClosedException.class);
        }
    }

    /** What {@code kind} says of a client's bytes, behind a good record. */
    @ParameterizedTest
    @ValueSource(strings = {"no record", "changed", "empty"})
    void goodRecordBeforeABadOneIsRead(String kind) throws Exception {
        ConnPair below = ConnPair.tcp();
        try (Pair pair = Pair.over(below)) {
            pair.client().write(HELLO);
            below.left()
                    .write(
                            switch (kind) {
                                case "no record" -> GARBAGE;
                                case "changed" ->
                                    ByteBuffer.allocate(45)
                                            .put(new byte[] {23, 3, 3, 0, 40})
                                            .array();
                                default -> new byte[] {23, 3, 3, 0, 0};
                            });
            ByteBuffer got = ByteBuffer.allocate(100);
            assertThat(pair.server().read(got)).isEqualTo(HELLO.length);
            assertThat(got.flip()).isEqualTo(ByteBuffer.wrap(HELLO));
            for (int i = 0; i < 2; i++) {
                assertThat(assertThrows(TlsException.class, () -> pair.server().read(new byte[100])))
                        .extracting(TlsException::reason)
                        .isEqualTo(Reason.BROKEN);
            }
        }
    }

    /** The same where the good one is handed on in pieces, and behind the end of the stream. */
    @Test
    void whatFollowsTheEndIsNotLookedAt() throws Exception {
        ConnPair below = ConnPair.tcp();
        try (Pair pair = Pair.over(below)) {
            pair.client().write(HELLO);
            pair.client().closeWrite();
            assertThat(pair.server().read(new byte[2])).isEqualTo(2);
            pair.server().readFully(new byte[HELLO.length - 2]);
            assertThat(pair.server().read(new byte[100])).isEqualTo(-1);
        }
        ConnPair late = ConnPair.tcp();
        try (Pair pair = Pair.over(late)) {
            pair.client().write(HELLO);
            late.left().write(GARBAGE);
            assertThat(pair.server().read(new byte[2])).isEqualTo(2);
            pair.server().readFully(new byte[HELLO.length - 2]);
            assertThrows(TlsException.class, () -> pair.server().read(new byte[100]));
        }
    }

    /** The peer has no whole record, so it can use none of these bytes. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void bytesOfARecordThatWillNotArriveInFullDoNotCount(boolean byThisSide) throws Exception {
        ConnPair below = ConnPair.pipe();
        try (Pair pair = Pair.over(below)) {
            ByteBuffer[] content = {ByteBuffer.allocate(30_000), ByteBuffer.allocate(2), ByteBuffer.allocate(8_000)};
            content[0].position(10_000);
            Task<Long> writer = Task.start(() -> pair.client().write(content));
            // One record and a part of the next.
            byte[] header = new byte[5];
            below.right().readFully(header);
            int bytes = ByteBuffer.wrap(header).getShort(3);
            below.right().readFully(new byte[bytes + 100]);
            Parked.await(writer.thread());
            // A pipe that the peer has closed says that it is closed.
            (byThisSide ? pair.client() : below.right()).close();
            int taken = (int) writer.failure(ConnClosedException.class).bytesTransferred();
            // The record but for type, tag and padding.
            assertThat(taken).isBetween(bytes - 64, bytes - 1);
            assertThat(content[0].position()).isEqualTo(10_000 + taken);
            assertThat(content[1].position()).isZero();
            assertThat(content[2].position()).isZero();
        }
    }

    @Test
    void failureOfTlsCountsWhatATransferHasDone() throws Exception {
        ConnPair source = ConnPair.tcp();
        ConnPair targets = ConnPair.tcp();
        try (Pair from = Pair.over(source);
                Pair to = Pair.over(targets)) {
            from.client().write(HELLO);
            source.left().closeWrite();
            TlsException cut =
                    assertThrows(TlsException.class, () -> from.server().transferTo(to.client()));
            assertThat(cut.reason()).isEqualTo(Reason.TRUNCATED);
            assertThat(cut.bytesTransferred()).isEqualTo(HELLO.length);
            to.server().readFully(new byte[HELLO.length]);
            // A later call has transferred nothing.
            assertThat(assertThrows(TlsException.class, () -> from.server().read(new byte[1]))
                            .bytesTransferred())
                    .isZero();

            // The target fails.
            targets.right().write(GARBAGE);
            try (ConnPair plain = ConnPair.tcp()) {
                Task<Long> transfer = Task.start(() -> plain.right().transferTo(to.client()));
                plain.left().write(HELLO);
                to.server().readFully(new byte[HELLO.length]);
                TlsException broken =
                        assertThrows(TlsException.class, () -> to.client().read(new byte[1]));
                assertThat(broken.bytesTransferred()).isZero();
                plain.left().write(HELLO);
                TlsException told = transfer.failure(TlsException.class);
                assertThat(told.bytesTransferred()).isEqualTo(HELLO.length);
                assertThat(told).hasMessage(broken.getMessage());
            }
        }
    }

    /**
     * The client's certificate and its end of the handshake come in one record, and the engine makes no ticket: it then
     * asks to wrap, and gives nothing but the news that it is done.
     */
    @Test
    void serverThatOwesNoTicketWrites() throws Exception {
        var till = TlsPairs.authority().issue("till-7");
        TlsContext clients = TlsContext.load(TlsPairs.clientConfig().certificate(till.chain(), till.key()));
        ConnPair below = ConnPair.tcp();
        TlsConn server =
                new TlsConn(below.right(), engineWithoutTickets(), TlsPairs.serverConfig(), new RecordBuffers());
        try (Pair pair = new Pair(clients.client(below.left(), "localhost", 1), server)) {
            Task<TlsSession> shaking = Task.start(server::handshake);
            pair.client().handshake();
            assertThat(shaking.result().version()).isEqualTo("TLSv1.3");
            assertThat(shaking.result().peerSubject()).isEqualTo("CN=till-7");
            assertThat(server.write(HELLO)).isEqualTo(HELLO.length);
            pair.client().readFully(new byte[HELLO.length]);
            server.closeWrite();
            assertThat(pair.client().read(new byte[1])).isEqualTo(-1);
        }
    }

    private static SSLEngine engineWithoutTickets() throws Exception {
        var own = TlsPairs.localhost();
        List<X509Certificate> chain = Pem.chain(own.chain());
        var identity = new Identities.Identity(chain, Pem.key(own.key(), chain.getFirst(), own.chain()));
        KeyStore authorities = KeyStore.getInstance(KeyStore.getDefaultType());
        authorities.load(null, null);
        authorities.setCertificateEntry(
                "authority", Pem.authorities(TlsPairs.authority().file()).getFirst());
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(authorities);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(new KeyManager[] {new Identities(List.of(identity))}, trust.getTrustManagers(), null);
        // A ticket may live for a week at most, RFC 8446, 4.6.1: for longer the JDK makes none.
        context.getServerSessionContext()
                .setSessionTimeout((int) Duration.ofDays(8).toSeconds());
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(false);
        engine.setNeedClientAuth(true);
        return engine;
    }
}
