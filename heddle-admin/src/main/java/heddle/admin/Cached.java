package heddle.admin;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A value that is kept for a while, as it costs something to make. Who asks when it is older than a bound makes it
 * anew, all others get what is there. Any thread, without a lock: two who ask at one moment may both make it.
 */
final class Cached<T> implements Supplier<T> {

    private final Supplier<T> source;
    private final long boundNanos;
    private final AtomicReference<@Nullable Made<T>> made = new AtomicReference<>();

    private record Made<T>(T value, long atNanos) {}

    Cached(Duration bound, Supplier<T> source) {
        this.source = source;
        this.boundNanos = bound.toNanos();
    }

    @Override
    public T get() {
        var known = made.get();
        if (known == null || System.nanoTime() - known.atNanos > boundNanos) {
            known = new Made<>(source.get(), System.nanoTime());
            made.set(known);
        }
        return known.value;
    }

    /** The next one to ask makes it anew. Who is making it at this moment may still put the old one there. */
    void forget() {
        made.set(null);
    }
}
