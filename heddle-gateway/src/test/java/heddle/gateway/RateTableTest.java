package heddle.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.testing.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RateTableTest {

    private static final long SECOND = 1_000_000_000L;

    private static boolean take(RateTable table, long key, int perSecond, long now) {
        return table.take(key, SECOND / perSecond, perSecond, now, 0) == 0;
    }

    @Test
    void aSecondsWorthAtOnceAndThenTheRate() {
        var table = new RateTable();
        long now = 5 * SECOND;
        for (int i = 0; i < 10; i++) {
            assertThat(take(table, 7, 10, now)).isTrue();
        }
        assertThat(take(table, 7, 10, now)).isFalse();
        assertThat(take(table, 8, 10, now)).as("another").isTrue();
        assertThat(take(table, 7, 10, now + SECOND / 10 - 1)).isFalse();
        assertThat(take(table, 7, 10, now + SECOND / 10)).isTrue();
        assertThat(take(table, 7, 10, now + SECOND / 10)).isFalse();
        for (int i = 0; i < 10; i++) {
            assertThat(take(table, 7, 10, now + 100 * SECOND)).isTrue();
        }
        assertThat(take(table, 7, 10, now + 100 * SECOND)).isFalse();
    }

    @Test
    void whoWaitsGetsTurnsAtTheRate() {
        var table = new RateTable();
        List<Long> waits = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            waits.add(table.take(1, SECOND / 2, 2, SECOND, Long.MAX_VALUE));
        }
        assertThat(waits).containsExactly(0L, 0L, SECOND / 2, SECOND, 3 * SECOND / 2);
    }

    /** Ten thousand turns by four threads are ten thousand turns. */
    @Test
    void noTwoTakeTheSameTurn() throws Exception {
        var table = new RateTable(1);
        List<Task<Integer>> tasks = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            tasks.add(Task.start(() -> {
                int taken = 0;
                for (int i = 0; i < 5000; i++) {
                    taken += table.take(3, SECOND / 10_000, 10_000, 1, 0) == 0 ? 1 : 0;
                }
                return taken;
            }));
        }
        int taken = 0;
        for (var task : tasks) {
            taken += task.result();
        }
        assertThat(taken).isEqualTo(10_000);
    }

    /** A million addresses that each come once, and a thousand that flood: others are let in all the same. */
    @Test
    void aFloodFromMillionsTakesNoMemoryAndKeepsFewOthersOut() {
        var table = new RateTable();
        var random = new Random(15);
        long now = SECOND;
        for (int flooder = 0; flooder < 1000; flooder++) {
            long key = random.nextLong();
            for (int i = 0; i < 300; i++) {
                take(table, key, 200, now);
            }
        }
        int refused = 0;
        for (int i = 0; i < 100_000; i++) {
            refused += take(table, random.nextLong(), 200, now) ? 0 : 1;
        }
        assertThat(refused).as("one in a thousand").isLessThan(200);
        for (int i = 0; i < 1_000_000; i++) {
            take(table, random.nextLong(), 200, now);
        }
        assertThat(take(table, 42, 200, now)).isTrue();
    }
}
