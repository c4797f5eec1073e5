package heddle.tls;

import java.nio.ByteBuffer;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Buffers of a record each, lent for the time of a call: an SSLEngine wants room for the largest record, however small
 * this one is. At most {@value #KEPT} are kept, about 1 MiB; thread-safe, never waits.
 */
final class RecordBuffers {

    /** More than the largest record of an engine of the JDK: 16 KiB, and 325 bytes about it. */
    static final int BYTES = 17 << 10;

    private static final int KEPT = 64;

    /** Places to look at before another buffer is made, or one is left to the collector. */
    private static final int TRIES = 4;

    private final AtomicReferenceArray<ByteBuffer> kept = new AtomicReferenceArray<>(KEPT);

    /** An empty buffer of {@link #BYTES}. */
    ByteBuffer take() {
        int at = ThreadLocalRandom.current().nextInt(KEPT);
        for (int i = 0; i < TRIES; i++) {
            int place = (at + i) % KEPT;
            if (kept.getPlain(place) != null) {
                ByteBuffer buffer = kept.getAndSet(place, null);
                if (buffer != null) {
                    return buffer;
                }
            }
        }
        return ByteBuffer.allocate(BYTES);
    }

    /** Gives back what {@link #take} gave; the caller uses it no more. A buffer of another size is not kept. */
    void give(ByteBuffer buffer) {
        if (buffer.capacity() != BYTES) {
            return;
        }
        buffer.clear();
        int at = ThreadLocalRandom.current().nextInt(KEPT);
        for (int i = 0; i < TRIES; i++) {
            if (kept.compareAndSet((at + i) % KEPT, null, buffer)) {
                return;
            }
        }
    }
}
