package heddle.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.net.Net;
import heddle.testing.TestAuthority;
import heddle.tls.TlsConfig.ClientCertificate;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is wrong with a file is said in one line, with its name. */
class TlsFilesTest {

    @TempDir
    private Path folder;

    private TlsFileException wrong(Path chain, Path key) {
        return assertThrows(TlsFileException.class, () -> TlsContext.load(new TlsConfig().certificate(chain, key)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"EC", "RSA", "Ed25519"})
    void keysOfEachKindAreRead(String algorithm) throws Exception {
        var authority = new TestAuthority(folder, "ca");
        var made = authority.issue(algorithm, Duration.ofDays(-1), Duration.ofDays(1), "localhost");
        assertThat(TlsContext.load(new TlsConfig().certificate(made.chain(), made.key())))
                .isNotNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"EC", "RSA"})
    void keysOfOldFormatsAreReadToo(String algorithm) throws Exception {
        var made =
                new TestAuthority(folder, "ca").issue(algorithm, Duration.ofDays(-1), Duration.ofDays(1), "localhost");
        byte[] pkcs8 = bytes(made.key());
        // The last element: an octet string, whose header has 2 or 4 bytes.
        int header = algorithm.equals("EC") ? 2 : 4;
        int start = algorithm.equals("EC") ? pkcs8.length - contentBytes(pkcs8) : 22 + header;
        byte[] inner = Arrays.copyOfRange(pkcs8, start, pkcs8.length);
        Files.writeString(
                made.key(),
                "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
                        + TestAuthority.pem(algorithm + " PRIVATE KEY", inner));
        assertThat(TlsContext.load(new TlsConfig().certificate(made.chain(), made.key())))
                .isNotNull();
        String pem = Files.readString(made.key());
        Files.writeString(
                made.key(), pem.replace("PRIVATE KEY-----\nM", "PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nM"));
        assertThat(wrong(made.chain(), made.key())).hasMessageContaining("the key is encrypted");
    }

    /** Of the EC key within {@code pkcs8}, whose octet string is its last element and shorter than 128 bytes. */
    private static int contentBytes(byte[] pkcs8) {
        for (int at = 0; at < pkcs8.length - 1; at++) {
            if (pkcs8[at] == 4 && pkcs8[at + 1] == pkcs8.length - at - 2) {
                return pkcs8[at + 1];
            }
        }
        throw new AssertionError("no octet string at the end");
    }

    private static byte[] bytes(Path pem) throws Exception {
        return Base64.getMimeDecoder().decode(Files.readString(pem).replaceAll("-----[A-Z ]+-----", ""));
    }

    @Test
    void eachMistakeIsNamed() throws Exception {
        var authority = new TestAuthority(folder, "ca");
        var good = authority.issue("localhost");
        var other = authority.issue("localhost");
        var rsa = authority.issue("RSA", Duration.ofDays(-1), Duration.ofDays(1), "localhost");
        var old = authority.issue("EC", Duration.ofDays(-2), Duration.ofDays(-1), "old.example");
        var early = authority.issue("EC", Duration.ofDays(1), Duration.ofDays(2), "early.example");
        Path missing = folder.resolve("missing.pem");
        Path empty = Files.createFile(folder.resolve("empty.pem"));
        Path broken =
                Files.writeString(folder.resolve("broken.pem"), TestAuthority.pem("CERTIFICATE", new byte[] {1, 2, 3}));
        Path locked = Files.writeString(
                folder.resolve("locked.key"), TestAuthority.pem("ENCRYPTED PRIVATE KEY", new byte[] {1, 2, 3}));
        Path mixed = Files.writeString(
                folder.resolve("mixed.pem"), Files.readString(good.chain()) + Files.readString(other.chain()));

        assertThat(wrong(missing, good.key())).hasMessage(missing + ": no such file");
        assertThat(wrong(folder, good.key())).hasMessageStartingWith(folder + ": cannot be read (");
        assertThat(wrong(empty, good.key())).hasMessageStartingWith(empty + ": no PEM in it");
        assertThat(wrong(broken, good.key())).hasMessageStartingWith(broken + ": certificate 1 cannot be read: ");
        assertThat(wrong(good.key(), good.key())).hasMessageStartingWith(good.key() + ": no certificate in it");
        assertThat(wrong(good.chain(), good.chain())).hasMessageStartingWith(good.chain() + ": no private key in it");
        assertThat(wrong(good.chain(), other.key()))
                .hasMessage(other.key() + ": the key does not belong to the first certificate of " + good.chain());
        assertThat(wrong(good.chain(), rsa.key()))
                .hasMessageStartingWith(rsa.key() + ": the key does not belong to the first certificate of ");
        assertThat(wrong(good.chain(), locked)).hasMessageStartingWith(locked + ": the key is encrypted");
        assertThat(wrong(old.chain(), old.key()))
                .hasMessageStartingWith(old.chain() + ": the certificate of CN=old.example has expired at ")
                .hasMessageEndingWith("; renew it");
        assertThat(wrong(early.chain(), early.key())).hasMessageContaining("is not valid before");
        assertThat(wrong(mixed, good.key())).hasMessageContaining("did not issue certificate 1");

        TlsFileException ca =
                assertThrows(TlsFileException.class, () -> TlsContext.load(new TlsConfig().authority(old.chain())));
        assertThat(ca.file()).isEqualTo(old.chain());
        Path both = Files.writeString(
                folder.resolve("both.pem"), Files.readString(old.chain()) + Files.readString(authority.file()));
        assertThat(TlsContext.load(new TlsConfig().authority(both))).isNotNull();
    }

    @Test
    void settingsAreChecked() throws Exception {
        assertThatThrownBy(() -> new TlsConfig().protocols(""))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("application protocol '': want 1 to 255 characters of ASCII");
        assertThatThrownBy(() -> new TlsConfig().handshakeTimeout(Duration.ZERO))
                .hasMessage("handshake timeout PT0S: want more than zero");
        assertThatThrownBy(() -> TlsContext.load(new TlsConfig().clientCertificate(ClientCertificate.REQUIRED)))
                .hasMessage("client certificates need an authority that vouches for them");
        TlsContext clients = TlsContext.load(new TlsConfig());
        assertThatThrownBy(() -> clients.server(Net.pipe().left()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("a server of TLS needs a certificate: TlsConfig.certificate");
    }
}
