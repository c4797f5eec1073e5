package heddle.proxy;

import static heddle.proxy.Headers.addresses;
import static heddle.proxy.Headers.binary;
import static heddle.proxy.Headers.join;
import static heddle.proxy.Headers.line;
import static heddle.proxy.Headers.value;
import static heddle.proxy.Headers.withChecksum;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.proxy.ProxyException.Reason;
import heddle.proxy.ProxyHeader.Wrong;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyHeaderTest {

    private static final byte[] BEHIND = {13, 10, 'P', 0};
    private static final byte[] FOUR = addresses("192.0.2.7", 51544, "192.0.2.1", 7000);

    /** The header of {@code bytes}, and nothing of what is behind it. */
    private static ProxyHeader read(byte[] bytes) throws Wrong {
        var header = new ProxyHeader();
        var from = ByteBuffer.wrap(join(bytes, BEHIND));
        assertThat(header.take(from)).isTrue();
        assertThat(from.remaining()).isEqualTo(BEHIND.length);
        return header;
    }

    private static void expect(byte[] bytes, String source, String destination) throws Wrong {
        var header = read(bytes);
        assertThat(header.source()).hasToString(source);
        assertThat(header.destination()).hasToString(destination);
    }

    private static void expectFour(byte[] bytes) throws Wrong {
        expect(bytes, "192.0.2.7:51544", "192.0.2.1:7000");
    }

    private static void expectNobody(byte[] bytes) throws Wrong {
        var header = read(bytes);
        assertThat(header.source()).isNull();
        assertThat(header.destination()).isNull();
    }

    private static void refused(Reason reason, byte[] bytes) {
        var wrong = assertThrows(Wrong.class, () -> new ProxyHeader().take(ByteBuffer.wrap(bytes)));
        assertThat(wrong.reason).isEqualTo(reason);
    }

    @Test
    void linesOfVersion1() throws Exception {
        expectFour(line("PROXY TCP4 192.0.2.7 192.0.2.1 51544 7000\r\n"));
        expect(line("PROXY TCP4 255.255.255.255 0.0.0.0 65535 0\r\n"), "255.255.255.255:65535", "0.0.0.0:0");
        expect(line("PROXY TCP6 2001:DB8::7 ::1 1 2\r\n"), "[2001:db8::7]:1", "[::1]:2");
        // A client of IPv4 that came to a socket of IPv6.
        expect(line("PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n"), "192.0.2.7:1", "[::1]:2");
        expectNobody(line("PROXY UNKNOWN\r\n"));
        expectNobody(line("PROXY UNKNOWN anything at all\r\n"));
        expectNobody(line("PROXY UNKNOWN " + "f".repeat(91) + "\r\n"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "PROXY TCP4 192.0.2.7 192.0.2.1 51544 7000\n",
                "PROXY TCP4 192.0.2.7 192.0.2.1 51544 7000\r\r\n",
                "PROXY TCP4 192.0.2.7 192.0.2.1 51544\r\n",
                "PROXY TCP4 192.0.2.7 192.0.2.1 51544 7000 \r\n",
                "PROXY TCP4  192.0.2.7 192.0.2.1 51544 7000\r\n",
                "PROXY TCP4 192.0.2.07 192.0.2.1 51544 7000\r\n",
                "PROXY TCP4 192.0.2 192.0.2.1 51544 7000\r\n",
                "PROXY TCP4 192.0.2.256 192.0.2.1 51544 7000\r\n",
                "PROXY TCP4 192.0.2.7 192.0.2.1 051544 7000\r\n",
                "PROXY TCP4 192.0.2.7 192.0.2.1 65536 7000\r\n",
                "PROXY TCP4 192.0.2.7 192.0.2.1 -1 7000\r\n",
                "PROXY TCP4 ::1 ::1 1 2\r\n",
                "PROXY TCP6 192.0.2.7 192.0.2.1 1 2\r\n",
                "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
                "PROXY TCP6 1::2::3 ::1 1 2\r\n",
                "PROXY TCP6 [::1] ::1 1 2\r\n",
                "PROXY UDP4 192.0.2.7 192.0.2.1 51544 7000\r\n",
                "PROXY UNKNOWNS\r\n",
                "PROXY \r\n",
                "PROXY \n",
            })
    void linesThatAreNone(String text) {
        refused(Reason.MALFORMED, line(text));
    }

    @Test
    void aLineHasItsBound() {
        refused(Reason.TOO_LONG, line("PROXY UNKNOWN " + "f".repeat(92) + "\r\n"));
    }

    @Test
    void whatIsNoHeader() {
        refused(Reason.MISSING, line("PROXX"));
        refused(Reason.MISSING, line("proxy TCP4"));
        refused(Reason.MISSING, new byte[] {0, 0, 0, 15});
        refused(Reason.MISSING, line("\r\n\r\n\0\r\nQUIX"));
    }

    @Test
    void headersOfVersion2() throws Exception {
        expectFour(binary(0x21, 0x11, FOUR));
        expect(binary(0x21, 0x21, addresses("2001:db8::7", 1, "::1", 65535)), "[2001:db8::7]:1", "[::1]:65535");
        expectFour(binary(0x21, 0x11, FOUR, value(4, new byte[100]), value(0xe5, new byte[0])));
        expectNobody(binary(0x20, 0x00));
        // LOCAL: the content is to be ignored, also where an address looks like a checksum.
        expectNobody(binary(0x20, 0x11, FOUR));
        expectNobody(binary(0x20, 0x11, addresses("3.0.4.7", 51544, "192.0.2.1", 7000)));
        expectNobody(binary(0x20, 0x11, addresses("3.0.5.7", 51544, "192.0.2.1", 7000)));
        expectNobody(binary(0x20, 0xff, new byte[7]));
        expectNobody(binary(0x21, 0x00, new byte[5]));
        // UDP, no transport, Unix sockets.
        expectNobody(binary(0x21, 0x12, FOUR));
        expectNobody(binary(0x21, 0x10, FOUR));
        expectNobody(binary(0x21, 0x31, new byte[216]));
    }

    @Test
    void headersOfVersion2ThatAreNone() {
        refused(Reason.MALFORMED, binary(0x11, 0x11, FOUR));
        refused(Reason.MALFORMED, binary(0x31, 0x11, FOUR));
        refused(Reason.MALFORMED, binary(0x22, 0x11, FOUR));
        refused(Reason.MALFORMED, binary(0x21, 0x41, FOUR));
        refused(Reason.MALFORMED, binary(0x21, 0x13, FOUR));
        refused(Reason.MALFORMED, binary(0x21, 0x21, FOUR));
        refused(Reason.MALFORMED, binary(0x21, 0x11, new byte[11]));
        refused(Reason.MALFORMED, binary(0x21, 0x11, FOUR, new byte[2]));
        refused(Reason.MALFORMED, binary(0x21, 0x11, FOUR, new byte[] {4, 0, 2, 1}));
        refused(Reason.TOO_LONG, binary(0x20, 0x00, new byte[65535]));
    }

    @Test
    void theLargestHeaderIsTaken() throws Exception {
        int room = ProxyHeader.BYTES_MAX - 16 - 12 - 3;
        expectFour(binary(0x21, 0x11, FOUR, value(4, new byte[room])));
        refused(Reason.TOO_LONG, binary(0x21, 0x11, FOUR, value(4, new byte[room + 1])));
    }

    @Test
    void theChecksumIsLookedAt() throws Exception {
        byte[] header = withChecksum(binary(0x21, 0x11, FOUR, value(4, new byte[3]), value(3, new byte[4])));
        expectFour(header);
        expectNobody(withChecksum(binary(0x21, 0x00, value(3, new byte[4]))));
        refused(Reason.CHECKSUM, binary(0x21, 0x00, value(3, new byte[4])));
        expectNobody(binary(0x20, 0x00, value(3, new byte[4])));
        int addresses = 16;
        int values = addresses + FOUR.length;
        for (int bit = 8 * addresses; bit < 8 * header.length; bit++) {
            byte[] flipped = header.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            // In a value's type or length, a flipped bit may make another header, without a checksum.
            boolean framing = bit / 8 >= values && bit / 8 < header.length - 4;
            try {
                new ProxyHeader().take(ByteBuffer.wrap(flipped));
                assertThat(framing).as("bit %d", bit).isTrue();
            } catch (Wrong e) {
                assertThat(e.reason).isIn(Reason.CHECKSUM, framing ? Reason.MALFORMED : Reason.CHECKSUM);
            }
        }
        refused(Reason.MALFORMED, binary(0x21, 0x11, FOUR, value(3, new byte[5])));
        refused(Reason.MALFORMED, binary(0x21, 0x11, FOUR, value(3, new byte[4]), value(3, new byte[4])));
    }
}
