package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Duration;

class KeepAliveTest {

    /** As in Go: zero is the default, negative leaves the system's value, fractions of a second round up. */
    @ParameterizedTest
    @CsvSource({
        "PT0S, PT0S, 0,             15, 15, 9",
        "PT5S, PT3S, 2,             5, 3, 2",
        "PT0S, PT3S, 2,             15, 3, 2",
        "PT5S, PT0S, 2,             5, 15, 2",
        "PT5S, PT3S, 0,             5, 3, 9",
        "PT-1S, PT3S, 2,            -1, 3, 2",
        "PT5S, PT-0.000000001S, 2,  5, -1, 2",
        "PT5S, PT3S, -1,            5, 3, -1",
        "PT-1S, PT-1S, -1,          -1, -1, -1",
        "PT-1S, PT0S, 0,            -1, 15, 9",
        "PT0.000000001S, PT1S, 1,   1, 1, 1",
        "PT0.5S, PT1.5S, 1,         1, 2, 1",
        "PT999999999999H, PT1S, 1,  2147483647, 1, 1",
    })
    void zeroIsTheDefaultAndNegativeLeavesTheValue(
            Duration idle,
            Duration interval,
            int count,
            int idleSeconds,
            int intervalSeconds,
            int probes) {
        var keepAlive = new KeepAlive(true, idle, interval, count);
        assertThat(keepAlive.idleSeconds()).isEqualTo(idleSeconds);
        assertThat(keepAlive.intervalSeconds()).isEqualTo(intervalSeconds);
        assertThat(keepAlive.probes()).isEqualTo(probes);
    }

    @ParameterizedTest
    @CsvSource({"PT5S, 5", "PT0S, 15", "PT30S, 30"})
    void everySetsIdleAndInterval(Duration every, int seconds) {
        KeepAlive keepAlive = KeepAlive.every(every);
        assertThat(keepAlive.enabled()).isTrue();
        assertThat(keepAlive.idleSeconds()).isEqualTo(seconds);
        assertThat(keepAlive.intervalSeconds()).isEqualTo(seconds);
        assertThat(keepAlive.probes()).isEqualTo(9);
    }
}
