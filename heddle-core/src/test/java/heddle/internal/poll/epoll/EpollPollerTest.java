package heddle.internal.poll.epoll;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.poll.Registration;
import heddle.internal.poll.Watched;
import heddle.internal.socket.NumberTable;
import heddle.internal.socket.SockAddr;
import heddle.internal.sys.linux.LinuxSyscalls;
import heddle.internal.trace.Trace;
import heddle.testing.Behaviour;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Events, and whom they reach. A socket that is not connected is ready at once: epoll reports it as hung up. */
class EpollPollerTest {

    private final LinuxSyscalls sys = new LinuxSyscalls();
    private final Trace trace = new Trace();
    private final NumberTable<Watched> watched = new NumberTable<>();
    private final EpollPoller poller = new EpollPoller(watched, trace, failure -> {
        throw new AssertionError(failure);
    });
    private final int fd = sys.socket(SockAddr.VERSION_4, false);

    @AfterEach
    void end() {
        sys.close(fd);
        poller.close();
    }

    private Registration registration() {
        return new Registration(fd, () -> poller, trace);
    }

    @Test
    void eventReachesWhoIsRegistered() {
        Registration registration = registration();
        assertThat(poller.register(registration)).isZero();
        poller.poll(0);
        assertThat(registration.read().isReady()).isTrue();
        assertThat(registration.write().isReady()).isTrue();
    }

    /** The number was closed and given again between the event and the look at it. */
    @Test
    @Behaviour(209)
    void eventOfAnEarlierGenerationReachesNobody() {
        Registration earlier = registration();
        assertThat(poller.register(earlier)).isZero();
        Registration later = registration();
        watched.put(fd, later);
        poller.poll(0);
        assertThat(later.read().isReady()).isFalse();
        assertThat(later.write().isReady()).isFalse();
        assertThat(later.isPeerClosed()).isFalse();
        assertThat(earlier.read().isReady()).isFalse();
    }

    @Test
    void eventOfWhoLeftReachesNobody() {
        Registration gone = registration();
        assertThat(poller.register(gone)).isZero();
        poller.deregister(gone);
        poller.poll(0);
        assertThat(gone.read().isReady()).isFalse();
    }
}
