package heddle.net;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Values of options, checked and in the units of the kernel. */
final class OptionValues {

    private OptionValues() {}

    /** {@code time}, of {@code what}. */
    static Duration positive(String what, Duration time) {
        if (!time.isPositive()) {
            throw new IllegalArgumentException(what + " " + time + ": want more than zero");
        }
        return time;
    }

    /** {@code count}, of {@code what}. */
    static int positive(String what, int count) {
        if (count < 1) {
            throw new IllegalArgumentException(what + " " + count + ": want 1 or more");
        }
        return count;
    }

    /** {@code bytes} as a size of a buffer. */
    static int bufferBytes(int bytes) {
        if (bytes <= 0) {
            throw new IllegalArgumentException("buffer of " + bytes + " bytes: want 1 or more");
        }
        return bytes;
    }

    /** {@code name} as a network device's. */
    static String device(String name) {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("no name of a network device: want one, as eth0");
        }
        return name;
    }

    /** {@code value} as a traffic class. */
    static int trafficClass(int value) {
        if (value < 0 || value > 0xff) {
            throw new IllegalArgumentException("traffic class " + value + ": want 0 to 255");
        }
        return value;
    }

    /** {@code time}, not negative, in whole {@code unit}s, rounded up, at most what an option holds. */
    static int roundedUp(Duration time, TimeUnit unit) {
        long nanos = TimeUnit.NANOSECONDS.convert(time);
        long units = unit.convert(nanos, TimeUnit.NANOSECONDS);
        boolean exact = unit.toNanos(units) == nanos;
        return (int) Math.min(exact ? units : units + 1, Integer.MAX_VALUE);
    }
}
