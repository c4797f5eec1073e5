package heddle.tls;

import heddle.net.NetError;
import java.io.Serial;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Locale;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;

/**
 * TLS cannot be spoken with this peer, or no longer. The connection has failed: each further call throws the same. The
 * message says what was wrong and what to do, {@link #reason} which kind it is.
 */
public final class TlsException extends SSLException implements NetError {

    @Serial
    private static final long serialVersionUID = 1;

    /** What was wrong. */
    public enum Reason {
        /** What arrived is not TLS. */
        NOT_TLS,
        /** No version of TLS in common. */
        VERSION,
        /** No cipher suite in common. */
        CIPHER,
        /** No application protocol (ALPN) in common. */
        PROTOCOL,
        /** No authority that is believed vouches for the peer's certificate. */
        UNKNOWN_AUTHORITY,
        /** The peer's certificate is past its end or before its beginning. */
        EXPIRED,
        /** The server's certificate is for other names. */
        WRONG_HOST,
        /** The peer's certificate cannot be used for another reason. */
        BAD_CERTIFICATE,
        /** The server wants a certificate and the client has none that fits. */
        CERTIFICATE_REQUIRED,
        /** The handshake lasted longer than {@link TlsConfig#handshakeTimeout} allows. */
        HANDSHAKE_TIMEOUT,
        /** The stream ended without close_notify: bytes may be missing at its end. */
        TRUNCATED,
        /** The peer wants new keys by a second handshake, which is refused. */
        RENEGOTIATION,
        /** The peer gave up, for a reason of its own. */
        PEER_ALERT,
        /** Bytes were changed on the way, or the peer breaks the protocol. */
        BROKEN
    }

    private final Reason reason;
    private final Details details;

    TlsException(Reason reason, Details details, String cause, @Nullable Throwable from) {
        super(messageOf(details, cause), from);
        this.reason = reason;
        this.details = details;
    }

    private static String messageOf(Details details, String cause) {
        return details.op() + " " + details.network() + " " + details.source() + "->" + details.address() + ": "
                + cause;
    }

    /** The same for another call, of which {@code bytes} were taken. */
    TlsException again(long bytes) {
        return withDetails(new Details(
                details.op(),
                details.network(),
                details.source(),
                details.address(),
                details.errno(),
                details.timeout(),
                bytes));
    }

    @Override
    public TlsException withDetails(Details other) {
        String cause =
                String.valueOf(getMessage()).substring(messageOf(details, "").length());
        return new TlsException(reason, other, cause, this);
    }

    /**
     * What was wrong.
     *
     * @return its kind
     */
    public Reason reason() {
        return reason;
    }

    @Override
    public Details details() {
        return details;
    }

    /** What the engine's failure means. */
    static TlsException of(SSLException failure, Details details, boolean client) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof CertificateExpiredException || isExpired(cause)) {
                return certificate(
                        Reason.EXPIRED,
                        details,
                        client,
                        "has expired (" + cause.getMessage() + "); renew it, or set the clock",
                        failure);
            }
            if (cause instanceof CertificateNotYetValidException) {
                return certificate(
                        Reason.EXPIRED,
                        details,
                        client,
                        "is not valid yet (" + cause.getMessage() + "); is a clock wrong?",
                        failure);
            }
        }
        String text = allOf(failure);
        if (text.contains("received fatal alert")) {
            return ofAlert(text, failure, details, client);
        }
        if (text.contains("unable to find valid certification path")
                || text.contains("no trusted certificate found")
                || text.contains("path does not chain")) {
            return certificate(
                    Reason.UNKNOWN_AUTHORITY,
                    details,
                    client,
                    "comes from no authority that is believed here; name the right CA file, or have the peer send its"
                            + " whole chain",
                    failure);
        }
        if (text.contains("no subject alternative") || text.contains("no name matching")) {
            return certificate(
                    Reason.WRONG_HOST,
                    details,
                    client,
                    "is for other names (" + deepest(failure)
                            + "); dial a name that it has, or have it made for this one",
                    failure);
        }
        if (text.contains("(protocol_version)")) {
            return new TlsException(
                    Reason.VERSION,
                    details,
                    "no version in common: TLS 1.3 and 1.2 are spoken here (" + failure.getMessage() + ")",
                    failure);
        }
        if (text.contains("empty client certificate chain") || text.contains("empty server certificate chain")) {
            return new TlsException(
                    Reason.CERTIFICATE_REQUIRED,
                    details,
                    "the peer showed no certificate, which is required here; give it one of the right authority",
                    failure);
        }
        if (text.contains("no cipher suites in common")) {
            return new TlsException(
                    Reason.CIPHER,
                    details,
                    "no cipher suite in common, or no key here that fits: TLS 1.2 wants ECDHE with AES-GCM or ChaCha20",
                    failure);
        }
        if (text.contains("no_application_protocol") || text.contains("application layer protocol")) {
            return new TlsException(
                    Reason.PROTOCOL, details, "no application protocol in common: " + failure.getMessage(), failure);
        }
        if (failure instanceof SSLHandshakeException && text.contains("certificate")) {
            return certificate(Reason.BAD_CERTIFICATE, details, client, "cannot be used: " + deepest(failure), failure);
        }
        return new TlsException(
                Reason.BROKEN, details, "what arrived breaks the protocol: " + failure.getMessage(), failure);
    }

    private static TlsException certificate(
            Reason reason, Details details, boolean client, String wrong, SSLException failure) {
        return new TlsException(
                reason, details, "the " + (client ? "server" : "client") + "'s certificate " + wrong, failure);
    }

    private static boolean isExpired(Throwable cause) {
        return cause instanceof CertPathValidatorException path && path.getReason() == BasicReason.EXPIRED;
    }

    /** What the peer's alert means here; RFC 8446, 6.2. */
    private static TlsException ofAlert(String text, SSLException failure, Details details, boolean client) {
        String alert = text.substring(text.indexOf("received fatal alert"))
                .replaceFirst("(?s)received fatal alert: ([a-z_]+).*", "$1");
        Reason reason = switch (alert) {
            case "protocol_version" -> Reason.VERSION;
            case "certificate_required" -> Reason.CERTIFICATE_REQUIRED;
            case "unknown_ca" -> Reason.UNKNOWN_AUTHORITY;
            case "certificate_expired" -> Reason.EXPIRED;
            case "no_application_protocol" -> Reason.PROTOCOL;
            default -> Reason.PEER_ALERT;
        };
        String own = client ? "this client's certificate" : "this server's certificate";
        String hint = switch (alert) {
            case "protocol_version" -> "it speaks neither TLS 1.3 nor 1.2";
            case "certificate_required" -> "it wants a client certificate; give one of an authority of its";
            case "unknown_ca", "certificate_unknown", "bad_certificate", "unsupported_certificate" ->
                "it does not believe " + own + "; is the CA file there the right one, and the name?";
            case "certificate_expired" -> own + " has expired for it; renew it, or set the clock";
            case "no_application_protocol" -> "it knows none of the application protocols named here";
            case "handshake_failure" ->
                client
                        ? "nothing in common, or it wants a client certificate"
                        : "nothing in common with this server's key and cipher suites";
            case "unrecognized_name" -> "it has no certificate for that name";
            default -> "it says no more";
        };
        return new TlsException(reason, details, "the peer refused with alert " + alert + ": " + hint, failure);
    }

    private static String allOf(Throwable failure) {
        var text = new StringBuilder();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            text.append(cause.getMessage()).append('\n');
        }
        return text.toString().toLowerCase(Locale.ROOT);
    }

    private static String deepest(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return String.valueOf(cause.getMessage());
    }
}
