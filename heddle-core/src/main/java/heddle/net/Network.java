package heddle.net;

import heddle.internal.socket.SockAddr;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The networks by name, and which versions of IP each has. */
enum Network {
    TCP("tcp"),
    TCP4("tcp4"),
    TCP6("tcp6");

    final String label;

    Network(String label) {
        this.label = label;
    }

    static Network named(String op, String name) throws UnknownNetworkException {
        for (Network network : values()) {
            if (network.label.equals(name)) {
                return network;
            }
        }
        throw Failures.unknownNetwork(op, name);
    }

    boolean admits(SockAddr address) {
        return switch (this) {
            case TCP -> true;
            case TCP4 -> address.version() != SockAddr.VERSION_6;
            case TCP6 -> address.version() != SockAddr.VERSION_4;
        };
    }

    /**
     * The version of a socket that dials {@code remote} from {@code local}: as in Go, 6 also for an IPv4 address if the
     * local one is IPv6.
     */
    int versionToDial(@Nullable SockAddr local, SockAddr remote) {
        if (this == TCP6) {
            return SockAddr.VERSION_6;
        }
        boolean six =
                remote.version() == SockAddr.VERSION_6 || (local != null && local.version() == SockAddr.VERSION_6);
        return six ? SockAddr.VERSION_6 : SockAddr.VERSION_4;
    }

    /** The version of a socket that listens at {@code local}: any address means both versions where {@code hasV6}. */
    int versionToListen(SockAddr local, BooleanSupplier hasV6) {
        return switch (this) {
            case TCP4 -> SockAddr.VERSION_4;
            case TCP6 -> SockAddr.VERSION_6;
            case TCP -> {
                boolean six = local.version() == SockAddr.VERSION_6 || (local.isUnspecified() && hasV6.getAsBoolean());
                yield six ? SockAddr.VERSION_6 : SockAddr.VERSION_4;
            }
        };
    }

    /** {@code tcp4} or {@code tcp6}, for a socket of {@code version}. */
    static String concrete(int version) {
        return version == SockAddr.VERSION_4 ? TCP4.label : TCP6.label;
    }
}
