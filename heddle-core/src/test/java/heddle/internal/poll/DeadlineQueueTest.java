package heddle.internal.poll;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.trace.Tally;
import heddle.internal.trace.Trace;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Time is what the tests say: small numbers of nanoseconds. */
class DeadlineQueueTest {

    private final DeadlineQueue queue = new DeadlineQueue();
    private final Tally tally = new Trace().counters().tally();

    @Test
    void emptyQueueNeverFires() {
        assertThat(queue.isEmpty()).isTrue();
        assertThat(queue.nextNanos()).isEqualTo(DeadlineTimer.NOT_ARMED);
        queue.takeIn();
        queue.fire(Long.MAX_VALUE - 1, tally);
    }

    @Test
    void earliestComesFirst() {
        for (long deadline : new long[] {50, 10, 40, 20, 30}) {
            assertThat(arm(timer(), deadline)).isTrue();
        }
        assertThat(queue.hasIntake()).isTrue();
        queue.takeIn();
        assertThat(queue.hasIntake()).isFalse();
        for (long next : new long[] {10, 20, 30, 40, 50}) {
            assertThat(queue.nextNanos()).isEqualTo(next);
            queue.fire(next, tally);
        }
        assertThat(queue.isEmpty()).isTrue();
    }

    @Test
    void laterDeadlineCostsNothing() {
        DeadlineTimer timer = timer();
        arm(timer, 10);
        queue.takeIn();
        assertThat(arm(timer, 20)).as("the poller need not look").isFalse();
        assertThat(queue.hasIntake()).isFalse();
        assertThat(queue.nextNanos()).as("fires early, and finds the later one").isEqualTo(10);
    }

    @Test
    void earlierDeadlineMovesTheTimer() {
        DeadlineTimer timer = timer();
        arm(timer, 20);
        queue.takeIn();
        assertThat(arm(timer, 10)).isTrue();
        assertThat(arm(timer, 5)).as("in the intake already").isTrue();
        queue.takeIn();
        assertThat(queue.nextNanos()).isEqualTo(5);
        queue.fire(10, tally);
        assertThat(queue.isEmpty()).isTrue();
    }

    @Test
    void timerOfAClosedDescriptorIsDropped() {
        DeadlineTimer kept = timer();
        DeadlineTimer closed = timer();
        arm(kept, 20);
        arm(closed, 10);
        queue.takeIn();
        queue.discard(closed);
        queue.takeIn();
        assertThat(queue.nextNanos()).isEqualTo(20);
    }

    @Test
    void timerClosedBeforeItIsTakenInIsDropped() {
        DeadlineTimer closed = timer();
        arm(closed, 10);
        queue.discard(closed);
        queue.takeIn();
        assertThat(queue.isEmpty()).isTrue();
    }

    @Test
    void randomOperationsFireAllThatIsDueAndNothingElse() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        List<DeadlineTimer> timers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            timers.add(timer());
        }
        long now = 1;
        for (int step = 0; step < 20_000; step++) {
            DeadlineTimer timer = timers.get(random.nextInt(timers.size()));
            switch (random.nextInt(10)) {
                case 0 -> {
                    queue.discard(timer);
                    timers.remove(timer);
                    timers.add(timer());
                }
                case 1, 2 -> {
                    now += random.nextInt(100);
                    queue.takeIn();
                    fireAll(now);
                    check(timers, now, seed);
                }
                default -> arm(timer, now + 1 + random.nextInt(1_000));
            }
        }
        queue.takeIn();
        fireAll(now + 2_000);
        assertThat(queue.isEmpty()).as("seed %d", seed).isTrue();
    }

    @Test
    void manyThatAreDueFireInTurns() {
        int left = 3;
        for (int i = 0; i < DeadlineQueue.FIRED_MAX + left; i++) {
            arm(timer(), 10);
        }
        queue.takeIn();
        assertThat(queue.fire(10, tally)).isEqualTo(DeadlineQueue.FIRED_MAX);
        assertThat(queue.nextNanos()).as("when the poller must be back").isEqualTo(10);
        assertThat(queue.fire(10, tally)).isEqualTo(left);
        assertThat(queue.isEmpty()).isTrue();
    }

    private void fireAll(long nowNanos) {
        while (queue.fire(nowNanos, tally) == DeadlineQueue.FIRED_MAX) {
            // There may be more.
        }
    }

    /** Nobody waits here, so a timer that fired is not armed any more, and each other one is in the heap. */
    private void check(List<DeadlineTimer> timers, long now, long seed) {
        long earliest = DeadlineTimer.NOT_ARMED;
        for (DeadlineTimer timer : timers) {
            assertThat(timer.armedAtNanos).as("seed %d", seed).isGreaterThan(now);
            assertThat(timer.index > 0)
                    .as("in the heap, seed %d", seed)
                    .isEqualTo(timer.armedAtNanos != DeadlineTimer.NOT_ARMED);
            earliest = Math.min(earliest, timer.armedAtNanos);
        }
        assertThat(queue.nextNanos()).as("seed %d", seed).isEqualTo(earliest);
    }

    private static DeadlineTimer timer() {
        return new DeadlineTimer(new ReadinessSlot());
    }

    private boolean arm(DeadlineTimer timer, long deadlineNanos) {
        timer.slot.deadline(deadlineNanos);
        return queue.arm(timer, deadlineNanos);
    }
}
