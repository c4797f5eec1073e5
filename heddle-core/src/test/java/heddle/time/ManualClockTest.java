package heddle.time;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import heddle.testing.Await;
import heddle.testing.Task;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A clock that a test moves: who waits by it waits until then, and not longer. */
@Timeout(60)
class ManualClockTest {

    private static final Instant START = Instant.parse("2026-11-29T07:00:00Z");

    private final ManualClock clock = new ManualClock(START);

    @Test
    void itStandsStillUntilItIsMoved() {
        long before = clock.nanos();
        assertThat(clock.nanos()).isEqualTo(before).isPositive();
        assertThat(clock.instant()).isEqualTo(START);
        clock.advance(Duration.ofHours(1));
        assertThat(clock.nanos() - before).isEqualTo(Duration.ofHours(1).toNanos());
        assertThat(clock.instant()).isEqualTo(START.plus(Duration.ofHours(1)));
    }

    @Test
    void itDoesNotGoBack() {
        assertThatThrownBy(() -> clock.advance(Duration.ofNanos(-1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("advance by PT-0.000000001S: a clock does not go back");
    }

    @Test
    void deadlineComesWhenItIsReached() {
        long deadline = clock.after(10);
        assertThat(clock.hasPassed(deadline)).isFalse();
        assertThat(clock.sleepNanos(deadline)).isNegative();
        clock.advance(Duration.ofNanos(10));
        assertThat(clock.hasPassed(deadline)).isTrue();
        assertThat(clock.sleepNanos(deadline)).isZero();
        assertThat(clock.hasPassed(Clock.NONE)).isFalse();
        assertThat(clock.hasPassed(-1)).isTrue();
    }

    @Test
    void whoParksIsWokenWhenItIsTimeAndNotBefore() throws Exception {
        var turns = new AtomicInteger();
        long until = clock.after(1_000);
        Task<Void> parked = Task.run(Thread.ofVirtual(), () -> {
            while (!clock.hasPassed(until)) {
                clock.parkUntil(this, until);
                turns.incrementAndGet();
            }
        });
        Await.until("it is parked", () -> clock.waiting() == 1);
        clock.advance(Duration.ofNanos(999));
        assertThat(clock.waiting()).isEqualTo(1);
        assertThat(parked.isDone()).isFalse();
        clock.advance(Duration.ofNanos(1));
        parked.result();
        assertThat(clock.waiting()).isZero();
        assertThat(turns).hasValue(1);
    }

    @Test
    void whoAwaitsAConditionIsToldByItsSignalOrByTime() throws Exception {
        var lock = new ReentrantLock();
        Condition condition = lock.newCondition();
        Task<Boolean> signalled = Task.on(Thread.ofVirtual(), () -> await(lock, condition));
        Await.until("it waits", () -> clock.waiting() == 1);
        signal(lock, condition);
        assertThat(signalled.result()).isTrue();
        Task<Boolean> late = Task.on(Thread.ofVirtual(), () -> await(lock, condition));
        Await.until("it waits", () -> clock.waiting() == 1);
        clock.advance(Duration.ofNanos(1_500));
        assertThat(late.result()).isFalse();
        assertThat(clock.waiting()).isZero();
    }

    private boolean await(ReentrantLock lock, Condition condition) throws InterruptedException {
        lock.lock();
        try {
            return clock.awaitUntil(lock, condition, clock.after(1_000));
        } finally {
            lock.unlock();
        }
    }

    private static void signal(ReentrantLock lock, Condition condition) {
        lock.lock();
        try {
            condition.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The clock moves between the look at it and the wait, in many interleavings. */
    @Test
    void noWaitIsSleptThrough() throws Exception {
        for (int round = 0; round < 2_000; round++) {
            long until = clock.after(1);
            Task<Void> parked = Task.run(Thread.ofVirtual(), () -> {
                while (!clock.hasPassed(until)) {
                    clock.parkUntil(this, until);
                }
            });
            clock.advance(Duration.ofNanos(1));
            parked.result();
        }
    }

    @Test
    void whoAskedIsToldOfEachMove() {
        var moves = new AtomicInteger();
        Runnable end = clock.onMove(moves::incrementAndGet);
        clock.advance(Duration.ZERO);
        clock.advance(Duration.ofSeconds(1));
        end.run();
        clock.advance(Duration.ofSeconds(1));
        assertThat(moves).hasValue(2);
    }
}
