package heddle.gateway;

import java.security.SecureRandom;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * How often each of any number of keys did something, in memory that is given once. Any thread may call.
 *
 * <p>A key has two places, chosen by two secret hashes, one in each half of the table. A place holds an instant: when
 * the key has used up nothing of its burst any more (GCRA, the leaky bucket as a meter). Others may have the same
 * place, and move its instant on; so the earlier one of the two counts, and only who shares both places with keys at
 * their bound is bounded with them: of 32,768 places in each half, with a thousand such keys, one in a thousand. Nobody
 * can choose a key that shares another's, as the hashes are secret.
 *
 * <p>Turns of one key are taken under the lock of its first place, so no two take the same. Other keys may move either
 * place meanwhile, on and never back.
 *
 * <p>Dropped: a map of keys, which must be cleaned up while millions of addresses flood it.
 */
final class RateTable {

    /** No turn within the longest wait. */
    static final long REFUSED = -1;

    private static final int PLACES = 1 << 15;
    private static final int LOCKS = 64;

    private final int places;
    private final AtomicLongArray instants;
    private final ReentrantLock[] locks;
    private final long firstSecret;
    private final long secondSecret;

    RateTable() {
        this(PLACES);
    }

    /** With {@code places} in each half, a power of two. */
    RateTable(int places) {
        this.places = places;
        this.instants = new AtomicLongArray(2 * places);
        this.locks = Stream.generate(ReentrantLock::new)
                .limit(Math.min(places, LOCKS))
                .toArray(ReentrantLock[]::new);
        var chance = new SecureRandom();
        this.firstSecret = chance.nextLong();
        this.secondSecret = chance.nextLong();
    }

    /** A finalizer of the murmur kind, which spreads each bit over all. */
    private int place(long key, long secret) {
        long h = key ^ secret;
        h = (h ^ (h >>> 33)) * 0xff51afd7ed558ccdL;
        h = (h ^ (h >>> 33) ^ secret) * 0xc4ceb9fe1a85ec53L;
        return (int) (h ^ (h >>> 33)) & (places - 1);
    }

    /**
     * Takes the next turn of {@code key}.
     *
     * @param intervalNanos between two turns
     * @param burst turns that may be taken at once after a pause, 1 or more
     * @param now the clock's instant
     * @param waitMaxNanos longest wait for the turn
     * @return how long to wait, 0 for not at all; {@link #REFUSED} if the turn is too far away, and nothing is taken
     */
    long take(long key, long intervalNanos, int burst, long now, long waitMaxNanos) {
        int first = place(key, firstSecret);
        int second = places + place(key, secondSecret);
        ReentrantLock lock = locks[first % locks.length];
        lock.lock();
        try {
            long earlier = Math.min(instants.get(first), instants.get(second));
            long next = Math.max(earlier, now) + intervalNanos;
            long wait = Math.max(0, next - now - burst * intervalNanos);
            if (wait > waitMaxNanos) {
                return REFUSED;
            }
            instants.accumulateAndGet(first, next, Math::max);
            instants.accumulateAndGet(second, next, Math::max);
            return wait;
        } finally {
            lock.unlock();
        }
    }
}
