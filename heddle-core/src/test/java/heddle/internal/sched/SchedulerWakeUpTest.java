package heddle.internal.sched;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import heddle.internal.jdk.VirtualThreads;
import heddle.internal.trace.Trace;
import heddle.testing.Await;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One processor over a poller whose events the test makes up. */
@Timeout(60)
class SchedulerWakeUpTest {

    /** So long that no task here is handed off unasked on a slow machine; the monitor looks at half of it. */
    private static final long HAND_OFF_NANOS = TimeUnit.SECONDS.toNanos(4);

    private final QueuePoll poll = new QueuePoll();
    private final Scheduler scheduler = new Scheduler(
            VirtualThreads.probe().threads(),
            List.of(poll),
            new Scheduler.Limits(HAND_OFF_NANOS, 8, HAND_OFF_NANOS, 0),
            new Trace(),
            Throwable::printStackTrace);

    @AfterEach
    void stop() throws InterruptedException {
        scheduler.stop();
    }

    /** It is awake already: a wake-up would cost a write to the eventfd and a needless turn of the poller. */
    @Test
    void carrierThatPollsDoesNotWakeItself() throws Exception {
        scheduler.start();
        var parked = new CountDownLatch(1);
        var resumed = new CountDownLatch(1);
        Thread waiter = scheduler.ofVirtual().start(() -> {
            parked.countDown();
            LockSupport.park();
            resumed.countDown();
        });
        parked.await();
        Await.until("the processor sleeps", () -> poll.blocked);
        int before = poll.wakeUps.get();

        poll.events.add(() -> LockSupport.unpark(waiter));

        resumed.await();
        waiter.join();
        assertThat(poll.wakeUps.get() - before)
                .as("wake-ups sent by the carrier")
                .isZero();
    }

    @Test
    void networkIsPolledBehindAQueueThatNeverEmpties() throws Exception {
        RunQueue queue = scheduler.processors()[0].queue;
        int tasks = queue.capacity();
        var go = new AtomicInteger(1);
        scheduler.start();
        List<Thread> busy = new ArrayList<>();
        for (int i = 0; i < tasks; i++) {
            busy.add(scheduler.ofVirtual().start(() -> {
                while (go.get() != 0) {
                    Thread.yield();
                }
            }));
        }
        Await.until("most are queued", () -> queue.size() >= tasks * 3 / 4);
        poll.events.add(() -> go.set(0)); // Only a poll ends them.
        for (Thread thread : busy) {
            thread.join();
        }
    }

    /** A task whose carrier has lost the processor has nothing to give away: it belongs to the task of another. */
    @Test
    void processorIsNotTakenFromTheCarrierThatHasItNow() throws Exception {
        scheduler.start();
        var bothRun = new CountDownLatch(2);
        var tried = new CountDownLatch(1);
        Thread loser = scheduler.ofVirtual().start(() -> {
            scheduler.beforeBlocking();
            bothRun.countDown();
            spinUntilZero(bothRun);
            scheduler.beforeBlocking();
            tried.countDown();
        });
        Thread owner = scheduler.ofVirtual().start(() -> {
            bothRun.countDown();
            spinUntilZero(tried);
        });
        loser.join();
        owner.join();
        assertThat(scheduler.handOffs()).isEqualTo(1);
    }

    @Test
    void queueOfOneSlotIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new RunQueue(1));
    }

    /** Keeps its carrier until then. */
    private static void spinUntilZero(CountDownLatch latch) {
        while (latch.getCount() > 0) {
            Thread.onSpinWait();
        }
    }
}
