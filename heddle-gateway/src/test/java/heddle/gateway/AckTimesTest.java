package heddle.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.time.ManualClock;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How long submits wait for their acks, and the histogram that has it. */
@Timeout(60)
class AckTimesTest {

    private final ManualClock clock = new ManualClock();
    private final Histogram latencies = Distribution.ACK_LATENCY.histogram();
    private final AckTimes times = new AckTimes(latencies, clock);

    private void read(int submits) {
        times.reads();
        for (int i = 0; i < submits; i++) {
            times.begins();
        }
    }

    private void settle(int submits) {
        for (int i = 0; i < submits; i++) {
            times.settled();
        }
        times.flushed();
    }

    private long millis(double part) {
        return TimeUnit.NANOSECONDS.toMillis(latencies.snapshot().quantile(part));
    }

    private void pass(int millis) {
        clock.advance(Duration.ofMillis(millis));
    }

    @Test
    void aBatchCountsFromItsReadToItsFlush() {
        read(3);
        pass(10);
        settle(3);
        assertThat(latencies.snapshot().total()).isEqualTo(3);
        assertThat(latencies.snapshot().sum()).isEqualTo(TimeUnit.MILLISECONDS.toNanos(30));
        assertThat(millis(0.5)).isEqualTo(10);
    }

    @Test
    void batchesInFlightAreKeptApart() {
        read(2);
        pass(100);
        read(1);
        pass(1);
        settle(1); // 101 ms
        pass(1);
        settle(2); // 102 and 2 ms
        read(1);
        pass(5);
        settle(1);
        assertThat(latencies.snapshot().sum()).isEqualTo(TimeUnit.MILLISECONDS.toNanos(101 + 102 + 2 + 5));
    }

    @Test
    void aReadThatIsContinuedIsOneBatch() {
        read(1);
        pass(10);
        settle(1);
        times.begins(); // of the same read
        pass(10);
        settle(1);
        assertThat(latencies.snapshot().sum()).isEqualTo(TimeUnit.MILLISECONDS.toNanos(10 + 20));
    }

    @Test
    void manyReadsInFlightAreAllRemembered() {
        for (int i = 0; i < 1000; i++) {
            read(1);
            pass(1);
        }
        settle(1000);
        assertThat(latencies.snapshot().total()).isEqualTo(1000);
        assertThat(latencies.snapshot().sum()).isEqualTo(TimeUnit.MILLISECONDS.toNanos(1000 * 1001 / 2));
        read(1);
        pass(3);
        settle(1);
        assertThat(latencies.snapshot().total()).isEqualTo(1001);
    }

    @Test
    void noneIsLostBetweenThreads() throws Exception {
        int count = 100_000;
        var begun = new Semaphore(0);
        var done = new CountDownLatch(2);
        for (int i = 0; i < 2; i++) {
            Thread.ofPlatform().start(() -> {
                begun.acquireUninterruptibly();
                for (int left = count / 2; left > 0; left--) {
                    times.settled();
                    times.flushed();
                    if (left > 1) {
                        begun.acquireUninterruptibly();
                    }
                }
                done.countDown();
            });
        }
        for (int i = 0; i < count; i++) {
            if (i % 3 == 0) {
                times.reads();
            }
            times.begins();
            begun.release();
        }
        done.await();
        assertThat(latencies.snapshot().total()).isEqualTo(count);
    }

    @Test
    void quantilesAreRightToAQuarter() {
        for (int i = 1; i <= 1000; i++) {
            latencies.record(TimeUnit.MICROSECONDS.toNanos(100L * i), 1);
        }
        var snapshot = latencies.snapshot();
        assertThat(TimeUnit.NANOSECONDS.toMicros(snapshot.quantile(0.5))).isBetween(50_000L, 63_500L);
        assertThat(TimeUnit.NANOSECONDS.toMicros(snapshot.quantile(0.99))).isBetween(99_000L, 125_000L);
        assertThat(snapshot.since(snapshot).total()).isZero();
        assertThat(snapshot.since(snapshot).quantile(0.5)).isZero();
        latencies.record(Long.MAX_VALUE / 2, 1);
        latencies.record(-1, 1);
        assertThat(latencies.snapshot().quantile(1)).isEqualTo(TimeUnit.SECONDS.toNanos(100));
        assertThat(latencies.snapshot().count(0)).isEqualTo(1);
    }
}
