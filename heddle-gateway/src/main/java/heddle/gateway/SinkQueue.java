package heddle.gateway;

import heddle.gateway.log.LogRecord;
import heddle.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// What waits for a sink's writer: many producers, one consumer, bounded by a [Room]. A message has its room from
/// [#put] until [#release], so the writer's batch in hand is within the bounds too. What is no message counts as one
/// without a payload.
///
/// Sources, which are connections, take turns. What waits of a source is its lane, in the order of coming:
///
///     FRESH  came after a time without: is served before the old ones, for one turn
///     OLD    takes turns with the others
///     GONE   forgotten
///
///            -> FRESH  put()   something came
///     FRESH  -> OLD    take()  its turn is over, or nothing is left
///     OLD    -> OLD    take()  its turn is over, to the end of the line
///     OLD    -> GONE   take()  nothing is left when its next turn comes
///     FRESH  -> GONE   take()  nothing is left, and nobody is old
///     any    -> GONE   take()  nothing is left of anybody
///
/// A turn is [#TURN_BYTES], messages counted with [#ENTRY_BYTES] each. Who goes beyond, as with one large message, pays
/// in the next turns. So one who sends little waits for the batch in hand and is in the next one, however much others
/// send; and who sends much gets as much as each other who does. This is the deficit round robin of RFC 8290, section
/// 4.
///
/// Numbered messages of one name are one lane, whichever connection they come over, and what else waits of these
/// connections is in it too. So a resume stays behind all that older connections of its name have handed over.
final class SinkQueue {

    /** What waits. */
    sealed interface Entry {

        Receipt receipt();

        /** What it is numbered by; null for a message without a number. */
        @Nullable
        Sequence sequence();

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

    /** What a source may have taken in one turn. */
    static final int TURN_BYTES = 8 << 10;

    /**
     * Most that is taken at a time: who comes while a batch is written waits for the rest of it, which beside others
     * that flood is nearly all of what an ack takes. More would share the cost of a sync among more messages, of which
     * it is small by then. docs/performance.md has what other numbers do.
     */
    static final int BATCH_MESSAGES_MAX = 768;

    static final int BATCH_BYTES_MAX = 1 << 20;

    /** What waits of one source, or of several that send under one name. Guarded by the room's lock. */
    static final class Lane {

        private final ArrayDeque<Entry> entries = new ArrayDeque<>(2);

        /** Whose it is. Each knows its lane until that is GONE. */
        private final List<Room.Share> shares = new ArrayList<>(1);

        /** Whose numbered messages are in it. */
        private @Nullable String name;

        /** What it may still have taken in this turn. */
        private long credit = TURN_BYTES;
    }

    private final Clock clock;
    private final long bytesMax;
    private final int batchMessagesMax;
    private final long batchBytesMax;
    private final Room room;
    private final ReentrantLock lock;
    private final Condition notEmpty;

    // All guarded by lock.
    private final ArrayDeque<Lane> fresh = new ArrayDeque<>();
    private final ArrayDeque<Lane> old = new ArrayDeque<>();

    /** By the name of their numbered messages. */
    private final Map<String, Lane> named = new HashMap<>();

    /** In all lanes. */
    private int waiting;

    SinkQueue(int messagesMax, long bytesMax, Clock clock) {
        this.clock = clock;
        this.bytesMax = bytesMax;
        // A part of the bounds, so that producers go on while the batch is written.
        this.batchMessagesMax = Math.clamp(messagesMax / 8, 1, BATCH_MESSAGES_MAX);
        this.batchBytesMax = Math.min(bytesMax / 8, BATCH_BYTES_MAX);
        this.room = new Room(messagesMax, bytesMax, clock);
        this.lock = room.lock;
        this.notEmpty = lock.newCondition();
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
        var source = entry.receipt().source();
        lock.lock();
        try {
            var share = room.share(source, cost(entry), until);
            if (room.closed) {
                // Perhaps while it waited: then nobody may be there to take it.
                if (share != null) {
                    room.giveBack(source, 1, cost(entry));
                }
                return Result.NOT_STORED;
            }
            if (share == null) {
                return Result.OVERLOADED;
            }
            add(entry, share);
            return Result.SUCCESS;
        } finally {
            lock.unlock();
        }
    }

