package heddle.gateway;

import heddle.net.Addr;
import heddle.time.Clock;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts what is refused, and logs it: of one address and one kind ten lines at once and then one a minute, and of all
 * together a hundred at once and then one a second, so that nobody fills the log. What is left out is counted, and the
 * next line tells. Any thread may call.
 */
final class Refusals {

    private static final Logger LOG = System.getLogger("heddle.gateway");

    private static final long MINUTE_NANOS = Duration.ofMinutes(1).toNanos();
    private static final long SECOND_NANOS = Duration.ofSeconds(1).toNanos();
    private static final int BURST = 10;
    private static final int BURST_IN_ALL = 100;

    private final Counters counters;
    private final Clock clock;
    private final RateTable lines = new RateTable();
    private final RateTable inAll = new RateTable(1);
    private final AtomicLong left = new AtomicLong();

    Refusals(Counters counters, Clock clock) {
        this.counters = counters;
        this.clock = clock;
    }

    /**
     * One that was refused.
     *
     * @param key its address's, for the bound on lines
     * @param whose the peer, and its name if it gave one
     */
    @SuppressWarnings("EnumOrdinal") // The table lives no longer than the enum.
    void refused(Counter counter, long key, Addr peer, String whose, String why) {
        counters.increment(counter);
        long now = clock.nanos();
        // Another kind is another key.
        long kind = key + counter.ordinal() * 0x9e3779b97f4a7c15L;
        if (lines.take(kind, MINUTE_NANOS, BURST, now, 0) == RateTable.REFUSED
                || inAll.take(0, SECOND_NANOS, BURST_IN_ALL, now, 0) == RateTable.REFUSED) {
            left.incrementAndGet();
            return;
        }
        long unsaid = left.getAndSet(0);
        LOG.log(
                Level.WARNING,
                "{0}{1}: {2}{3}",
                peer,
                whose,
                why,
                unsaid == 0 ? "" : "; " + unsaid + " lines like this were left out, the counters have them");
    }
}
