package heddle.internal.poll;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.poll.epoll.EpollPoller;
import heddle.internal.socket.NumberTable;
import heddle.internal.socket.SockAddr;
import heddle.internal.sys.linux.LinuxSyscalls;
import heddle.internal.trace.Trace;
import heddle.testing.Await;
import heddle.testing.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of those who wait, and of both threads, when a poller fails. */
@Timeout(60)
class VirtualPollersTest {

    private final LinuxSyscalls sys = new LinuxSyscalls();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private final NumberTable<Watched> watched = new NumberTable<>();

    @Test
    void pollerThatFailsReleasesWhoWaitsAndEndsItsThreads() throws Exception {
        Set<Integer> epolls = open("eventpoll");
        Set<Integer> eventfds = open("eventfd");
        EpollPoller poller = new EpollPoller(watched, new Trace(), failures::add);
        int epoll = added(epolls, "eventpoll");
        int eventfd = added(eventfds, "eventfd");
        VirtualPollers pollers = new VirtualPollers(List.of(poller));
        pollers.start();

        int listener = sys.socket(SockAddr.VERSION_4, true);
        assertThat(sys.listen(listener, 1)).isZero(); // at a port of the kernel's choice
        var registration = new Registration(listener, () -> poller, new Trace());
        ReadinessSlot slot = registration.read();
        Task<Wait> waiter = Task.on(Thread.ofVirtual(), () -> registration.await(slot));
        Await.until(
                "the waiter is parked",
                () -> slot.waiter() == waiter.thread() && waiter.thread().getState() == Thread.State.WAITING);

        sys.close(epoll);
        poller.wakeUp(); // Who is in ppoll(2) does not see the close; the next call does.
        assertThat(waiter.result()).isEqualTo(Wait.FAILED);
        Await.until("the failure is told", () -> failures.size() == 1);
        pollers.end();

        watched.remove(listener, registration);
        sys.close(listener);
        sys.close(eventfd);
    }

    /** Numbers of this process's descriptors of a kind. */
    private static Set<Integer> open(String kind) throws IOException {
        Set<Integer> found = new TreeSet<>();
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            for (Path one : all.filter(Files::isSymbolicLink).toList()) {
                if (Files.exists(one, LinkOption.NOFOLLOW_LINKS)
                        && Files.readSymbolicLink(one).toString().contains("[" + kind + "]")) {
                    found.add(Integer.valueOf(one.getFileName().toString()));
                }
            }
        }
        return found;
    }

    private static int added(Set<Integer> before, String kind) throws IOException {
        Set<Integer> now = open(kind);
        now.removeAll(before);
        assertThat(now).hasSize(1);
        return now.iterator().next();
    }
}
