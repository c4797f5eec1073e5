package heddle.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A group of options of {@code serve}. Each option is a key of the file of {@code --config} too: its path joined with
 * {@code -} is the option's long name, so a group does nothing for it. An option that a running server takes over from
 * a reload is {@link Reloaded}.
 */
interface Arguments {

    /**
     * Tells all that is wrong with the group, files that it names included: what only the options themselves tell, as
     * whether they go together. Opens no port and makes nothing. Called before a start, by {@code --check-config}, and
     * before each reload.
     */
    void check(Problems problems);

    /** What an option that may be given several times was given; picocli leaves it null for nothing. */
    static <T> List<T> orNone(@Nullable List<T> given) {
        return given == null ? List.of() : given;
    }
}
