package heddle.internal.sched;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// A bounded first-in-first-out queue of continuations that any thread may add to and take from, without locks. Its
/// processor's carrier adds and takes; idle processors steal; a carrier that has lost its processor but not noticed yet
/// may still add.
///
/// A slot's sequence number tells whose turn it is:
///
///     position           free for the producer of that position
///     position + 1       holds that producer's task
///     position + size    taken; free for the producer of the next round
///
/// 1. A position is claimed by a compare-and-set of the tail (or head), and handed over by the store of the sequence
///    number.
/// 2. Between a producer's claim and its store, consumers see the queue as ended there. Whoever relies on an empty
///    answer to go to sleep must therefore be woken by producers after their store: see [Processor].
/// 3. The cursors only grow. Whoever has read [#added] and later reads at least as much in [#taken] knows that each
///    task which was in the queue at the first moment is in it no more at the second.
///
/// Dropped: the single-producer ring of Go and ForkJoinPool. It saves the compare-and-set on adding (5 ns), and needs
/// the producer to be the owner, which a hand-off by the monitor cannot promise. Source: D. Vyukov, bounded MPMC queue.
final class RunQueue {

    private static final VarHandle TASKS = MethodHandles.arrayElementVarHandle(Runnable[].class);
    private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);

    // The cursors stand in an array of their own, two cache lines apart, so that taking and adding
    // do not disturb each other.
    private static final int HEAD = 16;
    private static final int TAIL = 32;

    private final @Nullable Runnable[] tasks;
    private final long[] sequences;
    private final long[] cursors = new long[48];
    private final int mask;

    /**
     * An empty queue of {@code capacity}, a power of two from 2 on: a single slot's "full" and "free for the next" are
     * one number.
     */
    RunQueue(int capacity) {
        if (capacity < 2 || Integer.bitCount(capacity) != 1) {
            throw new IllegalArgumentException("capacity " + capacity + " is not a power of two above 1");
        }
        tasks = new Runnable[capacity];
        sequences = new long[capacity];
        for (int i = 0; i < capacity; i++) {
            sequences[i] = i;
        }
        mask = capacity - 1;
    }

    /** Adds {@code task} at the tail; false if full. */
    boolean offer(Runnable task) {
        while (true) {
            long tail = (long) LONGS.getVolatile(cursors, TAIL);
            int slot = (int) tail & mask;
            long turn = (long) LONGS.getAcquire(sequences, slot) - tail;
            if (turn < 0) {
                return false;
            }
            if (turn == 0 && LONGS.compareAndSet(cursors, TAIL, tail, tail + 1)) {
                TASKS.set(tasks, slot, task);
                LONGS.setVolatile(sequences, slot, tail + 1); // Volatile: the producer looks for sleepers next.
                return true;
            }
        }
    }

    /** Takes the task at the head; null if there is none. */
    @Nullable
    Runnable poll() {
        while (true) {
            long head = (long) LONGS.getVolatile(cursors, HEAD);
            int slot = (int) head & mask;
            long turn = (long) LONGS.getAcquire(sequences, slot) - (head + 1);
            if (turn < 0) {
                return null;
            }
            if (turn == 0 && LONGS.compareAndSet(cursors, HEAD, head, head + 1)) {
                Runnable task = (Runnable) TASKS.get(tasks, slot);
                TASKS.set(tasks, slot, null);
                LONGS.setRelease(sequences, slot, head + mask + 1);
                return task;
            }
        }
    }

    /** How many tasks there are, about. */
    int size() {
        return (int) Math.max(0, (long) LONGS.getVolatile(cursors, TAIL) - (long) LONGS.getVolatile(cursors, HEAD));
    }

    /** How many tasks were added so far: the tail. */
    long added() {
        return (long) LONGS.getVolatile(cursors, TAIL);
    }

    /** How many were taken so far, those that were added first: the head. */
    long taken() {
        return (long) LONGS.getVolatile(cursors, HEAD);
    }

    int capacity() {
        return mask + 1;
    }
}
