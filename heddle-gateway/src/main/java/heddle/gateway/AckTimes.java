package heddle.gateway;

import heddle.time.Clock;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/// How long the submits of one connection wait for their acks, for two readings of the clock a batch instead of two a
/// message: one when the first submit of a read is handled, one when the acks of a commit are passed on.
///
/// Submits count as settled in the order in which they came. Where the sink settles them in another, single times are
/// taken for each other's, and their sum and their number stay right.
///
/// [#reads] and [#begins] belong to the connection's thread. [#settled] and [#flushed] come from whoever settles.
///
/// Bound: an entry for each read that has submits in flight, so no more than submits in flight, and room for twice as
/// many; 16 bytes each.
final class AckTimes {

    private static final int ENTRIES_MIN = 4;
    private static final long[] NONE = {};

    private final Histogram latencies;
    private final Clock clock;

    // Of the connection's thread.
    private boolean fresh;
    private long begun;

    private final AtomicLong settled = new AtomicLong();

    private final ReentrantLock lock = new ReentrantLock();

    // A ring of reads, the oldest at head. All guarded by lock.
    /** How many submits had begun before those of the read. */
    private long[] before = NONE;

    /** When it was. */
    private long[] nanos = NONE;

    private int head;
    private int size;

    /** How many submits are in the histogram. */
    private long recorded;

    AckTimes(Histogram latencies, Clock clock) {
        this.latencies = latencies;
        this.clock = clock;
    }

    /** What is handled next comes from another read. */
    void reads() {
        fresh = true;
    }

    /** A submit is handled. Before whoever may settle it can know of it. */
    void begins() {
        if (fresh) {
            fresh = false;
            push(begun, clock.nanos());
        }
        begun++;
    }

    /** One is settled. */
    void settled() {
        settled.getAndIncrement();
    }

    /** The acks of all that are settled are passed on now; how many these are. */
    long flushed() {
        lock.lock();
        try {
            long done = settled.get();
            long passed = done - recorded;
            if (passed == 0) {
                return 0;
            }
            long now = clock.nanos();
            while (recorded < done) {
                long end = size > 1 ? Math.min(done, before[(head + 1) % before.length]) : done;
                latencies.record(now - nanos[head], end - recorded);
                recorded = end;
                if (size > 1 && end == before[(head + 1) % before.length]) {
                    head = (head + 1) % before.length;
                    size--;
                }
            }
            if (size == 1 && before.length > ENTRIES_MIN) {
                // Whoever was slow once does not keep the memory.
                resize(ENTRIES_MIN);
            }
            return passed;
        } finally {
            lock.unlock();
        }
    }

    private void push(long beforeIt, long atNanos) {
        lock.lock();
        try {
            if (size > 0 && recorded == beforeIt) {
                size = 0; // all of the older ones are settled
            }
            if (size == before.length) {
                resize(Math.max(ENTRIES_MIN, 2 * size));
            }
            int at = (head + size) % before.length;
            before[at] = beforeIt;
            nanos[at] = atNanos;
            size++;
        } finally {
            lock.unlock();
        }
    }

    private void resize(int entries) {
        before = straight(before, entries);
        nanos = straight(nanos, entries);
        head = 0;
    }

    private long[] straight(long[] ring, int entries) {
        long[] copy = new long[entries];
        int first = Math.min(size, ring.length - head);
        System.arraycopy(ring, head, copy, 0, first);
        System.arraycopy(ring, 0, copy, first, size - first);
        return copy;
    }
}
