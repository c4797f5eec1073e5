package heddle.tls;

import heddle.net.Deadline;
import heddle.time.Clock;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One thread at a time in a direction of a {@link TlsConn}, in the order in which they came. All methods are called
 * with the connection's lock held, which is released while one waits.
 *
 * <ol>
 *   <li>{@code taken} is false only while nobody waits.
 *   <li>Who is given the turn has it, also if it was interrupted at that moment.
 *   <li>Whoever gives up leaves the queue before it throws.
 * </ol>
 */
final class TlsTurn {

    /** What may end a wait; called whenever something has changed. */
    interface Check {
        /** Throws if the caller's wait is over: closed, ended, expired. */
        void check() throws IOException;

        /** When to call {@link #check} at the latest. */
        Deadline limit();

        /** What to throw for an interrupt. */
        IOException interrupted();
    }

    private static final class Waiter {
        final Condition changed;
        boolean granted;

        Waiter(Condition changed) {
            this.changed = changed;
        }
    }

    private final ReentrantLock lock;
    private final Clock clock;

    // Guarded by lock.
    private boolean taken;
    private @Nullable ArrayDeque<Waiter> waiting;

    TlsTurn(ReentrantLock lock, Clock clock) {
        this.lock = lock;
        this.clock = clock;
    }

    /** Takes the turn if nobody has it. */
    boolean tryTake() {
        if (taken) {
            return false;
        }
        taken = true;
        return true;
    }

    /** Waits for the turn and takes it; only after {@link #tryTake}. */
    void take(Check check) throws IOException {
        var mine = new Waiter(lock.newCondition());
        if (waiting == null) {
            waiting = new ArrayDeque<>(2);
        }
        waiting.addLast(mine);
        try {
            while (!mine.granted) {
                check.check();
                await(mine.changed, check.limit());
            }
        } catch (InterruptedException interrupted) {
            if (!mine.granted) {
                throw check.interrupted();
            }
            // The turn came first: this call has not been ended, its next wait will be.
            Thread.currentThread().interrupt();
        } finally {
            if (!mine.granted) {
                waiting.remove(mine);
            }
        }
    }

    @SuppressWarnings("WaitNotInLoop") // The caller's loop.
    private void await(Condition changed, Deadline limit) throws InterruptedException {
        long nanos = limit.nanosBy(clock);
        if (nanos == Clock.NONE) {
            changed.await();
        } else {
            boolean _ = clock.awaitUntil(lock, changed, nanos);
        }
    }

    /** Gives the turn to who waits longest. */
    void release() {
        Waiter next = waiting == null ? null : waiting.pollFirst();
        if (next == null) {
            taken = false;
            waiting = null;
        } else {
            next.granted = true;
            next.changed.signal();
        }
    }

    /** Has all who wait check again. */
    void wake() {
        if (waiting != null) {
            for (Waiter waiter : waiting) {
                waiter.changed.signal();
            }
        }
    }
}
