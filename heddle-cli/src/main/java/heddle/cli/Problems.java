package heddle.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** All that is wrong with the options and files of a server, each with its place. Used by one thread. */
final class Problems {
    /** Where the file gives an option. */
    private record Place(String line, String key) {}

    private final Map<String, Place> places = new HashMap<>();

    /** Options that are named in {@link #all}. */
    private final Set<String> told = new HashSet<>();

    private final List<String> all = new ArrayList<>();

    /**
     * The file gives an option.
     *
     * @param option its long name
     * @param line {@code FILE:LINE}
     * @param key as it stands there
     */
    void found(String option, String line, String key) {
        places.put(option, new Place(line, key));
    }

    /** What the file says of an option does not count. */
    void overruled(String option) {
        places.remove(option);
    }

    /** {@code FILE:LINE} of an option, null if the file does not give it. */
    @Nullable
    String line(String option) {
        var place = places.get(option);
        return place == null ? null : place.line;
    }

    /**
     * One more, unless something is wrong with that option already: what follows from it would only confuse.
     *
     * @param option its long name, as {@code --max-frame}
     * @param text what is wrong, and what is allowed
     */
    void add(String option, String text) {
        if (told.add(option)) {
            var place = places.get(option);
            at(place == null ? option : place.line + ": " + place.key, text);
        }
    }

    /** One more if an option is given in vain, as others that it wants are not. */
    void unwanted(String option, boolean given, String wants) {
        if (given) {
            add(option, "wants " + wants + " too");
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
