package heddle.proxy;

import heddle.net.TcpAddr;
import heddle.proxy.ProxyException.Reason;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Reads one header byte by byte, so it takes no byte of what is behind it. For one thread. Holds 108 bytes, and as many
 * as the header of version 2 says once that is known to be at most {@link #BYTES_MAX}.
 */
final class ProxyHeader {

    /** What a header of version 2 may have in all. A client's certificate fits; most have less than 200. */
    static final int BYTES_MAX = 4096;

    /** With the line's end; version 1, "worst case". */
    static final int LINE_BYTES_MAX = 107;

    static final byte[] LINE_START = "PROXY ".getBytes(StandardCharsets.US_ASCII);
    static final byte[] SIGNATURE = {13, 10, 13, 10, 0, 13, 10, 'Q', 'U', 'I', 'T', 10};

    /** Signature, version and command, family and transport, length. */
    private static final int FIXED_BYTES = 16;

    private static final int VERSION = 2;
    private static final int COMMAND_PROXY = 1;
    private static final int INET = 1;
    private static final int UNIX = 3;
    private static final int STREAM = 1;
    private static final int DATAGRAM = 2;

    /** By family: both addresses, and both ports where there are some. */
    private static final int[] ADDRESS_BYTES = {0, 12, 36, 216};

    private static final int TYPE_CRC32C = 3;
    private static final int TLV_HEADER_BYTES = 3;
    private static final int CRC_BYTES = 4;

    private static final Pattern IPV4 = Pattern.compile("(0|[1-9][0-9]{0,2})(\\.(0|[1-9][0-9]{0,2})){3}");
    private static final Pattern IPV6 = Pattern.compile("[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");
    private static final Pattern PORT = Pattern.compile("0|[1-9][0-9]{0,4}");

    /** Thrown by {@link #take}; who calls knows the connection. */
    static final class Wrong extends Exception {
        private static final long serialVersionUID = 1;

        final Reason reason;

        Wrong(Reason reason, String text) {
            super(text, null, false, false);
            this.reason = reason;
        }
    }

    private byte[] bytes = new byte[LINE_BYTES_MAX + 1];
    private int count;

    /** In all; of version 2, once that is known. */
    private int total = Integer.MAX_VALUE;

    private @Nullable TcpAddr source;
    private @Nullable TcpAddr destination;

    /** Takes bytes of the header from {@code from}, and none behind it. Whether it is complete. */
    boolean take(ByteBuffer from) throws Wrong {
        while (from.hasRemaining()) {
            if (take(from.get())) {
                return true;
            }
        }
        return false;
    }

    private boolean take(byte next) throws Wrong {
        bytes[count++] = next;
        return bytes[0] == SIGNATURE[0] ? takeBinary() : takeLine();
    }

    private boolean takeLine() throws Wrong {
        byte next = bytes[count - 1];
        if (count <= LINE_START.length) {
            if (next != LINE_START[count - 1]) {
                throw missing();
            }
            return false;
        }
        boolean afterReturn = bytes[count - 2] == '\r';
        if (afterReturn != (next == '\n')) {
            throw malformed("a line's end that is not CR LF");
        }
        if (afterReturn) {
            readLine(new String(bytes, 0, count - 2, StandardCharsets.ISO_8859_1));
            return true;
        }
        if (count == LINE_BYTES_MAX) {
            throw new Wrong(Reason.TOO_LONG, "no end of the line in " + LINE_BYTES_MAX + " bytes");
        }
        return false;
    }

    private void readLine(String line) throws Wrong {
        if (line.equals("PROXY UNKNOWN") || line.startsWith("PROXY UNKNOWN ")) {
            return;
        }
        String[] parts = line.split(" ", -1);
        boolean four = parts[1].equals("TCP4");
        if (!four && !parts[1].equals("TCP6")) {
            throw malformed("neither TCP4 nor TCP6 nor UNKNOWN");
        }
        if (parts.length != 6) {
            throw malformed("not two addresses and two ports");
        }
        source = TcpAddr.of(address(parts[2], four), port(parts[4]));
        destination = TcpAddr.of(address(parts[3], four), port(parts[5]));
    }

    private static InetAddress address(String text, boolean four) throws Wrong {
        try {
            if ((four ? IPV4 : IPV6).matcher(text).matches()) {
                return InetAddress.ofLiteral(text);
            }
        } catch (IllegalArgumentException noAddress) {
            // Said below.
        }
        throw malformed(four ? "no address of IPv4" : "no address of IPv6");
    }

    private static int port(String text) throws Wrong {
        int port = PORT.matcher(text).matches() ? Integer.parseInt(text) : -1;
        if (port < 0 || port > 0xffff) {
            throw malformed("no port");
        }
        return port;
    }

    private boolean takeBinary() throws Wrong {
        if (count <= SIGNATURE.length) {
            if (bytes[count - 1] != SIGNATURE[count - 1]) {
                throw missing();
            }
        } else if (count == FIXED_BYTES) {
            checkFixed();
        }
        if (count == total) {
            readBinary();
            return true;
        }
        return false;
    }

    private int command() {
        return bytes[12] & 0xf;
    }

    private int family() {
        return bytes[13] >> 4 & 0xf;
    }

    private int transport() {
        return bytes[13] & 0xf;
    }

    private void checkFixed() throws Wrong {
        int version = bytes[12] >> 4 & 0xf;
        if (version != VERSION || command() > COMMAND_PROXY) {
            throw malformed("version " + version + ", command " + command());
        }
        int length = number(14);
        if (command() == COMMAND_PROXY) {
            if (family() > UNIX || transport() > DATAGRAM) {
                throw malformed("family " + family() + ", transport " + transport());
            }
            if (length < ADDRESS_BYTES[family()]) {
                throw malformed("too short for its addresses: " + length + " bytes");
            }
        }
        total = FIXED_BYTES + length;
        if (total > BYTES_MAX) {
            throw new Wrong(Reason.TOO_LONG, total + " bytes, of which " + BYTES_MAX + " are allowed");
        }
        bytes = Arrays.copyOf(bytes, Math.max(bytes.length, total));
    }

    private void readBinary() throws Wrong {
        if (command() != COMMAND_PROXY) {
            return; // All the content is to be ignored: addresses may be among it, and look like values.
        }
        // Without a family the content may be values, with a checksum among them, or anything else.
        boolean addressed = family() != 0;
        checkValues(FIXED_BYTES + (addressed ? ADDRESS_BYTES[family()] : 0), addressed);
        if (addressed && transport() == STREAM && family() != UNIX) {
            int each = family() == INET ? 4 : 16;
            int ports = FIXED_BYTES + 2 * each;
            source = TcpAddr.of(address(FIXED_BYTES, each), number(ports));
            destination = TcpAddr.of(address(FIXED_BYTES + each, each), number(ports + 2));
        }
    }

    private InetAddress address(int at, int length) {
        try {
            return InetAddress.getByAddress(Arrays.copyOfRange(bytes, at, at + length));
        } catch (UnknownHostException impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** Two bytes: a port, or a length. */
    private int number(int at) {
        return ((bytes[at] & 0xff) << 8) | (bytes[at + 1] & 0xff);
    }

    /** Walks over the values, and looks at the checksum, if there is one. */
    private void checkValues(int begin, boolean strict) throws Wrong {
        int at = begin;
        int checksum = -1;
        while (at < total) {
            int value = at + TLV_HEADER_BYTES;
            int length = value > total ? 0 : number(at + 1);
            if (value + length > total) {
                if (strict) {
                    throw malformed("a value goes beyond the end");
                }
                return;
            }
            if (bytes[at] == TYPE_CRC32C) {
                if (checksum >= 0 || length != CRC_BYTES) {
                    throw malformed("not one checksum of " + CRC_BYTES + " bytes");
                }
                checksum = value;
            }
            at = value + length;
        }
        if (checksum >= 0) {
            check(checksum);
        }
    }

    private void check(int at) throws Wrong {
        int said = ByteBuffer.wrap(bytes).getInt(at);
        Arrays.fill(bytes, at, at + CRC_BYTES, (byte) 0);
        var crc = new CRC32C();
        crc.update(bytes, 0, total);
        if ((int) crc.getValue() != said) {
            throw new Wrong(Reason.CHECKSUM, "the checksum is wrong");
        }
    }

    private static Wrong missing() {
        return new Wrong(Reason.MISSING, "no PROXY header, which this network's connections must begin with");
    }

    private static Wrong malformed(String what) {
        return new Wrong(Reason.MALFORMED, "malformed PROXY header: " + what);
    }

    /** Whether nothing was taken yet. */
    boolean isEmpty() {
        return count == 0;
    }

    /** The client; null if the header tells of none: then the peer is it. */
    @Nullable
    TcpAddr source() {
        return source;
    }

    /** To whom the client connected; null likewise. */
    @Nullable
    TcpAddr destination() {
        return destination;
    }

    /** How many bytes of {@code from} are as a header begins: at most as many as its {@link #isWhole} beginning has. */
    static int beginning(ByteBuffer from) {
        if (!from.hasRemaining()) {
            return 0;
        }
        byte[] start = from.get(from.position()) == SIGNATURE[0] ? SIGNATURE : LINE_START;
        int same = 0;
        while (same < Math.min(start.length, from.remaining()) && from.get(from.position() + same) == start[same]) {
            same++;
        }
        return same;
    }

    /** Whether {@code count} bytes that are as a header begins are all of its beginning. */
    static boolean isWhole(byte first, int count) {
        return count == (first == SIGNATURE[0] ? SIGNATURE : LINE_START).length;
    }
}
