package heddle.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.testing.Await;
import heddle.time.Clock;
import heddle.time.ManualClock;
import java.time.Duration;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class RoomTest {

    @Test
    void fullRoomIsRefusedAfterItsTime() throws Exception {
        var clock = new ManualClock();
        var room = new Room(2, 100, clock);
        assertThat(room.take(60, Clock.NONE)).isTrue();
        var taking = new FutureTask<>(
                () -> room.take(60, clock.after(Duration.ofSeconds(10).toNanos())));
        Thread.ofPlatform().start(taking);
        Await.until("it waits", () -> clock.waiting() == 1);
        clock.advance(Duration.ofSeconds(11));
        assertThat(taking.get()).isFalse();
    }

    @Test
    void roomThatIsGivenBackGoesToWhoWaits() throws Exception {
        var clock = new ManualClock();
        var room = new Room(1, 100, clock);
        assertThat(room.take(10, Clock.NONE)).isTrue();
        var taking = new FutureTask<>(
                () -> room.take(10, clock.after(Duration.ofSeconds(10).toNanos())));
        Thread.ofPlatform().start(taking);
        Await.until("it waits", () -> clock.waiting() == 1);
        room.give(10);
        assertThat(taking.get()).isTrue();
    }
}
