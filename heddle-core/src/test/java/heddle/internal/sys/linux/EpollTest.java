package heddle.internal.sys.linux;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.socket.Errno;
import heddle.internal.socket.SockAddr;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What goes into the kernel with an event and comes out of it, by the layout that this processor has. */
class EpollTest {

    // Each byte differs, so a wrong offset, width or order shows; the count of events would not.
    private static final long[] DATA = {0x0102_0304_0506_0708L, 0x1112_1314_1516_1718L, 0x2122_2324_2526_2728L};

    private final Epoll epoll = new Epoll();
    private final LinuxSyscalls syscalls = new LinuxSyscalls();
    private final List<Integer> opened = new ArrayList<>();

    @AfterEach
    void close() {
        opened.forEach(syscalls::close);
        epoll.close();
    }

    @Test
    void eventsComeBackWithTheirData() {
        for (int i = 0; i < DATA.length; i++) {
            opened.add(syscalls.socket(SockAddr.VERSION_4, false));
            assertThat(epoll.add(opened.get(i), Epoll.EPOLLOUT | Epoll.EPOLLET, DATA[i]))
                    .isZero();
        }
        // A socket that never connected is writable and hung up: tcp_poll() in tcp.c.
        assertThat(events()).isEqualTo(all(Epoll.EPOLLOUT | Epoll.EPOLLHUP));

        assertThat(epoll.await(0)).as("edges that were reported").isZero();

        for (int i = 0; i < DATA.length; i++) {
            assertThat(epoll.modify(opened.get(i), Epoll.EPOLLIN, DATA[i])).isZero();
        }
        assertThat(events()).isEqualTo(all(Epoll.EPOLLHUP));
    }

    private Map<Long, Integer> events() {
        int count = epoll.await(0);
        Map<Long, Integer> events = new HashMap<>();
        for (int i = 0; i < count; i++) {
            events.put(epoll.data(i), epoll.events(i));
        }
        return events;
    }

    private static Map<Long, Integer> all(int events) {
        return Map.of(DATA[0], events, DATA[1], events, DATA[2], events);
    }

    @Test
    void wakeUpHasDataOfItsOwn() {
        epoll.notifyPoller();
        assertThat(epoll.await(-1)).isEqualTo(1);
        assertThat(epoll.data(0)).isEqualTo(Epoll.WAKE_UP);
        assertThat(epoll.events(0)).isEqualTo(Epoll.EPOLLIN);
    }

    @Test
    void timeoutOfNanosecondsPasses() {
        assertThat(epoll.await(1)).isZero();
        assertThat(epoll.await(2_000_000)).isZero();
        assertThat(epoll.awaitEvents(0)).isZero();
        assertThat(epoll.awaitEvents(2_000_000)).isZero();
    }

    @Test
    void waitForEventsLeavesThem() {
        epoll.notifyPoller();
        assertThat(epoll.awaitEvents(-1)).isEqualTo(1);
        assertThat(epoll.awaitEvents(-1)).isEqualTo(1);
        assertThat(epoll.await(0)).isEqualTo(1);
        assertThat(epoll.awaitEvents(0)).isZero();
    }

    @Test
    void errorIsItsNumber() {
        assertThat(epoll.add(-1, Epoll.EPOLLIN, 0)).isEqualTo(-Errno.EBADF);
    }
}
