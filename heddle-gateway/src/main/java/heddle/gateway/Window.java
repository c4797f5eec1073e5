package heddle.gateway;

import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A client's requests in flight: a ring, indexed by the request's id on the connection of now. Guarded by the client's
 * lock.
 *
 * <p>Ids count up by one from where {@link #renumber} begins, so the ring needs no search. Acks come in any order: a
 * settled slot inside stays taken until all before it are settled.
 *
 * <pre>
 *    first                          next
 *      |  open | settled | open | ... |        next - first <= slots
 * </pre>
 */
final class Window {

    private static final int SETTLED = -1;

    /** What sends an open request once more. */
    interface Resend {

        void accept(long id, byte[] payload);
    }

    private final int mask;
    private final long bytesMax;

    // One entry a slot.
    private final long[] numbers;
    private final long[] sentNanos;
    private final int[] lengths;

    /** Kept only for sending again. */
    private final byte @Nullable [] @Nullable [] payloads;

    /** Who waits for the ack, beside the outcome. */
    private final @Nullable CompletableFuture<Long>[] futures;

    /** How many of them are not null. */
    private int awaited;

    private long first = 1;
    private long next = 1;
    private int open;
    private long bytes;

    Window(int slots, long bytesMax, boolean keepsPayloads) {
        int size = slots <= 1 ? 1 : Integer.highestOneBit(slots - 1) << 1;
        this.mask = size - 1;
        this.bytesMax = bytesMax;
        this.numbers = new long[size];
        this.sentNanos = new long[size];
        this.lengths = new int[size];
        this.payloads = keepsPayloads ? new byte[size][] : null;
        this.futures = Acks.futures(size);
    }

    private int slot(long id) {
        return (int) id & mask;
    }

    boolean hasRoom(int length) {
        return open == 0 || (next - first <= mask && bytes + length <= bytesMax);
    }

    /**
     * Whether a sender that waited for room should go on: not for each single slot, as waking costs more than a
     * message.
     */
    boolean isHalfFree() {
        return next - first <= mask / 2 && bytes <= bytesMax / 2;
    }

    int open() {
        return open;
    }

    /** How many open requests have a future. */
    int awaited() {
        return awaited;
    }

    /** Adds a request, for whose ack {@code future} waits if it is not null. Its id. */
    long add(
            long number,
            byte[] source,
            int offset,
            int length,
            long nowNanos,
            @Nullable CompletableFuture<Long> future) {
        long id = next++;
        int slot = slot(id);
        numbers[slot] = number;
        sentNanos[slot] = nowNanos;
        lengths[slot] = length;
        if (payloads != null) {
            payloads[slot] = Arrays.copyOfRange(source, offset, offset + length);
        }
        if (future != null) {
            futures[slot] = future;
            awaited++;
        }
        open++;
        bytes += length;
        return id;
    }

    boolean isOpen(long id) {
        // Differences, as ids wrap.
        return id - first >= 0 && next - id > 0 && lengths[slot(id)] != SETTLED;
    }

    long number(long id) {
        return numbers[slot(id)];
    }

    long sentNanos(long id) {
        return sentNanos[slot(id)];
    }

    /** When the oldest open request was sent; there is one. */
    long oldestNanos() {
        return sentNanos[slot(first)];
    }

    /** The oldest open request, at which the server is; there is one. */
    long oldest() {
        return first;
    }

    /** Who waits for the ack, beside the outcome. */
    @Nullable
    CompletableFuture<Long> future(long id) {
        return futures[slot(id)];
    }

    int length(long id) {
        return lengths[slot(id)];
    }

    /** Whether something behind the oldest open request is settled. */
    boolean isSettledBehindOldest() {
        return next - first > open;
    }

    void settle(long id) {
        int slot = slot(id);
        bytes -= lengths[slot];
        lengths[slot] = SETTLED;
        if (payloads != null) {
            payloads[slot] = null;
        }
        if (futures[slot] != null) {
            futures[slot] = null;
            awaited--;
        }
        open--;
        while (first != next && lengths[slot(first)] == SETTLED) {
            first++;
        }
    }

    /** Settles what is open, the oldest first, and adds it as unknown, until {@code acks} is full. */
    void settleAll(Acks acks) {
        settle(next - first, Result.UNKNOWN, 0, acks);
    }

    /** The same up to the id {@code last}, with success. */
    void settleUpTo(long last, long nowNanos, Acks acks) {
        // Ids that a server knows count up from 1, so they do not wrap.
        if (first != next && Long.compareUnsigned(first, last) <= 0) {
            long count = Long.compareUnsigned(last, next) < 0 ? last + 1 - first : next - first;
            settle(count, Result.SUCCESS, nowNanos, acks);
        }
    }

    private void settle(long count, int result, long nowNanos, Acks acks) {
        long end = first + count;
        for (long id = first; id != end && !acks.isFull(); id++) {
            if (lengths[slot(id)] != SETTLED) {
                acks.add(id, result);
                settleInto(acks, acks.size() - 1, result == Result.SUCCESS ? nowNanos : sentNanos(id));
            }
        }
    }

    /**
     * Settles the open request that {@code acks} has at {@code index}; puts its number, latency and future there.
     */
    void settleInto(Acks acks, int index, long nowNanos) {
        long id = acks.ids[index];
        acks.ids[index] = number(id);
        acks.latencyNanos[index] = nowNanos - sentNanos(id);
        acks.futures[index] = future(id);
        settle(id);
    }

    /** The highest id that was given. */
    long last() {
        return next - 1;
    }

    /** Gives what is open new ids, from {@code firstId} on, for a new connection; passes each on, sent now. */
    void renumber(long firstId, long nowNanos, Resend resend) {
        int kept = open;
        var keptNumbers = new long[kept];
        var keptPayloads = new byte[kept][];
        var keptFutures = Acks.futures(kept);
        int n = 0;
        long end = next;
        for (long id = first; id != end; id++) {
            int slot = slot(id);
            if (lengths[slot] != SETTLED) {
                keptNumbers[n] = numbers[slot];
                keptPayloads[n] = payload(id);
                keptFutures[n] = futures[slot];
                n++;
                settle(id);
            }
        }
        first = firstId;
        next = firstId;
        for (int i = 0; i < kept; i++) {
            byte[] payload = keptPayloads[i];
            resend.accept(add(keptNumbers[i], payload, 0, payload.length, nowNanos, keptFutures[i]), payload);
        }
    }

    /** The copy of an open request's message. */
    private byte[] payload(long id) {
        byte[] payload = payloads == null ? null : payloads[slot(id)];
        if (payload == null) {
            throw new AssertionError("no payload kept for request " + id);
        }
        return payload;
    }
}
