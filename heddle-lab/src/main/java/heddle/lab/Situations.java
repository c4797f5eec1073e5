package heddle.lab;

import java.util.List;
import java.util.stream.Stream;

/** All situations, in the order in which people meet them. */
public final class Situations {

    private static final List<Situation> ALL = Stream.of(
                    SettingUp.ALL, Reading.ALL, Writing.ALL, Sharing.ALL, Closing.ALL, Polling.ALL)
            .flatMap(List::stream)
            .toList();

    private Situations() {}

    /** All of them. */
    public static List<Situation> all() {
        return ALL;
    }
}
