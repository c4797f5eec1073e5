package heddle.tls;

import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * What a handshake agreed on. Immutable.
 *
 * @param version {@code TLSv1.3} or {@code TLSv1.2}
 * @param cipherSuite its name as the JDK has it, such as {@code TLS_AES_128_GCM_SHA256}
 * @param protocol the application's protocol that both sides know (ALPN, RFC 7301); empty if none was agreed on
 * @param serverName the name that the client asked for (SNI, RFC 6066); null if it named none, or this is a client
 *     that dialled an address
 * @param peerCertificates the peer's certificate and those that vouch for it, checked; empty if it showed none
 */
@SuppressWarnings("exports") // An annotation, which users need not have: docs/decisions/0004.
public record TlsSession(
        String version,
        String cipherSuite,
        String protocol,
        @Nullable String serverName,
        List<X509Certificate> peerCertificates) {

    /** Copies the list. */
    public TlsSession {
        peerCertificates = List.copyOf(peerCertificates);
    }

    /** Kinds of a subject's alternative name, RFC 5280, 4.2.1.6: mail, DNS, URI, IP. */
    private static final List<Integer> NAME_KINDS = List.of(1, 2, 6, 7);

    /** What {@code engine}, whose handshake is done, has agreed on. */
    static TlsSession of(SSLEngine engine) {
        SSLSession agreed = engine.getSession();
        List<X509Certificate> peer = new ArrayList<>();
        try {
            for (var certificate : agreed.getPeerCertificates()) {
                if (certificate instanceof X509Certificate x509) {
                    peer.add(x509);
                }
            }
        } catch (SSLPeerUnverifiedException none) {
            // It showed none.
        }
        String name = null;
        if (agreed instanceof ExtendedSSLSession extended) {
            for (SNIServerName asked : extended.getRequestedServerNames()) {
                name = asked instanceof SNIHostName host
                        ? host.getAsciiName()
                        : new String(asked.getEncoded(), StandardCharsets.US_ASCII);
            }
        }
        String protocol = engine.getApplicationProtocol();
        return new TlsSession(
                agreed.getProtocol(), agreed.getCipherSuite(), protocol == null ? "" : protocol, name, peer);
    }

    /**
     * Whose certificate the peer showed.
     *
     * @return the subject as RFC 2253 writes it, such as {@code CN=till-7,O=Shop}; empty if it showed none
     */
    public String peerSubject() {
        return peerCertificates.isEmpty()
                ? ""
                : peerCertificates.getFirst().getSubjectX500Principal().getName();
    }

    /**
     * The alternative names of the peer's certificate: DNS names, addresses, mail addresses and URIs, in its order.
     *
     * @return the names; empty if there are none
     */
    public List<String> peerNames() {
        return peerCertificates.isEmpty() ? List.of() : namesOf(peerCertificates.getFirst());
    }

    static List<String> namesOf(X509Certificate certificate) {
        List<String> names = new ArrayList<>();
        try {
            var all = certificate.getSubjectAlternativeNames();
            if (all != null) {
                for (List<?> name : all) {
                    if (NAME_KINDS.contains(name.get(0)) && name.get(1) instanceof String text) {
                        names.add(text);
                    }
                }
            }
        } catch (CertificateParsingException unreadable) {
            return List.of();
        }
        return names;
    }
}
