package heddle.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** All that is wrong with the options and files of a server, each with its place. Used by one thread. */
final class Problems {
    /** Of an option: {@code FILE:LINE: key}, where the file gives it. */
    private final Map<String, String> places = new HashMap<>();

    /** Options that are named in {@link #all}. */
    private final Set<String> told = new HashSet<>();

    private final List<String> all = new ArrayList<>();

    /** Where an option was found, if not on the command line. */
    void place(String option, String place) {
        places.put(option, place);
    }

    /**
     * One more, unless something is wrong with that option already: what follows from it would only confuse.
     *
     * @param option its long name, as {@code --max-frame}
     * @param text what is wrong, and what is allowed
     */
    void add(String option, String text) {
        if (told.add(option)) {
            at(places.getOrDefault(option, option), text);
        }
    }

    /** One more, of no option. */
    void at(String place, String text) {
        all.add(Terminal.printable(place + ": " + text));
    }

    /** What may find that something is wrong. */
    interface Look {
        void run() throws IOException;
    }

    /** Looks, and takes an IOException or IllegalArgumentException for what is wrong with {@code option}. */
    void look(String option, Look look) {
        try {
            look.run();
        } catch (IOException | IllegalArgumentException e) {
            add(option, Main.text(e));
        }
    }

    /** In the order in which they were found. */
    List<String> all() {
        return List.copyOf(all);
    }
}
