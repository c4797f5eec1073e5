package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.trace.Counter;
import heddle.testing.Await;
import heddle.testing.Counted;
import heddle.testing.Runtimes;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** {@link Counters} against what was done. */
@Ways
class CountersTest {

    private final Map<Counter, Long> before = new EnumMap<>(Counter.class);

    CountersTest() {
        for (Counter counter : Counter.values()) {
            before.put(counter, Counted.value(counter));
        }
    }

    private long more(Counter counter) {
        return Counted.value(counter) - before.get(counter);
    }

    /** Counts what is counted soon after it happened. */
    private void awaitMore(Counter counter, long count) throws Exception {
        Await.until(() -> count + " " + counter.label() + ", got " + more(counter), () -> more(counter) == count);
    }

    @Test
    void eachWaitBeginsOnceAndEndsOnce() throws Exception {
        try (var pair = ConnPair.tcp()) {
            long dialing = more(Counter.PARKS);
            awaitMore(Counter.WAKES, dialing);

            Task<Integer> woken = Task.start(() -> pair.left().read(new byte[1]));
            Parked.awaitReader(pair.left());
            assertThat(more(Counter.PARKS)).isEqualTo(dialing + 1);
            pair.right().write(new byte[1], 0, 1);
            woken.result();
            awaitMore(Counter.WAKES, dialing + 1);

            Task<Integer> expired = Task.start(() -> pair.left().read(new byte[1]));
            Parked.awaitReader(pair.left());
            pair.left().setReadDeadline(Deadline.after(Duration.ofMillis(1)));
            expired.failure(DeadlineExceededException.class);
            pair.left().setReadDeadline(Deadline.NONE);
            Task<Integer> late = Task.start(() -> pair.left().read(new byte[1]));
            Parked.awaitReader(pair.left());
            pair.left().setReadDeadline(Deadline.PAST);
            late.failure(DeadlineExceededException.class);
            awaitMore(Counter.EXPIRED, 2);
            pair.left().setReadDeadline(Deadline.NONE);

            Task<Integer> interrupted = Task.start(() -> pair.left().read(new byte[1]));
            Parked.awaitReader(pair.left()).interrupt();
            interrupted.failure(CallInterruptedException.class);
            Task<Integer> closed = Task.start(() -> pair.left().read(new byte[1]));
            Parked.awaitReader(pair.left());
            pair.left().close();
            closed.failure(ConnClosedException.class);
            awaitMore(Counter.GIVEN_UP, 2);

            assertThat(more(Counter.PARKS)).isEqualTo(dialing + 5);
            assertThat(more(Counter.WAKES)).isEqualTo(dialing + 1);
            assertThat(more(Counter.EXPIRED)).isEqualTo(2);
        }
    }

    @Test
    void socketsAreCountedInAndOut() throws Exception {
        try (Listener listener = Runtimes.listen("tcp", "127.0.0.1:0")) {
            assertThat(more(Counter.DESCRIPTORS)).isEqualTo(1);
            try (Conn dialed = Runtimes.dial("tcp", listener.address().toString());
                    Conn accepted = listener.accept()) {
                assertThat(accepted.remoteAddress()).isEqualTo(dialed.localAddress());
                assertThat(more(Counter.DESCRIPTORS)).isEqualTo(3);
            }
        }
        assertThat(more(Counter.ACCEPTED)).isEqualTo(1);
        assertThat(more(Counter.DIALED)).isEqualTo(1);
        assertThat(more(Counter.DESCRIPTORS)).isZero();
    }

    @Test
    void pollsWithEventsAreSomeOfThePolls() throws Exception {
        try (var pair = ConnPair.tcp()) {
            for (int i = 0; i < 10; i++) {
                Task<Integer> reader = Task.start(() -> pair.left().read(new byte[1]));
                Parked.awaitReader(pair.left());
                pair.right().write(new byte[1], 0, 1);
                reader.result();
            }
            Await.until("10 batches", () -> more(Counter.BATCHES) >= 10);
            // Batches first: pollers go on, and a poll between the two readings would be in one of them alone.
            long batches = more(Counter.BATCHES);
            assertThat(more(Counter.POLLS)).isGreaterThanOrEqualTo(batches);
            assertThat(more(Counter.EVENTS)).isGreaterThanOrEqualTo(10);
        }
    }
}
