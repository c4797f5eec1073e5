package heddle.net;

import heddle.internal.socket.UnixName;
import java.io.Serial;
import java.util.Objects;

/** The name of a Unix socket: a path, or a name of Linux's abstract namespace. Immutable; equal by network and name. */
public final class UnixAddr implements Addr {

    @Serial
    private static final long serialVersionUID = 1;

    private final String network;
    private final UnixName raw;

    UnixAddr(String network, UnixName raw) {
        this.network = network;
        this.raw = raw;
    }

    /**
     * An address by value. Whether the system takes it shows when it is used.
     *
     * @param network {@code unix} or {@code unixpacket}
     * @param name a path; {@code @name} for the abstract namespace, or the same with a leading NUL; empty for none
     * @return the address
     * @throws IllegalArgumentException no such network of Unix sockets
     */
    public static UnixAddr of(String network, String name) {
        if (!UnixSockets.have(network)) {
            throw new IllegalArgumentException("network " + network + ": want unix or unixpacket");
        }
        return named(network, name);
    }

    static UnixAddr named(String network, String name) {
        String text = name.startsWith("@") ? "\0" + name.substring(1) : name;
        return new UnixAddr(network, new UnixName(text));
    }

    UnixName raw() {
        return raw;
    }

    /** {@code unix}, or {@code unixpacket} for sockets that keep the bounds of each write. */
    @Override
    public String network() {
        return network;
    }

    /**
     * The name.
     *
     * @return the path; {@code @name} for the abstract namespace; empty for a socket without a name, as those are that
     *     dial
     */
    public String name() {
        return raw.name();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof UnixAddr that && network.equals(that.network) && raw.equals(that.raw);
    }

    @Override
    public int hashCode() {
        return Objects.hash(network, raw);
    }

    /** The {@link #name}; {@code @} for a socket without one, as Go prints it. */
    @Override
    public String toString() {
        return raw.toString();
    }
}
