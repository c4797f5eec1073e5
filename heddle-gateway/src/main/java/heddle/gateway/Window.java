package heddle.gateway;

import java.util.Arrays;
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

    /** Adds a request. Its id. */
    long add(long number, byte[] source, int offset, int length, long nowNanos) {
        long id = next++;
        int slot = slot(id);
        numbers[slot] = number;
        sentNanos[slot] = nowNanos;
        lengths[slot] = length;
        if (payloads != null) {
            payloads[slot] = Arrays.copyOfRange(source, offset, offset + length);
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
        open--;
        while (first != next && lengths[slot(first)] == SETTLED) {
            first++;
        }
    }

    /** Settles all that is open. Their numbers, the oldest first. */
    long[] settleAll() {
        var settled = new long[open];
        int n = 0;
        long end = next;
        for (long id = first; id != end; id++) {
            if (lengths[slot(id)] != SETTLED) {
                settled[n++] = numbers[slot(id)];
                settle(id);
            }
        }
        return settled;
    }

    /** Settles the oldest open requests, up to the id {@code last}, and adds their acks until {@code acks} is full. */
    void settleUpTo(long last, long nowNanos, Acks acks) {
        // The first slot is open, if there is one.
        while (first != next && Long.compareUnsigned(first, last) <= 0 && !acks.isFull()) {
            acks.latencyNanos[acks.size()] = nowNanos - sentNanos(first);
            acks.add(number(first), Result.SUCCESS);
            settle(first);
        }
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
        int n = 0;
        long end = next;
        for (long id = first; id != end; id++) {
            int slot = slot(id);
            if (lengths[slot] != SETTLED) {
                keptNumbers[n] = numbers[slot];
                keptPayloads[n] = payload(id);
                n++;
                settle(id);
            }
        }
        first = firstId;
        next = firstId;
        for (int i = 0; i < kept; i++) {
            resend.accept(add(keptNumbers[i], keptPayloads[i], 0, keptPayloads[i].length, nowNanos), keptPayloads[i]);
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
