package heddle.lab;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.lab.Situation.Need;
import java.io.BufferedReader;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each situation is seen when it is there, and only then. The other ways of running are LabTest's. */
@Timeout(120)
class SituationsTest {

    private static final Settings QUICK = new Settings(200, false);

    static Stream<Situation> playedHere() {
        return Situations.all().stream().filter(one -> one.need() != Need.OTHER_SYSTEM && one.need() != Need.ROOT);
    }

    static Stream<Situation> played() {
        return Situations.all().stream().filter(one -> one.need() != Need.OTHER_SYSTEM);
    }

    @Test
    void allOfScenariosAreThereInTheirOrder() {
        assertThat(Situations.all())
                .extracting(Situation::id)
                .containsExactlyElementsOf(
                        List.of(("S1 S2 S3 S4 S5 R1 R2 R3 R4 W1 W2 W3 C1 C2 C3 C4 E1 E2 E3 E4 E5 P1" + " P2 P3 P4 P5")
                                .split(" ", -1)));
    }

    @ParameterizedTest
    @MethodSource("playedHere")
    @Tag("thorough")
    void isSeenAndOnlyIfTheCallsWereAsTheyMustBe(Situation situation) throws Exception {
        var failures = new StringWriter();
        Player.Played played = Player.play(situation, QUICK, new Log(new PrintWriter(failures, true)));
        assertThat(played.failure()).isEmpty();
        assertVerdict(situation, played.trace(), Run.Verdict.SEEN, failures.toString());

        assertVerdict(
                situation,
                changed(played.trace(), call -> outcome(call, Call.NOTHING, "it broke")),
                Run.Verdict.NOT_SEEN,
                "every call failed");
        assertVerdict(
                situation,
                changed(played.trace(), call -> outcome(call, 0, "")),
                Run.Verdict.NOT_SEEN,
                "every call succeeded and moved nothing");
        assertVerdict(situation, throughLines(played), Run.Verdict.SEEN, "the trace of another process");
    }

    @ParameterizedTest
    @MethodSource("played")
    void isNotSeenWhereNothingHappened(Situation situation) {
        assertVerdict(situation, new Trace(), Run.Verdict.NOT_SEEN, "");
    }

    private static void assertVerdict(Situation situation, Trace trace, Run.Verdict wanted, String description) {
        Run run = Run.judged(situation, trace, "");
        assertThat(run.verdict())
                .as("%s, %s: %s", description, situation.id(), run.sights().all())
                .isEqualTo(wanted);
    }

    private static Call outcome(Call call, long n, String error) {
        return new Call(
                call.side(), call.name(), call.beginNanos(), call.endNanos(), call.parkedNanos(), n, "", error, false);
    }

    private static Trace changed(Trace trace, UnaryOperator<Call> change) {
        Trace changed = new Trace();
        trace.calls().forEach(call -> changed.add(change.apply(call)));
        trace.facts().forEach(changed::fact);
        trace.samples().forEach(changed::add);
        return changed;
    }

    private static Trace throughLines(Player.Played played) throws Exception {
        var lines = new StringWriter();
        TraceLines.write(played, new PrintWriter(lines, true));
        return TraceLines.read(
                        new BufferedReader(new StringReader(lines.toString())),
                        Progress.NONE,
                        new Trace(),
                        TraceLines.Watcher.NONE)
                .trace();
    }
}
