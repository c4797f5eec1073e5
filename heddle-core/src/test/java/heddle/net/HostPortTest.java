package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.internal.socket.SockAddr;
import heddle.testing.Behaviour;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostPortTest {

    @ParameterizedTest
    @Behaviour(179)
    @CsvSource({
        "localhost:80,           localhost, 80",
        "127.0.0.1:65535,        127.0.0.1, 65535",
        "[::1]:80,               ::1, 80",
        "[fe80::1%lo]:80,        fe80::1%lo, 80",
        "[localhost]:80,         localhost, 80",
        "[127.0.0.1]:80,         127.0.0.1, 80",
        "[localhost%lo]:80,      localhost%lo, 80",
        "www.example.com:80,     www.example.com, 80",
        ":80,                    '', 80",
        "[]:80,                  '', 80",
        "127.0.0.1:,             127.0.0.1, 0",
        "[::1]:0,                ::1, 0",
        ":,                      '', 0",
    })
    void addressIsTakenApart(String address, String host, int port) throws Exception {
        assertThat(HostPort.parse("dial", "tcp", address)).isEqualTo(new HostPort(host, port));
    }

    @ParameterizedTest
    @Behaviour(179)
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "golang.org,         missing port in address",
                "127.0.0.1,          missing port in address",
                "[::1],              missing port in address",
                "[fe80::1%lo],       missing port in address",
                "[localhost],        missing port in address",
                "localhost%lo,       missing port in address",
                "::1,                too many colons in address",
                "fe80::1%lo,         too many colons in address",
                "fe80::1%lo:80,      too many colons in address",
                "[foo:bar],          missing port in address",
                "[foo:bar]baz,       missing port in address",
                "[foo]bar:baz,       missing port in address",
                "[foo]:[bar]:baz,    too many colons in address",
                "[foo]:[bar]baz,     unexpected '[' in address",
                "foo[bar]:baz,       unexpected '[' in address",
                "foo]bar:baz,        unexpected ']' in address",
                "[foo,               missing port in address",
                "[foo:80,            missing ']' in address",
            })
    void malformedAddressSaysWhatIsWrong(String address, String cause) {
        var e = assertThrows(AddressException.class, () -> HostPort.parse("dial", "tcp", address));
        assertThat(e).hasMessage("dial tcp: address " + address + ": " + cause);
        assertThat(e.op()).isEqualTo("dial");
        assertThat(e.network()).isEqualTo("tcp");
        assertThat(e.timeout()).isFalse();
    }

    @Test
    @Behaviour(125)
    void emptyAddressIsMissing() {
        var e = assertThrows(AddressException.class, () -> HostPort.parse("dial", "tcp", ""));
        assertThat(e).hasMessage("dial tcp: missing address");
    }

    @ParameterizedTest
    @Behaviour({91, 180})
    @ValueSource(strings = {"-1", "65536", "123456789", "-0", "99999999999999999999", "-"})
    void portOutOfRangeIsInvalid(String port) {
        var e = assertThrows(AddressException.class, () -> HostPort.parse("listen", "tcp", "127.0.0.1:" + port));
        assertThat(e).hasMessage("listen tcp: address " + port + ": invalid port");
    }

    @ParameterizedTest
    @Behaviour(180)
    @CsvSource({"0, 0", "00, 0", "080, 80", "65535, 65535", "0000065535, 65535"})
    void portIsADecimalNumber(String text, int port) throws Exception {
        assertThat(HostPort.parse("dial", "tcp", ":" + text).port()).isEqualTo(port);
    }

    /** Names of services are not looked up: they would cost a file read for what nobody writes. */
    @ParameterizedTest
    @Behaviour(190)
    @ValueSource(strings = {"http", "8o80", "80 ", " 80", "0x50", "٨٠"})
    void portThatIsNoNumberIsUnknown(String port) {
        var e = assertThrows(AddressException.class, () -> HostPort.parse("dial", "tcp", "127.0.0.1:" + port));
        assertThat(e).hasMessageEndingWith(": unknown port");
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1,        127.0.0.1:7",
        "0.0.0.0,          0.0.0.0:7",
        "::1,              [::1]:7",
        "::,               [::]:7",
        "::ffff:127.0.0.1, 127.0.0.1:7",
        "fe80::1%1,        [fe80::1%lo]:7",
    })
    void literalNeedsNoLookup(String host, String address) {
        SockAddr literal = new HostPort(host, 7).literal();
        assertThat(new TcpAddr(literal)).hasToString(address);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"localhost", "1.2.3", "127.1", "0x7f.0.0.1", "1.2.3.4.5", "256.0.0.1", "1.2.3.x", "...", "::1::"
            })
    void otherHostIsAName(String host) {
        assertThat(new HostPort(host, 7).literal()).isNull();
    }

    @Test
    void emptyHostIsThisMachine() {
        assertThat(new HostPort("", 7).literal()).isEqualTo(SockAddr.ofPort(7));
    }
}
