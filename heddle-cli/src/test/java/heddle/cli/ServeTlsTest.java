package heddle.cli;

import static heddle.cli.Ran.heddle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import heddle.testing.TestAuthority;
import heddle.testing.TestAuthority.Issued;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code serve} over TLS, looked at by openssl. */
@Tag("thorough")
@Timeout(120)
class ServeTlsTest {
    private static final String TOKEN = "0123456789abcdef";

    @TempDir
    private Path folder;

    private TestAuthority authority;
    private Path chain;
    private Path key;

    @BeforeEach
    void files() throws Exception {
        boolean there;
        try {
            there = new ProcessBuilder("openssl", "version").start().waitFor() == 0;
        } catch (IOException missing) {
            there = false;
        }
        assumeTrue(there, "no openssl here");
        authority = new TestAuthority(folder, "authority");
        chain = folder.resolve("server.pem");
        key = folder.resolve("server.key");
        put(authority.issue("localhost", "127.0.0.1"));
        Files.writeString(folder.resolve("tokens"), "load-* " + TOKEN + "\n");
    }

    /** The key first: a reload between the two finds that they do not fit together, and keeps the old ones. */
    private void put(Issued issued) throws IOException {
        Files.copy(issued.key(), key, StandardCopyOption.REPLACE_EXISTING);
        Files.copy(issued.chain(), chain, StandardCopyOption.REPLACE_EXISTING);
    }

    private ServeProcess start(String... more) throws IOException {
        List<String> all = new ArrayList<>(List.of("--tls-certificate=" + chain, "--tls-key=" + key));
        all.addAll(List.of(more));
        return ServeProcess.start(folder.resolve("data"), all.toArray(String[]::new));
    }

