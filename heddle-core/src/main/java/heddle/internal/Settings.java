package heddle.internal;

import heddle.internal.poll.PollerSource;
import heddle.internal.sys.Syscalls;
import heddle.time.Clock;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * What a runtime is started with. Each of them has a system property of the name in {@link Property}, which is the default of whoever sets
 * nothing: docs/library.md lists them.
 *
 * @param way null for the best that is possible
 * @param parallelism processors of our own scheduler
 * @param handOff how long a task may hold its carrier
 * @param carriersMax most carriers at a time
 * @param clock what deadlines go by
 * @param between for tests: stands between the runtime and the system
 */
public record Settings(
        Platform.@Nullable Way way,
        int parallelism,
        Duration handOff,
        int carriersMax,
        Clock clock,
        Between between) {

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

        <T> T value(Function<String, @Nullable T> parse, T otherwise, String want) {
            String text = System.getProperty(key);
            if (text == null) {
                return otherwise;
            }
            T value = parse.apply(text);
            if (value == null) {
                throw new IllegalArgumentException("-D" + key + "=" + text + ": want " + want);
            }
            return value;
        }

        int positive(int otherwise) {
            return value(Settings::positive, otherwise, "a whole number above 0");
        }
    }

    /**
     * What the system properties say.
     *
     * @throws IllegalArgumentException one of them says what makes no sense; the message says which, and what would
     */
    public static Settings fromProperties() {
        int parallelism = Property.PARALLELISM.positive(Runtime.getRuntime().availableProcessors());
        String way = System.getProperty(Property.WAY.key);
        return new Settings(
                        way == null
                                ? null
                                : Property.WAY.value(
                                        Settings::wayNamed,
                                        Platform.Way.NIO,
                                        "carriers, jdk or nio"),
                        parallelism,
                        Duration.ofMillis(Property.HAND_OFF.positive(10)),
                        Property.CARRIERS_MAX.positive(carriersMaxFor(parallelism)),
                        Clock.system(),
                        Between.NOTHING)
                .checked("-D" + Property.CARRIERS_MAX.key + "=");
    }

    /** The most carriers for {@code parallelism} processors, if nobody says otherwise. */
    public static int carriersMaxFor(int parallelism) {
        return Math.max(CARRIERS_MAX, (int) Math.min(2L * parallelism, 1 << 20));
    }

    /**
     * These, as far as they fit together.
     *
     * @param name how the one who sets it calls {@code carriersMax}, for the message
     */
    public Settings checked(String name) {
        if (carriersMax <= parallelism) {
            throw new IllegalArgumentException(
                    name
                            + carriersMax
                            + ": want more than the processors, which are "
                            + parallelism
                            + ", as each of them takes one");
        }
        return this;
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
