package heddle.cli;

import heddle.gateway.GatewayOptions;
import heddle.gateway.access.Access;
import heddle.gateway.access.Cidr;
import heddle.gateway.access.Networks;
import heddle.gateway.access.Tokens;
import heddle.net.Addr;
import heddle.net.TcpAddr;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** The options of {@code serve} that say who may. A reload reads all files anew. */
final class AccessArguments implements Arguments {

    @CommandLine.Mixin
    private TlsArguments tls;

    @CommandLine.Mixin
    private ProxyArguments proxies;

    @Secret
    @Reloaded
    @Option(
            names = "--token",
            paramLabel = "TOKEN",
            defaultValue = "${env:HEDDLE_TOKEN}",
            showDefaultValue = CommandLine.Help.Visibility.NEVER,
            description = "What clients must send to be let in. Better in the environment as"
                    + " HEDDLE_TOKEN: others see arguments.")
    private @Nullable String token;

    @Reloaded
    @Option(
            names = "--tokens",
            paramLabel = "FILE",
            description =
                    "Lines of a client's name and its token, which lets in under that name only; NAME* is each name"
                            + " that begins so. sha256:HEX stands for the token of that hash.")
    private @Nullable Path tokens;

    @Reloaded
    @Option(
            names = "--allow",
            paramLabel = "NET",
            converter = Network.class,
            description = "Let only these networks in, as 10.0.0.0/8 or 2001:db8::/32. May be given several times.")
    private @Nullable List<Cidr> allowed;

    @Reloaded
    @Option(
            names = "--deny",
            paramLabel = "NET",
            converter = Network.class,
            description = "Keep these networks out, also if they are allowed. May be given several times.")
    private @Nullable List<Cidr> denied;

    @Reloaded
    @Option(
            names = "--insecure",
            description = "Listen beyond this machine also without TLS, or without tokens or client certificates: then"
                    + " whoever is on the way reads all, or whoever reaches the port may submit.")
    private boolean insecure;

    /** What {@link #check} has read: a file that is written meanwhile is not read half before and half behind it. */
    private Tokens listed = Tokens.NONE;

    @Override
    public void check(Problems problems) {
        tls.check(problems);
        problems.look("--token", this::refuseEmpty);
        problems.look("--tokens", this::list);
    }

    private void refuseEmpty() {
        if (token != null && token.isBlank()) {
            throw new IllegalArgumentException("the token is empty (--token, or HEDDLE_TOKEN in the environment): want"
                    + " one of chance, as openssl rand -hex 32 makes it, or none");
        }
    }

    private void list() throws IOException {
        Tokens all = tokens == null ? Tokens.NONE : Tokens.read(tokens);
        listed = token == null ? all : all.and(Tokens.any(token));
    }

    /**
     * Refuses to listen where others than this machine's own programs come, if they could do harm.
     *
     * @throws IllegalArgumentException the message says what to set
     */
    void checkReach(Addr address) {
        String missing = missing(address);
        if (!insecure && !missing.isEmpty()) {
            throw new IllegalArgumentException(address + " is reached from beyond this machine: want " + missing
                    + "; or listen on 127.0.0.1; or say --insecure");
        }
    }

    /** What is to be set before others may come; empty if nothing is, or only this machine's own programs come. */
    private String missing(Addr address) {
        if (!(address instanceof TcpAddr tcp) || tcp.host().isLoopbackAddress()) {
            return "";
        }
        boolean known = token != null || tokens != null || tls.isEverybodyCertified();
        String who = known ? "" : "--tokens FILE or --tls-client-authority FILE, as else anybody may submit";
        String how =
                tls.isOn() ? "" : "--tls-certificate FILE and --tls-key FILE, as else anybody on the way reads all";
        return how.isEmpty() || who.isEmpty() ? how + who : how + ", and " + who;
    }

    /** What it is beyond this machine; empty if that is as it should be. */
    String warning(Addr address) {
        String missing = missing(address);
        return missing.isEmpty() ? "" : "insecure: " + address + " wants " + missing;
    }

    /** Who may, in {@code options}, as a server at {@code address}; all files are read. */
    GatewayOptions into(GatewayOptions options, LimitArguments limits, Addr address) throws IOException {
        checkReach(address);
        Access access = Access.OPEN
                .limits(limits.shares())
                .networks(new Networks(Arguments.orNone(allowed), Arguments.orNone(denied)))
                .tokens(listed)
                .proxies(proxies.networks());
        return options.access(tls.into(access, limits.handshakeTimeout()));
    }

    /** For people, behind where messages go. */
    String described() {
        return proxies.described() + tls.described() + (token != null || tokens != null ? ", tokens" : "");
    }
}
