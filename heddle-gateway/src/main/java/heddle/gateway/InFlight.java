package heddle.gateway;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How many messages of a connection are in flight, and their bytes. Who settles some does not know their sizes: each
 * takes the mean of those in flight away, and the last one what is left. So the sum is right, and each by itself as far
 * as they are of one size. Any thread may call.
 *
 * <pre>
 *    63              40 39                      0
 *   |  messages, 24    |  bytes, 40              |
 * </pre>
 */
final class InFlight {

    private static final int BYTES_BITS = 40;
    private static final long BYTES = (1L << BYTES_BITS) - 1;
    private static final long ONE = 1L << BYTES_BITS;

    private final AtomicLong state = new AtomicLong();

    /** One more, of {@code bytes}. */
    void begin(int bytes) {
        state.addAndGet(ONE + bytes);
    }

    /** So many are settled, 1 or more, and no more than there are; how many bytes they take away. */
    long end(long settled) {
        while (true) {
            long now = state.get();
            long bytes = now & BYTES;
            long messages = now >>> BYTES_BITS;
            // Their mean times settled, rounded up, in parts that do not overflow.
            long gone = bytes / messages * settled + (bytes % messages * settled + messages - 1) / messages;
            if (state.compareAndSet(now, now - settled * ONE - gone)) {
                return gone;
            }
        }
    }
}
