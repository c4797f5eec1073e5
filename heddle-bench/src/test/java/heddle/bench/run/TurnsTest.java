package heddle.bench.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Medians, ratios, and which turns count. */
class TurnsTest {

    @Test
    void medianOfAnEvenNumberIsBetweenTheTwo() {
        assertThat(Turns.Spread.of(new double[] {4, 1, 3, 2})).isEqualTo(new Turns.Spread(2.5, 1, 4));
        assertThat(Turns.Spread.of(new double[] {9, 1, 2})).isEqualTo(new Turns.Spread(2, 1, 9));
        assertThat(Turns.Spread.of(new double[] {Double.NaN, 7})).isEqualTo(new Turns.Spread(7, 7, 7));
        assertThat(Turns.Spread.of(new double[0]).median()).isNaN();
    }

    @Test
    void disturbedTurnsDoNotCount() {
        Turns turns = Turns.choose(List.of(turn(1, 100, 0.01), turn(2, 900, 0.9), turn(3, 110, 0.02), turn(4, 105, 0)));
        assertThat(turns.kept()).extracting(Measurement::round).containsExactly(1, 3, 4);
        assertThat(turns.all()).isEqualTo(4);
        assertThat(turns.disturbed()).isFalse();
    }

    @Test
    void whereTooFewAreUndisturbedTheLeastDisturbedCountAndThatIsSaid() {
        Turns turns =
                Turns.choose(List.of(turn(1, 100, 0.9), turn(2, 900, 0.3), turn(3, 110, 0.02), turn(4, 105, 0.4)));
        assertThat(turns.kept()).extracting(Measurement::round).containsExactly(3, 2, 4);
        assertThat(turns.disturbed()).isTrue();
        assertThat(Turns.choose(List.of(turn(1, 100, 0.9))).disturbed()).isTrue();
        assertThat(Turns.choose(List.of(turn(1, 100, 0))).disturbed()).isFalse();
    }

    @Test
    void ratiosAreOfTheSameRound() {
        // Each round is twice as slow as the one before, for both: the ratio does not see it.
        Turns turns = Turns.choose(List.of(turn(1, 30, 0), turn(2, 60, 0), turn(3, 120, 0)));
        List<Measurement> reference = List.of(turn(3, 80, 0), turn(1, 20, 0));
        assertThat(turns.ratio(Measurement::cost, reference)).isEqualTo(new Turns.Spread(1.5, 1.5, 1.5));
    }

    @Test
    void fairnessIsByTheMean() {
        // 4 connections, 200 requests, the mean is 50.
        Measurement turn = turn(4, 200, 20, 90, 1000);
        assertThat(turn.leastShare()).isCloseTo(0.4, within(1e-9));
        assertThat(turn.mostShare()).isCloseTo(1.8, within(1e-9));
        Measurement none = turn(4, 0, 0, 0, 1000);
        assertThat(none.leastShare()).isZero();
        assertThat(none.cost()).isNaN();
    }

    @Test
    void costIsTheServersTimeByWhatWasAnswered() {
        Measurement turn = turn(4, 200, 20, 90, 4_000_000);
        assertThat(turn.cost()).isCloseTo(20, within(1e-9));
        assertThat(turn.perSecond()).isCloseTo(200, within(1e-9));
    }

    private static Measurement turn(int round, long costMicros, double others) {
        return turn(round, 1, 1, 1, 1, costMicros * 1000, others);
    }

    private static Measurement turn(int sharers, long answered, long least, long most, long serverNanos) {
        return turn(1, sharers, answered, least, most, serverNanos, 0);
    }

    private static Measurement turn(
            int round, int sharers, long answered, long least, long most, long serverNanos, double others) {
        return new Measurement(
                "64B-x1",
                "c-epoll",
                round,
                0,
                1_000_000_000,
                sharers,
                answered,
                least,
                most,
                0,
                0,
                0,
                0,
                "",
                serverNanos,
                0,
                0,
                0,
                0,
                others,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                "",
                null);
    }
}
