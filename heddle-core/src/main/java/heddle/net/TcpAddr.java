package heddle.net;

import heddle.internal.socket.SockAddr;
import java.io.Serial;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;

/** An IP address and a port of TCP. Immutable; equal by value. */
public final class TcpAddr implements Addr {

    @Serial
    private static final long serialVersionUID = 1;

    private final SockAddr raw;

    TcpAddr(SockAddr raw) {
        this.raw = raw;
    }

    /**
     * An address by value.
     *
     * @param address the host
     * @param port 0 to 65535
     * @return the address
     * @throws IllegalArgumentException the port is out of range
     */
    public static TcpAddr of(InetAddress address, int port) {
        if (port < 0 || port > 0xffff) {
            throw new IllegalArgumentException("port " + port + ": want 0 to 65535");
        }
        return new TcpAddr(SockAddr.of(address, port));
    }

    SockAddr raw() {
        return raw;
    }

    @Override
    public String network() {
        return "tcp";
    }

    /**
     * The port.
     *
     * @return 0 to 65535
     */
    public int port() {
        return raw.port();
    }

    /**
     * The host.
     *
     * @return the address without the port
     */
    public InetAddress host() {
        return raw.toInetAddress();
    }

    /**
     * The same for the JDK.
     *
     * @return address and port
     */
    public InetSocketAddress toSocketAddress() {
        return new InetSocketAddress(host(), raw.port());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TcpAddr that && raw.equals(that.raw);
    }

    @Override
    public int hashCode() {
        return Objects.hashCode(raw);
    }

    /** {@code 127.0.0.1:80}, {@code [::1]:80}, {@code [fe80::1%eth0]:80}, {@code :80} where no host was named. */
    @Override
    public String toString() {
        return raw.toString();
    }
}
