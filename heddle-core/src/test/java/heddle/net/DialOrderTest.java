package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import heddle.internal.socket.SockAddr;
import heddle.testing.Behaviour;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which of several addresses is tried when, and for how long. */
class DialOrderTest {

    /** A digit for each address, of IPv4 below 5, of IPv6 from there on. */
    @ParameterizedTest
    @CsvSource({
        "1,      1",
        "12,     12",
        "51,     51",
        "561,    516",
        "1256,   1526",
        "5612,   5162",
        "123456, 152634",
        "51234,  51234",
        "152346, 152634",
    })
    @Behaviour(182)
    void familiesAlternateFromTheFirstOnes(String resolved, String tried) {
        assertThat(Race.interleaved(addresses(resolved))).isEqualTo(addresses(tried));
    }

    private static List<SockAddr> addresses(String digits) {
        List<SockAddr> addresses = new ArrayList<>();
        for (int i = 0; i < digits.length(); i++) {
            int n = digits.charAt(i) - '0';
            addresses.add(n < 5 ? SockAddr.ofV4(n, 80) : SockAddr.ofV6(1, n, 80, 0));
        }
        return addresses;
    }

    /** RFC 8305 section 8: 250 ms is recommended, less than 10 ms forbidden. */
    @ParameterizedTest
    @ValueSource(strings = {"PT-1S", "PT0S", "PT0.009999999S"})
    @Behaviour(60)
    void delayBelowTheLeastAllowedIsRefused(Duration delay) {
        assertThatThrownBy(() -> new Dialer().attemptDelay(delay))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("attempt delay " + delay + ": want 10 ms or more");
    }

    @ParameterizedTest
    @CsvSource({
        "PT12S,  1,   PT12S",
        "PT12S,  2,   PT6S",
        "PT12S,  3,   PT4S",
        "PT12S,  999, PT2S",
        "PT1.9S, 999, PT1.9S",
        "PT2S,   2,   PT2S",
        "PT0S,   3,   PT0S",
    })
    @Behaviour(62)
    void eachAddressGetsItsShareAndAtLeastTwoSeconds(Duration all, int addresses, Duration share) {
        assertThat(Dialer.shareNanos(all.toNanos(), addresses)).isEqualTo(share.toNanos());
    }

    @Test
    @Behaviour(62)
    void shareOfNoDeadlineIsNoneAndOfThePastIsPast() {
        assertThat(Dialer.share(Deadline.NONE, 3)).isEqualTo(Deadline.NONE);
        assertThat(Dialer.share(Deadline.PAST, 1).hasPassed()).isTrue();
        assertThat(Dialer.share(Deadline.PAST, 3).hasPassed()).isTrue();
    }
}
