package heddle.internal.sys.linux;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.socket.SockAddr;
import heddle.internal.socket.SocketName;
import heddle.internal.socket.UnixName;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/**
 * Addresses byte by byte: what is in the machine's order turns round on another processor, what is in the network's
 * does not.
 */
class LinuxSockAddrTest {

    private static final boolean BIG = ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN;

    private static void assertBytes(SocketName address, int kind, String hex) {
        byte[] raw = HexFormat.ofDelimiter(" ").parseHex(hex.replace(" | ", " "));
        assertThat(LinuxSockAddr.encode(address, kind)).isEqualTo(raw);
        assertThat(LinuxSockAddr.decode(raw, raw.length)).isEqualTo(address);
    }

    @Test
    void v4() {
        assertBytes(
                SockAddr.ofV4(0xc0a8_0102, 0x1f90),
                SockAddr.VERSION_4,
                (BIG ? "00 02" : "02 00") + " | 1f 90 | c0 a8 01 02 | 00 00 00 00 00 00 00 00");
    }

    @Test
    void v6() {
        assertBytes(
                SockAddr.ofV6(0xfe80_0000_0000_0000L, 0x0102_0304_0506_0708L, 0xfffe, 0x0a0b),
                SockAddr.VERSION_6,
                (BIG ? "00 0a" : "0a 00")
                        + " | ff fe | 00 00 00 00"
                        + " | fe 80 00 00 00 00 00 00 01 02 03 04 05 06 07 08 | "
                        + (BIG ? "00 00 0a 0b" : "0b 0a 00 00"));
    }

    @Test
    void v4AsASocketOfV6WantsIt() {
        assertBytes(
                SockAddr.ofV4(0x7f00_0001, 80),
                SockAddr.VERSION_6,
                (BIG ? "00 0a" : "0a 00")
                        + " | 00 50 | 00 00 00 00"
                        + " | 00 00 00 00 00 00 00 00 00 00 ff ff 7f 00 00 01 | 00 00 00 00");
    }

    @Test
    void pathEndsAtItsNul() {
        String family = BIG ? "00 01" : "01 00";
        assertBytes(new UnixName("/a"), UnixName.STREAM, family + " | 2f 61 00");
        assertBytes(new UnixName("\u00e9"), UnixName.STREAM, family + " | c3 a9 00");
        byte[] cutShort = HexFormat.ofDelimiter(" ").parseHex(family + " 2f 61");
        assertThat(LinuxSockAddr.decode(cutShort, cutShort.length)).isEqualTo(new UnixName("/a"));
    }

    @Test
    void abstractNameIsAllBytesThatFollowItsNul() {
        String family = BIG ? "00 01" : "01 00";
        assertBytes(new UnixName("\0a\0b"), UnixName.PACKET, family + " | 00 61 00 62");
        assertBytes(UnixName.NONE, UnixName.STREAM, family);
    }

    /** The kernel counts a NUL that it had no room to write; unix(7), "BUGS". */
    @Test
    void pathOfAllTheRoomThereIs() {
        byte[] raw = new byte[LinuxSockAddr.SIZE_MAX];
        Arrays.fill(raw, (byte) 'x');
        raw[0] = (byte) (BIG ? 0 : 1);
        raw[1] = (byte) (BIG ? 1 : 0);
        assertThat(LinuxSockAddr.decode(raw, raw.length + 1)).isEqualTo(new UnixName("x".repeat(108)));
    }
}
