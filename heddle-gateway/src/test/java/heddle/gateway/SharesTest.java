package heddle.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.testing.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SharesTest {

    private final Shares<String> shares = new Shares<>();

    private Shares<String>.Share enter(String key) {
        return Objects.requireNonNull(shares.enter(key, 0));
    }

    @Test
    void connectionsAreCountedAndForgotten() {
        var first = shares.enter("a", 2);
        var second = shares.enter("a", 2);
        assertThat(shares.enter("a", 2)).isNull();
        assertThat(shares.enter("b", 2)).isNotNull();
        Objects.requireNonNull(first).leave();
        assertThat(shares.enter("a", 2)).isNotNull();
        Objects.requireNonNull(second).leave();
        assertThat(shares.size()).isEqualTo(2);
        second.leave();
        assertThat(shares.size()).isEqualTo(1);
    }

    @Test
    void whoLeavesWithBytesInFlightIsRememberedUntilTheyAreSettled() throws Exception {
        var share = enter("a");
        share.take(10, () -> 10);
        share.leave();
        assertThat(enter("a")).isSameAs(share);
        share.leave();
        assertThat(shares.size()).isOne();
        share.give(10);
        assertThat(shares.size()).isZero();
    }

    @Test
    void oneMessageIsLetThroughHoweverLarge() throws Exception {
        var share = enter("a");
        assertThat(share.take(100, () -> 10)).isFalse();
        var other = Task.start(() -> share.take(1, () -> 10));
        Parked.await(other, "take", "await");
        share.give(100);
        assertThat(other.result()).isTrue();
    }

    @Test
    void whoComesLaterDoesNotOvertakeWhoWaitsForMore() throws Exception {
        var share = enter("a");
        share.take(8, () -> 10);
        var large = Task.start(() -> share.take(20, () -> 10));
        Parked.await(large, "take", "await");
        var small = Task.start(() -> share.take(1, () -> 10));
        Parked.await(small, "take", "await");
        share.give(8);
        assertThat(large.result()).isTrue();
        Parked.await(small, "take", "await");
        share.give(20);
        assertThat(small.result()).isTrue();
    }

    @Test
    void whoWaitsIsServedOnceItsBoundIsRaised() throws Exception {
        var share = enter("a");
        var bound = new AtomicLong(10);
        share.take(10, bound::get);
        var first = Task.start(() -> share.take(5, bound::get));
        Parked.await(first, "take", "await");
        var second = Task.start(() -> share.take(5, bound::get));
        Parked.await(second, "take", "await");
        bound.set(20);
        shares.lookAgain();
        assertThat(first.result()).isTrue();
        assertThat(second.result()).isTrue();
    }

    /** Four threads take and give under a bound of ten; nobody sleeps for ever, and there are never more. */
    @Test
    void thereAreNeverMoreThanTheBoundAndNobodyIsForgotten() throws Exception {
        var share = enter("a");
        var now = new AtomicInteger();
        List<Task<Void>> tasks = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            int seed = t;
            tasks.add(Task.run(() -> {
                var random = new Random(seed);
                for (int i = 0; i < 5000; i++) {
                    int n = 1 + random.nextInt(10);
                    share.take(n, () -> 10);
                    assertThat(now.addAndGet(n) > 10 ? 1 : 0).isZero();
                    now.addAndGet(-n);
                    share.give(n);
                }
            }));
        }
        for (var task : tasks) {
            task.result();
        }
        share.leave();
        assertThat(shares.size()).isZero();
    }

    @Test
    void theSumOfWhatIsSettledIsRight() {
        var inFlight = new InFlight();
        var random = new Random(15);
        long open = 0;
        int messages = 0;
        for (int i = 0; i < 10_000; i++) {
            if (messages == 0 || (messages < 8192 && random.nextBoolean())) {
                int bytes = random.nextInt(1 << 20);
                inFlight.begin(bytes);
                open += bytes;
                messages++;
            } else {
                int settled = 1 + random.nextInt(messages);
                open -= inFlight.end(settled);
                messages -= settled;
                assertThat(open).isNotNegative();
                assertThat(messages == 0 && open != 0).isFalse();
            }
        }
        if (messages > 0) {
            open -= inFlight.end(messages);
        }
        assertThat(open).isZero();
    }

    @Test
    void manyLargeMessagesAreSettledAtOnce() {
        var inFlight = new InFlight();
        int messages = 2047; // of 512 MiB each: their sum has 40 bits
        for (int i = 0; i < messages; i++) {
            inFlight.begin(512 << 20);
        }
        assertThat(inFlight.end(messages - 1)).isEqualTo((messages - 1) * (512L << 20));
        assertThat(inFlight.end(1)).isEqualTo(512 << 20);
    }
}
