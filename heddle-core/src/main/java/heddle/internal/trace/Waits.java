package heddle.internal.trace;

import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * The threads that wait in one runtime for something else than readiness: for a lock's holder, a name lookup, the last
 * user of a descriptor. Waits for readiness are found through the pollers instead, as writing them down here would cost
 * each of them a few hundred nanoseconds; these are rare and slow by nature. Any thread.
 *
 * <p>Dropped: a ConcurrentHashMap, which locks its bins by monitors (JDK-8373120).
 */
public final class Waits {

    private final ConcurrentNavigableMap<Long, Entry> all = new ConcurrentSkipListMap<>();

    private record Entry(Thread thread, String reason, Object subject, long sinceNanos) {}

    private final CoarseClock clock;

    Waits(CoarseClock clock) {
        this.clock = clock;
    }

    /**
     * The calling thread is about to wait.
     *
     * @param reason the first words in the dump, such as {@code lock wait}
     * @param subject what for; asked for its text by a dump only
     */
    public void begin(String reason, Object subject) {
        Thread me = Thread.currentThread();
        all.put(me.threadId(), new Entry(me, reason, subject, clock.nanos()));
    }

    /** The calling thread's wait is over. */
    public void end() {
        all.remove(Thread.currentThread().threadId());
    }

    /** Shows all to {@code dump}, weakly consistent. */
    public void describe(Dump dump) {
        for (Entry entry : all.values()) {
            dump.waits(entry.thread, entry.reason, entry.subject, entry.sinceNanos, Dump.NO_DEADLINE);
        }
    }
}
