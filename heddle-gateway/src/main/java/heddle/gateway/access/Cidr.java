package heddle.gateway.access;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A network as people write it: {@code 192.0.2.0/24}, {@code 2001:db8::/32}, or one address. An address of IPv4 that is
 * mapped into IPv6 ({@code ::ffff:192.0.2.7}, RFC 4291, 2.5.5.2) is the one of IPv4. Immutable.
 */
public final class Cidr {

    private static final Pattern FORM =
            Pattern.compile("([0-9]+(?:\\.[0-9]+){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)(?:/([0-9]{1,3}))?");

    private static final int MAPPED_BITS = 96;

    /** 4 bytes or 16. */
    private final byte[] prefix;

    private final int bits;

    private Cidr(byte[] prefix, int bits) {
        this.prefix = prefix;
        this.bits = bits;
    }

    /**
     * Reads one.
     *
     * @param text an address, and how many of its first bits count, all unless given
     * @return the network
     * @throws IllegalArgumentException it is none; the message says what is wrong and what is allowed
     */
    public static Cidr parse(String text) {
        var parts = FORM.matcher(text);
        byte[] address = parts.matches() ? addressOf(parts.group(1)) : null;
        if (address == null) {
            throw new IllegalArgumentException(
                    "'" + text + "' is no network: want 192.0.2.0/24, 2001:db8::/32 or an address");
        }
        boolean mapped = address.length == 4 && parts.group(1).indexOf(':') >= 0;
        int spare = mapped ? MAPPED_BITS : 0;
        int most = 8 * address.length + spare;
        int bits = parts.group(2) == null ? most : Integer.parseInt(parts.group(2));
        if (bits < spare || bits > most) {
            throw new IllegalArgumentException("'" + text + "': want " + spare + " to " + most + " behind the /");
        }
        var network = new Cidr(masked(address, bits - spare), bits - spare);
        if (!Arrays.equals(network.prefix, address)) {
            throw new IllegalArgumentException(
                    "'" + text + "': bits behind the first " + bits + " are set; is " + network + " meant?");
        }
        return network;
    }

    private static byte @Nullable [] addressOf(String text) {
        try {
            return InetAddress.ofLiteral(text).getAddress();
        } catch (IllegalArgumentException noAddress) {
            return null;
        }
    }

    private static byte[] masked(byte[] address, int bits) {
        byte[] masked = new byte[address.length];
        System.arraycopy(address, 0, masked, 0, bits / 8);
        if (bits % 8 != 0) {
            masked[bits / 8] = (byte) (address[bits / 8] & -(1 << (8 - bits % 8)));
        }
        return masked;
    }

    /**
     * Whether an address is in it.
     *
     * @param address of IPv4 or IPv6
     * @return true if its first bits are these; never for one of the other version
     */
    public boolean contains(InetAddress address) {
        return contains(bytes(address));
    }

    boolean contains(byte[] address) {
        if (address.length != prefix.length) {
            return false;
        }
        int whole = bits / 8;
        if (!Arrays.equals(address, 0, whole, prefix, 0, whole)) {
            return false;
        }
        return bits % 8 == 0 || ((address[whole] ^ prefix[whole]) & -(1 << (8 - bits % 8))) == 0;
    }

    /** The address's bytes: 4 for one of IPv4, also if it is mapped, else 16. */
    static byte[] bytes(InetAddress address) {
        byte[] raw = address.getAddress();
        return raw.length == 16 && isMapped(raw) ? Arrays.copyOfRange(raw, 12, 16) : raw;
    }

    private static boolean isMapped(byte[] raw) {
        for (int i = 0; i < 10; i++) {
            if (raw[i] != 0) {
                return false;
            }
        }
        return raw[10] == -1 && raw[11] == -1;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Cidr that && bits == that.bits && Arrays.equals(prefix, that.prefix);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(prefix) + bits;
    }

    /** As it is written. */
    @Override
    public String toString() {
        try {
            return InetAddress.getByAddress(prefix).getHostAddress() + "/" + bits;
        } catch (UnknownHostException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
