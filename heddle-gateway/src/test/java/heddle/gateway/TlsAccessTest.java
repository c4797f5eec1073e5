package heddle.gateway;

import static heddle.gateway.RawClient.frame;
import static heddle.gateway.RawClient.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import heddle.gateway.access.Access;
import heddle.gateway.access.Cidr;
import heddle.gateway.access.Networks;
import heddle.gateway.access.Tokens;
import heddle.net.Heddle;
import heddle.net.Net;
import heddle.testing.Task;
import heddle.testing.TestAuthority;
import heddle.time.ManualClock;
import heddle.tls.TlsConfig;
import heddle.tls.TlsConfig.ClientCertificate;
import heddle.tls.TlsContext;
import heddle.tls.TlsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A gateway that speaks TLS: handshakes, certificates as names, what is no TLS, and files read anew. */
@Timeout(60)
class TlsAccessTest {

    @TempDir
    private static Path folder;

    private static TestAuthority authority;
    private static TestAuthority.Issued server;
    private static TestAuthority.Issued till;

    private final ManualSink sink = new ManualSink();

    @BeforeAll
    static void issue() throws Exception {
        authority = new TestAuthority(folder, "authority");
        server = authority.issue("localhost", "127.0.0.1");
        till = authority.issue("till-7");
    }

    @AfterEach
    void end() {
        sink.end();
    }

    private static TlsConfig serverConfig() {
        return new TlsConfig().certificate(server.chain(), server.key()).authority(authority.file());
    }

    private static Access access(ClientCertificate wanted) throws Exception {
        return Access.OPEN.tls(TlsContext.load(serverConfig().clientCertificate(wanted)), wanted);
    }

    private RunningGateway gateway(Access access) throws Exception {
        return new RunningGateway(sink, new GatewayOptions().access(access));
    }

    private static TlsConfig stranger() {
        return new TlsConfig().authority(authority.file()).closeTimeout(Duration.ofMillis(100));
    }

    private static TlsConfig till() {
        return stranger().certificate(till.chain(), till.key());
    }

    // ---- Handshakes

    @Test
    void messagesGoOverTls() throws Exception {
        try (var gateway = gateway(access(ClientCertificate.NONE));
                var client = new TlsClient(gateway.port, stranger()).introduced("any")) {
            client.send(frame(2, 2, utf8("m")));
            sink.settle(1, Result.SUCCESS);
            client.expectAck(0x82, 2, 0);
            gateway.await(Counter.TLS_HANDSHAKES, 1);
        }
    }

    @Test
    void whatIsNoTlsIsClosedAndCounted() throws Exception {
        try (var gateway = gateway(access(ClientCertificate.NONE))) {
            try (var client = gateway.dial()) {
                client.send(frame(1, 1, utf8("in the clear")));
                client.expectAlertAndEnd();
            }
            gateway.endAndExpect(Counter.ERROR_NOT_TLS, 1);
        }
    }

    @Test
    void aHandshakeThatIsCutOffIsCounted() throws Exception {
        try (var gateway = gateway(access(ClientCertificate.NONE));
                var client = gateway.dial()) {
            client.sendHex("16 03 01 01 00 01");
            client.halfClose();
            gateway.await(Counter.ERROR_TLS_TRUNCATED, 1);
            gateway.endAndExpect(Counter.CONNECTIONS_CLOSED, 1);
        }
    }

    @Test
    void aStreamThatIsCutOffBehindTheHandshakeIsCounted() throws Exception {
        try (var gateway = gateway(access(ClientCertificate.NONE))) {
            var below = Net.dial("tcp", gateway.address);
            var client = TlsContext.load(stranger()).client(below, "127.0.0.1", gateway.port);
            client.handshake();
            below.closeWrite();
            gateway.await(Counter.ERROR_TLS_TRUNCATED, 1);
            below.close();
        }
    }

    /** The handshake is on its connection's thread: who is slow at it holds up nobody, and only for so long. */
    @Test
    void whoShakesHandsSlowlyHoldsUpNobodyAndIsClosedInTime() throws Exception {
        var clock = new ManualClock();
        try (var heddle = Heddle.builder().clock(clock).start();
                var gateway =
                        new RunningGateway(sink, new GatewayOptions().access(access(ClientCertificate.NONE)), heddle)) {
            for (int i = 0; i < 20; i++) {
                gateway.dial().sendHex("16 03 01");
            }
            gateway.await(Counter.CONNECTIONS, 20);
            try (var client = new TlsClient(gateway.port, stranger()).introduced("quick")) {
                clock.advance(Duration.ofSeconds(11));
                gateway.await(Counter.TIMEOUT_TLS, 20);
                client.send(frame(1, 2, utf8("")));
                client.expectAck(0x81, 2, 0);
            }
        }
    }

