package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.fd.Ip;
import heddle.internal.socket.Errno;
import heddle.testing.Ways;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Ways
class IpTest {

    /** What {@code call} fails with, 0 for what the system says. */
    private static boolean hasV6(Ip ip, String call, int errno) {
        try (var faulty = new FaultySyscalls((made, _) -> made.equals(call) ? errno : 0)) {
            return ip.hasV6(faulty);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM, Errno.ENOBUFS, Errno.EIO})
    void failureThatPassesIsNotTakenForTheLackOfIpv6(int errno) {
        var ip = new Ip();
        assertThat(hasV6(ip, "socket", errno)).as("not known yet").isTrue();
        assertThat(hasV6(ip, "", 0)).isEqualTo(hasV6(new Ip(), "", 0));
    }

    @ParameterizedTest
    @CsvSource({"socket, 97", "setsockopt, 92", "bind, 99"}) // EAFNOSUPPORT, ENOPROTOOPT, EADDRNOTAVAIL
    void lackOfIpv6IsFoundOutOnce(String call, int errno) {
        var ip = new Ip();
        assertThat(hasV6(ip, call, errno)).isFalse();
        var asked = new AtomicReference<String>();
        try (var faulty = new FaultySyscalls((made, _) -> {
            asked.set(made);
            return 0;
        })) {
            assertThat(ip.hasV6(faulty)).isFalse();
        }
        assertThat(asked).as("asked again").hasNullValue();
    }
}
