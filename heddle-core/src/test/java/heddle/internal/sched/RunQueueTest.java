package heddle.internal.sched;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.testing.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RunQueueTest {

    /** A task that can be told from others. */
    private record Numbered(int producer, int number) implements Runnable {
        @Override
        public void run() {}
    }

    @Test
    void tasksComeOutInTheOrderTheyWentIn() {
        var queue = new RunQueue(4);
        assertThat(queue.poll()).isNull();
        for (int round = 0; round < 10; round++) { // the positions wrap around
            for (int i = 0; i < 3; i++) {
                assertThat(queue.offer(new Numbered(round, i))).isTrue();
            }
            assertThat(queue.size()).isEqualTo(3);
            for (int i = 0; i < 3; i++) {
                assertThat(queue.poll()).isEqualTo(new Numbered(round, i));
            }
            assertThat(queue.poll()).isNull();
            assertThat(queue.size()).isZero();
        }
    }

    @Test
    void fullQueueRefusesUntilOneIsTaken() {
        var queue = new RunQueue(4);
        for (int i = 0; i < 4; i++) {
            assertThat(queue.offer(new Numbered(0, i))).isTrue();
        }
        assertThat(queue.offer(new Numbered(0, 4))).isFalse();
        assertThat(queue.poll()).isEqualTo(new Numbered(0, 0));
        assertThat(queue.offer(new Numbered(0, 4))).isTrue();
        assertThat(queue.offer(new Numbered(0, 5))).isFalse();
        assertThat(queue.size()).isEqualTo(queue.capacity());
    }

    @Test
    void capacityMustBeAPowerOfTwo() {
        assertThrows(IllegalArgumentException.class, () -> new RunQueue(6));
    }

    /** Four slots for four threads: they meet at the ends all the time. */
    @Test
    void racingThreadsLoseAndDoubleNothing() throws Exception {
        int producers = 2;
        int each = 10_000; // Four of them are a switch of threads, which a busy machine is slow at.
        var queue = new RunQueue(4);
        var seen = new AtomicIntegerArray(producers * each);
        var left = new AtomicInteger(producers * each);
        List<Task<Void>> tasks = new ArrayList<>();
        for (int p = 0; p < producers; p++) {
            int producer = p;
            tasks.add(onPlatform(() -> {
                for (int i = 0; i < each; i++) {
                    while (!queue.offer(new Numbered(producer, i))) {
                        Thread.yield();
                    }
                }
            }));
        }
        for (int c = 0; c < 2; c++) {
            tasks.add(onPlatform(() -> consume(queue, producers, each, seen, left)));
        }
        for (Task<Void> task : tasks) {
            task.result();
        }
        for (int i = 0; i < seen.length(); i++) {
            assertThat(seen.get(i)).as("times that task %d came out", i).isEqualTo(1);
        }
        assertThat(queue.poll()).isNull();
    }

    private static void consume(RunQueue queue, int producers, int each, AtomicIntegerArray seen, AtomicInteger left) {
        int[] last = new int[producers];
        java.util.Arrays.fill(last, -1);
        while (left.get() > 0) {
            Numbered task = (Numbered) queue.poll();
            if (task == null) {
                Thread.yield();
                continue;
            }
            assertThat(task.number)
                    .as("order of one producer, as one consumer sees it")
                    .isGreaterThan(last[task.producer]);
            last[task.producer] = task.number;
            seen.incrementAndGet(task.producer * each + task.number);
            left.decrementAndGet();
        }
    }

    private static Task<Void> onPlatform(Task.Action body) {
        return Task.on(Thread.ofPlatform(), () -> {
            body.run();
            return null;
        });
    }
}
