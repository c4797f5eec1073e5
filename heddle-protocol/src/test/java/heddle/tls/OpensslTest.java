package heddle.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import heddle.net.ConnClosedException;
import heddle.net.Deadline;
import heddle.net.Dialer;
import heddle.net.Net;
import heddle.net.TcpAddr;
import heddle.testing.Await;
import heddle.testing.Task;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the peers that all the world uses: openssl s_client and s_server. */
@Tag("thorough")
@Timeout(60)
class OpensslTest {

    /** Ciphers that a scanner complains of, each as s_client names it; openssl must speak them at security level 0. */
    private static final List<String> WEAK = List.of(
            "AES128-SHA",
            "AES256-GCM-SHA384",
            "ECDHE-RSA-AES128-SHA",
            "ECDHE-ECDSA-AES128-SHA256",
            "ECDHE-ECDSA-AES256-SHA",
            "DHE-RSA-AES128-GCM-SHA256",
            "ECDHE-ECDSA-NULL-SHA",
            "ADH-AES128-GCM-SHA256",
            "PSK-AES128-GCM-SHA256");

    @BeforeAll
    static void need() throws Exception {
        boolean there;
        try {
            there = new ProcessBuilder("openssl", "version").start().waitFor() == 0;
        } catch (IOException missing) {
            there = false;
        }
        assumeTrue(there, "no openssl here");
    }

