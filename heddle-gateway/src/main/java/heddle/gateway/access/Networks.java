package heddle.gateway.access;

import java.net.InetAddress;
import java.util.List;

/**
 * From where clients may come: from the networks that are allowed, all if none is named, but from none that is denied.
 * Immutable.
 *
 * @param allowed empty for all
 * @param denied these are refused also if they are allowed
 */
public record Networks(List<Cidr> allowed, List<Cidr> denied) {

    /** From everywhere. */
    public static final Networks ALL = new Networks(List.of(), List.of());

    /** Copies the lists. */
    public Networks {
        allowed = List.copyOf(allowed);
        denied = List.copyOf(denied);
    }

    /**
     * Whether clients may come from there.
     *
     * @param address a client's
     * @return true if it may
     */
    public boolean contain(InetAddress address) {
        byte[] bytes = Cidr.bytes(address);
        return (allowed.isEmpty() || anyOf(allowed, bytes)) && !anyOf(denied, bytes);
    }

    static boolean anyOf(List<Cidr> networks, byte[] address) {
        for (Cidr one : networks) {
            if (one.contains(address)) {
                return true;
            }
        }
        return false;
    }
}
