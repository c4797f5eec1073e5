package heddle.internal.socket;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a descriptor's number stands for now, in one runtime. Two levels, so that it grows without moving. Any thread.
 *
 * <p>A number is free for the next socket before the last one has left here: whoever leaves takes out itself alone.
 */
public final class NumberTable<T> {

    private static final int CHUNK_BITS = 12;
    private static final int CHUNK = 1 << CHUNK_BITS;

    /** Up to 2^24 descriptors; Linux's fs.nr_open is 2^20 unless raised. */
    private final AtomicReferenceArray<@Nullable AtomicReferenceArray<@Nullable T>> chunks =
            new AtomicReferenceArray<>(1 << 12);

    /** {@code number} stands for {@code entry} from now on. */
    public void put(int number, T entry) {
        int index = number >>> CHUNK_BITS;
        var chunk = chunks.get(index);
        if (chunk == null) {
            var fresh = new AtomicReferenceArray<@Nullable T>(CHUNK);
            chunk = chunks.compareAndSet(index, null, fresh) ? fresh : chunks.get(index);
        }
        chunk.set(number & (CHUNK - 1), entry);
    }

    /** {@code number} stands for {@code entry} no more: whether it did. */
    public boolean remove(int number, T entry) {
        var chunk = chunks.get(number >>> CHUNK_BITS);
        return chunk != null && chunk.compareAndSet(number & (CHUNK - 1), entry, null);
    }

    /** What {@code number} stands for; null for nothing. */
    public @Nullable T find(int number) {
        var chunk = chunks.get(number >>> CHUNK_BITS);
        return chunk == null ? null : chunk.get(number & (CHUNK - 1));
    }

    /** Shows every entry to {@code visitor}, weakly consistent. */
    public void forEach(Consumer<T> visitor) {
        for (int i = 0; i < chunks.length(); i++) {
            var chunk = chunks.get(i);
            for (int j = 0; chunk != null && j < CHUNK; j++) {
                T found = chunk.get(j);
                if (found != null) {
                    visitor.accept(found);
                }
            }
        }
    }
}
