package heddle.lab;

import java.util.ArrayList;
import java.util.List;

/** What a judge found: which of the things to look for were seen. */
final class Sights {

    enum Kind {
        SEEN,
        NOT_SEEN,
        /** Not seen, and not promised on this system or in this way of running. */
        NOT_HERE,
        /** For information. */
        NOTE
    }

    record Sight(Kind kind, String text) {}

    private final List<Sight> all = new ArrayList<>();

    /** Something that must be seen. */
    Sights see(String text, boolean seen) {
        all.add(new Sight(seen ? Kind.SEEN : Kind.NOT_SEEN, text));
        return this;
    }

    /** Something that others promise. */
    Sights notHere(String text) {
        all.add(new Sight(Kind.NOT_HERE, text));
        return this;
    }

    Sights note(String text) {
        all.add(new Sight(Kind.NOTE, text));
        return this;
    }

    List<Sight> all() {
        return all;
    }

    boolean has(Kind kind) {
        return all.stream().anyMatch(sight -> sight.kind == kind);
    }
}
