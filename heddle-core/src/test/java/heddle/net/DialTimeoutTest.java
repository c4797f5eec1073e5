package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.internal.trace.Counter;
import heddle.testing.Behaviour;
import heddle.testing.Counted;
import heddle.testing.Runtimes;
import heddle.testing.Scenario;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** How long a dial may take. */
@Ways
class DialTimeoutTest {

    /** Go's table: each in the past, together, and as far in the past as can be said. */
    @Test
    @Behaviour(13)
    void timeInThePastFailsAtOnceThoughSomebodyListens() throws Exception {
        var past = Deadline.after(Duration.ofSeconds(-5));
        try (Listener listener = Runtimes.listen("tcp", "127.0.0.1:0")) {
            String address = listener.address().toString();
            for (Dialer dialer : List.of(
                    Runtimes.dialer().timeout(Duration.ofSeconds(-5)),
                    Runtimes.dialer().deadline(past),
                    Runtimes.dialer().deadline(Deadline.PAST),
                    Runtimes.dialer().timeout(Duration.ofSeconds(-5)).deadline(past),
                    Runtimes.dialer().timeout(Duration.ofDays(1)).deadline(past),
                    Runtimes.dialer().timeout(Duration.ofNanos(Long.MIN_VALUE)),
                    Runtimes.dialer().timeout(Duration.ofSeconds(Long.MIN_VALUE)))) {
                checkTimeout(dialer, address);
            }
        }
    }

    @Test
    @Scenario("S5")
    @Behaviour(13)
    void dialThatStallsEndsAtItsTimeoutNotBefore() throws Exception {
        try (var full = new FullBacklog()) {
            for (int millis : new int[] {1, 20}) {
                Duration timeout = Duration.ofMillis(millis);
                long before = Counted.value(Counter.DESCRIPTORS);
                long startNanos = System.nanoTime();
                checkTimeout(Runtimes.dialer().timeout(timeout), full.address());
                assertThat(Duration.ofNanos(System.nanoTime() - startNanos)).isGreaterThanOrEqualTo(timeout);
                assertThat(Counted.value(Counter.DESCRIPTORS)).isEqualTo(before);
            }
        }
    }

    /** The kernel tries again after 1 s, 3 s, 7 s; a slot that is free by then is taken. tcp(7), tcp_syn_retries. */
    @Test
    @Scenario("S4")
    @Tag("thorough")
    void acceptFreesOneSlotForOneWaitingDial() throws Exception {
        try (var full = new FullBacklog()) {
            Task<Conn> first = Task.start(() -> Runtimes.dial("tcp", full.address()));
            Parked.await(first.thread());
            full.accept();
            try (Conn conn = first.result()) {
                assertThat(conn.isOpen()).isTrue();
                Task<Conn> second = Task.start(() -> Runtimes.dial("tcp", full.address()));
                Parked.await(second.thread());
                second.thread().interrupt();
                second.failure(CallInterruptedException.class);
            }
        }
    }

    private static void checkTimeout(Dialer dialer, String address) {
        var e = assertThrows(
                DeadlineExceededException.class,
                () -> dialer.dial("tcp", address).close());
        assertThat(e).hasMessage("dial tcp %s: i/o timeout", address);
        assertThat(e.timeout()).isTrue();
    }
}