    /** What s_client says of one connection. */
    private static String openssl(ServeProcess server, String... more) throws Exception {
        List<String> command = new ArrayList<>(List.of("openssl", "s_client", "-connect", server.address));
        command.addAll(List.of(more));
        Process client = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .start();
        try {
            String said = new String(client.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
            assertThat(client.waitFor(60, TimeUnit.SECONDS)).isTrue();
            return said;
        } finally {
            client.destroyForcibly();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "-tls1_3, TLS_AES_256_GCM_SHA384",
        "-tls1_3, TLS_CHACHA20_POLY1305_SHA256",
        "-tls1_2, ECDHE-ECDSA-AES128-GCM-SHA256",
        "-tls1_2, ECDHE-ECDSA-AES256-GCM-SHA384",
        "-tls1_2, ECDHE-ECDSA-CHACHA20-POLY1305",
    })
    void whatIsGoodIsSpoken(String version, String cipher) throws Exception {
        try (var server = start()) {
            String said = openssl(
                    server,
                    version,
                    version.equals("-tls1_3") ? "-ciphersuites" : "-cipher",
                    cipher,
                    "-CAfile",
                    authority.file().toString());
            assertThat(said).contains("Cipher is " + cipher, "Verification: OK");
        }
    }

    @Test
    void whatIsOldOrWeakIsRefusedAndCounted() throws Exception {
        try (var server = start()) {
            for (String version : List.of("-tls1", "-tls1_1")) {
                assertThat(openssl(server, version, "-cipher", "ALL:@SECLEVEL=0"))
                        .contains("Cipher is (NONE)");
            }
            for (String cipher :
                    List.of("AES128-SHA", "AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256")) {
                assertThat(openssl(server, "-tls1_2", "-cipher", cipher + ":@SECLEVEL=0"))
                        .contains("Cipher is (NONE)");
            }
            assertThat(server.terminate()).isZero();
            assertThat(server.stderr())
                    .contains("heddle serve: TLS: no version or cipher suite in common: 6 connections");
        }
    }

    @Test
    void theNewestOnlyRefusesTheOneBefore() throws Exception {
        try (var server = start("--tls-newest-only")) {
            assertThat(openssl(server, "-tls1_2")).contains("Cipher is (NONE)");
            assertThat(openssl(server, "-tls1_3")).contains("Cipher is TLS_AES_");
        }
    }

    /** Without --resend, so that one connection that is dropped would fail the load. */
    @Test
    void aCertificateIsReplacedUnderLoadAndNobodyIsDropped() throws Exception {
        try (var server = start("--tokens=" + folder.resolve("tokens"))) {
            var over = new AtomicBoolean();
            var load = new FutureTask<>(() -> {
                int sent = 0;
                while (!over.get()) {
                    var ran = heddle(
                            "submit",
                            "--to",
                            server.address,
                            "--tls-authority=" + authority.file(),
                            "--token=" + TOKEN,
                            "--name=load-1",
                            "--connections=4",
                            "--count=5000",
                            "--size=100");
                    assertThat(ran.exit()).as(ran.err()).isZero();
                    sent += 5000;
                }
                return sent;
            });
            Thread.ofPlatform().daemon().start(load);
            for (int i = 0; i < 20; i++) {
                var before = openssl(server, "-showcerts");
                put(authority.issue("localhost", "127.0.0.1"));
                server.reload("reloaded: ");
                var after = openssl(server, "-showcerts");
                assertThat(pem(after)).isEqualTo(Files.readString(chain)).isNotEqualTo(pem(before));
            }
            over.set(true);
            int sent = load.get();
            assertThat(server.terminate()).isZero();
            assertThat(server.stderr()).contains("submits acknowledged: " + sent + " messages");
        }
    }

    @Test
    void aCertificateThatIsWrongChangesNothing() throws Exception {
        try (var server = start()) {
            String before = pem(openssl(server, "-showcerts"));
            Files.copy(authority.issue("other").key(), key, StandardCopyOption.REPLACE_EXISTING);
            server.reload("nothing is changed");
            assertThat(server.stderr()).contains(key.toString());
            assertThat(pem(openssl(server, "-showcerts"))).isEqualTo(before);
        }
    }

    private static String pem(String text) {
        int begin = text.indexOf("-----BEGIN CERTIFICATE-----");
        String end = "-----END CERTIFICATE-----\n";
        return text.substring(begin, text.indexOf(end, begin) + end.length());
    }

    /** Whose certificate it is, and the token of a name, decide; a reload takes them away. */
    @Test
    void aNameIsItsTokens() throws Exception {
        try (var server = start("--tokens=" + folder.resolve("tokens"))) {
            String[] args = {
                "submit", "--to", server.address, "--count=1", "--tls-authority=" + authority.file(), "--token=" + TOKEN
            };
            var named = new ArrayList<>(List.of(args));
            named.add("--name=load-1");
            assertThat(heddle(named.toArray(String[]::new)).exit()).isZero();
            named.set(named.size() - 1, "--name=other");
            var refused = heddle(named.toArray(String[]::new));
            assertThat(refused.exit()).isEqualTo(1);
            assertThat(refused.err()).contains("not introduced or not allowed");
            Files.writeString(folder.resolve("tokens"), "other another-token-0123\n");
            server.reload("reloaded: ");
            named.set(named.size() - 1, "--name=load-1");
            assertThat(heddle(named.toArray(String[]::new)).exit()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0:0", "[::]:0", ":0"})
    void beyondThisMachineItWantsTlsAndTokens(String listen) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                "serve", "--listen", listen, "--data", folder.resolve("d").toString()));
        var nothing = heddle(command.toArray(String[]::new));
        assertThat(nothing.exit()).isEqualTo(2);
        assertThat(nothing.err())
                .contains(
                        "is reached from beyond this machine: want --tls-certificate FILE and --tls-key FILE",
                        "and --tokens FILE or --tls-client-authority FILE",
                        "or say --insecure");
        command.addAll(List.of("--tls-certificate=" + chain, "--tls-key=" + key));
        var noToken = heddle(command.toArray(String[]::new));
        assertThat(noToken.exit()).isEqualTo(2);
        assertThat(noToken.err()).contains("want --tokens FILE or --tls-client-authority FILE, as else anybody may");
        assertThat(folder.resolve("d")).doesNotExist();
    }
}
