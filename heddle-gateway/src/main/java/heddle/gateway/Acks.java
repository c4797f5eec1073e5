package heddle.gateway;

import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The acks of one read, passed on together. For one thread. */
final class Acks {

    private static final int ACKS_MAX = 1024;

    /** The request's id; after {@link Client#acked} has looked it up, the message's number. */
    final long[] ids = new long[ACKS_MAX];

    final int[] results = new int[ACKS_MAX];
    final long[] latencyNanos = new long[ACKS_MAX];

    /** Who waits for the ack; null for nobody but the outcome. */
    final @Nullable CompletableFuture<Long>[] futures = futures(ACKS_MAX);

    private int size;

    /** Futures for {@code size} requests, none yet. */
    @SuppressWarnings({"unchecked", "rawtypes"}) // There are no arrays of a generic type.
    static @Nullable CompletableFuture<Long>[] futures(int size) {
        return new CompletableFuture[size];
    }

    void add(long id, int result) {
        ids[size] = id;
        results[size] = result;
        size++;
    }

    boolean isFull() {
        return size == ACKS_MAX;
    }

    int size() {
        return size;
    }

    void clear() {
        Arrays.fill(futures, 0, size, null);
        size = 0;
    }
}
