package heddle.internal.poll;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.sched.IdlePoll;
import heddle.internal.socket.Errno;
import heddle.internal.trace.Trace;
import heddle.testing.Await;
import heddle.testing.Task;
import heddle.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What wakes a poller that sleeps. */
@Timeout(60)
class PollerTest {

    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private final ManualPoller poller = new ManualPoller(failures::add);
    private final List<Registration> registrations = new ArrayList<>();
    private volatile boolean stopped;
    private Task<Void> polling;

    @BeforeEach
    void startPolling() {
        polling = Task.on(Thread.ofPlatform(), () -> {
            while (!stopped) {
                poller.poll(IdlePoll.FOREVER);
            }
            return null;
        });
    }

    @AfterEach
    void stopPolling() throws Exception {
        registrations.forEach(Registration::close);
        stopped = true;
        poller.wakeUp();
        polling.result();
    }

    @Test
    void firstDeadlineWakesThePollerAndEndsItsWait() throws Exception {
        awaitAsleep();
        Registration registration = registration();
        registration.setDeadline(registration.read(), in(TimeUnit.MILLISECONDS, 20));
        assertThat(registration.await(registration.read())).isEqualTo(Wait.EXPIRED);
        assertThat(poller.wakeUps).hasValue(1);
    }

    @Test
    void laterDeadlineLetsThePollerSleep() throws Exception {
        long hourNanos = in(TimeUnit.HOURS, 1);
        waitingWith(hourNanos);
        // Asleep alone may be the sleep that the first deadline is about to end.
        Await.until("it sleeps anew", () -> poller.blockedUntilNanos == hourNanos);
        int before = poller.wakeUps.get();
        waitingWith(in(TimeUnit.HOURS, 2));
        assertThat(poller.wakeUps).hasValue(before);
    }

    /**
     * A timer that did not wake the poller, as it was not the next, waits in the intake. Its deadline moved to before
     * the poller's next look must wake it all the same; it did not, and the deadline came an hour late.
     */
    @Test
    void deadlineMovedEarlierWhileInTheIntakeWakesThePoller() throws Exception {
        waitingWith(in(TimeUnit.HOURS, 1));
        awaitAsleep();
        Waiting second = waitingWith(in(TimeUnit.HOURS, 2));
        second.registration.setDeadline(second.registration.read(), in(TimeUnit.MILLISECONDS, 20));
        assertThat(second.task.result()).isEqualTo(Wait.EXPIRED);
    }

    @Test
    void pollThatThrowsReleasesWhoeverWaitsAndWhoeverComesLater() throws Exception {
        Waiting waiting = waitingWith(Clock.NONE);
        polling.thread().interrupt();
        assertThat(waiting.task.result()).isEqualTo(Wait.FAILED);
        assertThat(waiting.registration.failure()).isEqualTo(Errno.EIO);
        Registration later = registration();
        assertThat(later.await(later.read())).isEqualTo(Wait.FAILED);
        Await.until("it is told", () -> !failures.isEmpty());
        assertThat(failures).containsExactly(poller.failure());
    }

    private record Waiting(Registration registration, Task<Wait> task) {}

    private Waiting waitingWith(long deadlineNanos) throws Exception {
        Registration registration = registration();
        ReadinessSlot slot = registration.read();
        registration.setDeadline(slot, deadlineNanos);
        Task<Wait> task = Task.on(Thread.ofVirtual(), () -> registration.await(slot));
        Await.until(
                "the waiter is parked, and its timer armed",
                () -> slot.waiter() == task.thread() && task.thread().getState() == Thread.State.WAITING);
        return new Waiting(registration, task);
    }

    private Registration registration() {
        var registration = new Registration(registrations.size(), () -> poller, new Trace());
        registrations.add(registration);
        return registration;
    }

    private void awaitAsleep() throws Exception {
        Await.until("the poller sleeps", () -> poller.asleep);
    }

    private static long in(TimeUnit unit, long count) {
        return Clock.system().after(unit.toNanos(count));
    }
}
