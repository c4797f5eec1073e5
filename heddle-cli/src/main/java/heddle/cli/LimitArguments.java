package heddle.cli;

import heddle.gateway.GatewayOptions;
import heddle.gateway.access.Limits;
import java.time.Duration;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** The options of {@code serve} that bound what clients may cost. */
final class LimitArguments implements Arguments {

    @Option(
            names = "--max-frame",
            paramLabel = "SIZE",
            defaultValue = "1M",
            converter = ByteSize.class,
            description = "Largest frame, its 4 bytes of length included.")
    private long frameBytesMax;

    @Reloaded
    @Option(
            names = "--max-connections",
            paramLabel = "N",
            defaultValue = "100000",
            description = "Further clients wait in the kernel's backlog.")
    private int connectionsMax;

    @Reloaded
    @Option(
            names = "--handshake-timeout",
            paramLabel = "TIME",
            defaultValue = "10s",
            converter = TimeSpan.class,
            description = "For a client to introduce itself.")
    private Duration handshakeTimeout;

    @Reloaded
    @Option(
            names = "--stall-timeout",
            paramLabel = "TIME",
            defaultValue = "30s",
            converter = TimeSpan.class,
            description = "Longest silence within a frame; longest time for a client to take its acks.")
    private Duration stallTimeout;

    @Reloaded
    @Option(
            names = "--idle-timeout",
            paramLabel = "TIME",
            defaultValue = "5m",
            converter = TimeSpan.class,
            description = "Longest silence between frames.")
    private Duration idleTimeout;

    @Reloaded
    @Option(
            names = "--drain-timeout",
            paramLabel = "TIME",
            defaultValue = "10s",
            converter = TimeSpan.class,
            description = "How long the end waits for clients. After a client's own half-close: how"
                    + " long storing its messages may take, then writing its acks.")
    private Duration drainTimeout;

    @CommandLine.Mixin
    private BoundArguments bounds;

    @Override
    public void check(Problems problems) {
        bounds.check(problems);
        if (frameBytesMax < 13 || frameBytesMax > Integer.MAX_VALUE - 64) {
            problems.add("--max-frame", "want 13 to 2G less 64");
        }
        if (connectionsMax < 1) {
            problems.add("--max-connections", "want 1 or more");
        }
    }

    long frameBytesMax() {
        return frameBytesMax;
    }

    /** How much each may take. */
    Limits shares() {
        return bounds.limits();
    }

    Duration handshakeTimeout() {
        return handshakeTimeout;
    }

    Duration drainTimeout() {
        return drainTimeout;
    }

    /** The limits in {@code options}. */
    GatewayOptions into(GatewayOptions options) {
        return options.frameBytesMax((int) frameBytesMax)
                .connectionsMax(connectionsMax)
                .handshakeTimeout(handshakeTimeout)
                .stallTimeout(stallTimeout)
                .idleTimeout(idleTimeout)
                .drainTimeout(drainTimeout);
    }
}
