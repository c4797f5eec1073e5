package heddle.internal.socket;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Inet6Address;
import java.net.InetAddress;
import org.junit.jupiter.api.Test;

class SockAddrTest {

    @Test
    void addressesOfTheJdkComeBackAsTheyWere() throws Exception {
        for (String text : new String[] {
            "0.0.0.0",
            "127.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "2001:db8::8:800:200c:417a",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
        }) {
            InetAddress address = InetAddress.ofLiteral(text);
            SockAddr raw = SockAddr.of(address, 65_535);
            assertThat(raw.toInetAddress()).isEqualTo(address);
            assertThat(raw.addressBytes()).isEqualTo(address.getAddress());
            assertThat(raw.port()).isEqualTo(65_535);
            assertThat(raw.isUnspecified()).isEqualTo(address.isAnyLocalAddress());
        }
    }

    @Test
    void mappedV4AddressIsAV4Address() {
        SockAddr mapped = SockAddr.ofV6(0, 0xffff_7f00_0001L, 80, 0);
        assertThat(mapped).isEqualTo(SockAddr.ofV4(0x7f000001, 80));
        assertThat(mapped.version()).isEqualTo(SockAddr.VERSION_4);
        assertThat(mapped.lowForV6()).isEqualTo(0xffff_7f00_0001L);
    }

    @Test
    void v4BitsAreNotSignExtended() {
        assertThat(SockAddr.ofV4(0xc0a80001, 1).low()).isEqualTo(0xc0a80001L);
        assertThat(SockAddr.ofV4(-1, 1).lowForV6()).isEqualTo(0xffff_ffff_ffffL);
    }

    @Test
    void scopeIsKept() throws Exception {
        byte[] linkLocal = InetAddress.ofLiteral("fe80::1").getAddress();
        SockAddr raw = SockAddr.of(Inet6Address.getByAddress(null, linkLocal, 7), 1);
        assertThat(raw.scopeId()).isEqualTo(7);
        assertThat(((Inet6Address) raw.toInetAddress()).getScopeId()).isEqualTo(7);
        assertThat(raw.withPort(2).scopeId()).isEqualTo(7);
    }

    @Test
    void loopbackIsOfTheSameVersionAndPort() {
        assertThat(SockAddr.ofPort(9).toLoopback()).isEqualTo(SockAddr.ofV4(0x7f000001, 9));
        assertThat(new SockAddr(0, 0, SockAddr.VERSION_6, 9, 0).toLoopback())
                .isEqualTo(new SockAddr(0, 1, SockAddr.VERSION_6, 9, 0));
    }
}
