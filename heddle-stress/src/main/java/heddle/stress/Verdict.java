package heddle.stress;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.openjdk.jcstress.annotations.Expect;

/**
 * What the runs of one test showed, and whether that is as it must be: no outcome that is forbidden or that nobody
 * explained, and from a twin, whose name ends with "Twin", the outcome that it is there to show. A twin that shows
 * nothing proves nothing of the test beside it.
 *
 * <p>A test that did not end may have lost a wake-up, or its threads may not have been given the processor. A second,
 * longer run tells: what was lost once is lost there again.
 */
final class Verdict {

    /** An outcome, or a pattern of outcomes if none of them was seen. */
    record Seen(String outcome, Expect expect, long count, String description) {}

    private static final String TWIN = "Twin";

    private final String test;
    private final List<String> failures = new ArrayList<>();
    private int timeouts;
    private final Map<String, Seen> outcomes = new LinkedHashMap<>();

    /** Of {@code test}, which has not run yet. */
    Verdict(String test) {
        this.test = test;
    }

    /** A run of it was not what it should be. */
    void addFailure(String message) {
        failures.add(message);
    }

    /** A run of it did not end. */
    void addTimeout() {
        timeouts++;
    }

    /** A run of it showed this. */
    void add(Seen more) {
        outcomes.merge(
                more.outcome,
                more,
                (one, other) -> new Seen(one.outcome, one.expect, one.count + other.count, one.description));
    }

    boolean isTwin() {
        return test.endsWith(TWIN);
    }

    /** More time may help: it did not end, or has not shown what it is there for. */
    boolean isUnsettled() {
        return failures.isEmpty() && (timeouts == 1 || isUnseen());
    }

    private boolean isUnseen() {
        return isTwin() && samples() > 0 && interesting() == 0;
    }

    /** What is wrong, a line each; none if nothing is. */
    List<String> complaints() {
        List<String> complaints = new ArrayList<>(failures);
        if (timeouts > 1 || (timeouts == 1 && samples() == 0)) {
            complaints.add("did not end, %d times".formatted(timeouts));
        } else if (failures.isEmpty() && samples() == 0) {
            complaints.add("did not run");
        }
        for (Seen seen : outcomes.values()) {
            switch (seen.expect) {
                case FORBIDDEN, UNKNOWN -> {
                    if (seen.count > 0) {
                        complaints.add("%s: (%s) %d times: %s"
                                .formatted(
                                        seen.expect == Expect.FORBIDDEN ? "forbidden" : "not explained",
                                        seen.outcome,
                                        seen.count,
                                        seen.description));
                    }
                }
                case ACCEPTABLE_INTERESTING -> {
                    if (!isTwin()) {
                        complaints.add("expects (%s) as interesting; only a twin may".formatted(seen.outcome));
                    }
                }
                case ACCEPTABLE -> {}
            }
        }
        if (isUnseen()) {
            complaints.add("a twin that shows nothing proves nothing: in %,d samples never (%s)"
                    .formatted(samples(), String.join(") or (", interestingOutcomes())));
        }
        return complaints;
    }

    private long samples() {
        return outcomes.values().stream().mapToLong(Seen::count).sum();
    }

    private long interesting() {
        return outcomes.values().stream()
                .filter(seen -> seen.expect == Expect.ACCEPTABLE_INTERESTING)
                .mapToLong(Seen::count)
                .sum();
    }

    private List<String> interestingOutcomes() {
        return outcomes.values().stream()
                .filter(seen -> seen.expect == Expect.ACCEPTABLE_INTERESTING)
                .map(Seen::outcome)
                .toList();
    }

    /** All in a line. */
    String line() {
        String mark = complaints().isEmpty() ? "ok    " : "FAILED";
        return isTwin()
                ? "%s %s: shown %,d times in %,d".formatted(mark, test, interesting(), samples())
                : "%s %s: %,d".formatted(mark, test, samples());
    }

    /** Each outcome in a line. */
    List<String> table() {
        return outcomes.values().stream()
                .map(seen -> "%,14d  (%s) %s: %s".formatted(seen.count, seen.outcome, seen.expect, seen.description))
                .toList();
    }
}
