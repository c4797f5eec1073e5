package heddle.gateway.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import heddle.gateway.access.Access.Credential;
import heddle.gateway.access.Access.Verdict;
import heddle.tls.TlsSession;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whom a certificate of openssl is for. */
@Tag("thorough")
class CertificatesTest {

    @TempDir
    private Path folder;

    private TlsSession session(String subject, @Nullable String names) throws Exception {
        Path file = folder.resolve("certificate");
        List<String> command = new ArrayList<>(List.of(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-utf8",
                "-multivalue-rdn",
                "-keyout",
                folder.resolve("key").toString(),
                "-out",
                file.toString(),
                "-subj",
                subject));
        if (names != null) {
            command.addAll(List.of("-addext", "subjectAltName=" + names));
        }
        try {
            Process openssl =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(openssl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(openssl.waitFor()).as(said).isZero();
        } catch (IOException missing) {
            assumeTrue(false, "no openssl here");
        }
        try (var in = Files.newInputStream(file)) {
            var one = (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
            return new TlsSession("TLSv1.3", "TLS_AES_128_GCM_SHA256", "", null, List.of(one));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "/CN=till-7,                ,                               till-7",
        "/O=Shop/OU=x/CN=till-7,    'DNS:other,DNS:more',           till-7",
        "/CN=Kasse süd,             ,                               Kasse süd",
        "'/CN=a,b\\+c',              ,                               'a,b+c'",
        "/CN=one/CN=two,            ,                               ",
        "/CN=one+CN=two,            ,                               ",
        "/O=Shop,                   ,                               ",
        "/O=Shop,                   DNS:till-7.example,             till-7.example",
        "/O=Shop,                   URI:spiffe://shop/till/7,       spiffe://shop/till/7",
        "/O=Shop,                   email:till@example.org,         till@example.org",
        "/O=Shop,                   'DNS:a.example,DNS:b.example',  ",
        "/O=CN\\=till-7,            ,                               ",
    })
    void itIsForTheOneNameThatItHas(String subject, @Nullable String names, @Nullable String name) throws Exception {
        assertThat(Access.credential(session(subject, names)).certified()).isEqualTo(name);
    }

    @Test
    void whoseCertificateIsForNobodyIsLetInUnderNoName() throws Exception {
        Credential shown = Access.credential(session("/CN=one/CN=two", null));
        assertThat(Access.OPEN.judge("one", shown)).isEqualTo(Verdict.WRONG_NAME);
        assertThat(Access.OPEN.judge("", shown)).isEqualTo(Verdict.WRONG_NAME);
        assertThat(Access.OPEN.judge("one", Credential.NONE)).isEqualTo(Verdict.WELCOME);
    }
}
