package heddle.cli;

import heddle.gateway.access.Access;
import heddle.tls.TlsConfig;
import heddle.tls.TlsConfig.ClientCertificate;
import heddle.tls.TlsContext;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of {@code serve} about TLS. A reload reads all files anew. */
final class TlsArguments implements Arguments {

    @Reloaded
    @Option(
            names = "--tls-certificate",
            paramLabel = "FILE",
            description = "Speak TLS 1.3 and 1.2, and nothing else. PEM: the certificate and those that vouch for it."
                    + " May be given several times, each with its key: a client gets the one with the name that it"
                    + " asks for.")
    private @Nullable List<Path> certificates;

    @Reloaded
    @Option(names = "--tls-key", paramLabel = "FILE", description = "Its private key, not encrypted: PEM.")
    private @Nullable List<Path> keys;

    @Reloaded
    @Option(
            names = "--tls-client-authority",
            paramLabel = "FILE",
            description = "The authorities of clients' certificates: PEM.")
    private @Nullable Path authority;

    @Reloaded
    @Option(
            names = "--tls-client-certificates",
            paramLabel = "WANTED",
            description =
                    "none, optional or required: whether clients must show a certificate. Its name is then the only"
                            + " one that the client may give. required if --tls-client-authority is given.")
    private @Nullable ClientCertificate wanted;

    @Reloaded
    @Option(names = "--tls-newest-only", description = "Refuse TLS 1.2.")
    private boolean newestOnly;

    @Override
    public void check(Problems problems) {
        int chains = Arguments.orNone(certificates).size();
        int theirKeys = Arguments.orNone(keys).size();
        if (chains != theirKeys) {
            problems.add(
                    chains < theirKeys ? "--tls-key" : "--tls-certificate",
                    "want --tls-certificate and --tls-key, one of each");
        } else if (!isOn()) {
            String wants = "--tls-certificate and --tls-key";
            problems.unwanted("--tls-client-authority", authority != null, wants);
            problems.unwanted("--tls-client-certificates", wanted() != ClientCertificate.NONE, wants);
            problems.unwanted("--tls-newest-only", newestOnly, wants);
        } else if (wanted() != ClientCertificate.NONE && authority == null) {
            problems.add("--tls-client-certificates", "wants --tls-client-authority too");
        } else {
            problems.look("--tls-certificate", () -> context(Duration.ofSeconds(1)));
        }
    }

    boolean isOn() {
        return !Arguments.orNone(certificates).isEmpty();
    }

    /** Whether nobody comes in without a certificate. */
    boolean isEverybodyCertified() {
        return isOn() && wanted() == ClientCertificate.REQUIRED;
    }

    private ClientCertificate wanted() {
        if (wanted != null) {
            return wanted;
        }
        return authority == null ? ClientCertificate.NONE : ClientCertificate.REQUIRED;
    }

    private TlsContext context(Duration handshakeTimeout) throws IOException {
        var config = new TlsConfig().handshakeTimeout(handshakeTimeout).clientCertificate(wanted());
        var chains = Arguments.orNone(certificates);
        var theirKeys = Arguments.orNone(keys);
        for (int i = 0; i < chains.size(); i++) {
            config = config.certificate(chains.get(i), theirKeys.get(i));
        }
        if (authority != null) {
            config = config.authority(authority);
        }
        return TlsContext.load(newestOnly ? config.newestOnly() : config);
    }

    /** {@code access} with TLS, if it is on; its files are read. */
    Access into(Access access, Duration handshakeTimeout) throws IOException {
        return isOn() ? access.tls(context(handshakeTimeout), wanted()) : access;
    }

    /** For people; empty if it is off. */
    String described() {
        if (!isOn()) {
            return "";
        }
        return switch (wanted()) {
            case NONE -> ", TLS";
            case OPTIONAL -> ", TLS with client certificates or without";
            case REQUIRED -> ", TLS with client certificates";
        };
    }
}