    /** A program with its input and its output, both text; ended when closed. */
    private record Program(Process process, OutputStream in, BufferedReader out, StringBuilder seen)
            implements AutoCloseable {

        static Program openssl(String... arguments) throws IOException {
            List<String> command = new ArrayList<>(List.of("openssl"));
            command.addAll(List.of(arguments));
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            return new Program(
                    process,
                    process.getOutputStream(),
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.ISO_8859_1)),
                    new StringBuilder());
        }

        /** Reads until {@code text} has come. */
        void await(String text) throws IOException {
            while (seen.indexOf(text) < 0) {
                int c = out.read();
                if (c < 0) {
                    throw new AssertionError("ended without '" + text + "':\n" + seen);
                }
                seen.append((char) c);
            }
        }

        String rest() throws IOException {
            int c;
            while ((c = out.read()) >= 0) {
                seen.append((char) c);
            }
            return seen.toString();
        }

        void type(String line) throws IOException {
            in.write(line.getBytes(StandardCharsets.US_ASCII));
            in.flush();
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }

    /** An echo over TLS that goes on after a failure. */
    private static final class Echo implements AutoCloseable {
        final TlsListener listener;
        final Task<Void> accepting;
        volatile Exception last;
        volatile TlsSession session;

        Echo(TlsConfig config) throws IOException {
            listener = TlsContext.load(config).listener(Net.listen("tcp", "127.0.0.1:0"));
            accepting = Task.run(() -> {
                try {
                    while (true) {
                        TlsConn conn = listener.accept();
                        Task.run(() -> serve(conn));
                    }
                } catch (ConnClosedException closed) {
                    // The end.
                }
            });
        }

        private void serve(TlsConn conn) {
            try (conn) {
                session = conn.handshake();
                conn.transferTo(conn);
                conn.closeWrite();
            } catch (IOException failed) {
                last = failed;
            }
        }

        String address() {
            return listener.address().toString();
        }

        @Override
        public void close() throws IOException {
            listener.close();
            try {
                accepting.result();
            } catch (Exception failed) {
                throw new IOException(failed);
            }
        }
    }

    private static String ca() {
        return TlsPairs.authority().file().toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-tls1_3", "-tls1_2"})
    void clientOfOpensslIsEchoed(String version) throws Exception {
        try (Echo echo = new Echo(TlsPairs.serverConfig().protocols("heddle/1"));
                Program client = Program.openssl(
                        "s_client",
                        version,
                        "-connect",
                        echo.address(),
                        "-CAfile",
                        ca(),
                        "-verify_return_error",
                        "-verify_hostname",
                        "localhost",
                        "-servername",
                        "localhost",
                        "-alpn",
                        "heddle/1")) {
            client.await("Verification: OK");
            client.type("hello there\n");
            client.await("\nhello there\n");
            client.in.close();
            client.rest();
            assertThat(client.process.waitFor()).isZero();
            assertThat(echo.session.protocol()).isEqualTo("heddle/1");
            assertThat(echo.session.serverName()).isEqualTo("localhost");
        }
    }

    /** K has both sides change their keys, k one: the stream goes on. */
    @Test
    void keyUpdatesAreAnswered() throws Exception {
        try (Echo echo = new Echo(TlsPairs.serverConfig());
                Program client = Program.openssl("s_client", "-tls1_3", "-connect", echo.address(), "-CAfile", ca())) {
            client.await("Verification: OK");
            for (int i = 0; i < 3; i++) {
                client.type("K\n");
                client.await("KEYUPDATE");
                client.seen.setLength(0);
                client.type("line " + i + "\n");
                client.await("line " + i + "\n");
                client.type("k\n");
                client.await("KEYUPDATE");
                client.seen.setLength(0);
            }
            assertThat(echo.last).isNull();
        }
    }

    @Test
    void renegotiationIsRefused() throws Exception {
        try (Echo echo = new Echo(TlsPairs.serverConfig());
                Program client = Program.openssl("s_client", "-tls1_2", "-connect", echo.address(), "-CAfile", ca())) {
            client.await("Verification: OK");
            client.type("hello\n");
            client.await("\nhello\n");
            client.type("R\n");
            client.rest();
            Await.until("the server has refused", () -> echo.last != null);
            assertThat(((TlsException) echo.last).reason()).isEqualTo(TlsException.Reason.RENEGOTIATION);
        }
    }

    @Test
    void sessionsAreResumedByTickets() throws Exception {
        Path file = TlsPairs.folder().resolve("session.pem");
        try (Echo echo = new Echo(TlsPairs.serverConfig())) {
            try (Program client = Program.openssl(
                    "s_client", "-connect", echo.address(), "-CAfile", ca(), "-sess_out", file.toString())) {
                client.await("Verification: OK");
                client.type("hello\n"); // The ticket is in front of its echo.
                client.await("\nhello\n");
                client.in.close();
                client.rest();
            }
            try (Program client = Program.openssl(
                    "s_client", "-connect", echo.address(), "-CAfile", ca(), "-sess_in", file.toString())) {
                client.await("Reused, TLSv1.3");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-tls1", "-tls1_1"})
    void oldVersionsAreRefused(String version) throws Exception {
        try (Echo echo = new Echo(TlsPairs.serverConfig());
                Program client = Program.openssl(
                        "s_client", version, "-cipher", "ALL:@SECLEVEL=0", "-connect", echo.address())) {
            assertThat(client.rest()).contains("alert protocol version");
            Await.until("the server has refused", () -> echo.last != null);
            assertThat(echo.last).hasMessageContaining("TLS 1.3 and 1.2 are spoken here");
            assertThat(((TlsException) echo.last).reason()).isEqualTo(TlsException.Reason.VERSION);
        }
    }

    @Test
    void weakCipherSuitesAreRefusedWithEitherKindOfKey() throws Exception {
        var rsa = TlsPairs.authority().issue("RSA", Duration.ofDays(-1), Duration.ofDays(1), "rsa.example");
        for (TlsConfig config : List.of(TlsPairs.serverConfig(), new TlsConfig().certificate(rsa.chain(), rsa.key()))) {
            try (Echo echo = new Echo(config)) {
                for (String weak : WEAK) {
                    try (Program client = Program.openssl(
                            "s_client", "-tls1_2", "-cipher", weak + ":@SECLEVEL=0", "-connect", echo.address())) {
                        assertThat(client.rest()).as(weak).contains("Cipher is (NONE)");
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"-tls1_3", "-tls1_2"})
    void serverOfOpensslIsDialled(String version) throws Exception {
        var files = TlsPairs.localhost();
        int port = freePort();
        try (Program server = Program.openssl(
                "s_server",
                version,
                "-accept",
                "127.0.0.1:" + port,
                "-cert",
                files.chain().toString(),
                "-key",
                files.key().toString(),
                "-rev",
                "-Verify",
                "1",
                "-CAfile",
                ca(),
                "-alpn",
                "heddle/1")) {
            server.await("ACCEPT");
            var till = TlsPairs.authority().issue("till-7");
            TlsContext clients = TlsContext.load(TlsPairs.clientConfig()
                    .certificate(till.chain(), till.key())
                    .protocols("heddle/1"));
            try (TlsConn conn = clients.dialer(new Dialer()).dial("tcp", "localhost:" + port)) {
                conn.setDeadline(Deadline.after(Duration.ofSeconds(20)));
                conn.write("hello\n".getBytes(StandardCharsets.US_ASCII));
                byte[] got = new byte[6];
                conn.readFully(got);
                assertThat(new String(got, StandardCharsets.US_ASCII)).isEqualTo("olleh\n");
                assertThat(conn.handshake().protocol()).isEqualTo("heddle/1");
                conn.closeWrite();
                assertThat(conn.read(got)).isEqualTo(-1);
            }
            server.process.destroy();
            assertThat(server.process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        }
    }

    private static int freePort() throws IOException {
        try (var listener = Net.listen("tcp", "127.0.0.1:0")) {
            return ((TcpAddr) listener.address()).port();
        }
    }
}
