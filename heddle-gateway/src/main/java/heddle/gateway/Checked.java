package heddle.gateway;

import java.time.Duration;

/** Values of options, checked when they are set: who sets a wrong one reads so there, and not where it is used. */
final class Checked {

    private Checked() {}

    /** {@code value} of {@code what}, at least {@code least}. */
    static long atLeast(long least, String what, long value) {
        if (value < least) {
            throw new IllegalArgumentException(what + " " + value + ": want " + least + " or more");
        }
        return value;
    }

    /** The same for an int. */
    static int atLeast(int least, String what, int value) {
        return (int) atLeast((long) least, what, (long) value);
    }

    /** {@code time} of {@code what}, more than zero. */
    static Duration positive(String what, Duration time) {
        if (!time.isPositive()) {
            throw new IllegalArgumentException(what + " " + time + ": want more than zero");
        }
        return time;
    }

    /** {@code time} of {@code what}, zero or more. */
    static Duration notNegative(String what, Duration time) {
        if (time.isNegative()) {
            throw new IllegalArgumentException(what + " " + time + ": want zero or more");
        }
        return time;
    }
}
