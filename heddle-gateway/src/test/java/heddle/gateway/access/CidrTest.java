package heddle.gateway.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CidrTest {

    private static InetAddress address(String text) {
        return InetAddress.ofLiteral(text);
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.0/24,          192.0.2.0,          true",
        "192.0.2.0/24,          192.0.2.255,        true",
        "192.0.2.0/24,          192.0.3.0,          false",
        "192.0.2.128/25,        192.0.2.127,        false",
        "192.0.2.128/25,        192.0.2.128,        true",
        "192.0.2.7,             192.0.2.7,          true",
        "192.0.2.7/32,          192.0.2.6,          false",
        "0.0.0.0/0,             203.0.113.9,        true",
        "0.0.0.0/0,             2001:db8::1,        false",
        "::/0,                  2001:db8::1,        true",
        "::/0,                  203.0.113.9,        false",
        "2001:db8::/32,         2001:db8:ffff::1,   true",
        "2001:db8::/32,         2001:db9::1,        false",
        "2001:db8::/33,         2001:db8:8000::1,   false",
        "2001:db8::1,           2001:db8::1,        true",
        "::ffff:192.0.2.0/120,  192.0.2.9,          true",
        "::ffff:192.0.2.7,      192.0.2.7,          true",
        "fe80::/10,             fe80::1%1,          true",
    })
    void holdsWhatBeginsLikeIt(String network, String address, boolean holds) {
        assertThat(Cidr.parse(network).contains(address(address))).isEqualTo(holds);
    }

    @Test
    void anAddressThatIsMappedIsThatOfVersionFour() throws Exception {
        byte[] mapped = new byte[16];
        mapped[10] = -1;
        mapped[11] = -1;
        System.arraycopy(address("192.0.2.7").getAddress(), 0, mapped, 12, 4);
        InetAddress six = Inet6Address.getByAddress(null, mapped, -1);
        assertThat(Cidr.parse("192.0.2.0/24").contains(six)).isTrue();
        assertThat(Cidr.parse("::/0").contains(six)).isFalse();
        assertThat(Limits.key(six)).isEqualTo(Limits.key(address("192.0.2.7")));
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.0/33,          want 0 to 32 behind the /",
        "192.0.2.7/24,          is 192.0.2.0/24 meant?",
        "2001:db8::1/64,        is 2001:db8:0:0:0:0:0:0/64 meant?",
        "::ffff:192.0.2.0/95,   want 96 to 128 behind the /",
        "10.1/16,               is no network",
        "example.org,           is no network",
        "192.0.2.300,           is no network",
        "'',                    is no network",
        "192.0.2.0/,            is no network",
        "192.0.2.0/-1,          is no network",
        "fe80::1%eth0,          is no network",
        "1:2:3,                 is no network",
    })
    void whatIsNoneIsRefusedWithWhatIsAllowed(String text, String message) {
        assertThatThrownBy(() -> Cidr.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    /** Against a comparison bit by bit. */
    @Test
    void eachBitCounts() throws Exception {
        var random = new Random(15);
        for (int i = 0; i < 2000; i++) {
            byte[] one = new byte[random.nextBoolean() ? 4 : 16];
            random.nextBytes(one);
            one[0] |= 0x20; // Not mapped.
            byte[] other = one.clone();
            int flipped = random.nextInt(8 * one.length);
            other[flipped / 8] ^= (byte) (0x80 >> flipped % 8);
            int bits = random.nextInt(8 * one.length + 1);
            byte[] first = one.clone();
            for (int bit = bits; bit < 8 * one.length; bit++) {
                first[bit / 8] &= (byte) ~(0x80 >> bit % 8);
            }
            var network = Cidr.parse(InetAddress.getByAddress(first).getHostAddress() + "/" + bits);
            assertThat(network.contains(InetAddress.getByAddress(one))).isTrue();
            assertThat(network.contains(InetAddress.getByAddress(other))).isEqualTo(flipped >= bits);
        }
    }

    @Test
    void whatIsDeniedIsRefusedAlsoIfItIsAllowed() {
        var networks = new Networks(
                List.of(Cidr.parse("10.0.0.0/8"), Cidr.parse("2001:db8::/32")), List.of(Cidr.parse("10.66.0.0/16")));
        assertThat(networks.contain(address("10.1.2.3"))).isTrue();
        assertThat(networks.contain(address("2001:db8::7"))).isTrue();
        assertThat(networks.contain(address("10.66.0.1"))).isFalse();
        assertThat(networks.contain(address("192.0.2.1"))).isFalse();
        assertThat(Networks.ALL.contain(address("192.0.2.1"))).isTrue();
    }

    @Test
    void anAddressOfVersionSixCountsByItsFirstHalf() {
        assertThat(Limits.key(address("2001:db8:1:2::1"))).isEqualTo(Limits.key(address("2001:db8:1:2:ffff::9")));
        assertThat(Limits.key(address("2001:db8:1:2::1"))).isNotEqualTo(Limits.key(address("2001:db8:1:3::1")));
        assertThat(Limits.key(address("192.0.2.1"))).isNotEqualTo(Limits.key(address("192.0.2.2")));
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, true",
        "127.9.9.9, true",
        "::1, true",
        "::ffff:127.0.0.1, true",
        "128.0.0.1, false",
        "::2, false"
    })
    void whatThisMachineIsItself(String text, boolean loopback) {
        assertThat(Limits.isLoopback(address(text))).isEqualTo(loopback);
    }
}
