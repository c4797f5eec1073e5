package heddle.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.testing.Await;
import heddle.testing.Task;
import heddle.time.Clock;
import heddle.time.ManualClock;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class RoomTest {

    private static final long FOR_EVER = Clock.NONE;

    private final ManualClock clock = new ManualClock();

    /** Takes until there is no more: an instant in the past waits for nothing. */
    private int takeAll(Room room, Object source, long bytes) throws Exception {
        int taken = 0;
        while (room.take(source, bytes, -1)) {
            taken++;
        }
        return taken;
    }

    /** One that waits. */
    private Task<Boolean> waits(Room room, Object source, long bytes) throws Exception {
        int before = clock.waiting();
        long until = clock.after(Duration.ofSeconds(10).toNanos());
        var task = Task.start(() -> room.take(source, bytes, until));
        Await.until("it waits", () -> clock.waiting() == before + 1);
        return task;
    }

    @Test
    void oneAloneGetsHalfAndEachFurtherOneHalfOfTheRest() throws Exception {
        var room = new Room(16, 1 << 20, clock);
        assertThat(takeAll(room, "a", 1)).isEqualTo(8);
        assertThat(takeAll(room, "b", 1)).isEqualTo(4);
        assertThat(takeAll(room, "c", 1)).isEqualTo(2);
        assertThat(room.take("late", 1, FOR_EVER)).isTrue();
    }

    @Test
    void sourcesThatTakeByTurnsGetEqualSharesAndOneIsLeft() throws Exception {
        var room = new Room(1 << 20, 100, clock);
        int[] taken = new int[4];
        for (int round = 0; round < 100; round++) {
            for (int i = 0; i < 4; i++) {
                taken[i] += room.take(i, 1, -1) ? 1 : 0;
            }
        }
        assertThat(taken).containsOnly(20);
        assertThat(room.take("late", 20, FOR_EVER)).isTrue();
    }

    @Test
    void whoHoldsNothingMayTakeAllThatIsLeft() throws Exception {
        var room = new Room(2, 100, clock);
        assertThat(room.take("a", 100, FOR_EVER)).isTrue();
        room.give("a", 100);
        assertThat(room.sources()).isZero();
    }

    @Test
    void fullRoomIsRefusedAfterItsTime() throws Exception {
        var room = new Room(2, 100, clock);
        assertThat(room.take("a", 60, FOR_EVER)).isTrue();
        var taking = waits(room, "b", 60);
        clock.advance(Duration.ofSeconds(11));
        assertThat(taking.result()).isFalse();
        assertThat(room.sources()).isOne();
    }

    @Test
    void whoWaitsIsServedInTheOrderOfComing() throws Exception {
        var room = new Room(2, 1 << 20, clock);
        assertThat(room.take("flood", 1, FOR_EVER)).isTrue();
        assertThat(room.take("other", 1, FOR_EVER)).isTrue();
        var first = waits(room, "first", 1);
        var second = waits(room, "second", 1);
        room.give("other", 1);
        assertThat(first.result()).isTrue();
        assertThat(second.thread().isAlive()).isTrue();
        room.give("flood", 1);
        assertThat(second.result()).isTrue();
    }

    @Test
    void whoHasItsShareIsPassedOver() throws Exception {
        var room = new Room(4, 1 << 20, clock);
        assertThat(takeAll(room, "flood", 1)).isEqualTo(2);
        var more = waits(room, "flood", 1);
        assertThat(room.take("late", 1, -1)).isTrue();
        assertThat(more.thread().isAlive()).isTrue();
        room.give("late", 1);
        room.give("flood", 1);
        assertThat(more.result()).isTrue();
    }

    @Test
    void aLargeMessageIsNotKeptOutBySmallOnes() throws Exception {
        var room = new Room(100, 100, clock);
        assertThat(room.take("a", 40, FOR_EVER)).isTrue();
        assertThat(room.take("b", 40, FOR_EVER)).isTrue();
        var large = waits(room, "large", 60);
        var small = waits(room, "small", 1);
        room.give("a", 40);
        assertThat(large.result()).isTrue();
        assertThat(small.thread().isAlive()).isTrue();
        room.give("b", 40);
        assertThat(small.result()).isTrue();
    }

    @Test
    void whoGivesUpHoldsUpNobody() throws Exception {
        var room = new Room(100, 100, clock);
        assertThat(room.take("a", 80, FOR_EVER)).isTrue();
        var large = waits(room, "large", 60);
        var small = waits(room, "small", 1);
        large.thread().interrupt();
        large.failure(InterruptedException.class);
        assertThat(small.result()).isTrue();
    }

    @Test
    void aCloseSendsAwayWhoWaits() throws Exception {
        var room = new Room(1, 100, clock);
        assertThat(room.take("a", 1, FOR_EVER)).isTrue();
        var waits = waits(room, "b", 1);
        room.close();
        assertThat(waits.result()).isFalse();
        assertThat(room.take("c", 1, FOR_EVER)).isFalse();
    }
}
