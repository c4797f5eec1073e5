package heddle.time;

import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;

/**
 * A clock that stands still until somebody moves it, for tests of time-outs: {@code Heddle.builder().clock(clock)}
 * makes all deadlines of a runtime go by it. An {@link #advance} ends what is due by then: reads and writes by their
 * deadlines, waits, pauses.
 *
 * <p>Ordering: who waits enters {@code waiting}, then reads the time; who moves the clock stores the time, then looks
 * who waits. So nobody sleeps past its time.
 */
public final class ManualClock extends Clock {

    private static final long FIRST_NANOS = 1;

    private final Instant start;
    private final AtomicLong nowNanos = new AtomicLong(FIRST_NANOS);
    private final AtomicLong entries = new AtomicLong();

    /** Who waits, the earliest first. */
    private final Set<Waiting> waiting = new ConcurrentSkipListSet<>();

    private final CopyOnWriteArrayList<Runnable> moved = new CopyOnWriteArrayList<>();

    /** A wait until {@code untilNanos}, which {@code wake} ends. The number tells it from others. */
    private record Waiting(long untilNanos, long number, Runnable wake) implements Comparable<Waiting> {

        @Override
        public int compareTo(Waiting other) {
            int order = Long.compare(untilNanos, other.untilNanos);
            return order != 0 ? order : Long.compare(number, other.number);
        }
    }

    /** One that begins now, by the computer's clock. */
    public ManualClock() {
        this(Instant.now());
    }

    /**
     * One that begins at a date and time of day.
     *
     * @param start the date and time
     */
    public ManualClock(Instant start) {
        this.start = start;
    }

    /**
     * Moves the clock forward, and wakes whoever waited for an instant that has come. On return they are runnable; they
     * need not have run.
     *
     * @param by not negative
     */
    public void advance(Duration by) {
        if (by.isNegative()) {
            throw new IllegalArgumentException("advance by " + by + ": a clock does not go back");
        }
        long now = nowNanos.addAndGet(by.toNanos());
        for (Waiting one : waiting) {
            if (one.untilNanos > now) {
                break;
            }
            one.wake.run();
        }
        moved.forEach(Runnable::run);
    }

    /**
     * How many threads wait for this clock in {@link #parkUntil} or {@link #awaitUntil}: for a test that moves it once
     * they do. Reads and writes with a deadline are not among them.
     *
     * @return how many
     */
    public int waiting() {
        return waiting.size();
    }

    @Override
    public long nanos() {
        return nowNanos.get();
    }

    @Override
    public Instant instant() {
        return start.plusNanos(nanos() - FIRST_NANOS);
    }

    @Override
    public long sleepNanos(long untilNanos) {
        return untilNanos <= nanos() ? 0 : -1;
    }

    @Override
    public void parkUntil(Object blocker, long untilNanos) {
        Thread me = Thread.currentThread();
        Waiting entry = enter(untilNanos, () -> LockSupport.unpark(me));
        try {
            if (untilNanos > nanos()) {
                LockSupport.park(blocker);
            }
        } finally {
            waiting.remove(entry);
        }
    }

    @Override
    @SuppressWarnings("WaitNotInLoop") // The caller's loop.
    public boolean awaitUntil(Lock lock, Condition condition, long untilNanos) throws InterruptedException {
        // The caller holds the lock until it waits, so the signal comes after that.
        Waiting entry = enter(untilNanos, () -> signal(lock, condition));
        try {
            if (untilNanos > nanos()) {
                condition.await();
            }
            return untilNanos > nanos();
        } finally {
            waiting.remove(entry);
        }
    }

    private static void signal(Lock lock, Condition condition) {
        lock.lock();
        try {
            condition.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private Waiting enter(long untilNanos, Runnable wake) {
        var entry = new Waiting(untilNanos, entries.incrementAndGet(), wake);
        waiting.add(entry);
        return entry;
    }

    @Override
    public Runnable onMove(Runnable listener) {
        moved.add(listener);
        return () -> moved.remove(listener);
    }
}
