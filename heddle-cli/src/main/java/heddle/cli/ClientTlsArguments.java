package heddle.cli;

import heddle.tls.TlsConfig;
import heddle.tls.TlsContext;
import heddle.tls.TlsFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of commands that connect, which tell how to speak TLS. */
final class ClientTlsArguments {

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--tls",
            description = "Speak TLS. The server's certificate must be for the host in its address. Each of the"
                    + " following options says so too.")
    private boolean tls;

    @Option(
            names = "--tls-authority",
            paramLabel = "FILE",
            description = "For TLS: whom to believe that the server is the server, certificates in PEM. Java's own"
                    + " authorities unless given.")
    private @Nullable Path authority;

    @Option(
            names = "--tls-certificate",
            paramLabel = "FILE",
            description = "For TLS: this client's certificate in PEM, and those that vouch for it.")
    private @Nullable Path certificate;

    @Option(names = "--tls-key", paramLabel = "FILE", description = "For TLS: the key of --tls-certificate in PEM.")
    private @Nullable Path key;

    @Option(
            names = "--tls-any-host",
            description = "For TLS: take any certificate of the authority's, whatever host it is for. Whoever has one"
                    + " can pass for the server.")
    private boolean anyHost;

    /**
     * How to speak TLS; null for in the clear.
     *
     * @throws TlsFileException a file cannot be used
     */
    @Nullable
    TlsContext context() throws TlsFileException {
        if ((certificate == null) != (key == null)) {
            throw new ParameterException(spec.commandLine(), "--tls-certificate and --tls-key: want both or neither");
        }
        if (!tls && !anyHost && authority == null && certificate == null) {
            return null;
        }
        var config = new TlsConfig();
        if (authority != null) {
            config = config.authority(authority);
        }
        if (certificate != null && key != null) {
            config = config.certificate(certificate, key);
        }
        return TlsContext.load(anyHost ? config.anyHost() : config);
    }
}
