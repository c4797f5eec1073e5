package heddle.internal.sched;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.jdk.VirtualThreads;
import heddle.internal.trace.Trace;
import heddle.testing.Await;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** When a processor that has work wakes one that sleeps: two over pollers whose events the test makes up. */
@Timeout(60)
class HelpTest {

    /** The monitor wakes sleepers too, when it looks; here it never does. */
    private static final long NEVER_NANOS = TimeUnit.HOURS.toNanos(1);

    /** After so many stretches the guess has come from 1 ms to where it belongs. */
    private static final int STRETCHES = 60;

    private final QueuePoll working = new QueuePoll();
    private final QueuePoll sleeping = new QueuePoll();
    private final List<Thread> waiters = new ArrayList<>();
    private @Nullable Scheduler scheduler;
    private volatile boolean over;

    private Scheduler start(long helpNanos) {
        scheduler = new Scheduler(
                VirtualThreads.probe().threads(),
                List.of(working, sleeping),
                new Scheduler.Limits(NEVER_NANOS, 8, NEVER_NANOS, helpNanos),
                new Trace(),
                Throwable::printStackTrace);
        scheduler.start();
        return scheduler;
    }

    @AfterEach
    void stop() throws InterruptedException {
        over = true;
        for (Thread waiter : waiters) {
            LockSupport.unpark(waiter);
            waiter.join();
        }
        if (scheduler != null) {
            scheduler.stop();
        }
    }

    /** Starts threads that park, and do {@code turn} each time they are woken. */
    private void wait(Scheduler on, int count, Runnable turn) throws Exception {
        for (int i = 0; i < count; i++) {
            waiters.add(on.ofVirtual().start(() -> {
                while (!over) {
                    LockSupport.park();
                    turn.run();
                }
            }));
        }
        awaitQuiet();
    }

    private void awaitQuiet() throws Exception {
        Await.until(
                "all wait, and both processors sleep",
                () -> waiters.stream().allMatch(waiter -> waiter.getState() == Thread.State.WAITING)
                        && working.blocked
                        && working.events.isEmpty()
                        && sleeping.blocked
                        && sleeping.events.isEmpty());
    }

    /** A poll finds that {@code count} threads can go on; how often the other processor is woken for it. */
    private int wakeUpsFor(int count) throws Exception {
        int before = sleeping.wakeUps.get();
        var told = new CountDownLatch(1);
        working.events.add(() -> {
            waiters.subList(0, count).forEach(LockSupport::unpark);
            told.countDown();
        });
        told.await();
        awaitQuiet();
        return sleeping.wakeUps.get() - before;
    }

    private void learn() throws Exception {
        for (int i = 0; i < STRETCHES; i++) {
            assertThat(wakeUpsFor(1)).as("wake-ups for one task").isZero();
        }
    }

    @Test
    void nobodyIsWokenForAFewShortTurns() throws Exception {
        wait(start(TimeUnit.MICROSECONDS.toNanos(1500)), 3, () -> {});
        assertThat(wakeUpsFor(3)).as("before it is known how long they take").isPositive();
        learn();
        assertThat(wakeUpsFor(3)).as("once it is").isZero();
    }

    @Test
    void anotherIsWokenForLongTurns() throws Exception {
        wait(start(TimeUnit.MILLISECONDS.toNanos(3)), 2, () -> spin(TimeUnit.MILLISECONDS.toNanos(2)));
        learn();
        assertThat(wakeUpsFor(2)).isPositive();
    }

    /** What a task wakes or starts may be all that there is to do, and long: nobody has a guess about it. */
    @Test
    void anotherIsWokenForWhatATaskWakes() throws Exception {
        Scheduler on = start(NEVER_NANOS);
        wait(on, 3, () -> {});
        learn();
        assertThat(wakeUpsFor(3)).as("wake-ups for a poll's").isZero();
        List<Thread> woken = List.copyOf(waiters);
        Thread waker = on.ofVirtual().start(() -> {
            LockSupport.park();
            woken.forEach(LockSupport::unpark);
        });
        waiters.add(waker);
        awaitQuiet();
        int before = sleeping.wakeUps.get();
        working.events.add(() -> LockSupport.unpark(waker));
        waker.join();
        waiters.remove(waker);
        awaitQuiet();
        assertThat(sleeping.wakeUps.get() - before).isPositive();
    }

    private static void spin(long nanos) {
        long endNanos = System.nanoTime() + nanos;
        while (System.nanoTime() < endNanos) {
            Thread.onSpinWait();
        }
    }
}
