package heddle.internal.poll.epoll;

import static heddle.internal.sys.linux.Epoll.EPOLLERR;
import static heddle.internal.sys.linux.Epoll.EPOLLET;
import static heddle.internal.sys.linux.Epoll.EPOLLHUP;
import static heddle.internal.sys.linux.Epoll.EPOLLIN;
import static heddle.internal.sys.linux.Epoll.EPOLLOUT;
import static heddle.internal.sys.linux.Epoll.EPOLLPRI;
import static heddle.internal.sys.linux.Epoll.EPOLLRDHUP;

import heddle.internal.poll.Poller;
import heddle.internal.poll.Registration;
import heddle.internal.sys.Errno;
import heddle.internal.sys.linux.Epoll;
import heddle.internal.trace.Counter;
import heddle.internal.trace.Counters;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/// A poller over one epoll instance. A descriptor is added once, edge-triggered, for both directions, and never
/// modified. Closing it removes it, since no duplicate of ours is open; epoll(7), Q6.
///
/// The event's data:
///
///     bits  0-31  descriptor
///     bits 32-63  generation of its registration; an event of another generation is dropped
///
/// EPOLLPRI is asked for because urgent data makes a read short although more is there: the one case in which a short
/// read of a stream does not prove it drained; tcp(7), "urgent data".
public final class EpollPoller extends Poller {

    private static final int INTEREST = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET;
    private static final int READABLE = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI;
    private static final int WRITABLE = EPOLLOUT | EPOLLHUP | EPOLLERR;
    private static final int PEER_CLOSED = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
    private static final int MUST_TRY = EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI;

    private final Epoll epoll = new Epoll();

    /** Whether the eventfd was written since the polling thread last saw it: many wake-ups cost one write. */
    private final AtomicBoolean wakeUpSent = new AtomicBoolean();

    /** As {@link Poller#Poller}. */
    public EpollPoller(Consumer<Throwable> onFailure) {
        super(onFailure);
    }

    @Override
    protected int register(Registration registration) {
        RegistrationTable.put(registration);
        long data = (long) registration.generation() << 32 | registration.fd();
        int result = epoll.add(registration.fd(), INTEREST, data);
        if (result < 0) {
            RegistrationTable.remove(registration);
        }
        return result;
    }

    @Override
    protected void deregister(Registration registration) {
        RegistrationTable.remove(
                registration); // An event that is under way finds nobody, or another generation.
    }

    @Override
    protected int select(long timeoutNanos) {
        int count = epoll.await(timeoutNanos);
        if (count < 0) {
            if (count == -Errno.EINTR) {
                return 0; // Whoever called looks around and comes again.
            }
            throw new AssertionError("epoll_wait: " + Errno.text(-count));
        }
        for (int i = 0; i < count; i++) {
            long data = epoll.data(i);
            if (data == Epoll.WAKE_UP) {
                wakeUpSent.set(false);
                continue;
            }
            Registration registration = RegistrationTable.find((int) data, (int) (data >>> 32));
            if (registration != null) {
                int events = epoll.events(i);
                if ((events & PEER_CLOSED) != 0) {
                    registration.setPeerClosed();
                }
                woken +=
                        registration.signal(
                                (events & READABLE) != 0,
                                (events & WRITABLE) != 0,
                                (events & MUST_TRY) != 0);
            }
        }
        return count;
    }

    /** The instance's own number, for another one to watch. */
    int descriptor() {
        return epoll.descriptor();
    }

    @Override
    public void forEachWatched(Consumer<Registration> visitor) {
        RegistrationTable.forEach(registration -> {
            if (registration.poller() == this) {
                visitor.accept(registration);
            }
        });
    }

    @Override
    public void wakeUp() {
        if (!wakeUpSent.get() && wakeUpSent.compareAndSet(false, true)) {
            epoll.notifyPoller();
            Counters.add(Counter.WAKE_UPS, 1);
        }
    }

    @Override
    public void close() {
        super.close();
        epoll.close();
    }
}