    @Test
    void handshakeAndIntroductionHaveOneTimeOut() throws Exception {
        var clock = new ManualClock();
        try (var heddle = Heddle.builder().clock(clock).start();
                var gateway =
                        new RunningGateway(sink, new GatewayOptions().access(access(ClientCertificate.NONE)), heddle);
                var client = gateway.dial()) {
            gateway.await(Counter.CONNECTIONS, 1);
            clock.advance(Duration.ofSeconds(9));
            try (var silent = new TlsClient(gateway.port, stranger())) {
                silent.conn.handshake();
                gateway.await(Counter.TLS_HANDSHAKES, 1);
                clock.advance(Duration.ofSeconds(9));
                gateway.await(Counter.TIMEOUT_TLS, 1);
                assertThat(gateway.counters.value(Counter.TIMEOUT_HANDSHAKE)).isZero();
                clock.advance(Duration.ofSeconds(2));
                gateway.await(Counter.TIMEOUT_HANDSHAKE, 1);
            }
            client.expectEnd();
        }
    }

    @Test
    void aStopDoesNotWaitForHandshakes() throws Exception {
        try (var gateway = gateway(access(ClientCertificate.NONE));
                var client = gateway.dial()) {
            client.sendHex("16 03 01");
            gateway.await(Counter.CONNECTIONS, 1);
            assertThat(gateway.stop(Duration.ofSeconds(50))).isZero();
            client.expectEnd();
        }
    }

    // ---- Certificates

    @Test
    void aCertificatesNameIsTheOnlyOneThatItsClientMayGive() throws Exception {
        try (var gateway = gateway(access(ClientCertificate.REQUIRED))) {
            try (var client = new TlsClient(gateway.port, till()).introduced("till-7")) {
                client.send(frame(1, 2, utf8("")));
                client.expectAck(0x81, 2, 0);
            }
            try (var client = new TlsClient(gateway.port, till())) {
                client.send(frame(1, 1, utf8("till-8")));
                client.expectAck(0x81, 1, 2);
            }
            gateway.endAndExpect(Counter.ERROR_WRONG_NAME, 1);
        }
    }

    @Test
    void whoShowsNoCertificateWhereOneIsRequiredIsRefused() throws Exception {
        try (var gateway = gateway(access(ClientCertificate.REQUIRED));
                var client = new TlsClient(gateway.port, stranger())) {
            assertThatThrownBy(() -> client.introduced("till-7")).isInstanceOf(TlsException.class);
            gateway.await(Counter.ERROR_CERTIFICATE, 1);
        }
    }

    @Test
    void whereOneIsOptionalATokenDoesInstead() throws Exception {
        Access access = access(ClientCertificate.OPTIONAL).tokens(Tokens.any("secret"));
        try (var gateway = gateway(access);
                var certified = new TlsClient(gateway.port, till()).introduced("till-7");
                var known = new TlsClient(gateway.port, stranger()).introduced("other\0secret");
                var impostor = new TlsClient(gateway.port, stranger())) {
            impostor.send(frame(1, 1, utf8("till-7\0wrong")));
            impostor.expectAck(0x81, 1, 2);
            assertThat(certified.conn.isOpen() && known.conn.isOpen()).isTrue();
        }
    }

    @Test
    void whereOneIsRequiredATokenIsWantedBesides() throws Exception {
        Access access = access(ClientCertificate.REQUIRED).tokens(Tokens.any("secret"));
        try (var gateway = gateway(access);
                var client = new TlsClient(gateway.port, till());
                var _ = new TlsClient(gateway.port, till()).introduced("till-7\0secret")) {
            client.send(frame(1, 1, utf8("till-7")));
            client.expectAck(0x81, 1, 2);
        }
    }

    // ---- Files read anew

