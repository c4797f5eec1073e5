package heddle.internal.poll;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.socket.Errno;
import heddle.internal.trace.Counter;
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
    private final Trace trace = new Trace();
    private final Registration registration = new Registration(7, () -> poller, trace);
    private final ReadinessSlot slot = registration.read();

    @Test
    void readinessThatCameFirstIsConsumedWithoutParking() {
        registration.signal(true, false, false);
        assertThat(registration.await(slot)).isEqualTo(Wait.READY);
        assertThat(poller.watched).as("no wait, no watch").isEmpty();
    }

    @Test
    void readinessTwiceIsReadinessOnce() throws Exception {
        registration.signal(true, false, false);
        registration.signal(true, false, false);
        assertThat(registration.await(slot)).isEqualTo(Wait.READY);
        Task<Wait> waiter = parked();
        registration.signal(true, false, false);
        assertThat(waiter.result()).isEqualTo(Wait.READY);
    }

    @Test
    void clearForgetsReadiness() throws Exception {
        registration.signal(true, false, false);
        slot.clear();
        Task<Wait> waiter = parked();
        registration.signal(true, false, false);
        assertThat(waiter.result()).isEqualTo(Wait.READY);
    }

    @Test
    void eachDirectionIsSignalledAlone() throws Exception {
        Task<Wait> reader = parked();
        registration.signal(false, true, false);
        assertThat(registration.await(registration.write())).isEqualTo(Wait.READY);
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
        registration.signal(true, false, false);
        other.result();
        Task<Integer> echo = Task.on(Thread.ofVirtual(), () -> {
            writes.callsSinceWait();
            registration.await(slot);
            return writes.callsSinceWait();
        });
        awaitParked(slot, echo);
        registration.signal(true, false, false);
        assertThat(echo.result()).as("after its own").isEqualTo(1);
        assertThat(slot.callsSinceWait()).isEqualTo(1);
        slot.countCalls(8);
        assertThat(slot.callsSinceWait()).as("of which one moved 64 KiB").isEqualTo(10);
        slot.gaveWay();
        assertThat(slot.callsSinceWait()).isEqualTo(1);
    }

    @Test
    void closedBeforeIsClosedWithoutParking() {
        registration.close();
        assertThat(registration.begin(slot)).isEqualTo(Wait.CLOSED);
        assertThat(registration.await(slot)).isEqualTo(Wait.CLOSED);
        assertThat(slot.waiter()).isNull();
    }

    @Test
    void closeWakesBothDirections() throws Exception {
        Task<Wait> reader = parked();
        Task<Wait> writer = Task.on(Thread.ofVirtual(), () -> registration.await(registration.write()));
        awaitParked(registration.write(), writer);
        registration.close();
        assertThat(reader.result()).isEqualTo(Wait.CLOSED);
        assertThat(writer.result()).isEqualTo(Wait.CLOSED);
    }

    /** A release is no readiness: the next wait must not believe that there is data. */
    @Test
    void expiryLeavesNoReadinessBehind() throws Exception {
        Task<Wait> waiter = parked();
        registration.setDeadline(slot, -1);
        assertThat(waiter.result()).isEqualTo(Wait.EXPIRED);
        registration.setDeadline(slot, Clock.NONE);
        Task<Wait> again = parked();
        registration.signal(true, false, false);
        assertThat(again.result()).isEqualTo(Wait.READY);
    }

    @Test
    void readinessSurvivesExpiry() {
        registration.signal(true, false, false);
        registration.setDeadline(slot, -1);
        assertThat(registration.begin(slot)).as("a new call").isEqualTo(Wait.EXPIRED);
        registration.setDeadline(slot, Clock.NONE);
        assertThat(registration.await(slot)).isEqualTo(Wait.READY);
    }

    @Test
    void passedDeadlineEndsAWaitThatHasNotParked() {
        registration.setDeadline(slot, Clock.system().nanos());
        assertThat(registration.await(slot)).isEqualTo(Wait.EXPIRED);
        assertThat(slot.waiter()).isNull();
    }

    @Test
    void timerEndsTheWaitAtItsDeadline() throws Exception {
        registration.setDeadline(slot, Clock.system().after(TimeUnit.MILLISECONDS.toNanos(20)));
        Task<Wait> waiter = Task.on(Thread.ofVirtual(), () -> registration.await(slot));
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
        long deadline = Clock.system().after(HOUR_NANOS);
        registration.setDeadline(slot, deadline);
        Task<Wait> waiter = parked();
        long expired = counted(Counter.EXPIRED);
        assertThat(firesAgain(deadline + 1)).isEqualTo(DeadlineTimer.NOT_ARMED);
        assertThat(counted(Counter.EXPIRED)).as("taken out").isEqualTo(expired + 1);
        awaitParked(slot, waiter);
        registration.signal(true, false, false);
        assertThat(waiter.result()).isEqualTo(Wait.READY);
    }

    @Test
    void timerThatFiresEarlyFiresAgain() throws Exception {
        long deadline = Clock.system().after(HOUR_NANOS);
        registration.setDeadline(slot, deadline);
        Task<Wait> waiter = parked();
        poller.deadlines.takeIn();
        registration.setDeadline(slot, deadline + 1);
        assertThat(firesAgain(deadline)).isEqualTo(deadline + 1);
        registration.setDeadline(slot, Clock.NONE);
        assertThat(firesAgain(deadline + 1)).isEqualTo(DeadlineTimer.NOT_ARMED);
        assertThat(slot.waiter()).isSameAs(waiter.thread());
        registration.signal(true, false, false);
        waiter.result();
    }

    @Test
    void timerWithoutAWaiterIsDropped() throws Exception {
        registration.setDeadline(slot, Clock.system().after(HOUR_NANOS));
        Task<Wait> waiter = parked();
        registration.signal(true, false, false);
        waiter.result();
        assertThat(firesAgain(slot.deadlineNanos() + 1)).isEqualTo(DeadlineTimer.NOT_ARMED);
    }

    /** When the poller's next timer fires once those that are due at {@code nanos} have. */
    private long firesAgain(long nanos) {
        poller.deadlines.takeIn();
        assertThat(poller.deadlines.fire(nanos, trace.counters().tally())).isEqualTo(1);
        return poller.deadlines.nextNanos();
    }

    private long counted(Counter counter) {
        return trace.counters().value(counter);
    }

    @Test
    void unparkFromElsewhereEndsNothing() throws Exception {
        Task<Wait> waiter = parked();
        for (int i = 0; i < 10; i++) {
            LockSupport.unpark(waiter.thread());
            awaitParked(slot, waiter);
        }
        registration.signal(true, false, false);
        assertThat(waiter.result()).isEqualTo(Wait.READY);
    }

    @Test
    void interruptEndsTheWaitAndIsCleared() throws Exception {
        Task<Wait> waiter = Task.on(Thread.ofVirtual(), () -> {
            Wait outcome = registration.await(slot);
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            return outcome;
        });
        awaitParked(slot, waiter);
        waiter.thread().interrupt();
        assertThat(waiter.result()).isEqualTo(Wait.INTERRUPTED);
        registration.signal(true, false, false);
        assertThat(registration.await(slot)).as("the slot goes on").isEqualTo(Wait.READY);
    }

    @Test
    void interruptBeforeReadinessThatIsThereIsKept() {
        registration.signal(true, false, false);
        Thread.currentThread().interrupt();
        assertThat(registration.await(slot)).isEqualTo(Wait.READY);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void refusedRegistrationFailsTheWaitAndLaterOnesTryAgain() throws Exception {
        poller.registerResult = -Errno.ENOMEM;
        assertThat(registration.await(slot)).isEqualTo(Wait.FAILED);
        assertThat(registration.failure()).isEqualTo(Errno.ENOMEM);
        poller.registerResult = 0;
        Task<Wait> waiter = parked();
        assertThat(poller.watched).containsExactly(registration);
        registration.signal(true, false, false);
        assertThat(waiter.result()).isEqualTo(Wait.READY);
    }

    /** It may have seen the interest of the one that fails, and have left the kernel to that one. */
    @Test
    void waitThatCannotBeArmedLetsTheOtherDirectionArmAgain() throws Exception {
        Task<Wait> writer = Task.on(Thread.ofVirtual(), () -> registration.await(registration.write()));
        awaitParked(registration.write(), writer);
        assertThat(poller.armedToWrite).hasValue(1);
        poller.armResult = -Errno.ENOMEM;
        assertThat(registration.await(slot)).isEqualTo(Wait.FAILED);
        assertThat(registration.failure()).isEqualTo(Errno.ENOMEM);
        Await.until("the writer arms again", () -> poller.armedToWrite.get() == 2);
        awaitParked(registration.write(), writer);
        registration.signal(false, true, false);
        assertThat(writer.result()).isEqualTo(Wait.READY);
    }

    @Test
    void bothDirectionsShareOneRegistration() throws Exception {
        Task<Wait> reader = parked();
        Task<Wait> writer = Task.on(Thread.ofVirtual(), () -> registration.await(registration.write()));
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
        Task<Wait> waiter = Task.on(Thread.ofVirtual(), () -> registration.await(slot));
        awaitParked(slot, waiter);
        return waiter;
    }

    private static void awaitParked(ReadinessSlot slot, Task<?> waiter) throws Exception {
        Await.until(
                "the waiter is in its slot and parked",
                () -> slot.waiter() == waiter.thread() && waiter.thread().getState() == Thread.State.WAITING);
    }
}
