package heddle.tls;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** How to speak TLS. Immutable and thread-safe: each setter returns a changed copy. Reads no file. */
public final class TlsConfig {

    /** Of a server: what it wants of its clients. */
    public enum ClientCertificate {
        /** Does not ask for one. The default. */
        NONE,
        /** Asks for one and checks it; a client without goes on. */
        OPTIONAL,
        /** Refuses a client without a good one. */
        REQUIRED
    }

    /** A certificate's chain and its key. */
    record Identity(Path chain, Path key) {}

    /** RFC 7301, 3.1. */
    private static final int PROTOCOL_BYTES_MAX = 255;

    private final Settings settings;

    /** What the setters set. Written only before its configuration is made, whose final field then publishes it. */
    private static final class Settings implements Cloneable {
        private List<Identity> identities = List.of();
        private @Nullable Path authority;
        private ClientCertificate clientCertificate = ClientCertificate.NONE;
        private List<String> protocols = List.of();
        private boolean newestOnly;
        private boolean anyHost;
        private Duration handshakeTimeout = Duration.ofSeconds(10);
        private Duration closeTimeout = Duration.ofSeconds(1);

        Settings copy() {
            try {
                return (Settings) clone();
            } catch (CloneNotSupportedException impossible) {
                throw new AssertionError(impossible);
            }
        }
    }

    /**
     * TLS 1.3 and 1.2; no certificate of its own, which a server must be given; the JDK's authorities; the host's name
     * checked; 10 s for a handshake, 1 s for a close.
     */
    public TlsConfig() {
        this(new Settings());
    }

    private TlsConfig(Settings settings) {
        this.settings = settings;
    }

    private TlsConfig with(Consumer<Settings> change) {
        Settings changed = settings.copy();
        change.accept(changed);
        return new TlsConfig(changed);
    }

    /**
     * Adds a certificate. A server with several shows the one with the name that the client asks for, in its
     * alternative names, and the first one to all others. A client shows one that the server's authorities know.
     *
     * @param chain PEM: the certificate, then those that vouch for it, in this order
     * @param key PEM: the private key, not encrypted; PKCS#8 ({@code PRIVATE KEY}), PKCS#1 ({@code RSA PRIVATE KEY}) or
     *     SEC 1 ({@code EC PRIVATE KEY})
     * @return the changed copy
     */
    public TlsConfig certificate(Path chain, Path key) {
        var added = new Identity(Objects.requireNonNull(chain), Objects.requireNonNull(key));
        return with(s -> {
            List<Identity> all = new ArrayList<>(s.identities);
            all.add(added);
            s.identities = List.copyOf(all);
        });
    }

    /**
     * Whom to believe, and nobody else: the authorities of peers' certificates.
     *
     * @param file PEM: one certificate or more
     * @return the changed copy
     */
    public TlsConfig authority(Path file) {
        Objects.requireNonNull(file);
        return with(s -> s.authority = file);
    }

    /**
     * What a server wants of its clients. All but {@link ClientCertificate#NONE} needs an {@link #authority}.
     *
     * @param wanted what
     * @return the changed copy
     */
    public TlsConfig clientCertificate(ClientCertificate wanted) {
        Objects.requireNonNull(wanted);
        return with(s -> s.clientCertificate = wanted);
    }

    /**
     * Protocols of the application, the best first (ALPN). If both sides name some and have none in common, the
     * handshake fails.
     *
     * @param names each of 1 to 255 characters of ASCII; none for no ALPN, the default
     * @return the changed copy
     */
    public TlsConfig protocols(String... names) {
        List<String> all = List.of(names);
        for (String name : all) {
            if (name.isEmpty()
                    || name.length() > PROTOCOL_BYTES_MAX
                    || !StandardCharsets.US_ASCII.newEncoder().canEncode(name)) {
                throw new IllegalArgumentException(
                        "application protocol '" + name + "': want 1 to 255 characters of ASCII");
            }
        }
        return with(s -> s.protocols = all);
    }

    /**
     * Refuses TLS 1.2.
     *
     * @return the changed copy
     */
    public TlsConfig newestOnly() {
        return with(s -> s.newestOnly = true);
    }

    /**
     * Has clients take a certificate of the right authority whatever names are in it. Whoever has any certificate of
     * that authority can then pass for the server.
     *
     * @return the changed copy
     */
    public TlsConfig anyHost() {
        return with(s -> s.anyHost = true);
    }

    /**
     * How long a handshake may last, from its first call on, whatever the connection's deadlines are. When it is over
     * the connection has failed.
     *
     * @param limit more than zero; 10 s by default
     * @return the changed copy
     */
    public TlsConfig handshakeTimeout(Duration limit) {
        Duration checked = positive("handshake timeout", limit);
        return with(s -> s.handshakeTimeout = checked);
    }

    /**
     * How long {@link TlsConn#close} may try to hand over its close_notify.
     *
     * @param limit more than zero; 1 s by default
     * @return the changed copy
     */
    public TlsConfig closeTimeout(Duration limit) {
        Duration checked = positive("close timeout", limit);
        return with(s -> s.closeTimeout = checked);
    }

    private static Duration positive(String what, Duration time) {
        if (!time.isPositive()) {
            throw new IllegalArgumentException(what + " " + time + ": want more than zero");
        }
        return time;
    }

    List<Identity> identities() {
        return settings.identities;
    }

    @Nullable
    Path authority() {
        return settings.authority;
    }

    ClientCertificate clientCertificate() {
        return settings.clientCertificate;
    }

    List<String> protocols() {
        return settings.protocols;
    }

    boolean isNewestOnly() {
        return settings.newestOnly;
    }

    boolean isAnyHost() {
        return settings.anyHost;
    }

    Duration handshakeTimeout() {
        return settings.handshakeTimeout;
    }

    Duration closeTimeout() {
        return settings.closeTimeout;
    }
}
