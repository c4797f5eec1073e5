package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.internal.socket.SockAddr;
import heddle.testing.Behaviour;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.net.InetAddress;
import java.net.NetworkInterface;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TcpAddrTest {

    /** RFC 5952 section 4, and its examples. */
    @ParameterizedTest
    @CsvSource({
        "0:0:0:0:0:0:0:0,                        ::",
        "0:0:0:0:0:0:0:1,                        ::1",
        "1:0:0:0:0:0:0:0,                        1::",
        "2001:0db8:0:0:0:0:0002:0001,            2001:db8::2:1",
        "2001:db8:0:1:1:1:1:1,                   2001:db8:0:1:1:1:1:1",
        "2001:0:0:1:0:0:0:1,                     2001:0:0:1::1",
        "2001:db8:0:0:1:0:0:1,                   2001:db8::1:0:0:1",
        "2001:DB8:AAAA:BBBB:CCCC:DDDD:EEEE:0001, 2001:db8:aaaa:bbbb:cccc:dddd:eeee:1",
        "fe80:0:0:0:0:0:0:0,                     fe80::",
        "0:1:0:0:0:0:0:0,                        0:1::",
        "0:0:1:0:0:0:0:0,                        0:0:1::",
        "0:0:0:0:0:1:0:0,                        ::1:0:0",
        "1:0:0:2:0:0:3:4,                        1::2:0:0:3:4",
        "1:2:3:4:5:6:7:8,                        1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:0:0,                        1:2:3:4:5:6::",
        "0:0:3:4:5:6:7:8,                        ::3:4:5:6:7:8",
        "0:2:3:4:5:6:7:0,                        0:2:3:4:5:6:7:0",
    })
    void ipv6TextIsTheCanonicalOne(String address, String text) {
        assertThat(TcpAddr.of(InetAddress.ofLiteral(address), 80)).hasToString("[" + text + "]:80");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "127.0.0.1", "192.168.255.1", "255.255.255.255"})
    void ipv4TextIsTheDottedQuad(String address) {
        assertThat(TcpAddr.of(InetAddress.ofLiteral(address), 0)).hasToString(address + ":0");
    }

    @Test
    void noHostIsNoText() {
        assertThat(new TcpAddr(SockAddr.ofPort(80))).hasToString(":80");
    }

    @Test
    void zoneIsTheInterfacesName() throws Exception {
        NetworkInterface named = NetworkInterface.networkInterfaces().findAny().orElseThrow();
        SockAddr scoped = new SockAddr(0xfe80L << 48, 1, SockAddr.VERSION_6, 80, named.getIndex());
        assertThat(new TcpAddr(scoped)).hasToString("[fe80::1%" + named.getName() + "]:80");
        SockAddr unknown = new SockAddr(0xfe80L << 48, 1, SockAddr.VERSION_6, 80, 1 << 30);
        assertThat(new TcpAddr(unknown)).hasToString("[fe80::1%" + (1 << 30) + "]:80");
    }

    @Test
    @Behaviour(130)
    void portMustBeInRange() {
        InetAddress any = InetAddress.ofLiteral("0.0.0.0");
        assertThrows(IllegalArgumentException.class, () -> TcpAddr.of(any, -1));
        assertThrows(IllegalArgumentException.class, () -> TcpAddr.of(any, 65_536));
        assertThat(TcpAddr.of(any, 65_535).port()).isEqualTo(65_535);
    }

    @Test
    void equalByValueAndKeptBySerialisation() throws Exception {
        TcpAddr one = TcpAddr.of(InetAddress.ofLiteral("2001:db8::1"), 80);
        TcpAddr other = TcpAddr.of(InetAddress.ofLiteral("2001:db8::1"), 80);
        assertThat(one).isEqualTo(other).hasSameHashCodeAs(other);
        assertThat(one).isNotEqualTo(TcpAddr.of(InetAddress.ofLiteral("2001:db8::1"), 81));
        assertThat(one.network()).isEqualTo("tcp");

        var bytes = new ByteArrayOutputStream();
        try (var out = new ObjectOutputStream(bytes)) {
            out.writeObject(one);
        }
        try (var in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            assertThat(in.readObject()).isEqualTo(one);
        }
    }
}
