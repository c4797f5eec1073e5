package heddle.internal.sched;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.jdk.VirtualThreads;
import heddle.internal.trace.Counter;
import heddle.internal.trace.Trace;
import heddle.testing.Await;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How many carriers there are, what they do first, and what becomes of a processor for which there is none. */
@Timeout(60)
class CarriersTest {

    private static final long LONG_NANOS = TimeUnit.MINUTES.toNanos(1);

    /** Short against what the tasks here take, and long against a start of a thread. */
    private static final long HAND_OFF_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private final AtomicBoolean systemGivesThreads = new AtomicBoolean(true);
    private final Trace trace = new Trace();
    private final QueuePoll poll = new QueuePoll();
    private Scheduler scheduler;

    /** This test is. */
    private volatile boolean over;

    private void start(int carriersMax, long spareNanos) {
        scheduler = new Scheduler(
                VirtualThreads.probe().threads(),
                List.of(poll),
                new Scheduler.Limits(HAND_OFF_NANOS, carriersMax, spareNanos, 0),
                trace,
                failures::add,
                this::startThread);
        scheduler.start();
    }

    /** As the JVM does when pthread_create(3) says EAGAIN. */
    private void startThread(Thread thread) {
        if (!systemGivesThreads.get()) {
            throw new OutOfMemoryError("unable to create native thread");
        }
        thread.start();
    }

    @AfterEach
    void stop() throws InterruptedException {
        over = true;
        scheduler.stop();
        assertThat(failures).isEmpty();
    }

    /** A thread that has its carrier until told to end. */
    private final class Holder {

        private final CountDownLatch begun = new CountDownLatch(1);
        private volatile boolean told;
        private final Thread thread = scheduler.ofVirtual().start(() -> {
            begun.countDown();
            while (!told && !over) {
                Thread.onSpinWait();
            }
        });

        void end() throws InterruptedException {
            told = true;
            thread.join();
        }
    }

    @Test
    void taskBeyondTheMostCarriersWaitsForOneToEndAndTheLogSaysSo() throws Exception {
        List<String> warnings = new CopyOnWriteArrayList<>();
        Handler handler = new Collector(warnings);
        Logger log = Logger.getLogger("heddle");
        log.addHandler(handler);
        try {
            start(2, LONG_NANOS);
            long refused = trace.counters().value(Counter.REFUSED);
            Holder first = new Holder();
            first.begun.await();
            Holder second = new Holder();
            second.begun.await();
            Holder third = new Holder();
            Await.until("a warning", () -> !warnings.isEmpty());
            assertThat(third.begun.getCount()).isEqualTo(1);
            assertThat(scheduler.carriers()).isEqualTo(2);
            assertThat(trace.counters().value(Counter.REFUSED)).isGreaterThan(refused);
            first.end();
            third.begun.await();
            third.end();
            second.end();
            assertThat(warnings)
                    .containsExactly("all 2 carriers are held by tasks that compute or block; other threads"
                            + " wait until one ends (-Dheddle.carriersMax)");
        } finally {
            log.removeHandler(handler);
        }
    }

    private static final class Collector extends Handler {

        private final List<String> messages;

        Collector(List<String> messages) {
            this.messages = messages;
        }