    @Test
    void aNewCertificateIsShownToWhoComesAndNobodyIsDropped() throws Exception {
        Path chain = folder.resolve("chain.pem");
        Path key = folder.resolve("key.pem");
        Files.copy(server.chain(), chain, StandardCopyOption.REPLACE_EXISTING);
        Files.copy(server.key(), key, StandardCopyOption.REPLACE_EXISTING);
        var config = new TlsConfig().certificate(chain, key);
        var first = Access.OPEN.tls(TlsContext.load(config), ClientCertificate.NONE);
        try (var gateway = gateway(first);
                var before = new TlsClient(gateway.port, stranger()).introduced("before")) {
            var renewed = authority.issue("localhost", "127.0.0.1");
            Files.copy(renewed.chain(), chain, StandardCopyOption.REPLACE_EXISTING);
            // Its key is still the old one's: nothing is taken over.
            assertThatThrownBy(() -> TlsContext.load(config)).hasMessageContaining("key.pem");
            Files.copy(renewed.key(), key, StandardCopyOption.REPLACE_EXISTING);
            assertThat(gateway.admit(Access.OPEN.tls(TlsContext.load(config), ClientCertificate.NONE)))
                    .isZero();
            try (var after = new TlsClient(gateway.port, stranger()).introduced("after")) {
                var shown = after.conn.handshake().peerCertificates().getFirst();
                assertThat(shown)
                        .isNotEqualTo(before.conn.handshake().peerCertificates().getFirst());
            }
            before.send(frame(1, 2, utf8("")));
            before.expectAck(0x81, 2, 0);
        }
    }

    @Test
    void whoseAuthorityIsNoLongerBelievedIsClosed() throws Exception {
        var other = new TestAuthority(folder, "other");
        var desk = other.issue("desk");
        Path both = folder.resolve("both.pem");
        Files.writeString(both, Files.readString(authority.file()) + Files.readString(other.file()));
        var config = serverConfig().authority(both).clientCertificate(ClientCertificate.REQUIRED);
        try (var gateway = gateway(Access.OPEN.tls(TlsContext.load(config), ClientCertificate.REQUIRED));
                var stays = new TlsClient(gateway.port, till()).introduced("till-7");
                var goes = new TlsClient(gateway.port, stranger().certificate(desk.chain(), desk.key()))
                        .introduced("desk")) {
            assertThat(gateway.admit(access(ClientCertificate.REQUIRED))).isOne();
            assertThatThrownBy(() -> goes.conn.read(new byte[1])).isInstanceOf(IOException.class);
            stays.send(frame(1, 2, utf8("")));
            stays.expectAck(0x81, 2, 0);
        }
    }

    /** The second one is in the layer of TLS by then, where no read of the kernel tells of the close. */
    @Test
    void ofTwoMessagesInOneRecordTheSecondIsNotTakenFromWhoWasClosedMeanwhile() throws Exception {
        var small = new ManualSink(1, 1 << 20, Long.MAX_VALUE);
        Access open = access(ClientCertificate.NONE);
        try (var gateway = new RunningGateway(small, new GatewayOptions().access(open));
                var filler = new TlsClient(gateway.port, stranger()).introduced("filler");
                var client = new TlsClient(gateway.port, stranger()).introduced("client")) {
            filler.send(frame(2, 1, utf8("takes the room")));
            gateway.await(Counter.SUBMITS, 1);
            client.send(RawClient.submits(2, new byte[200]));
            gateway.await(Counter.SUBMITS, 2);
            assertThat(gateway.admit(open.networks(new Networks(List.of(), List.of(Cidr.parse("127.0.0.1"))))))
                    .isEqualTo(2);
            small.settle(2, Result.SUCCESS); // the first one was on its way to the sink before
            gateway.await(Counter.CONNECTIONS_CLOSED, 2);
            gateway.endAndExpect(Counter.SUBMITS, 2);
        } finally {
            small.end();
        }
    }

    /** By the formula of docs/server.md. */
    @Test
    void theBoundOnMemoryHasTheBuffersOfTls() throws Exception {
        try (var clear = gateway(Access.OPEN);
                var secured = gateway(access(ClientCertificate.NONE))) {
            long sinks = clear.gateway.memoryBytesMax(0);
            long each = (2 << 20) + (576 << 10) + 120 * 8192 + (4 << 10);
            assertThat(clear.gateway.memoryBytesMax(10) - sinks).isEqualTo(10 * each);
            assertThat(secured.gateway.memoryBytesMax(10) - sinks).isEqualTo(10 * (each + (68 << 10)));
        }
    }

    @Test
    void whoSpeaksInTheClearIsClosedWhenTlsComes() throws Exception {
        try (var gateway = gateway(Access.OPEN);
                var client = gateway.dialIntroduced()) {
            var admitted = Task.start(() -> gateway.admit(access(ClientCertificate.NONE)));
            client.expectEnd();
            assertThat(admitted.result()).isOne();
        }
    }
}
