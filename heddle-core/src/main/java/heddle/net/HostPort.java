package heddle.net;

import heddle.internal.socket.SockAddr;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An address as text, taken apart: {@code host:port}, {@code [host]:port}, {@code [host%zone]:port}, {@code :port}.
 * Rules and texts are those of Go's net.SplitHostPort.
 *
 * @param host a name or a literal; empty for this machine
 * @param port 0 to 65535
 */
record HostPort(String host, int port) {

    /** Parses {@code address}; {@code op} and {@code network} are for the error. */
    static HostPort parse(String op, String network, String address) throws AddressException {
        if (address.isEmpty()) {
            throw Failures.address(op, network, "", "missing address");
        }
        int colon = address.lastIndexOf(':');
        if (colon < 0) {
            throw Failures.address(op, network, address, "missing port in address");
        }
        String host;
        int bracketsFrom = 0;
        int bracketsTo = 0;
        if (address.charAt(0) == '[') {
            int close = address.indexOf(']');
            if (close < 0) {
                throw Failures.address(op, network, address, "missing ']' in address");
            }
            if (close + 1 == address.length()) {
                throw Failures.address(op, network, address, "missing port in address");
            }
            if (close + 1 != colon) {
                boolean many = address.charAt(close + 1) == ':';
                throw Failures.address(
                        op, network, address, many ? "too many colons in address" : "missing port in address");
            }
            host = address.substring(1, close);
            bracketsFrom = 1;
            bracketsTo = close + 1;
        } else {
            host = address.substring(0, colon);
            if (host.indexOf(':') >= 0) {
                throw Failures.address(op, network, address, "too many colons in address");
            }
        }
        if (address.indexOf('[', bracketsFrom) >= 0) {
            throw Failures.address(op, network, address, "unexpected '[' in address");
        }
        if (address.indexOf(']', bracketsTo) >= 0) {
            throw Failures.address(op, network, address, "unexpected ']' in address");
        }
        return new HostPort(host, port(op, network, address.substring(colon + 1)));
    }

    private static int port(String op, String network, String text) throws AddressException {
        if (text.isEmpty()) {
            return 0;
        }
        int port = 0;
        for (int i = text.charAt(0) == '-' ? 1 : 0; i < text.length(); i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                throw Failures.address(op, network, text, "unknown port"); // Names of services are not looked up.
            }
            port = Math.min(port * 10 + digit, 1 << 20);
        }
        if (port > 0xffff || text.charAt(0) == '-') {
            throw Failures.address(op, network, text, "invalid port");
        }
        return port;
    }

    /** The address if the host is a literal or empty, else null. */
    @Nullable
    SockAddr literal() {
        if (host.isEmpty()) {
            return SockAddr.ofPort(port);
        }
        try {
            if (host.indexOf(':') >= 0) {
                return SockAddr.of(Inet6Address.ofLiteral(host), port);
            }
            return isDottedQuad() ? SockAddr.of(InetAddress.ofLiteral(host), port) : null;
        } catch (IllegalArgumentException notALiteral) {
            return null; // A name then, whose lookup tells if there is none.
        }
    }

    /** Four numbers; the JDK would also take fewer, which here are names. */
    private boolean isDottedQuad() {
        int dots = 0;
        for (int i = 0; i < host.length(); i++) {
            char c = host.charAt(i);
            if (c == '.') {
                dots++;
            } else if (c < '0' || c > '9') {
                return false;
            }
        }
        return dots == 3;
    }

    /**
     * The addresses to try, in the order of {@code resolver}, at least one.
     *
     * @throws AddressException {@code network} admits none of them
     * @throws HostNotFoundException the name has none
     * @throws DeadlineExceededException the lookup takes longer than {@code deadline}
     */
    List<SockAddr> resolve(String op, Network network, Deadline deadline, Resolver resolver) throws IOException {
        SockAddr literal = literal();
        if (literal != null) {
            if (!network.admits(literal)) {
                throw Failures.address(op, network.label, host, "no suitable address found");
            }
            return List.of(literal);
        }
        List<SockAddr> admitted = new ArrayList<>();
        for (InetAddress address : resolver.lookup(op, network.label, host, deadline)) {
            SockAddr candidate = SockAddr.of(address, port);
            if (network.admits(candidate)) {
                admitted.add(candidate);
            }
        }
        if (admitted.isEmpty()) {
            throw Failures.address(op, network.label, host, "no suitable address found");
        }
        return admitted;
    }
}
