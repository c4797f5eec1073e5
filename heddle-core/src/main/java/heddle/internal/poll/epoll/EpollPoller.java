package heddle.internal.poll.epoll;

import static heddle.internal.sys.linux.Epoll.EPOLLERR;
import static heddle.internal.sys.linux.Epoll.EPOLLET;
import static heddle.internal.sys.linux.Epoll.EPOLLHUP;
import static heddle.internal.sys.linux.Epoll.EPOLLIN;
import static heddle.internal.sys.linux.Epoll.EPOLLOUT;
import static heddle.internal.sys.linux.Epoll.EPOLLPRI;
import static heddle.internal.sys.linux.Epoll.EPOLLRDHUP;

import heddle.internal.poll.Poller;
import heddle.internal.poll.Watched;
import heddle.internal.sched.IdlePoll;
import heddle.internal.socket.Errno;
import heddle.internal.socket.NumberTable;
import heddle.internal.sys.linux.Epoll;
import heddle.internal.trace.Counter;
import heddle.internal.trace.Trace;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/// A poller over one epoll instance. A descriptor is added once, edge-triggered, for both directions, and never
/// modified. Closing it removes it, since no duplicate of ours is open; epoll(7), Q6.
///
/// The event's data:
///
///     bits  0-31  descriptor
///     bits 32-63  generation of what is watched; an event of another generation is dropped
///
/// EPOLLPRI is asked for because urgent data makes a read short although more is there: the one case in which a short
/// read of a stream does not prove it drained; tcp(7), "urgent data".
public class EpollPoller extends Poller {

    /** All of a descriptor that is read and written. */
    protected static final int INTEREST = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET;

    private static final int READABLE = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI;
    private static final int WRITABLE = EPOLLOUT | EPOLLHUP | EPOLLERR;
    private static final int PEER_CLOSED = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
    private static final int MUST_TRY = EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI;

    static {
        assert Epoll.EVENTS_MAX >= BATCH;
    }

    /** The instance. */
    protected final Epoll epoll = new Epoll();

    /** Whether the eventfd was written since the polling thread last saw it: many wake-ups cost one write. */
    private final AtomicBoolean wakeUpSent = new AtomicBoolean();

    /** All that the runtime's pollers watch. */
    protected final NumberTable<Watched> watched;

    /** One of the runtime's pollers, which share {@code watched}; the rest as {@link Poller#Poller} wants it. */
    public EpollPoller(NumberTable<Watched> watched, Trace trace, Consumer<Throwable> onFailure) {
        super(trace, onFailure);
        this.watched = watched;
    }

    @Override
    protected int register(Watched fresh) {
        watched.put(fresh.fd(), fresh);
        int result = epoll.add(fresh.fd(), INTEREST, data(fresh));
        if (result < 0) {
            watched.remove(fresh.fd(), fresh);
        }
        return result;
    }

    /** The event's, see above. */
    protected static long data(Watched one) {
        return (long) one.generation() << 32 | one.fd();
    }

    @Override
    protected void deregister(Watched gone) {
        // An event that is under way finds nobody, or another generation.
        watched.remove(gone.fd(), gone);
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
        int at = 0;
        try {
            for (; at < count; at++) {
                report(at);
            }
        } finally {
            // Where it threw, the rest is gone. A set flag still means that a wake-up is to come:
            // close() relies on it.
            for (; at < count; at++) {
                if (epoll.data(at) == Epoll.WAKE_UP) {
                    wakeUpSent.set(false);
                }
            }
        }
        return count;
    }

    /** The {@code i}-th event. */
    private void report(int i) {
        long data = epoll.data(i);
        if (data == Epoll.WAKE_UP) {
            wakeUpSent.set(false);
            return;
        }
        Watched one = watched.find((int) data);
        if (one != null && one.generation() == (int) (data >>> 32)) {
            int events = epoll.events(i);
            if ((events & PEER_CLOSED) != 0) {
                one.setPeerClosed();
            }
            woken += one.signal((events & READABLE) != 0, (events & WRITABLE) != 0, (events & MUST_TRY) != 0);
        }
    }

    @Override
    protected void await(long timeoutNanos) {
        int result = epoll.awaitEvents(timeoutNanos);
        if (result < 0 && result != -Errno.EINTR) {
            throw new AssertionError("ppoll: " + Errno.text(-result));
        }
    }

    @Override
    public void forEachWatched(Consumer<Watched> visitor) {
        watched.forEach(one -> {
            if (one.isWatchedBy(this)) {
                visitor.accept(one);
            }
        });
    }

    @Override
    public void wakeUp() {
        if (!wakeUpSent.get() && wakeUpSent.compareAndSet(false, true)) {
            epoll.notifyPoller();
            count(Counter.WAKE_UPS, 1);
        }
    }

    /**
     * {@inheritDoc}
     *
     * <p>Nobody polls any more, but somebody may be in {@link #wakeUp}, about to write to a number that would be
     * another's by then. So this takes {@code wakeUpSent} for good, or if it is set, waits for the wake-up that belongs
     * to it.
     */
    @Override
    public void close() {
        super.close();
        while (!wakeUpSent.compareAndSet(false, true)) {
            if (awaitsWakeUp()) {
                break;
            }
        }
        epoll.close();
    }

    /** Waits for events: whether a wake-up is among them, which leaves {@code wakeUpSent} set. */
    private boolean awaitsWakeUp() {
        int count = epoll.await(IdlePoll.FOREVER);
        for (int i = 0; i < count; i++) {
            if (epoll.data(i) == Epoll.WAKE_UP) {
                return true;
            }
        }
        return false;
    }
}
