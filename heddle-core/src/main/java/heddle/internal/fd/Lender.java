package heddle.internal.fd;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Buffers for reads that hold none while they wait. It keeps a few and makes what is missing, so nobody waits for one.
 * Any thread.
 *
 * <p>The first that is there is taken, and the first free place filled, so that the buffer of the last read, which the
 * processor still has in its cache, is that of the next.
 */
final class Lender {

    /** Of each buffer. */
    static final int BYTES = 16 << 10;

    /** How many it keeps at most: a reader that is about to use one holds it, others do not need it. */
    static final int KEPT_MAX = 64;

    private final AtomicReferenceArray<ByteBuffer> kept = new AtomicReferenceArray<>(KEPT_MAX);

    /** A buffer over an array of its own, content and marks as they were left. */
    ByteBuffer take() {
        for (int i = 0; i < KEPT_MAX; i++) {
            if (kept.get(i) != null) {
                ByteBuffer found = kept.getAndSet(i, null);
                if (found != null) {
                    return found;
                }
            }
        }
        return ByteBuffer.allocate(BYTES);
    }

    /** The array of {@code buffer}, which is one of these. */
    static byte[] array(ByteBuffer buffer) {
        assert buffer.arrayOffset() == 0;
        return buffer.array();
    }

    /** Takes {@code buffer} back, of which nobody has use any more. */
    void give(ByteBuffer buffer) {
        for (int i = 0; i < KEPT_MAX; i++) {
            if (kept.get(i) == null && kept.compareAndSet(i, null, buffer)) {
                return;
            }
        }
    }

    /** How many it has, for tests. */
    int size() {
        int size = 0;
        for (int i = 0; i < KEPT_MAX; i++) {
            size += kept.get(i) == null ? 0 : 1;
        }
        return size;
    }
}
