package heddle.gateway.access;

import java.net.InetAddress;

/**
 * How much each may take. Immutable. An address of IPv6 counts by its first 64 bits, as whoever has one has all of
 * those (RFC 7421); one of IPv4 that is mapped into IPv6 counts as that of IPv4.
 *
 * @param perAddress what each address may take
 * @param perLoopback what this machine's own addresses may take each, from where balancers come, too
 * @param perClient what each client may take, by the name that it gives
 * @param inAll what all together may take; its connections and bytes in flight are bounded elsewhere, and not looked at
 */
public record Limits(Bounds perAddress, Bounds perLoopback, Bounds perClient, Bounds inAll) {

    /** The first byte of an address, RFC 1122, 3.2.1.3. */
    private static final int LOOPBACK_V4 = 127;

    /** Nothing is bounded. */
    public static final Limits NONE = new Limits(Bounds.NONE, Bounds.NONE, Bounds.NONE, Bounds.NONE);

    /**
     * What is bounded unless somebody says otherwise: 1,000 connections and 200 new ones a second for each address that
     * is not this machine's own, and 16 MiB in flight for each client.
     */
    public static final Limits DEFAULT = new Limits(
            Bounds.NONE.connections(1000).newConnections(200),
            Bounds.NONE,
            Bounds.NONE.bytesInFlight(16 << 20),
            Bounds.NONE);

    /**
     * What an address may take.
     *
     * @param loopback whether it {@link #isLoopback}
     * @return its bounds
     */
    public Bounds of(boolean loopback) {
        return loopback ? perLoopback : perAddress;
    }

    /**
     * Whether an address is one of this machine's own.
     *
     * @param address a client's
     * @return true of 127.0.0.0/8, also mapped into IPv6, and of ::1
     */
    public static boolean isLoopback(InetAddress address) {
        byte[] bytes = Cidr.bytes(address);
        return bytes.length == 4 ? bytes[0] == LOOPBACK_V4 : address.isLoopbackAddress();
    }

    /**
     * By what an address is counted.
     *
     * @param address a client's
     * @return the address of IPv4, or the first 64 bits of that of IPv6
     */
    public static long key(InetAddress address) {
        byte[] bytes = Cidr.bytes(address);
        long key = 0;
        for (int i = 0; i < Math.min(bytes.length, 8); i++) {
            key = (key << 8) | (bytes[i] & 0xff);
        }
        // No network of IPv6 begins with 32 zero bits (RFC 4291, 2.4), but for ::1 itself.
        return key;
    }
}
