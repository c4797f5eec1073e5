package heddle.cli;

import heddle.gateway.access.Cidr;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of {@code serve} about proxies in front of it. */
final class ProxyArguments {

    @Reloaded
    @Option(
            names = "--proxy-from",
            paramLabel = "NET",
            converter = Network.class,
            description = "Proxies connect from this network. Their connections must begin with a header of the PROXY"
                    + " protocol, version 1 or 2, and count as the client's whom it names. May be given several times.")
    private @Nullable List<Cidr> from;

    List<Cidr> networks() {
        return from == null ? List.of() : from;
    }

    /** For people; empty if there are none. */
    String described() {
        return networks().isEmpty() ? "" : ", behind proxies";
    }
}
