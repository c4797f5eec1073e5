package heddle.internal.poll;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.socket.Errno;
import heddle.internal.trace.Trace;
import heddle.time.Clock;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** When a poller that sleeps is woken for a deadline, and whose heap a timer is in. */
class PollerDeadlineTest {

    private static final long SOON = Clock.system().after(TimeUnit.HOURS.toNanos(1));
    private static final long LATER = Clock.system().after(TimeUnit.HOURS.toNanos(2));
    private static final long LATEST = Clock.system().after(TimeUnit.HOURS.toNanos(3));

    private final RecordingPoller poller = new RecordingPoller();

    @Test
    void moveToALaterDeadlineWakesNobodyAndOneToAnEarlierDoes() {
        poller.blockedUntilNanos = LATER;
        var slot = new ReadinessSlot();
        slot.deadline(LATEST);
        var timer = new DeadlineTimer(slot);

        poller.arm(timer, LATEST);
        assertThat(poller.wakeUps).as("wake-ups for a deadline after the sleep").isZero();

        slot.deadline(SOON);
        poller.arm(timer, SOON); // The timer is in the intake still.
        assertThat(poller.wakeUps)
                .as("wake-ups for a deadline within the sleep")
                .isEqualTo(1);
    }

    /**
     * The reader's attempt to register fails while the writer waits with a timer; the next one chooses another poller.
     */
    @Test
    @Timeout(60)
    void timerStaysWithThePollerThatItWasMadeFor() throws Exception {
        var other = new RecordingPoller();
        Queue<Poller> choices = new ConcurrentLinkedQueue<>(List.of(poller, other));
        var registration = new Registration(7, choices::remove, new Trace());
        var write = registration.write();
        registration.setDeadline(write, LATEST);
        var writer = new Thread(() -> registration.await(write));
        poller.onRegister = () -> {
            writer.start();
            awaitUntil(() -> poller.deadlines.hasIntake());
            return -Errno.ENOMEM;
        };

        assertThat(registration.await(registration.read())).isEqualTo(Wait.FAILED);
        awaitUntil(() -> registration.poller() == other && write.waiter() == writer);
        poller.poll(0);
        assertThat(poller.deadlines.nextNanos()).isEqualTo(LATEST);

        registration.setDeadline(write, SOON);
        assertThat(other.deadlines.hasIntake()).as("a timer in two heaps").isFalse();
        poller.poll(0);
        assertThat(poller.deadlines.nextNanos()).isEqualTo(SOON);

        registration.close();
        writer.join();
    }

    private static void awaitUntil(BooleanSupplier holds) {
        while (!holds.getAsBoolean()) {
            assertThat(Thread.interrupted()).as("this test's time is up").isFalse();
            Thread.onSpinWait();
        }
    }

    @Test
    void discardedTimerLeavesTheHeapThoughItWasNotArmedYet() {
        var slot = new ReadinessSlot();
        slot.deadline(SOON);
        var timer = new DeadlineTimer(slot);
        poller.arm(timer, SOON);
        poller.discard(timer);

        poller.poll(0);

        assertThat(poller.deadlines.isEmpty()).as("no timer is left").isTrue();
        assertThat(poller.deadlines.hasIntake()).isFalse();
    }

    private static final class RecordingPoller extends Poller {

        volatile IntSupplier onRegister = () -> 0;
        int wakeUps;

        RecordingPoller() {
            super(new Trace(), Throwable::printStackTrace);
        }

        @Override
        protected int register(Watched registration) {
            return onRegister.getAsInt();
        }

        @Override
        protected void deregister(Watched registration) {}

        @Override
        protected int select(long timeoutNanos) {
            return 0;
        }

        @Override
        protected void await(long timeoutNanos) {
            select(timeoutNanos);
        }

        @Override
        public void forEachWatched(Consumer<Watched> visitor) {}

        @Override
        public void wakeUp() {
            wakeUps++;
        }

        @Override
        public void close() {}
    }
}
