package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.internal.socket.UnixName;
import org.junit.jupiter.api.Test;

class UnixAddrTest {

    /** Of an abstract name in ASCII, its sign included. */
    static final int NAME_CHARS_MAX = UnixName.ABSTRACT_BYTES_MAX;

    @Test
    void abstractNameIsTheSameWithASignAndWithANul() {
        UnixAddr sign = UnixAddr.of("unix", "@x");
        assertThat(sign).isEqualTo(UnixAddr.of("unix", "\0x")).hasToString("@x");
        assertThat(sign.name()).isEqualTo("@x");
        assertThat(sign).isNotEqualTo(UnixAddr.of("unixpacket", "@x"));
        assertThat(sign).isNotEqualTo(UnixAddr.of("unix", "./@x"));
    }

    @Test
    void noNameIsPrintedAsGoDoes() {
        UnixAddr none = UnixAddr.of("unix", "");
        assertThat(none).hasToString("@");
        assertThat(none.name()).isEmpty();
        assertThat(none).isNotEqualTo(UnixAddr.of("unix", "@"));
    }

    @Test
    void otherNetworksAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> UnixAddr.of("tcp", "/x"));
        assertThrows(IllegalArgumentException.class, () -> UnixAddr.of("unixgram", "/x"));
    }

    @Test
    void lengthsAreInBytes() {
        assertThat(new UnixName("/" + "x".repeat(106)).isValid()).isTrue();
        assertThat(new UnixName("/" + "x".repeat(107)).isValid()).isFalse();
        assertThat(new UnixName("/" + "\u00e9".repeat(53)).isValid()).isTrue();
        assertThat(new UnixName("/" + "\u00e9".repeat(54)).isValid()).isFalse();
        assertThat(new UnixName("\0" + "x".repeat(107)).isValid()).isTrue();
        assertThat(new UnixName("\0" + "x".repeat(108)).isValid()).isFalse();
        assertThat(new UnixName("a\0b").isValid()).isFalse();
        assertThat(new UnixName("\0a\0b").isValid()).isTrue();
        assertThat(UnixName.NONE.isValid()).isTrue();
    }
}
