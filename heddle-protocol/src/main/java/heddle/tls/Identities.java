package heddle.tls;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/** Own certificates, and which of them to show. Immutable; an alias is an index. */
final class Identities extends X509ExtendedKeyManager {

    /** A certificate with its chain, key and names. */
    record Identity(List<X509Certificate> chain, PrivateKey key) {
        boolean isFor(String host) {
            for (String name : TlsSession.namesOf(chain.getFirst())) {
                String known = name.toLowerCase(Locale.ROOT);
                int dot = host.indexOf('.');
                boolean matches = known.equals(host)
                        || (known.startsWith("*.")
                                && dot > 0
                                && known.substring(1).equals(host.substring(dot)));
                if (matches) {
                    return true;
                }
            }
            return false;
        }

        boolean isOf(String keyType) {
            return key.getAlgorithm().equals(keyType);
        }

        boolean isIssuedByAny(Principal @Nullable [] issuers) {
            return issuers == null
                    || issuers.length == 0
                    || chain.stream().anyMatch(one -> Arrays.asList(issuers).contains(one.getIssuerX500Principal()));
        }
    }

    private final List<Identity> all;

    Identities(List<Identity> all) {
        this.all = List.copyOf(all);
    }

    /**
     * The first one of {@code keyType} that has the name that is asked for; if none has it, of those like the first
     * one.
     */
    @Override
    public @Nullable String chooseEngineServerAlias(String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
        if (all.isEmpty()) {
            return null;
        }
        String asked = asked(engine);
        if (asked != null && all.stream().anyMatch(one -> one.isFor(asked))) {
            return first(one -> one.isFor(asked) && one.isOf(keyType));
        }
        List<String> names = TlsSession.namesOf(all.getFirst().chain.getFirst());
        return first(one ->
                one.isOf(keyType) && TlsSession.namesOf(one.chain.getFirst()).equals(names));
    }

    private static @Nullable String asked(SSLEngine engine) {
        if (engine.getHandshakeSession() instanceof ExtendedSSLSession session) {
            for (SNIServerName name : session.getRequestedServerNames()) {
                if (name instanceof SNIHostName host) {
                    return host.getAsciiName().toLowerCase(Locale.ROOT);
                }
            }
        }
        return null;
    }

    @Override
    public @Nullable String chooseEngineClientAlias(
            String[] keyTypes, Principal @Nullable [] issuers, SSLEngine engine) {
        return first(one -> Arrays.stream(keyTypes).anyMatch(one::isOf) && one.isIssuedByAny(issuers));
    }

    private @Nullable String first(Predicate<Identity> wanted) {
        for (int i = 0; i < all.size(); i++) {
            if (wanted.test(all.get(i))) {
                return Integer.toString(i);
            }
        }
        return null;
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
        return all.get(Integer.parseInt(alias)).chain.toArray(X509Certificate[]::new);
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
        return all.get(Integer.parseInt(alias)).key;
    }

    @Override
    public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
        return null;
    }

    @Override
    public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
        return null;
    }

    @Override
    public @Nullable String chooseClientAlias(
            String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return null; // Of sockets of the JDK, which are not used.
    }

    @Override
    public @Nullable String chooseServerAlias(String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return null; // Likewise.
    }
}
