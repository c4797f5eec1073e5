package heddle.kafka;

import heddle.gateway.OnceReceipt;
import heddle.gateway.Sequence;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// One connection's turn of sending a client's numbered messages to Kafka: what a [Sequence] is for this sink.
///
///     RESUMING    the sink's thread asks how far the name is; who offers waits
///     OPEN        the name is this turn's; the next number is handed to the delivery
///     TAKEN_OVER  a later turn has resumed the name, here or at another gateway
///     LOST        the resume failed, or a message was not delivered: only a new turn can tell what is kept
///
///     RESUMING -> OPEN        Turns.resume()  marker, scan and entry are in Kafka
///     RESUMING -> LOST        Turns, KafkaSink  that failed
///     OPEN     -> LOST        KafkaSink  the delivery has failed
///     any      -> TAKEN_OVER  Turns  a later resume
///
/// Of the numbers, while OPEN:
///
///     1 ... kept     | kept + 1 ... next - 1               | next
///     told as kept   | with the delivery, or to be verified | sent next
///
/// 1. What is sent, is sent under the lock, so in the order of the numbers, and never after OPEN.
final class Turn {

    enum State {
        RESUMING,
        OPEN,
        TAKEN_OVER,
        LOST
    }

    final Sequence sequence;
    final String name;
    final byte[] key;

    final ReentrantLock lock = new ReentrantLock();
    final Condition changed = lock.newCondition();

    // Written by the sink's thread while RESUMING, read by others once OPEN.
    long turn;
    int partition;
    long markerOffset;

    @Nullable
    Delivery delivery;

    // All guarded by lock.
    State state = State.RESUMING;
    long next;
    long kept;
    int inFlight;
    boolean ended;

    /** Repeated numbers that are not known to be kept yet. */
    final ArrayDeque<Long> repeats = new ArrayDeque<>();

    // Both used by the sink's thread alone: of the entry in the ledger, from where a scan would begin; and of the last
    // message.
    long entryOffset;
    long lastOffset;

    Turn(Sequence sequence) {
        this.sequence = sequence;
        this.name = sequence.name();
        this.key = name.getBytes(StandardCharsets.UTF_8);
    }

    OnceReceipt receipt() {
        return sequence.receipt();
    }

    /** From OPEN and RESUMING to another state; who waits learns it. False if it was in neither. */
    boolean end(State to) {
        lock.lock();
        try {
            if (state != State.OPEN && state != State.RESUMING) {
                return false;
            }
            state = to;
            changed.signalAll();
            return true;
        } finally {
            lock.unlock();
        }
    }

    boolean isOpen() {
        lock.lock();
        try {
            return state == State.OPEN;
        } finally {
            lock.unlock();
        }
    }

    /** The numbers up to {@code highest} are kept; the next one may be sent. */
    void open(Delivery by, long highest) {
        lock.lock();
        try {
            if (state == State.RESUMING) {
                delivery = by;
                kept = highest;
                next = highest + 1;
                state = State.OPEN;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }
}