        @Override
        public void publish(LogRecord record) {
            messages.add(record.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }

    /** The processor stayed with nobody for good, and the monitor ended, when a spare's thread could not be started. */
    @Test
    void processorForWhichTheSystemGivesNoThreadStaysAndGoesLater() throws Exception {
        start(8, LONG_NANOS);
        long refused = trace.counters().value(Counter.REFUSED);
        systemGivesThreads.set(false);
        Holder holder = new Holder();
        holder.begun.await();
        Holder waiting = new Holder();
        Await.until("a refusal", () -> trace.counters().value(Counter.REFUSED) > refused);
        assertThat(scheduler.handOffs()).isZero();
        systemGivesThreads.set(true);
        waiting.begun.await();
        assertThat(scheduler.handOffs()).isPositive();
        waiting.end();
        holder.end();
    }

    @Test
    void processorOutlivesAFailureOfItsCarrierWhichIsReported() throws Exception {
        start(8, LONG_NANOS);
        poll.events.add(() -> {
            throw new AssertionError("a poll that breaks its promise");
        });
        Await.until("a report", () -> !failures.isEmpty());
        new Holder().end();
        assertThat(failures).hasSize(1);
        failures.clear();
    }

    @Test
    void spareEndsAfterItsTime() throws Exception {
        start(8, TimeUnit.MILLISECONDS.toNanos(50));
        Holder holder = new Holder();
        holder.begun.await();
        new Holder().end();
        assertThat(scheduler.carriers()).isEqualTo(2);
        holder.end();
        Await.until(() -> "one carrier, got " + scheduler.carriers(), () -> scheduler.carriers() == 1);
        new Holder().end();
    }

    @Test
    void stopWaitsForCarriersThatBlockingCallsStartMeanwhile() throws Exception {
        for (int i = 0; i < 40; i++) {
            List<Thread> started = new CopyOnWriteArrayList<>();
            scheduler = new Scheduler(
                    VirtualThreads.probe().threads(),
                    List.of(new QueuePoll()),
                    new Scheduler.Limits(LONG_NANOS, 8, LONG_NANOS, 0),
                    trace,
                    failures::add,
                    thread -> {
                        started.add(thread);
                        thread.start();
                    });
            scheduler.start();
            CountDownLatch begun = new CountDownLatch(4);
            for (int j = 0; j < 4; j++) {
                scheduler.ofVirtual().start(() -> {
                    begun.countDown();
                    scheduler.beforeBlocking();
                });
            }
            begun.await();
            scheduler.stop();
            assertThat(started).noneMatch(Thread::isAlive);
        }
    }

    /**
     * Each task here loses its carrier's processor, so that each carrier begins a single one: whoever counts tasks a
     * carrier never looks into the shared queue, and whoever comes from outside (as each thread that slept) never runs.
     */
    @Test
    void threadFromOutsideRunsAmongTasksThatAreAllHandedOff() throws Exception {
        start(16, LONG_NANOS);
        var busy = new Busy(3, 3 * HAND_OFF_NANOS);
        Await.until("a hand-off", () -> scheduler.handOffs() > 0);
        scheduler.ofVirtual().start(() -> {}).join();
        busy.end();
    }

    /** In tasks of milliseconds, the 61 between two looks into the shared queue are long. */
    @Test
    void threadsFromOutsideDoNotWaitForManyTasks() throws Exception {
        start(16, LONG_NANOS);
        var busy = new Busy(2, HAND_OFF_NANOS / 2);
        int before = busy.turns.get();
        int count = 4;
        for (int i = 0; i < count; i++) {
            scheduler.ofVirtual().start(() -> {}).join();
        }
        assertThat(busy.turns.get() - before).as("turns of others").isLessThan(count * 15);
        busy.end();
    }

    /** Threads that compute, and yield after a time, until told to end. */
    private final class Busy {

        final AtomicInteger turns = new AtomicInteger();
        private volatile boolean told;
        private final List<Thread> threads = new ArrayList<>();

        Busy(int count, long taskNanos) throws InterruptedException {
            CountDownLatch begun = new CountDownLatch(count);
            for (int i = 0; i < count; i++) {
                threads.add(scheduler.ofVirtual().start(() -> {
                    begun.countDown();
                    while (!told && !over) {
                        compute(taskNanos);
                        turns.incrementAndGet();
                        Thread.yield();
                    }
                }));
            }
            begun.await();
        }

        private void compute(long nanos) {
            long endNanos = System.nanoTime() + nanos;
            while (System.nanoTime() - endNanos < 0) {
                Thread.onSpinWait();
            }
        }

        void end() throws InterruptedException {
            told = true;
            for (Thread thread : threads) {
                thread.join();
            }
        }
    }
}
