package heddle.cli;

import heddle.net.BindFailedException;
import heddle.net.ListenConfig;
import heddle.net.Listener;
import heddle.net.TcpAddr;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A TCP address as people write it: {@code HOST:PORT}, {@code [IPV6]:PORT}, {@code :PORT}. What it can never be is
 * refused here, before anything is done; whether the host exists only the network knows.
 */
class Address implements ITypeConverter<String> {
    private static final Pattern FORM = Pattern.compile("(?:\\[[^\\[\\]]*]|[^\\[\\]:]*):[0-9]{1,5}");

    private static final Pattern DOTTED_QUAD = Pattern.compile("[0-9]+(\\.[0-9]+){3}");
    private static final Pattern NO_HOST = Pattern.compile(".*[\\s\\p{Cntrl}/].*", Pattern.DOTALL);

    /** Where to connect to: port 0 is no port of anybody. */
    static final class Peer extends Address {
        Peer() {
            super(1);
        }
    }

    private final int portMin;

    Address() {
        this(0);
    }

    private Address(int portMin) {
        this.portMin = portMin;
    }

    @Override
    public String convert(String text) {
        if (!FORM.matcher(text).matches()) {
            throw new TypeConversionException(
                    "'" + text + "' is no address: want HOST:PORT, as 127.0.0.1:7000 or [::1]:7000");
        }
        String host = host(text);
        if (!canBeHost(host)) {
            throw new TypeConversionException(
                    "'" + text + "': '" + host + "' is no host: want a name, 127.0.0.1 or [::1]");
        }
        int port = port(text);
        if (port < portMin || port > 0xffff) {
            throw new TypeConversionException("'" + text + "': want a port from " + portMin + " to 65535");
        }
        return text;
    }

    /** What has the form of a number must be one; any other is a name, or empty for this machine. */
    private static boolean canBeHost(String host) {
        try {
            if (host.indexOf(':') >= 0) {
                int zone = host.indexOf('%'); // of an interface, which is looked up later
                Inet6Address.ofLiteral(zone < 0 ? host : host.substring(0, zone));
            } else if (DOTTED_QUAD.matcher(host).matches()) {
                InetAddress.ofLiteral(host);
            }
        } catch (IllegalArgumentException noLiteral) {
            return false;
        }
        return !NO_HOST.matcher(host).matches();
    }

    /** The host of an address that was accepted, without brackets; empty for all of this machine. */
    static String host(String address) {
        String host = address.substring(0, address.lastIndexOf(':'));
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    /** The port of an address that was accepted. */
    static int port(String address) {
        return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    }

    /** Where a server at {@code address} would be, null if its host has no address now. Takes no port. */
    static @Nullable TcpAddr resolved(String address) {
        if (!FORM.matcher(address).matches()) {
            return null; // it was refused
        }
        String host = host(address);
        try {
            InetAddress at = host.isEmpty() ? InetAddress.ofLiteral("::") : InetAddress.getByName(host);
            return TcpAddr.of(at, port(address));
        } catch (UnknownHostException unknown) {
            return null; // the start says so
        }
    }

    /** Takes the port, or says how to choose another. */
    static Listener listen(ListenConfig config, String address) throws IOException {
        try {
            return config.listen("tcp", address);
        } catch (BindFailedException e) {
            throw new IOException(e.getMessage() + "; choose another with --listen HOST:PORT", e);
        }
    }
}
