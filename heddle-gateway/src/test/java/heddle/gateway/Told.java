package heddle.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.testing.Await;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** What a client said. */
class Told implements Outcome {
    /** By message; guarded by itself until all is settled. */
    final TreeMap<Long, Integer> results = new TreeMap<>();

    final List<Integer> lost = new CopyOnWriteArrayList<>();
    final List<IOException> causes = new CopyOnWriteArrayList<>();
    final AtomicInteger retries = new AtomicInteger();
    final AtomicInteger reconnections = new AtomicInteger();

    @Override
    public void settled(long number, int result, long latencyNanos) {
        synchronized (results) {
            if (results.put(number, result) != null) {
                throw new AssertionError("told twice of " + number);
            }
        }
        assertThat(latencyNanos).isNotNegative();
    }

    void await(int count) throws Exception {
        Await.until(() -> count + " settled, got " + size(), () -> size() >= count);
    }

    int size() {
        synchronized (results) {
            return results.size();
        }
    }

    @Override
    public void lost(IOException cause, int unsettled) {
        causes.add(cause);
        lost.add(unsettled);
    }

    @Override
    public void retrying(IOException cause, Duration remaining) {
        assertThat(remaining).isBetween(Duration.ofMillis(1), Duration.ofSeconds(30));
        retries.incrementAndGet();
    }

    @Override
    public void reconnected() {
        reconnections.incrementAndGet();
    }
}
