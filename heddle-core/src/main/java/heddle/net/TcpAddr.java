package heddle.net;

import heddle.internal.sys.SockAddr;

import java.io.Serial;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.Objects;

/** An IP address and a port of TCP. Immutable; equal by value. */
public final class TcpAddr implements Addr {

    @Serial private static final long serialVersionUID = 1;

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
        String host = host(raw);
        return raw.version() == SockAddr.VERSION_6
                ? "[" + host + "]:" + raw.port()
                : host + ":" + raw.port();
    }

    private static String host(SockAddr address) {
        return switch (address.version()) {
            case SockAddr.VERSION_4 -> {
                int bits = (int) address.low();
                yield (bits >>> 24)
                        + "."
                        + (bits >> 16 & 0xff)
                        + "."
                        + (bits >> 8 & 0xff)
                        + "."
                        + (bits & 0xff);
            }
            case SockAddr.VERSION_6 -> ipv6(address) + zone(address.scopeId());
            default -> "";
        };
    }

    private static String zone(int scopeId) {
        if (scopeId == 0) {
            return "";
        }
        try {
            NetworkInterface named = NetworkInterface.getByIndex(scopeId);
            return "%" + (named == null ? String.valueOf(scopeId) : named.getName());
        } catch (SocketException noNames) { // the number is a name as good
            return "%" + scopeId;
        }
    }

    /** RFC 5952: lower case, no leading zeros, the longest run of zero groups (two or more, the first of equals) as "::". */
    private static String ipv6(SockAddr address) {
        int[] groups = new int[8];
        for (int i = 0; i < 8; i++) {
            long half = i < 4 ? address.high() : address.low();
            groups[i] = (int) (half >>> ((3 - i % 4) * 16)) & 0xffff;
        }
        int from = -1;
        int length = 1;
        for (int i = 0; i < 8; i++) {
            int end = i;
            while (end < 8 && groups[end] == 0) {
                end++;
            }
            if (end - i > length) {
                from = i;
                length = end - i;
            }
        }
        var text = new StringBuilder();
        for (int i = 0; i < 8; i++) {
            if (i == from) {
                text.append("::");
                i += length - 1;
            } else {
                boolean afterRun = text.isEmpty() || text.charAt(text.length() - 1) == ':';
                text.append(afterRun ? "" : ":").append(Integer.toHexString(groups[i]));
            }
        }
        return text.toString();
    }
}
