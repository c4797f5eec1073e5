package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.internal.socket.SockAddr;
import heddle.testing.Behaviour;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** From text and a network to addresses. */
@Timeout(60)
class ResolveTest {

    private static List<String> resolve(Network network, String address) throws IOException {
        return HostPort.parse("dial", network.label, address)
                .resolve("dial", network, Deadline.NONE, Heddle.shared().resolver())
                .stream()
                .map(TcpAddr::new)
                .map(TcpAddr::toString)
                .toList();
    }

    @ParameterizedTest
    @Behaviour(184)
    @CsvSource({
        "TCP,  127.0.0.1:0,             127.0.0.1:0",
        "TCP4, 127.0.0.1:65535,         127.0.0.1:65535",
        "TCP,  [::1]:0,                 [::1]:0",
        "TCP6, [::1]:65535,             [::1]:65535",
        "TCP6, [::1%lo]:1,              [::1%lo]:1",
        "TCP,  [fe80::1%1]:1,           [fe80::1%lo]:1",
        "TCP4, [::ffff:192.0.2.1]:80,   192.0.2.1:80",
        "TCP,  [::ffff:192.0.2.1]:80,   192.0.2.1:80",
        "TCP,  :12345,                  :12345",
        "TCP4, :12345,                  :12345",
        "TCP6, :12345,                  :12345",
        "TCP,  127.0.0.1:,              127.0.0.1:0",
    })
    void literalIsItself(Network network, String address, String expected) throws Exception {
        assertThat(resolve(network, address)).containsExactly(expected);
    }

    @ParameterizedTest
    @Behaviour({181, 184})
    @CsvSource({
        "TCP4, [::1]:80,              ::1",
        "TCP4, [fe80::1%1]:80,        fe80::1%1",
        "TCP6, 127.0.0.1:80,          127.0.0.1",
        "TCP6, [::ffff:127.0.0.1]:80, ::ffff:127.0.0.1",
        "TCP6, 0.0.0.0:80,            0.0.0.0",
    })
    void literalOfTheOtherVersionIsNoSuitableAddress(Network network, String address, String host) {
        var e = assertThrows(AddressException.class, () -> resolve(network, address));
        assertThat(e).hasMessage("dial %s: address %s: no suitable address found", network.label, host);
    }

    @Test
    @Behaviour(181)
    void namesAddressesAreFilteredByTheNetworkAndKeepTheirOrder() throws Exception {
        List<String> all = Arrays.stream(InetAddress.getAllByName("localhost"))
                .map(a -> new TcpAddr(SockAddr.of(a, 80)).toString())
                .toList();
        assertThat(resolve(Network.TCP, "localhost:80")).isEqualTo(all);
        for (Network network : List.of(Network.TCP4, Network.TCP6)) {
            boolean six = network == Network.TCP6;
            List<String> expected =
                    all.stream().filter(a -> a.startsWith("[") == six).toList();
            if (expected.isEmpty()) {
                assertThrows(AddressException.class, () -> resolve(network, "localhost:80"));
            } else {
                assertThat(resolve(network, "localhost:80")).isEqualTo(expected);
            }
        }
    }

    @Test
    @Behaviour(191)
    void failedLookupTellsItsCause() {
        var e = assertThrows(HostNotFoundException.class, () -> resolve(Network.TCP, "nobody.invalid:80"));
        assertThat(e.getCause()).isInstanceOf(UnknownHostException.class);
        assertThat(e.getCause()).hasMessageContaining("nobody.invalid");
    }
}
