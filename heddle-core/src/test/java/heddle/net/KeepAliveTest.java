package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import heddle.internal.socket.SocketOption;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeepAliveTest {

    private static Map<SocketOption, Integer> seconds(int idle, int interval, int count) {
        return Map.of(
                SocketOption.KEEP_ALIVE,
                1,
                SocketOption.KEEP_IDLE,
                idle,
                SocketOption.KEEP_INTERVAL,
                interval,
                SocketOption.KEEP_COUNT,
                count);
    }

    @ParameterizedTest
    @CsvSource({
        "PT5S, PT3S, 2,             5, 3, 2",
        "PT0.000000001S, PT1S, 1,   1, 1, 1",
        "PT0.5S, PT1.5S, 1,         1, 2, 1",
        "PT999999999999H, PT1S, 1,  2147483647, 1, 1",
    })
    void fractionsOfASecondRoundUp(
            Duration idle, Duration interval, int count, int idleSeconds, int intervalSeconds, int probes) {
        KeepAlive keepAlive = KeepAlive.SYSTEM.idle(idle).interval(interval).count(count);
        assertThat(keepAlive.options())
                .containsExactlyInAnyOrderEntriesOf(seconds(idleSeconds, intervalSeconds, probes));
        assertThat(keepAlive.idle()).contains(idle);
        assertThat(keepAlive.interval()).contains(interval);
        assertThat(keepAlive.count()).hasValue(count);
    }

    @Test
    void defaultIsGosAndEverySetsIdleAndInterval() {
        assertThat(KeepAlive.DEFAULT.options()).containsExactlyInAnyOrderEntriesOf(seconds(15, 15, 9));
        assertThat(KeepAlive.every(Duration.ofSeconds(30)).options())
                .containsExactlyInAnyOrderEntriesOf(seconds(30, 30, 9));
        assertThat(KeepAlive.every(Duration.ofSeconds(15)))
                .isEqualTo(KeepAlive.DEFAULT)
                .hasSameHashCodeAs(KeepAlive.DEFAULT)
                .hasToString("keep-alive idle PT15S, interval PT15S, count 9");
    }

    @Test
    void whatIsNotSetStaysTheSystems() {
        assertThat(KeepAlive.SYSTEM.options()).containsOnly(entry(SocketOption.KEEP_ALIVE, 1));
        assertThat(KeepAlive.SYSTEM.count(4).options())
                .containsOnly(entry(SocketOption.KEEP_ALIVE, 1), entry(SocketOption.KEEP_COUNT, 4));
        assertThat(KeepAlive.SYSTEM.idle()).isEmpty();
        assertThat(KeepAlive.SYSTEM.interval()).isEmpty();
        assertThat(KeepAlive.SYSTEM.count()).isEmpty();
        assertThat(KeepAlive.SYSTEM)
                .hasToString("keep-alive idle the system's, interval the system's, count the" + " system's");
    }

    @Test
    void offSetsNothingAndASetterTurnsItOn() {
        assertThat(KeepAlive.OFF.options()).isEmpty();
        assertThat(KeepAlive.OFF.isOn()).isFalse();
        assertThat(KeepAlive.OFF).hasToString("keep-alive off");
        assertThat(KeepAlive.OFF.count(1)).isEqualTo(KeepAlive.SYSTEM.count(1));
    }

    @Test
    void valuesThatMakeNoSenseAreRefused() {
        assertThatThrownBy(() -> KeepAlive.DEFAULT.idle(Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("keep-alive idle PT0S: want more than zero");
        assertThatThrownBy(() -> KeepAlive.DEFAULT.interval(Duration.ofSeconds(-1)))
                .hasMessage("keep-alive interval PT-1S: want more than zero");
        assertThatThrownBy(() -> KeepAlive.DEFAULT.count(0)).hasMessage("keep-alive count 0: want 1 or more");
    }
}
