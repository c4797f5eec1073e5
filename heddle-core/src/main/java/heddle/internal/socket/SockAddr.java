package heddle.internal.socket;

import java.io.Serial;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;

/**
 * An IP address with a port, as values: what a {@code sockaddr_in} or {@code sockaddr_in6} holds. Immutable.
 *
 * @param high upper 64 bits of an IPv6 address; 0 for IPv4
 * @param low lower 64 bits of an IPv6 address; an IPv4 address in the low 32
 * @param version {@link #VERSION_4}, {@link #VERSION_6}, or 0 for a port of this machine without an address
 * @param port 0 to 65535
 * @param scopeId interface index of a link-local IPv6 address, else 0
 */
public record SockAddr(long high, long low, int version, int port, int scopeId) implements SocketName {

    public static final int VERSION_4 = 4;
    public static final int VERSION_6 = 6;

    @Serial
    private static final long serialVersionUID = 1;

    /** ::ffff:0:0/96, RFC 4291 section 2.5.5.2, as the upper half of {@link #low}. */
    private static final long MAPPED = 0xffffL << 32;

    /** No address, only a port of this machine: any address to listen at, loopback to dial. */
    public static SockAddr ofPort(int port) {
        return new SockAddr(0, 0, 0, port, 0);
    }

    /** The IPv4 address {@code bits} with {@code port}. */
    public static SockAddr ofV4(int bits, int port) {
        return new SockAddr(0, bits & 0xffff_ffffL, VERSION_4, port, 0);
    }

    /** An IPv6 address; one that maps an IPv4 address becomes that. */
    public static SockAddr ofV6(long high, long low, int port, int scopeId) {
        if (high == 0 && (low >>> 32 << 32) == MAPPED) {
            return ofV4((int) low, port);
        }
        return new SockAddr(high, low, VERSION_6, port, scopeId);
    }

    /** {@code address} with {@code port}. */
    public static SockAddr of(InetAddress address, int port) {
        byte[] bytes = address.getAddress();
        if (bytes.length == 4) {
            return ofV4((int) bits(bytes, 0, 4), port);
        }
        int scope = address instanceof Inet6Address six ? six.getScopeId() : 0;
        return ofV6(bits(bytes, 0, 8), bits(bytes, 8, 8), port, scope);
    }

    private static long bits(byte[] bytes, int from, int count) {
        long bits = 0;
        for (int i = from; i < from + count; i++) {
            bits = bits << 8 | (bytes[i] & 0xff);
        }
        return bits;
    }

    /** The same address with another port. */
    public SockAddr withPort(int otherPort) {
        return new SockAddr(high, low, version, otherPort, scopeId);
    }

    /** Whether this is 0.0.0.0 or ::, "any address". */
    public boolean isUnspecified() {
        return high == 0 && low == 0;
    }

    /** The loopback address of the same version and port: what a dial to the unspecified address means. */
    public SockAddr toLoopback() {
        return version == VERSION_6 ? new SockAddr(0, 1, VERSION_6, port, 0) : ofV4(0x7f000001, port);
    }

    /** {@link #low} of an IPv6 socket's view of this address: an IPv4 address mapped. */
    public long lowForV6() {
        return version == VERSION_4 ? MAPPED | low : low;
    }

    /** The address without the port, 4 or 16 bytes in network order. */
    public byte[] addressBytes() {
        byte[] bytes = new byte[version == VERSION_6 ? 16 : 4];
        for (int i = 0; i < bytes.length; i++) {
            int shift = (bytes.length - 1 - i) * 8;
            bytes[i] = (byte) (shift >= 64 ? high >>> (shift - 64) : low >>> shift);
        }
        return bytes;
    }

    /** The address without the port. */
    public InetAddress toInetAddress() {
        try {
            return version == VERSION_6 && scopeId != 0
                    ? Inet6Address.getByAddress(null, addressBytes(), scopeId)
                    : InetAddress.getByAddress(addressBytes());
        } catch (UnknownHostException impossible) { // thrown for a wrong length only
            throw new AssertionError(impossible);
        }
    }

    /** {@code 127.0.0.1:80}, {@code [::1]:80}, {@code [fe80::1%eth0]:80}, {@code :80} where no host was named. */
    @Override
    public String toString() {
        String host = host();
        return version == VERSION_6 ? "[" + host + "]:" + port : host + ":" + port;
    }

    private String host() {
        return switch (version) {
            case VERSION_4 -> {
                int bits = (int) low;
                yield (bits >>> 24) + "." + (bits >> 16 & 0xff) + "." + (bits >> 8 & 0xff) + "." + (bits & 0xff);
            }
            case VERSION_6 -> ipv6() + zone();
            default -> "";
        };
    }

    private String zone() {
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

    /**
     * RFC 5952: lower case, no leading zeros, the longest run of zero groups (two or more, the first of equals) as
     * "::".
     */
    private String ipv6() {
        int[] groups = new int[8];
        for (int i = 0; i < 8; i++) {
            long half = i < 4 ? high : low;
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
