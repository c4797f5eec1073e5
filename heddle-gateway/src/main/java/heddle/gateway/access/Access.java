package heddle.gateway.access;

import heddle.tls.TlsConfig.ClientCertificate;
import heddle.tls.TlsContext;
import heddle.tls.TlsSession;
import java.net.InetAddress;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Who may, and how much: all that a reload changes at one stroke. Immutable: each setter returns a changed copy.
 *
 * <p>Who may give a name, by what the server has been told:
 *
 * <pre>
 *    tokens  client certificates   a client must have
 *    none    none                  nothing
 *    some    none                  a token that is listed for the name
 *    none    optional              nothing; with a certificate, that of the name
 *    some    optional              a certificate of the name, or a token that is listed for the name
 *    none    required              a certificate of the name
 *    some    required              a certificate of the name, and a token that is listed for the name
 * </pre>
 */
@SuppressWarnings("exports") // An annotation, which users need not have: docs/decisions/0004.
public final class Access {

    /** Whoever reaches the server may all. */
    public static final Access OPEN =
            new Access(Networks.ALL, Tokens.NONE, Limits.NONE, null, ClientCertificate.NONE, List.of());

    private final Networks networks;
    private final Tokens tokens;
    private final Limits limits;
    private final @Nullable TlsContext tls;
    private final ClientCertificate wanted;
    private final List<Cidr> proxies;

    private Access(
            Networks networks,
            Tokens tokens,
            Limits limits,
            @Nullable TlsContext tls,
            ClientCertificate wanted,
            List<Cidr> proxies) {
        this.networks = Objects.requireNonNull(networks);
        this.tokens = Objects.requireNonNull(tokens);
        this.limits = Objects.requireNonNull(limits);
        this.tls = tls;
        this.wanted = Objects.requireNonNull(wanted);
        this.proxies = List.copyOf(proxies);
    }

    /**
     * From where clients may come.
     *
     * @param from the networks
     * @return the changed copy
     */
    public Access networks(Networks from) {
        return new Access(from, tokens, limits, tls, wanted, proxies);
    }

    /**
     * Which tokens let in.
     *
     * @param listed the tokens; none for no token is wanted
     * @return the changed copy
     */
    public Access tokens(Tokens listed) {
        return new Access(networks, listed, limits, tls, wanted, proxies);
    }

    /**
     * How much each may take.
     *
     * @param most the limits
     * @return the changed copy
     */
    public Access limits(Limits most) {
        return new Access(networks, tokens, most, tls, wanted, proxies);
    }

    /**
     * Speaks TLS, and nothing else.
     *
     * @param context with the server's certificate, and {@code certificate}
     * @param certificate what it wants of clients
     * @return the changed copy
     */
    public Access tls(TlsContext context, ClientCertificate certificate) {
        return new Access(networks, tokens, limits, Objects.requireNonNull(context), certificate, proxies);
    }

    /**
     * Who is believed to say who the client is, and must say so: by the PROXY protocol, in front of TLS.
     *
     * @param networks of the proxies, whose own address then counts for nothing; empty for nobody
     * @return the changed copy
     */
    public Access proxies(List<Cidr> networks) {
        return new Access(this.networks, tokens, limits, tls, wanted, networks);
    }

    /**
     * Who is believed to say who the client is.
     *
     * @return the networks of the proxies
     */
    public List<Cidr> proxies() {
        return proxies;
    }

    /**
     * Whether an address is believed to say who the client is.
     *
     * @param address of who connects
     * @return true if it is one of the proxies'
     */
    public boolean isProxy(InetAddress address) {
        return !proxies.isEmpty() && Networks.anyOf(proxies, Cidr.bytes(address));
    }

    /**
     * From where clients may come.
     *
     * @return the networks
     */
    public Networks networks() {
        return networks;
    }

    /**
     * Which tokens let in.
     *
     * @return the tokens
     */
    public Tokens tokens() {
        return tokens;
    }

    /**
     * How much each may take.
     *
     * @return the limits
     */
    public Limits limits() {
        return limits;
    }

    /**
     * How TLS is spoken.
     *
     * @return null if it is not
     */
    public @Nullable TlsContext tls() {
        return tls;
    }

    /**
     * The name in a client's certificate.
     *
     * @param session what the handshake agreed on, null without TLS
     * @return what it shows
     */
    public static Credential credential(@Nullable TlsSession session) {
        return session == null || session.peerCertificates().isEmpty()
                ? Credential.NONE
                : new Credential(session, Certificates.nameOf(session), null);
    }

    /**
     * Whether a client may come in.
     *
     * @param name what it calls itself
     * @param credential what it has shown
     * @return {@link Verdict#WELCOME}, or why not
     */
    public Verdict judge(String name, Credential credential) {
        boolean certified = credential.session() != null;
        if (certified && !name.equals(credential.certified())) {
            return Verdict.WRONG_NAME;
        }
        if (!certified && wanted == ClientCertificate.REQUIRED) {
            return Verdict.WRONG_NAME;
        }
        boolean enough = tokens.isEmpty() || (certified && wanted == ClientCertificate.OPTIONAL);
        return enough || tokens.know(name, credential.tokenHash()) ? Verdict.WELCOME : Verdict.WRONG_TOKEN;
    }

    /**
     * Whether a client that came in before may stay: what it has shown is still enough.
     *
     * @param name what it calls itself, null if it has not said so yet
     * @param credential what it has shown
     * @param secured whether it speaks TLS
     * @return true if so
     */
    public boolean keeps(@Nullable String name, Credential credential, boolean secured) {
        if (tls != null && name != null && !secured) {
            return false;
        }
        if (tls != null && credential.session() != null && !tls.believes(credential.session())) {
            return false;
        }
        return name == null || judge(name, credential) == Verdict.WELCOME;
    }

    /** What comes of it. */
    public enum Verdict {
        /** It may. */
        WELCOME,
        /** Its token is not listed for the name, or it sent none. */
        WRONG_TOKEN,
        /** It needs a certificate of that name, and has shown none, or one of another name. */
        WRONG_NAME
    }

    /**
     * What a client has shown.
     *
     * @param session of TLS with its certificate, null if it showed none
     * @param certified the only name that its certificate allows, null if none
     * @param tokenHash of the token that it sent ({@link Tokens#hash}), null if it sent none
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Credential(
            @Nullable TlsSession session, @Nullable String certified, byte @Nullable [] tokenHash) {

        /** Nothing. */
        public static final Credential NONE = new Credential(null, null, null);

        /**
         * With a token besides.
         *
         * @param hash its {@link Tokens#hash}, null for none
         * @return the changed copy
         */
        public Credential token(byte @Nullable [] hash) {
            return new Credential(session, certified, hash);
        }
    }
}
