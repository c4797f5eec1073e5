package heddle.lab;

import java.util.List;

/**
 * One of the situations: what happens, what to look for, the play and its judge. Immutable.
 *
 * @param id a letter (S setting up, R reading, W writing, C sharing, E closing, P poller) and a number
 * @param title the situation in a line
 * @param lookFor what must be seen, in a sentence or two
 * @param explanation what the kernel does, and why, for people who learn
 * @param need what it takes beside a minute
 * @param limits settings of the system that shape it, as sysctl names them
 * @param play makes it happen
 * @param judge says what was seen
 */
public record Situation(
        String id,
        String title,
        String lookFor,
        String explanation,
        Need need,
        List<String> limits,
        Play play,
        Judge judge) {

    /** What not every machine or user has. */
    public enum Need {
        /** Nothing. */
        NOTHING(""),
        /** Network namespaces, and rules that drop packets. */
        ROOT("root"),
        /** Some of it takes minutes; without them it does the rest. */
        MINUTES("minutes, in part"),
        /** Another operating system. */
        OTHER_SYSTEM("another system");

        private final String label;

        Need(String label) {
            this.label = label;
        }

        /** For people. */
        public String label() {
            return label;
        }
    }

    /** Makes the situation happen. */
    @FunctionalInterface
    interface Play {
        void run(Stage stage) throws Exception;
    }

    /** Reads a trace. */
    @FunctionalInterface
    interface Judge {
        void judge(Trace trace, Sights sights);
    }

    static Situation of(String id, String title, String lookFor, String explanation) {
        return new Situation(
                id, title, lookFor, explanation.strip(), Need.NOTHING, List.of(), stage -> {}, (trace, sights) -> {});
    }

    Situation needs(Need what) {
        return new Situation(id, title, lookFor, explanation, what, limits, play, judge);
    }

    Situation shapedBy(String... settings) {
        return new Situation(id, title, lookFor, explanation, need, List.of(settings), play, judge);
    }

    Situation played(Play by, Judge judgedBy) {
        return new Situation(id, title, lookFor, explanation, need, limits, by, judgedBy);
    }

    /** What a judge finds in {@code trace}; a call that it misses is something not seen. */
    Sights judge(Trace trace) {
        Sights sights = new Sights();
        try {
            judge.judge(trace, sights);
        } catch (Trace.MissingException missing) {
            sights.see(String.valueOf(missing.getMessage()), false);
        }
        return sights;
    }
}
