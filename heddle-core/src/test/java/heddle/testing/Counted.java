package heddle.testing;

import heddle.internal.trace.Counter;
import heddle.net.Heddle;
import java.util.Objects;

/** What runtimes have counted, that under test if none is named. */
public final class Counted {

    private Counted() {}

    /** The value of {@code counter} now. */
    public static long value(Counter counter) {
        return value(Runtimes.current(), counter);
    }

    /** The value of {@code counter} of {@code heddle} now. */
    public static long value(Heddle heddle, Counter counter) {
        return Objects.requireNonNull(heddle.counters().get(counter.id()));
    }
}
