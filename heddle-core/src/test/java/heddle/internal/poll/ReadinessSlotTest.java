package heddle.internal.poll;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.socket.Errno;
import heddle.internal.trace.Trace;
import heddle.testing.Await;
import heddle.testing.Task;
import heddle.time.Clock;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ReadinessSlotTest {

    private static final long HOUR_NANOS = TimeUnit.HOURS.toNanos(1);

    private final ManualPoller poller = new ManualPoller();
    private final Registration registration = new Registration(7, () -> poller, new Trace());
    private final ReadinessSlot slot = registration.read();

    @Test
    void readinessThatCameFirstIsConsumedWithoutParking() {
        slot.ready();
        assertThat(slot.await()).isEqualTo(Wait.READY);
        assertThat(poller.watched).as("no wait, no watch").isEmpty();
    }

    @Test
    void readinessTwiceIsReadinessOnce() throws Exception {
        slot.ready();
        slot.ready();
        assertThat(slot.await()).isEqualTo(Wait.READY);
        Task<Wait> waiter = parked();
        slot.ready();
        assertThat(waiter.result()).isEqualTo(Wait.READY);
    }

    @Test
    void clearForgetsReadiness() throws Exception {
        slot.ready();
        slot.clear();
        Task<Wait> waiter = parked();
        slot.ready();
        assertThat(waiter.result()).isEqualTo(Wait.READY);
    }

    @Test
    void eachDirectionIsSignalledAlone() throws Exception {
        Task<Wait> reader = parked();
        registration.signal(false, true, false);
        assertThat(registration.write().await()).isEqualTo(Wait.READY);
        assertThat(slot.waiter()).isSameAs(reader.thread());
        registration.signal(true, false, false);
        assertThat(reader.result()).isEqualTo(Wait.READY);
    }

    /** A thread that writes while another reads and waits must give way in time; the writes of an echo need not. */
    @Test
    void callsAreThoseOfAThreadSinceItsOwnWait() throws Exception {
        ReadinessSlot writes = registration.write();
        assertThat(writes.callsSinceWait()).isEqualTo(1);
        Task<Wait> other = parked();
        assertThat(writes.callsSinceWait())
                .as("another's wait in the other direction")
                .isEqualTo(2);
        slot.ready();
        other.result();
        Task<Integer> echo = Task.on(Thread.ofVirtual(), () -> {
            writes.callsSinceWait();
            slot.await();
            return writes.callsSinceWait();
        });
        awaitParked(slot, echo);
        slot.ready();
        assertThat(echo.result()).as("after its own").isEqualTo(1);
        assertThat(slot.callsSinceWait()).isEqualTo(1);
    }

    @Test
    void closedBeforeIsClosedWithoutParking() {
        registration.close();
        assertThat(slot.begin()).isEqualTo(Wait.CLOSED);
        assertThat(slot.await()).isEqualTo(Wait.CLOSED);
        assertThat(slot.waiter()).isNull();
    }

    @Test
    void closeWakesBothDirections() throws Exception {
        Task<Wait> reader = parked();
        Task<Wait> writer = Task.on(Thread.ofVirtual(), registration.write()::await);
        awaitParked(registration.write(), writer);
        registration.close();
        assertThat(reader.result()).isEqualTo(Wait.CLOSED);
        assertThat(writer.result()).isEqualTo(Wait.CLOSED);
    }

    /** A release is no readiness: the next wait must not believe that there is data. */
    @Test
    void expiryLeavesNoReadinessBehind() throws Exception {
        Task<Wait> waiter = parked();
        slot.setDeadline(-1);
        assertThat(waiter.result()).isEqualTo(Wait.EXPIRED);
        slot.setDeadline(Clock.NONE);
        Task<Wait> again = parked();
        slot.ready();
        assertThat(again.result()).isEqualTo(Wait.READY);
    }

    @Test
    void readinessSurvivesExpiry() {
        slot.ready();
        slot.setDeadline(-1);
        assertThat(slot.begin()).as("a new call").isEqualTo(Wait.EXPIRED);
        slot.setDeadline(Clock.NONE);
        assertThat(slot.await()).isEqualTo(Wait.READY);
    }

    @Test
    void passedDeadlineEndsAWaitThatHasNotParked() {
        slot.setDeadline(Clock.system().nanos());
        assertThat(slot.await()).isEqualTo(Wait.EXPIRED);
        assertThat(slot.waiter()).isNull();
    }

    @Test
    void timerEndsTheWaitAtItsDeadline() throws Exception {
        slot.setDeadline(Clock.system().after(TimeUnit.MILLISECONDS.toNanos(20)));
        Task<Wait> waiter = Task.on(Thread.ofVirtual(), slot::await);
        Await.until("the wait ends", () -> {
            poller.poll(0);
            return waiter.isDone();
        });
        assertThat(waiter.result()).isEqualTo(Wait.EXPIRED);
        assertThat(Clock.system().hasPassed(slot.deadlineNanos())).isTrue();
    }

    /** The timer fires, and before its waiter runs somebody moves the deadline on: the wait goes on. */
    @Test
    void timerThatFiresForAnEarlierDeadlineEndsNothing() throws Exception {
        slot.setDeadline(Clock.system().after(HOUR_NANOS));
        Task<Wait> waiter = parked();
        long again = slot.deadlineAfterFiring(slot.deadlineNanos() + 1);
        assertThat(again).isEqualTo(DeadlineTimer.NOT_ARMED);
        awaitParked(slot, waiter);
        slot.ready();
        assertThat(waiter.result()).isEqualTo(Wait.READY);
    }

    @Test
    void timerThatFiresEarlyAsksToFireAgain() throws Exception {
        long deadline = Clock.system().after(HOUR_NANOS);
        slot.setDeadline(deadline);
        Task<Wait> waiter = parked();
        assertThat(slot.deadlineAfterFiring(deadline - 1)).isEqualTo(deadline);
        slot.setDeadline(Clock.NONE);
        assertThat(slot.deadlineAfterFiring(deadline + 1)).isEqualTo(DeadlineTimer.NOT_ARMED);
        assertThat(slot.waiter()).isSameAs(waiter.thread());
        slot.ready();
        waiter.result();
    }

    @Test
    void timerWithoutAWaiterIsDropped() {
        slot.setDeadline(5);
        assertThat(slot.deadlineAfterFiring(6)).isEqualTo(DeadlineTimer.NOT_ARMED);
    }

    @Test
    void unparkFromElsewhereEndsNothing() throws Exception {
        Task<Wait> waiter = parked();
        for (int i = 0; i < 10; i++) {
            LockSupport.unpark(waiter.thread());
            awaitParked(slot, waiter);
        }
        slot.ready();
        assertThat(waiter.result()).isEqualTo(Wait.READY);
    }

    @Test
    void interruptEndsTheWaitAndIsCleared() throws Exception {
        Task<Wait> waiter = Task.on(Thread.ofVirtual(), () -> {
            Wait outcome = slot.await();
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            return outcome;
        });
        awaitParked(slot, waiter);
        waiter.thread().interrupt();
        assertThat(waiter.result()).isEqualTo(Wait.INTERRUPTED);
        slot.ready();
        assertThat(slot.await()).as("the slot goes on").isEqualTo(Wait.READY);
    }

    @Test
    void interruptBeforeReadinessThatIsThereIsKept() {
        slot.ready();
        Thread.currentThread().interrupt();
        assertThat(slot.await()).isEqualTo(Wait.READY);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void refusedRegistrationFailsTheWaitAndLaterOnesTryAgain() throws Exception {
        poller.registerResult = -Errno.ENOMEM;
        assertThat(slot.await()).isEqualTo(Wait.FAILED);
        assertThat(registration.failure()).isEqualTo(Errno.ENOMEM);
        poller.registerResult = 0;
        Task<Wait> waiter = parked();
        assertThat(poller.watched).containsExactly(registration);
        slot.ready();
        assertThat(waiter.result()).isEqualTo(Wait.READY);
    }

    @Test
    void bothDirectionsShareOneRegistration() throws Exception {
        Task<Wait> reader = parked();
        Task<Wait> writer = Task.on(Thread.ofVirtual(), registration.write()::await);
        awaitParked(registration.write(), writer);
        assertThat(poller.watched).containsExactly(registration);
        registration.signal(true, true, true);
        assertThat(reader.result()).isEqualTo(Wait.READY);
        assertThat(writer.result()).isEqualTo(Wait.READY);
        assertThat(registration.mustTry()).isTrue();
        registration.deregister();
        assertThat(poller.watched).isEmpty();
    }

    private Task<Wait> parked() throws Exception {
        Task<Wait> waiter = Task.on(Thread.ofVirtual(), slot::await);
        awaitParked(slot, waiter);
        return waiter;
    }

    private static void awaitParked(ReadinessSlot slot, Task<?> waiter) throws Exception {
        Await.until(
                "the waiter is in its slot and parked",
                () -> slot.waiter() == waiter.thread() && waiter.thread().getState() == Thread.State.WAITING);
    }
}
