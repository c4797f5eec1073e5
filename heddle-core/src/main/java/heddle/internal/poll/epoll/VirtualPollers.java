package heddle.internal.poll.epoll;

import static heddle.internal.sys.linux.Epoll.EPOLLIN;
import static heddle.internal.sys.linux.Epoll.EPOLLONESHOT;

import heddle.internal.poll.PollLoop;
import heddle.internal.sched.OwnThread;
import heddle.internal.socket.Errno;
import heddle.internal.sys.StartException;
import heddle.internal.sys.linux.Epoll;
import heddle.time.Clock;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Polls from virtual threads of the JDK's scheduler: one for each poller. It looks without blocking while it finds
/// events, so that the threads it wakes run next on its own carrier. When it finds none it parks, and one platform
/// thread, the master, waits for all that parked, by an epoll instance that watches theirs.
///
///     virtual thread:  events  -> yield, look again; each 64th time as if there were none
///                      none    -> arm in the master, park
///                      parked  -> woken by the master, look again
///
/// Ordering: a poller arms after it has looked, and an armed descriptor with events reports them at once, so none is
/// slept through. A poller publishes its next deadline, then arms; the master, woken by that or by anything else, reads
/// the deadlines before it waits.
///
/// A poller that died ends its virtual thread. If the master fails, it stores why and then unparks all; a poller sets
/// `waiting`, then looks, and dies of the same cause.
public final class VirtualPollers implements PollLoop {

    /**
     * How often a poller looks again by itself. Then it parks like one without events, so that its carrier's queue runs
     * empty: only then does the JDK's scheduler look at what came from other threads.
     */
    private static final int YIELDS_MAX = 64;

    private final Epoll master = new Epoll();
    private final Clock clock;
    private final Sub[] subs;
    private final Thread masterThread = new OwnThread("heddle-poller", this::watchOrFail);
    private volatile boolean stopped;

    /** What ended the master; null while it lives. Written by it, read by the pollers. */
    private volatile @Nullable Throwable failure;

    /** Until when the master sleeps; {@link Long#MIN_VALUE} while it does not. Written by it, read by the pollers. */
    private volatile long asleepUntilNanos = Long.MIN_VALUE;

    /** A poller with its thread. */
    private final class Sub implements Runnable {

        final EpollPoller poller;
        final int index;
        final Thread thread;

        /** Armed in the master, about to park. Set by its thread, cleared by whoever wakes it. */
        volatile boolean waiting;

        /** When it must be woken although nothing is ready. Written by its thread before it arms. */
        volatile long deadlineNanos;

        Sub(EpollPoller poller, int index) {
            this.poller = poller;
            this.index = index;
            thread = Thread.ofVirtual()
                    .name("heddle-poller-", index)
                    .inheritInheritableThreadLocals(false)
                    .unstarted(this);
        }

        @Override
        public void run() {
            try {
                pollUntilStopped();
            } catch (Throwable cause) {
                poller.fail(cause);
            }
        }

        private void pollUntilStopped() {
            int yields = 0;
            while (!stopped && poller.failure() == null) {
                if (poller.poll(0) > 0 && ++yields % YIELDS_MAX != 0) {
                    Thread.yield();
                } else {
                    deadlineNanos = poller.beginSleep(Long.MAX_VALUE);
                    waiting = true;
                    int result = master.modify(poller.descriptor(), EPOLLIN | EPOLLONESHOT, index);
                    if (result < 0) {
                        throw new AssertionError("epoll_ctl: " + Errno.text(-result));
                    }
                    if (deadlineNanos < asleepUntilNanos) {
                        master.notifyPoller();
                    }
                    while (waiting && !stopped && failure == null) {
                        LockSupport.park(this);
                    }
                    poller.endSleep();
                    Throwable cause = failure;
                    if (cause != null) {
                        throw new IllegalStateException("the master of the pollers failed", cause);
                    }
                }
            }
        }

        void wake() {
            waiting = false;
            LockSupport.unpark(thread);
        }
    }

    /**
     * Polls {@code pollers}, once started; {@code clock} is theirs.
     *
     * @throws StartException the system refused; no descriptor of its own is left open
     */
    public VirtualPollers(List<EpollPoller> pollers, Clock clock) {
        this.clock = clock;
        subs = new Sub[pollers.size()];
        for (int i = 0; i < subs.length; i++) {
            subs[i] = new Sub(pollers.get(i), i);
            int result = master.add(pollers.get(i).descriptor(), EPOLLONESHOT, i);
            if (result < 0) {
                master.close();
                throw new StartException("epoll_ctl", -result);
            }
        }
    }

    @Override
    public void start() {
        masterThread.start();
        for (Sub sub : subs) {
            sub.thread.start();
        }
    }

    private void watchOrFail() {
        try {
            watch();
        } catch (Throwable cause) {
            failure = cause;
            for (Sub sub : subs) {
                LockSupport.unpark(sub.thread);
            }
        }
    }

    private void watch() {
        while (!stopped) {
            long nextNanos = earliestDeadline();
            asleepUntilNanos = nextNanos;
            // Look again: a poller that armed before the store above did not know how long this one sleeps.
            nextNanos = Math.min(nextNanos, earliestDeadline());
            boolean forever = nextNanos == Long.MAX_VALUE;
            int count = master.await(forever ? -1 : clock.sleepNanos(nextNanos));
            asleepUntilNanos = Long.MIN_VALUE;
            if (count < 0 && count != -Errno.EINTR) {
                throw new AssertionError("epoll_wait: " + Errno.text(-count));
            }
            for (int i = 0; i < count; i++) {
                long data = master.data(i);
                if (data != Epoll.WAKE_UP) {
                    subs[(int) data].wake();
                }
            }
            long nowNanos = clock.nanos();
            for (Sub sub : subs) {
                if (sub.waiting && sub.deadlineNanos <= nowNanos) {
                    sub.wake();
                }
            }
        }
    }

    private long earliestDeadline() {
        long earliest = Long.MAX_VALUE;
        for (Sub sub : subs) {
            if (sub.waiting) {
                earliest = Math.min(earliest, sub.deadlineNanos);
            }
        }
        return earliest;
    }

    @Override
    public void end() throws InterruptedException {
        stopped = true;
        master.notifyPoller();
        masterThread.join();
        for (Sub sub : subs) {
            LockSupport.unpark(sub.thread);
            sub.thread.join();
        }
        master.close();
    }
}
