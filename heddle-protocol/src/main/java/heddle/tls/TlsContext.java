package heddle.tls;

import heddle.net.Conn;
import heddle.net.Dialer;
import heddle.net.Listener;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * A {@link TlsConfig} with its files read: makes connections of TLS. One serves any number of connections, of servers
 * and of clients, on any thread; those that resume sessions share it.
 *
 * <p>{@link #reload} reads the files anew. Connections that stand keep what they have, handshakes that begin later use
 * what is new. Sessions of before are not resumed.
 */
public final class TlsContext {

    /** As the JDK names it. */
    static final String NEWEST = "TLSv1.3";

    /** TLS 1.3's and the AEAD ones of 1.2 with ephemeral keys: what RFC 9325, 4.2, recommends, the cheapest first. */
    private static final String[] CIPHER_SUITES = {
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    };

    private final TlsConfig config;
    private final RecordBuffers buffers = new RecordBuffers();
    private final ReentrantLock reloading = new ReentrantLock();

    /** Written by who reloads, read by any thread. */
    private volatile Loaded loaded;

    /** What was read. {@code trust} is null for the JDK's own authorities. */
    private record Loaded(SSLContext context, @Nullable X509TrustManager trust) {}

    private TlsContext(TlsConfig config) throws TlsFileException {
        this.config = config;
        this.loaded = read(config);
    }

    /**
     * Reads the files.
     *
     * @param config how to speak TLS
     * @return the context
     * @throws TlsFileException one of them cannot be used: unreadable, no PEM, expired, a key of another certificate
     * @throws IllegalArgumentException the configuration wants client certificates and names no authority
     */
    public static TlsContext load(TlsConfig config) throws TlsFileException {
        if (config.clientCertificate() != TlsConfig.ClientCertificate.NONE && config.authority() == null) {
            throw new IllegalArgumentException("client certificates need an authority that vouches for them");
        }
        return new TlsContext(config);
    }

    /**
     * Reads the files anew, certificates, keys and authorities together. If anything is wrong with any of them, all
     * stays as it was.
     *
     * @throws TlsFileException one of them cannot be used
     */
    public void reload() throws TlsFileException {
        reloading.lock();
        try {
            loaded = read(config);
        } finally {
            reloading.unlock();
        }
    }

    private static Loaded read(TlsConfig config) throws TlsFileException {
        List<Identities.Identity> identities = new ArrayList<>();
        for (TlsConfig.Identity one : config.identities()) {
            List<X509Certificate> chain = Pem.chain(one.chain());
            identities.add(new Identities.Identity(chain, Pem.key(one.key(), chain.getFirst(), one.chain())));
        }
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            X509TrustManager trust = trust(config.authority());
            context.init(
                    new KeyManager[] {new Identities(identities)},
                    trust == null ? null : new TrustManager[] {trust},
                    null);
            return new Loaded(context, trust);
        } catch (GeneralSecurityException | IOException broken) {
            if (broken instanceof TlsFileException told) {
                throw told;
            }
            throw new IllegalStateException("the JDK has no TLS: " + broken.getMessage(), broken);
        }
    }

    /** Null for the JDK's own authorities. */
    private static @Nullable X509TrustManager trust(@Nullable Path authority)
            throws GeneralSecurityException, IOException {
        if (authority == null) {
            return null;
        }
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        int number = 0;
        for (X509Certificate one : Pem.authorities(authority)) {
            store.setCertificateEntry("authority-" + number++, one);
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return Arrays.stream(factory.getTrustManagers())
                .filter(X509TrustManager.class::isInstance)
                .map(X509TrustManager.class::cast)
                .findFirst()
                .orElseThrow();
    }

    /**
     * Whether a server with this context believes what a client has shown to another one, as before a reload.
     *
     * @param session of the server's end of a connection
     * @return true if it wants no certificate of clients, if the client showed none, or if its authorities vouch for it
     */
    public boolean believes(TlsSession session) {
        X509TrustManager trust = loaded.trust;
        List<X509Certificate> chain = session.peerCertificates();
        if (trust == null || chain.isEmpty() || config.clientCertificate() == TlsConfig.ClientCertificate.NONE) {
            return true;
        }
        try {
            trust.checkClientTrusted(
                    chain.toArray(X509Certificate[]::new),
                    chain.getFirst().getPublicKey().getAlgorithm());
            return true;
        } catch (CertificateException notBelieved) {
            return false;
        }
    }

    /**
     * The server's end of TLS over {@code conn}. Returns at once; the handshake is the first call's, or {@link
     * TlsConn#handshake}'s.
     *
     * @param conn a connection that was accepted, of which nothing was read; it is the result's from then on, which
     *     closes it
     * @return the connection of TLS
     * @throws IllegalStateException the configuration has no certificate
     */
    public TlsConn server(Conn conn) {
        if (config.identities().isEmpty()) {
            throw new IllegalStateException("a server of TLS needs a certificate: TlsConfig.certificate");
        }
        SSLEngine engine = loaded.context.createSSLEngine();
        engine.setUseClientMode(false);
        SSLParameters parameters = parameters();
        switch (config.clientCertificate()) {
            case NONE -> {}
            case OPTIONAL -> parameters.setWantClientAuth(true);
            case REQUIRED -> parameters.setNeedClientAuth(true);
        }
        engine.setSSLParameters(parameters);
        return new TlsConn(Objects.requireNonNull(conn), engine, config, buffers);
    }

    /**
     * The client's end of TLS over {@code conn}. Returns at once; the handshake is the first call's, or {@link
     * TlsConn#handshake}'s.
     *
     * @param conn a connection that was dialled; it is the result's from then on, which closes it
     * @param host whom it must reach: a DNS name, which is also told the server (SNI), or an IP address; checked
     *     against the server's certificate unless {@link TlsConfig#anyHost} says otherwise
     * @param port its port; sessions are resumed with the same host and port
     * @return the connection of TLS
     */
    public TlsConn client(Conn conn, String host, int port) {
        return client(conn, host, port, versions());
    }

    /** The same with {@code versions} alone. */
    TlsConn client(Conn conn, String host, int port, String... versions) {
        SSLEngine engine = loaded.context.createSSLEngine(Objects.requireNonNull(host), port);
        engine.setUseClientMode(true);
        SSLParameters parameters = parameters();
        if (!config.isAnyHost()) {
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
        }
        parameters.setProtocols(versions);
        parameters.setServerNames(isAddress(host) ? List.of() : names(host));
        engine.setSSLParameters(parameters);
        return new TlsConn(Objects.requireNonNull(conn), engine, config, buffers);
    }

    private static boolean isAddress(String host) {
        return host.isEmpty() || host.indexOf(':') >= 0 || host.matches("[0-9.]*[0-9]");
    }

    private static List<SNIServerName> names(String host) {
        String name = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
        try {
            return List.of(new SNIHostName(name));
        } catch (IllegalArgumentException unusual) {
            return List.of(); // Such as one with an underscore: it is checked, but not told.
        }
    }

    private String[] versions() {
        return config.isNewestOnly() ? new String[] {NEWEST} : new String[] {NEWEST, "TLSv1.2"};
    }

    private SSLParameters parameters() {
        var parameters = new SSLParameters(CIPHER_SUITES, versions());
        parameters.setUseCipherSuitesOrder(true);
        parameters.setApplicationProtocols(config.protocols().toArray(String[]::new));
        return parameters;
    }

    /**
     * A listener whose connections speak TLS. Accepting does not wait for a handshake: that is done by the first call
     * of the connection, on its thread.
     *
     * @param over accepts the connections below; it is the result's from then on, which closes it
     * @return the listener
     * @throws IllegalStateException the configuration has no certificate
     */
    public TlsListener listener(Listener over) {
        if (config.identities().isEmpty()) {
            throw new IllegalStateException("a server of TLS needs a certificate: TlsConfig.certificate");
        }
        return new TlsListener(this, Objects.requireNonNull(over));
    }

    /**
     * A dialer whose connections speak TLS.
     *
     * @param over dials the connections below
     * @return the dialer
     */
    public TlsDialer dialer(Dialer over) {
        return new TlsDialer(this, Objects.requireNonNull(over));
    }
}
