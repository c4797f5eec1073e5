package heddle.lab;

/**
 * A situation that was played, or not.
 *
 * @param situation what
 * @param verdict what was found
 * @param sights what was looked for, one by one
 * @param trace what happened; empty if it was not played
 * @param reason why it was not played or broke off, or ""
 */
record Run(Situation situation, Verdict verdict, Sights sights, Trace trace, String reason) {

    enum Verdict {
        /** All that must be seen was. */
        SEEN("seen"),
        /** Something that must be seen was not. */
        NOT_SEEN("NOT SEEN"),
        /** What is not promised on this system or in this way of running was not seen. */
        NOT_HERE("not promised here"),
        SKIPPED("skipped");

        final String label;

        Verdict(String label) {
            this.label = label;
        }
    }

    static Run skipped(Situation situation, String reason) {
        return new Run(situation, Verdict.SKIPPED, new Sights(), new Trace(), reason);
    }

    /** Judges a play that ended, {@code failure} being why it broke off, or "". */
    static Run judged(Situation situation, Trace trace, String failure) {
        Sights sights = situation.judge(trace);
        if (!failure.isEmpty()) {
            sights.see("the play came to its end: " + failure, false);
        }
        Verdict verdict = sights.has(Sights.Kind.NOT_SEEN)
                ? Verdict.NOT_SEEN
                : sights.has(Sights.Kind.NOT_HERE) ? Verdict.NOT_HERE : Verdict.SEEN;
        return new Run(situation, verdict, sights, trace, failure);
    }
}
