package heddle.internal;

import heddle.internal.poll.PollerSource;
import heddle.internal.sys.Syscalls;
import heddle.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a runtime is started with. Each of them has a system property of the name in {@link Property}, which is the
 * default of whoever sets nothing: docs/library.md lists them.
 *
 * @param way null for the best that is possible
 * @param parallelism processors of our own scheduler
 * @param handOff how long a task may hold its carrier
 * @param carriersMax most carriers at a time
 * @param clock what deadlines go by
 * @param between for tests: stands between the runtime and the system
 */
public record Settings(
        Platform.@Nullable Way way, int parallelism, Duration handOff, int carriersMax, Clock clock, Between between) {

    private static final int CARRIERS_MAX = 256;

    /** What stands between a runtime and the system, so that tests can make calls fail; nothing by default. */
    public interface Between {

        Between NOTHING = new Between() {};

        /** What sockets call instead of {@code real}. */
        default Syscalls syscalls(Syscalls real) {
            return real;
        }

        /** Where sockets find their poller instead of {@code real}. */
        default PollerSource pollers(PollerSource real) {
            return real;
        }
    }

    /** The system properties. */
    enum Property {
        WAY("heddle.way"),
        PARALLELISM("heddle.parallelism"),
        HAND_OFF("heddle.handOff"),
        CARRIERS_MAX("heddle.carriersMax");

        final String key;

        Property(String key) {
            this.key = key;
        }

        /** What it is set to; null if it is not. */
        <T> @Nullable T parsed(Function<String, @Nullable T> parse, String want) {
            String text = System.getProperty(key);
            if (text == null) {
                return null;
            }
            T value = parse.apply(text);
            if (value == null) {
                throw new IllegalArgumentException("-D" + key + "=" + text + ": want " + want);
            }
            return value;
        }

        @Nullable
        Integer positive() {
            return parsed(Settings::positive, "a whole number above 0");
        }
    }

    /**
     * What the system properties say.
     *
     * @throws IllegalArgumentException one of them says what makes no sense; the message says which, and what would
     */
    public static Settings fromProperties() {
        return with(null, null, null, null, Clock.system());
    }

    /**
     * What is given; for what is null, what the system properties say.
     *
     * @throws IllegalArgumentException one of them says what makes no sense; the message says which, and what would
     */
    public static Settings with(
            Platform.@Nullable Way way,
            @Nullable Integer parallelism,
            @Nullable Duration handOff,
            @Nullable Integer carriersMax,
            Clock clock) {
        Integer processorsSet = or(parallelism, Property.PARALLELISM.positive());
        int processors =
                processorsSet != null ? processorsSet : Runtime.getRuntime().availableProcessors();
        Integer millis = Property.HAND_OFF.positive();
        Integer most = or(carriersMax, Property.CARRIERS_MAX.positive());
        if (most != null && most <= processors) {
            throw new IllegalArgumentException(
                    (carriersMax != null ? "carriersMax " : "-D" + Property.CARRIERS_MAX.key + "=")
                            + most
                            + ": want more than the processors, which are "
                            + processors
                            + ", as each of them takes one");
        }
        return new Settings(
                or(way, Property.WAY.parsed(Settings::wayNamed, "carriers, jdk, nio or uring")),
                processors,
                handOff != null ? handOff : Duration.ofMillis(millis != null ? millis : 10),
                most != null ? most : carriersMaxFor(processors),
                clock,
                Between.NOTHING);
    }

    private static <T> @Nullable T or(@Nullable T given, @Nullable T property) {
        return given != null ? given : property;
    }

    /** These, with {@code other} between the runtime and the system. */
    public Settings withBetween(Between other) {
        return new Settings(way, parallelism, handOff, carriersMax, clock, other);
    }

    /** The most carriers for {@code parallelism} processors, if nobody says otherwise. */
    private static int carriersMaxFor(int parallelism) {
        return Math.max(CARRIERS_MAX, (int) Math.min(2L * parallelism, 1 << 20));
    }

    /** Set properties that look like Heddle's and are not: misspelt, most likely. */
    public static List<String> unknownProperties() {
        List<String> known = known();
        return System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith("heddle.") && !known.contains(name))
                .sorted()
                .toList();
    }

    /** The properties there are. */
    public static List<String> known() {
        return Arrays.stream(Property.values()).map(property -> property.key).toList();
    }

    private static @Nullable Integer positive(String text) {
        try {
            int value = Integer.parseInt(text);
            return value > 0 ? value : null;
        } catch (NumberFormatException notANumber) {
            return null;
        }
    }

    private static Platform.@Nullable Way wayNamed(String name) {
        return Arrays.stream(Platform.Way.values())
                .filter(way -> way.label().equals(name))
                .findFirst()
                .orElse(null);
    }
}