    /** Puts the end of a sequence, beyond the bounds if need be: one for each connection. Nothing if closed. */
    void putEnd(Sequence sequence) {
        lock.lock();
        try {
            if (!room.closed) {
                var end = new End(sequence);
                add(end, room.force(end.receipt().source(), cost(end)));
            }
        } finally {
            lock.unlock();
        }
    }

    private void add(Entry entry, Room.Share share) {
        lane(entry, share).entries.add(entry);
        waiting++;
        notEmpty.signal();
    }

    /** Where the entry waits. */
    private Lane lane(Entry entry, Room.Share share) {
        var own = share.lane;
        var sequence = entry.sequence();
        var sameName = sequence == null ? null : named.get(sequence.name());
        if (sameName != null && sameName != own) {
            if (own != null) {
                sameName.entries.addAll(own.entries);
                own.entries.clear();
                own.shares.forEach(each -> join(sameName, each));
                own.shares.clear();
            } else {
                join(sameName, share);
            }
            return sameName;
        }
        if (own == null) {
            own = new Lane();
            join(own, share);
            fresh.add(own);
        }
        if (sequence != null && own.name == null) {
            own.name = sequence.name();
            named.put(own.name, own);
        }
        return own;
    }

    private static void join(Lane lane, Room.Share share) {
        share.lane = lane;
        lane.shares.add(share);
    }

    /**
     * Moves what waits to {@code batch}, as much as a batch may have; waits for the first one at most so long. False
     * when closed and empty.
     */
    boolean take(List<Entry> batch, long waitNanos) throws InterruptedException {
        long until = clock.after(waitNanos);
        lock.lock();
        try {
            while (waiting == 0 && !room.closed && clock.awaitUntil(lock, notEmpty, until)) {
                // Told, or not, of what another took.
            }
            long taken = 0;
            int count = batchMessagesMax;
            while (waiting > 0 && count > 0 && taken < batchBytesMax) {
                var entry = next();
                taken += cost(entry);
                count--;
                batch.add(entry);
            }
            if (waiting == 0) {
                forgetAll();
            }
            return !batch.isEmpty() || !room.closed;
        } finally {
            lock.unlock();
        }
    }

    /** Takes the entry whose turn it is; there is one. */
    private Entry next() {
        while (true) {
            boolean isFresh = !fresh.isEmpty();
            var line = isFresh ? fresh : old;
            var lane = line.element();
            if (lane.credit <= 0) {
                lane.credit += TURN_BYTES;
                line.remove();
                old.add(lane);
                continue;
            }
            var entry = lane.entries.poll();
            if (entry != null) {
                lane.credit -= cost(entry);
                waiting--;
                return entry;
            }
            line.remove();
            if (isFresh && !old.isEmpty()) {
                old.add(lane); // else who sends little again and again would be fresh each time, and the old wait
            } else {
                forget(lane);
            }
        }
    }

    /** Nobody has to be kept from coming back as fresh where nobody waits. */
    private void forgetAll() {
        for (var line : List.of(fresh, old)) {
            line.forEach(this::forget);
            line.clear();
        }
    }

    private void forget(Lane lane) {
        if (lane.name != null) {
            named.remove(lane.name);
        }
        for (var share : lane.shares) {
            share.lane = null;
            room.dropIfIdle(share);
        }
    }

    /** Gives the room of a settled batch back. */
    @SuppressWarnings("ReferenceEquality") // Sources are compared by identity.
    void release(List<Entry> batch) {
        lock.lock();
        try {
            for (int i = 0; i < batch.size(); ) {
                // A batch mostly holds runs of one source.
                int begin = i;
                long bytes = 0;
                var source = batch.get(begin).receipt().source();
                do {
                    bytes += cost(batch.get(i++));
                } while (i < batch.size() && batch.get(i).receipt().source() == source);
                room.giveBack(source, i - begin, bytes);
            }
            room.serve();
        } finally {
            lock.unlock();
        }
    }

    /** How many sources it knows of. */
    int sources() {
        return room.sources();
    }

    /** What of its room is taken. */
    Room.Used used() {
        return room.used();
    }

    /** Takes no more; what waits can still be taken. */
    void close() {
        lock.lock();
        try {
            notEmpty.signalAll();
            room.close();
        } finally {
            lock.unlock();
        }
    }
}
