package heddle.stress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;
import static org.openjdk.jcstress.annotations.Expect.UNKNOWN;

import heddle.stress.Verdict.Seen;
import org.junit.jupiter.api.Test;
import org.openjdk.jcstress.annotations.Expect;

class VerdictTest {

    @Test
    void acceptableOutcomesPass() {
        var verdict = of("Queue", seen(ACCEPTABLE, 5), seen(FORBIDDEN, 0));
        assertThat(verdict.complaints()).isEmpty();
        assertThat(verdict.line()).isEqualTo("ok     Queue: 5");
    }

    @Test
    void forbiddenOutcomeFails() {
        var verdict = of("Queue", seen(ACCEPTABLE, 5), seen(FORBIDDEN, 1));
        assertThat(verdict.complaints()).containsExactly("forbidden: (FORBIDDEN) 1 times: why");
        assertThat(verdict.line()).startsWith("FAILED Queue");
    }

    @Test
    void outcomeThatNobodyExplainedFails() {
        assertThat(of("Queue", seen(UNKNOWN, 1)).complaints()).containsExactly("not explained: (UNKNOWN) 1 times: why");
    }

    @Test
    void twinThatShowsItPasses() {
        var verdict = of("QueueTwin", seen(ACCEPTABLE, 5), seen(ACCEPTABLE_INTERESTING, 2));
        assertThat(verdict.complaints()).isEmpty();
        assertThat(verdict.isUnsettled()).isFalse();
        assertThat(verdict.line()).isEqualTo("ok     QueueTwin: shown 2 times in 7");
    }

    @Test
    void twinThatNeverShowsItFails() {
        var verdict = of("QueueTwin", seen(ACCEPTABLE, 5), seen(ACCEPTABLE_INTERESTING, 0));
        assertThat(verdict.isUnsettled()).isTrue();
        assertThat(verdict.complaints())
                .singleElement()
                .asString()
                .contains("in 5 samples never (ACCEPTABLE_INTERESTING)");
    }

    @Test
    void secondRunMayShowIt() {
        var verdict = of("QueueTwin", seen(ACCEPTABLE, 5), seen(ACCEPTABLE_INTERESTING, 0));
        verdict.add(seen(ACCEPTABLE_INTERESTING, 1));
        assertThat(verdict.complaints()).isEmpty();
    }

    @Test
    void onlyTwinsMayExpectWhatIsForbidden() {
        assertThat(of("Queue", seen(ACCEPTABLE, 1), seen(ACCEPTABLE_INTERESTING, 0))
                        .complaints())
                .containsExactly("expects (ACCEPTABLE_INTERESTING) as interesting; only a twin may");
    }

    @Test
    void testThatDidNotRunFails() {
        assertThat(of("Queue").complaints()).containsExactly("did not run");
        assertThat(of("Queue", seen(ACCEPTABLE, 0)).complaints()).containsExactly("did not run");
    }

    @Test
    void runThatBrokeOffFailsEvenIfAnotherPassed() {
        var verdict = of("Queue", seen(ACCEPTABLE, 5));
        verdict.addFailure("VM_ERROR");
        assertThat(verdict.complaints()).containsExactly("VM_ERROR");
        assertThat(verdict.isUnsettled()).isFalse();
    }

    @Test
    void runThatDidNotEndFailsUnlessTheLongerOneDoes() {
        var verdict = of("Queue", seen(ACCEPTABLE, 0));
        verdict.addTimeout();
        assertThat(verdict.isUnsettled()).isTrue();
        assertThat(verdict.complaints()).containsExactly("did not end, 1 times");

        verdict.add(seen(ACCEPTABLE, 5));
        assertThat(verdict.complaints()).isEmpty();
    }

    @Test
    void runThatDidNotEndTwiceFails() {
        var verdict = of("Queue", seen(ACCEPTABLE, 5));
        verdict.addTimeout();
        verdict.addTimeout();
        assertThat(verdict.complaints()).containsExactly("did not end, 2 times");
    }

    private static Verdict of(String test, Seen... outcomes) {
        var verdict = new Verdict(test);
        for (Seen seen : outcomes) {
            verdict.add(seen);
        }
        return verdict;
    }

    private static Seen seen(Expect expect, long count) {
        return new Seen(expect.name(), expect, count, "why");
    }
}
