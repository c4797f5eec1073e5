package heddle.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.kafka.ReadingRule.Position;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;

/** Which records count, without a broker. */
class ReadingRuleTest {

    private final ReadingRule rule = new ReadingRule();

    private static Headers plain(String name) {
        return new RecordHeaders(List.of(new KafkaHeaders.Field(KafkaHeaders.NAME, name)));
    }

    private static Headers marker(String name, long turn) {
        return plain(name).add(new KafkaHeaders.Field(KafkaHeaders.TURN, turn));
    }

    private static Headers numbered(String name, long turn, long number) {
        return marker(name, turn).add(new KafkaHeaders.Field(KafkaHeaders.SEQUENCE, number));
    }

    @Test
    void plainMessagesCountAndMarkersDoNot() {
        assertThat(rule.counts(plain("a"))).isTrue();
        assertThat(rule.counts(plain("a"))).isTrue();
        assertThat(rule.counts(marker("a", 3))).isFalse();
    }

    @Test
    void numbersCountInTheirOrderOnce() {
        rule.counts(marker("a", 3));
        assertThat(rule.counts(numbered("a", 3, 1))).isTrue();
        assertThat(rule.counts(numbered("a", 3, 1))).isFalse();
        assertThat(rule.counts(numbered("a", 3, 3))).isFalse();
        assertThat(rule.counts(numbered("a", 3, 2))).isTrue();
        assertThat(rule.counts(numbered("b", 3, 1))).isTrue();
        assertThat(rule.positions()).isEqualTo(Map.of("a", new Position(3, 2), "b", new Position(3, 1)));
    }

    @Test
    void whatAnOlderTurnSendsBehindTheMarkerDoesNotCount() {
        rule.counts(marker("a", 3));
        rule.counts(numbered("a", 3, 1));
        rule.counts(marker("a", 8));
        assertThat(rule.counts(numbered("a", 3, 2))).isFalse();
        assertThat(rule.counts(numbered("a", 8, 2))).isTrue();
        // A claim that was made before, whose marker comes after.
        assertThat(rule.counts(marker("a", 5))).isFalse();
        assertThat(rule.counts(numbered("a", 5, 3))).isFalse();
        assertThat(rule.counts(numbered("a", 8, 3))).isTrue();
    }

    private static Headers forwarded(String name, String store, long number) {
        return plain(name)
                .add(new KafkaHeaders.Field(KafkaHeaders.STORE, store))
                .add(new KafkaHeaders.Field(KafkaHeaders.NUMBER, number));
    }

    @Test
    void whatAStoreForwardsAgainDoesNotCount() {
        assertThat(rule.counts(forwarded("a", "s", 3))).isTrue();
        // Those between are in other partitions.
        assertThat(rule.counts(forwarded("b", "s", 7))).isTrue();
        assertThat(rule.counts(forwarded("a", "s", 3))).isFalse();
        assertThat(rule.counts(forwarded("b", "s", 7))).isFalse();
        assertThat(rule.counts(forwarded("a", "other", 3))).isTrue();
        assertThat(rule.counts(forwarded("a", "s", 8))).isTrue();
    }

    @Test
    void numbersAreUnsigned() {
        rule.counts(marker("a", 3));
        assertThat(rule.counts(numbered("a", 3, Long.MAX_VALUE))).isTrue();
        assertThat(rule.counts(numbered("a", 3, Long.MIN_VALUE))).isTrue();
    }

    @Test
    void readingGoesOnFromKeptPositions() {
        rule.counts(marker("a", 3));
        rule.counts(numbered("a", 3, 1));
        var later = new ReadingRule(rule.positions());
        assertThat(later.counts(numbered("a", 3, 1))).isFalse();
        assertThat(later.counts(numbered("a", 3, 2))).isTrue();
    }

    @Test
    void whoBeginsInTheMiddleTakesWhatIsFirst() {
        assertThat(rule.counts(numbered("a", 3, 17))).isTrue();
        assertThat(rule.counts(numbered("a", 3, 18))).isTrue();
        // The marker of this turn was before the beginning, so what came above was late.
        assertThat(rule.counts(numbered("a", 9, 17))).isTrue();
        assertThat(rule.counts(numbered("a", 3, 18))).isFalse();
    }

    /**
     * Turns that each begin where the rule is, and whose records come late: as a gateway that hangs and goes on, at any
     * time. The messages of a turn differ from those of others with the same number, as those of a new process of the
     * client do.
     */
    @Test
    void inAnyInterleavingEachNumberCountsOnceAndWhatWasBeforeTheNextMarkerCounts() {
        for (long seed = 0; seed < 2000; seed++) {
            var random = new Random(seed);
            // Of each older turn what it has still to send.
            List<List<Headers>> late = new ArrayList<>();
            var reading = new ReadingRule();
            long highest = 0;
            for (long turn = 1; turn <= 6; turn++) {
                assertThat(reading.counts(marker("a", turn))).isFalse();
                int before = random.nextInt(4);
                int behind = random.nextInt(4);
                for (int i = 0; i < before; i++) {
                    for (var other : late) {
                        if (!other.isEmpty() && random.nextBoolean()) {
                            assertThat(reading.counts(other.removeFirst()))
                                    .as("late, seed %d", seed)
                                    .isFalse();
                        }
                    }
                    highest++;
                    assertThat(reading.counts(numbered("a", turn, highest)))
                            .as("in turn, seed %d", seed)
                            .isTrue();
                }
                List<Headers> rest = new ArrayList<>();
                for (int i = 1; i <= behind; i++) {
                    rest.add(numbered("a", turn, highest + i));
                }
                late.add(rest);
            }
            assertThat(reading.positions()).isEqualTo(Map.of("a", new Position(6, highest)));
        }
    }
}
