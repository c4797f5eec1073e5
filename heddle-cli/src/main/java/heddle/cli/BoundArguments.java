package heddle.cli;

import heddle.gateway.access.Bounds;
import heddle.gateway.access.Limits;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of {@code serve} that say how much an address, a client, or all together may take; 0 is no bound. */
final class BoundArguments implements Arguments {

    @Reloaded
    @Option(
            names = "--limits-connections-per-address",
            paramLabel = "N",
            description =
                    "Most connections of an address, of IPv6 of a /64; 0 for any number. 1000 if not given, but any"
                            + " number for this machine's own addresses.")
    private @Nullable Integer connectionsPerAddress;

    @Reloaded
    @Option(
            names = "--limits-connections-per-client",
            paramLabel = "N",
            defaultValue = "0",
            description = "Most connections of one name; 0 for any number.")
    private int connectionsPerClient;

    @Reloaded
    @Option(
            names = "--limits-new-connections-per-second",
            paramLabel = "N",
            defaultValue = "0",
            description = "Most new connections a second, of all together; 0 for any number. Further ones are closed.")
    private int newConnections;

    @Reloaded
    @Option(
            names = "--limits-new-connections-per-second-per-address",
            paramLabel = "N",
            description = "The same of an address. 200 if not given, but any number for this machine's own.")
    private @Nullable Integer newConnectionsPerAddress;

    @Reloaded
    @Option(
            names = "--limits-new-connections-per-second-per-client",
            paramLabel = "N",
            defaultValue = "0",
            description = "The same of one name, which is answered 3.")
    private int newConnectionsPerClient;

    @Reloaded
    @Option(
            names = "--limits-bytes-in-flight-per-address",
            paramLabel = "SIZE",
            defaultValue = "0",
            converter = ByteSize.class,
            description =
                    "Most bytes of messages of an address that are not settled yet; then it is not read. 0 for any"
                            + " number.")
    private long bytesPerAddress;

    @Reloaded
    @Option(
            names = "--limits-bytes-in-flight-per-client",
            paramLabel = "SIZE",
            defaultValue = "16M",
            converter = ByteSize.class,
            description = "The same of one name.")
    private long bytesPerClient;

    @Reloaded
    @Option(
            names = "--limits-messages-per-second",
            paramLabel = "N",
            defaultValue = "0",
            description =
                    "Most messages a second, of all together: then connections are not read until it is their turn."
                            + " 0 for any number.")
    private int messages;

    @Reloaded
    @Option(
            names = "--limits-messages-per-second-per-address",
            paramLabel = "N",
            defaultValue = "0",
            description = "The same of an address.")
    private int messagesPerAddress;

    @Reloaded
    @Option(
            names = "--limits-messages-per-second-per-client",
            paramLabel = "N",
            defaultValue = "0",
            description = "The same of one name.")
    private int messagesPerClient;

    @Override
    public void check(Problems problems) {
        notNegative("--limits-connections-per-address", connectionsPerAddress, problems);
        notNegative("--limits-connections-per-client", connectionsPerClient, problems);
        notNegative("--limits-new-connections-per-second", newConnections, problems);
        notNegative("--limits-new-connections-per-second-per-address", newConnectionsPerAddress, problems);
        notNegative("--limits-new-connections-per-second-per-client", newConnectionsPerClient, problems);
        notNegative("--limits-messages-per-second", messages, problems);
        notNegative("--limits-messages-per-second-per-address", messagesPerAddress, problems);
        notNegative("--limits-messages-per-second-per-client", messagesPerClient, problems);
    }

    private static void notNegative(String option, @Nullable Integer value, Problems problems) {
        if (value != null && value < 0) {
            problems.add(option, "want 0, for any number, or more");
        }
    }

    Limits limits() {
        Bounds shared = new Bounds(0, 0, bytesPerAddress, messagesPerAddress);
        return new Limits(
                address(shared, Limits.DEFAULT.perAddress()),
                address(shared, Limits.DEFAULT.perLoopback()),
                new Bounds(connectionsPerClient, newConnectionsPerClient, bytesPerClient, messagesPerClient),
                new Bounds(0, newConnections, 0, messages));
    }

    private Bounds address(Bounds shared, Bounds otherwise) {
        return shared.connections(connectionsPerAddress == null ? otherwise.connections() : connectionsPerAddress)
                .newConnections(
                        newConnectionsPerAddress == null ? otherwise.newConnections() : newConnectionsPerAddress);
    }
}
