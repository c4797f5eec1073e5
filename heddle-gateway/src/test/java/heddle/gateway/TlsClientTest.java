package heddle.gateway;

import static heddle.gateway.RawClient.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.net.DeadlineExceededException;
import heddle.testing.Task;
import heddle.testing.TestAuthority;
import heddle.tls.TlsConfig;
import heddle.tls.TlsConfig.ClientCertificate;
import heddle.tls.TlsContext;
import heddle.tls.TlsException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.stream.IntStream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A {@link Client} whose servers speak TLS, or should. */
@Timeout(60)
class TlsClientTest {
    private static final Duration SHORT = Duration.ofMillis(100);
    private static final String HOST = "127.0.0.1";

    @TempDir
    private Path folder;

    private final ManualSink sink = new ManualSink();
    private final Told told = new Told();
    private TestAuthority authority;

    @BeforeEach
    void beginAuthority() throws Exception {
        authority = new TestAuthority(folder, "authority");
    }

    @AfterEach
    void end() {
        sink.end();
    }

    private TlsConfig server() throws Exception {
        return with(new TlsConfig(), HOST);
    }

    private TlsConfig with(TlsConfig config, String name) throws Exception {
        var issued = authority.issue(name);
        return config.certificate(issued.chain(), issued.key());
    }

    private TlsConfig client() {
        return new TlsConfig().authority(authority.file());
    }

    private static ClientOptions options(TlsConfig config) throws Exception {
        return new ClientOptions().name("till").tls(TlsContext.load(config));
    }

    private RunningGateway gateway(TlsConfig config) throws Exception {
        return new RunningGateway(sink, new GatewayOptions().token("secret"), TlsContext.load(config));
    }

    @Test
    void manyMessagesGoOverTlsWithACertificateAndAToken() throws Exception {
        var required = server().authority(authority.file()).clientCertificate(ClientCertificate.REQUIRED);
        try (var gateway = gateway(required);
                var client = new Client(
                        gateway.address, options(with(client(), "till")).token("secret"), told)) {
            var settling = Task.run(() -> sink.settle(1000, Result.SUCCESS));
            for (int i = 0; i < 1000; i++) {
                client.submit(utf8("m" + i), 0, utf8("m" + i).length);
            }
            client.awaitSettled();
            settling.result();
            assertThat(told.results.values()).hasSize(1000).containsOnly(Result.SUCCESS);
            assertThat(sink.stored.stream().map(bytes -> new String(bytes, StandardCharsets.UTF_8)))
                    .containsExactlyElementsOf(
                            IntStream.range(0, 1000).mapToObj(i -> "m" + i).toList());
        }
    }

    @Test
    void aServerThatWantsACertificateSaysSo() throws Exception {
        var required = server().authority(authority.file()).clientCertificate(ClientCertificate.REQUIRED);
        try (var gateway = gateway(required);
                var client = new Client(gateway.address, options(client()).token("secret"), told)) {
            var failed = assertThrows(TlsException.class, client::connect);
            assertThat(failed.reason()).isEqualTo(TlsException.Reason.CERTIFICATE_REQUIRED);
        }
    }

    @Test
    void aServerThatIsNotBelievedIsLikeOneThatIsAway() throws Exception {
        var stranger = new TestAuthority(folder, "stranger").issue(HOST);
        try (var strange = gateway(new TlsConfig().certificate(stranger.chain(), stranger.key()));
                var gateway = gateway(server())) {
            var options = options(client()).token("secret");
            try (var client = new Client(strange.address, options, told)) {
                var failed = assertThrows(TlsException.class, client::connect);
                assertThat(failed.reason()).isEqualTo(TlsException.Reason.UNKNOWN_AUTHORITY);
            }
            for (int i = 0; i < 8; i++) { // whichever it begins with
                try (var client = new Client(List.of(strange.address, gateway.address), options, told)) {
                    client.connect();
                }
            }
            gateway.await(Counter.INTRODUCED, 8);
            assertThat(strange.counters.value(Counter.INTRODUCED)).isZero();
        }
    }

    @Test
    void theConnectTimeoutBoundsTheHandshake() throws Exception {
        try (var silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                var client = new Client(
                        HOST + ":" + silent.getLocalPort(), options(client()).connectTimeout(SHORT), told)) {
            assertThrows(DeadlineExceededException.class, client::connect);
        }
    }

    @Test
    void whoSpeaksNoTlsIsToldThatTheServerDoes() throws Exception {
        try (var gateway = gateway(server());
                var client = new Client(gateway.address, new ClientOptions().token("secret"), told)) {
            assertThatThrownBy(client::connect).hasMessageContaining("does it want TLS?");
        }
    }

    @Test
    void whoSpeaksTlsToAServerThatDoesNotIsToldSo() throws Exception {
        try (var gateway = new RunningGateway(sink, new GatewayOptions());
                var client = new Client(gateway.address, options(client()), told)) {
            assertThrows(TlsException.class, client::connect);
        }
    }

    /** A server of TLS 1.2 may send nothing more once the client has sent its close_notify. */
    @Test
    void acksOfTls12AreWaitedForBeforeTheHalfClose() throws Exception {
        try (var server = new FakeServer(tls12());
                var client = new Client(server.address, options(client()).closeTimeout(Duration.ofSeconds(30)), told)) {
            var next = server.next();
            client.submit(utf8("one"), 0, 3);
            var peer = next.get();
            assertThat(peer.readSubmit()).isEqualTo("1:one");
            var closing = Task.run(client::close);
            Parked.await(closing, "close", "awaitEnd");
            peer.acknowledge(1);
            assertThat(peer.socket.getInputStream().read()).as("the half-close").isEqualTo(-1);
            peer.socket.close();
            closing.result();
            assertThat(told.results).containsEntry(0L, Result.SUCCESS);
        }
    }

    private ServerSocket tls12() throws Exception {
        var issued = authority.issue(HOST);
        var encoded = Files.readString(issued.key()).replaceAll("-----.*-----|\\s", "");
        var key = KeyFactory.getInstance("EC")
                .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(encoded)));
        Certificate certificate;
        try (var in = Files.newInputStream(issued.chain())) {
            certificate = CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
        var store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        store.setKeyEntry("server", key, new char[0], new Certificate[] {certificate});
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, new char[0]);
        var context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        var listener = (SSLServerSocket)
                context.getServerSocketFactory().createServerSocket(0, 10, InetAddress.getLoopbackAddress());
        listener.setEnabledProtocols(new String[] {"TLSv1.2"});
        return listener;
    }
}
