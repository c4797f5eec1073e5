package heddle.gateway;

import java.util.ArrayDeque;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What each of several has now: connections, and bytes in flight. There is an entry only for who has some of either, so
 * the memory is bounded by them. Any thread may call.
 *
 * @param <K> by what they are told apart
 */
final class Shares<K> {

    private final ConcurrentHashMap<K, Share> all = new ConcurrentHashMap<>();

    /**
     * One connection more of {@code key}, which has {@code most} at most, 0 for any number. Null if there are so many.
     */
    @Nullable
    Share enter(K key, int most) {
        boolean[] entered = {false};
        Share share = all.compute(key, (_, there) -> {
            Share one = there == null ? new Share(key) : there;
            if (most == 0 || one.connections.get() < most) {
                one.connections.incrementAndGet();
                entered[0] = true;
            }
            return one;
        });
        return entered[0] ? share : null;
    }

    /** The bounds have changed: who waits for bytes asks for its bound again. */
    void lookAgain() {
        all.values().forEach(Share::lookAgain);
    }

    /** How many have something; for tests. */
    int size() {
        return all.size();
    }

    /** What one has. */
    final class Share {
        private final K key;

        /** Moved within the map's compute, read by any thread. */
        private final AtomicInteger connections = new AtomicInteger();

        private final AtomicLong bytes = new AtomicLong();
        private final ReentrantLock lock = new ReentrantLock();

        /** Who waits for bytes, in the order of coming; the first one is signalled. Guarded by lock. */
        private final ArrayDeque<Condition> queue = new ArrayDeque<>();

        /** How many these are. Moved under lock, read by any thread. */
        private final AtomicInteger waiting = new AtomicInteger();

        private Share(K key) {
            this.key = key;
        }

        /** One connection less. */
        void leave() {
            all.computeIfPresent(key, (_, there) -> {
                there.connections.decrementAndGet();
                return there.isOver() ? null : there;
            });
        }

        private boolean isOver() {
            return connections.get() == 0 && bytes.get() == 0;
        }

        /**
         * Takes {@code n} bytes, and waits while there would be more than {@code most} in flight; 0 is no bound. Where
         * there is none in flight any number may be taken. Who waits is served in the order of coming, and before who
         * comes later, so that a large message gets its room. A change of the bound is told by {@link #lookAgain}.
         *
         * @return whether it waited
         */
        boolean take(int n, LongSupplier most) throws InterruptedException {
            if (waiting.get() == 0 && taken(n, most.getAsLong())) {
                return false;
            }
            lock.lock();
            Condition turn = lock.newCondition();
            queue.add(turn);
            waiting.incrementAndGet();
            try {
                // Look again: who gave some before the store above, or changed the bound, saw nobody wait.
                while (!turn.equals(queue.peek()) || !taken(n, most.getAsLong())) {
                    turn.await();
                }
                return true;
            } finally {
                queue.remove(turn);
                waiting.decrementAndGet();
                signalFirst();
                lock.unlock();
            }
        }

        /** Called with the lock. */
        private void signalFirst() {
            Condition first = queue.peek();
            if (first != null) {
                first.signal();
            }
        }

        private boolean taken(int n, long most) {
            while (true) {
                long now = bytes.get();
                if (most != 0 && now != 0 && now + n > most) {
                    return false;
                }
                if (bytes.compareAndSet(now, now + n)) {
                    return true;
                }
            }
        }

        /** Gives {@code n} of them back. */
        void give(long n) {
            if (bytes.addAndGet(-n) == 0 && connections.get() == 0) {
                // It has left before, and left the entry there for these bytes.
                all.computeIfPresent(key, (_, there) -> there == this && isOver() ? null : there);
            }
            lookAgain();
        }

        private void lookAgain() {
            if (waiting.get() > 0) {
                lock.lock();
                try {
                    signalFirst();
                } finally {
                    lock.unlock();
                }
            }
        }
    }
}
