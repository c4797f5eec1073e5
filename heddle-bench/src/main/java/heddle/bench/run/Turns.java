package heddle.bench.run;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * One peer's turns in one scenario, those that others disturbed left out. Where that leaves fewer than three, or than
 * there were, the least disturbed ones stay, and it says so.
 *
 * @param kept what counts
 * @param all how many there were
 * @param disturbed whether turns are among those kept that others disturbed
 */
record Turns(List<Measurement> kept, int all, boolean disturbed) {

    /** Others may take so much of the processors in use: less than what the figures of undisturbed rounds differ by. */
    static final double OTHERS_MAX = 0.15;

    private static final int KEPT_MIN = 3;

    /** The median of the rounds, and the least and most. */
    record Spread(double median, double least, double most) {

        static Spread of(double[] values) {
            double[] sorted =
                    Arrays.stream(values).filter(v -> !Double.isNaN(v)).sorted().toArray();
            if (sorted.length == 0) {
                return new Spread(Double.NaN, Double.NaN, Double.NaN);
            }
            int n = sorted.length;
            return new Spread((sorted[(n - 1) / 2] + sorted[n / 2]) / 2, sorted[0], sorted[n - 1]);
        }
    }

    static Turns choose(List<Measurement> all) {
        List<Measurement> quiet =
                all.stream().filter(m -> m.others() <= OTHERS_MAX).toList();
        int wanted = Math.min(KEPT_MIN, all.size());
        if (quiet.size() >= wanted) {
            return new Turns(quiet, all.size(), false);
        }
        List<Measurement> byOthers = new ArrayList<>(all);
        byOthers.sort(Comparator.comparingDouble(Measurement::others));
        return new Turns(List.copyOf(byOthers.subList(0, wanted)), all.size(), true);
    }

    Spread spread(ToDoubleFunction<Measurement> figure) {
        return Spread.of(kept.stream().mapToDouble(figure).toArray());
    }

    /** By the reference's figure of the same round, pair by pair: what changes from minute to minute changes both. */
    Spread ratio(ToDoubleFunction<Measurement> figure, List<Measurement> reference) {
        Map<Integer, Measurement> byRound = new HashMap<>();
        reference.forEach(m -> byRound.put(m.round(), m));
        return Spread.of(kept.stream()
                .filter(m -> byRound.containsKey(m.round()))
                .mapToDouble(m -> figure.applyAsDouble(m) / figure.applyAsDouble(byRound.get(m.round())))
                .toArray());
    }
}
