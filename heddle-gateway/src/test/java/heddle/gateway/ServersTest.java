package heddle.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class ServersTest {
    @Test
    void aRoundBeginsAtAnyAndGoesOnInTurn() {
        var servers = new Servers(List.of("a", "b", "c"), new Random(7));
        var rounds = new TreeSet<String>();
        for (int i = 0; i < 100; i++) {
            rounds.add(String.join("", servers.round()));
        }
        assertThat(rounds).containsExactly("abc", "bca", "cab");
    }

    @Test
    void aPauseIsAnyLengthUpToABoundThatDoubles() {
        var random = new Random(7);
        for (long bound = Servers.PAUSE_NANOS_MIN, round = 0; round < 12; round++) {
            long shortest = Long.MAX_VALUE;
            long longest = 0;
            for (int i = 0; i < 1000; i++) {
                var servers = new Servers(List.of("a"), random);
                for (int before = 0; before < round; before++) {
                    servers.pauseNanos();
                }
                long pause = servers.pauseNanos();
                shortest = Math.min(shortest, pause);
                longest = Math.max(longest, pause);
            }
            assertThat(shortest).isBetween(1L, bound / 10);
            assertThat(longest).isBetween(bound * 9 / 10, bound);
            bound = Math.min(2 * bound, Servers.PAUSE_NANOS_MAX);
        }
    }

    @Test
    void itBeginsAnewWithShortPauses() {
        var servers = new Servers(List.of("a"), new Random(7));
        for (int i = 0; i < 20; i++) {
            servers.pauseNanos();
        }
        servers.beginAnew();
        assertThat(servers.pauseNanos()).isLessThanOrEqualTo(Servers.PAUSE_NANOS_MIN);
    }

    @Test
    void noServerIsNone() {
        assertThatThrownBy(() -> new Client(List.of(), new ClientOptions(), Outcome.NONE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a client needs a server");
    }
}
