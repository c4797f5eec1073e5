package heddle.gateway;

import heddle.gateway.log.LogRecord;
import heddle.time.Clock;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What waits for a sink's writer: many producers, one consumer, bounded in messages and in bytes. A message counts
 * against both bounds from {@link #put} until {@link #release}, so the writer's batch in hand is within them too. What
 * is no message counts as one without a payload.
 */
final class SinkQueue {

    /** What waits. */
    sealed interface Entry {

        Receipt receipt();

        /** Tells the receipt what became of it. */
        void settle(int result);

        default int bytes() {
            return 0;
        }
    }

    /** A message; with a sequence it is to be kept once, and its id is its number. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Message(
            Receipt receipt,
            long id,
            byte[] payload,
            @Nullable Sequence sequence) implements Entry, LogRecord {

        @Override
        public String client() {
            return receipt.name();
        }

        @Override
        public long clientSequence() {
            return sequence == null ? 0 : id;
        }

        @Override
        public void settle(int result) {
            receipt.settled(id, result);
        }

        @Override
        public int bytes() {
            return payload.length;
        }
    }

    /** A sequence begins. */
    record Resume(Sequence sequence, long id) implements Entry {

        @Override
        public OnceReceipt receipt() {
            return sequence.receipt();
        }

        @Override
        public void settle(int result) {
            receipt().resumed(id, result, result == Result.SUCCESS ? sequence.resumedAt() : 0);
        }
    }

    /** Nothing more follows of a sequence. */
    record End(Sequence sequence) implements Entry {

        @Override
        public OnceReceipt receipt() {
            return sequence.receipt();
        }

        @Override
        public void settle(int result) {
            // Nobody waits for it.
        }
    }

    /** What an entry costs beside its payload: itself, its array's header, its place in the queue; rounded up. */
    static final int ENTRY_BYTES = 64;

    private final Clock clock;
    private final int messagesMax;
    private final long bytesMax;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition notEmpty = lock.newCondition();
    private final Condition notFull = lock.newCondition();

    // All guarded by lock.
    private final ArrayDeque<Entry> entries = new ArrayDeque<>();
    private int messages;
    private long bytes;
    private boolean closed;

    SinkQueue(int messagesMax, long bytesMax, Clock clock) {
        this.clock = clock;
        this.messagesMax = messagesMax;
        this.bytesMax = bytesMax;
    }

    private static long cost(Entry entry) {
        return (long) entry.bytes() + ENTRY_BYTES;
    }

    /** The largest message that ever fits. */
    long payloadBytesMax() {
        return bytesMax - ENTRY_BYTES;
    }

    /**
     * Waits for room at most so long. {@link Result#SUCCESS}, {@link Result#OVERLOADED}, or {@link Result#NOT_STORED}
     * if closed.
     */
    int put(Entry entry, long waitNanos) throws InterruptedException {
        long until = clock.after(waitNanos);
        boolean inTime = true;
        lock.lock();
        try {
            while (!closed && (messages >= messagesMax || bytes + cost(entry) > bytesMax)) {
                if (!inTime) {
                    return Result.OVERLOADED;
                }
                inTime = clock.awaitUntil(lock, notFull, until);
            }
            if (closed) {
                return Result.NOT_STORED;
            }
            add(entry);
            return Result.SUCCESS;
        } finally {
            lock.unlock();
        }
    }

    /** Puts the end of a sequence, beyond the bounds if need be: one for each connection. Nothing if closed. */
    void putEnd(Sequence sequence) {
        lock.lock();
        try {
            if (!closed) {
                add(new End(sequence));
            }
        } finally {
            lock.unlock();
        }
    }

    private void add(Entry entry) {
        entries.add(entry);
        messages++;
        bytes += cost(entry);
        notEmpty.signal();
    }

    /**
     * Moves what waits to {@code batch}, at most a quarter of each bound, so that producers go on while the batch is
     * written; waits for the first one at most so long. False when closed and empty.
     */
    boolean take(List<Entry> batch, long waitNanos) throws InterruptedException {
        long until = clock.after(waitNanos);
        lock.lock();
        try {
            while (entries.isEmpty() && !closed && clock.awaitUntil(lock, notEmpty, until)) {
                // Told, or not, of what another took.
            }
            long taken = 0;
            int count = Math.max(1, messagesMax / 4);
            while (!entries.isEmpty() && count > 0 && taken < bytesMax / 4) {
                var entry = entries.remove();
                taken += cost(entry);
                count--;
                batch.add(entry);
            }
            return !batch.isEmpty() || !closed;
        } finally {
            lock.unlock();
        }
    }

    /** Gives the room of a settled batch back. */
    void release(List<Entry> batch) {
        lock.lock();
        try {
            for (var entry : batch) {
                bytes -= cost(entry);
            }
            messages -= batch.size();
            notFull.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Takes no more; what waits can still be taken. */
    void close() {
        lock.lock();
        try {
            closed = true;
            notEmpty.signalAll();
            notFull.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
