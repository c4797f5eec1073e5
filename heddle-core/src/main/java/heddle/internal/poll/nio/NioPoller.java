package heddle.internal.poll.nio;

import heddle.internal.poll.Intake;
import heddle.internal.poll.Poller;
import heddle.internal.poll.Request;
import heddle.internal.poll.Watched;
import heddle.internal.socket.Errno;
import heddle.internal.sys.nio.NioSocket;
import heddle.internal.sys.nio.NioSyscalls;
import heddle.internal.trace.Counter;
import heddle.internal.trace.Trace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A poller over one of the JDK's selectors: for every system, without native access. A waiter asks for its direction
 * each time, and the report takes the interest back ({@link NioSocket}); the polling thread takes in what waiters ask
 * for before each select, and a waiter behind a blocked one wakes it.
 *
 * Nothing is signalled as "must try": a read that got less than it asked for may wait without trying again although
 * RDHUP and urgent data are not to be seen here, since the interest that it then asks for is level-triggered. What is
 * there, an end of the stream too, is reported. To try first would cost a call more with every message.
 *
 * Leaving: the JDK closes a channel that is in a selector only when that selects again, so its port would stay taken.
 * Whoever deregisters therefore cancels the key, queues, wakes the polling thread and waits until that has selected
 * once more.
 *
 * 1. A report takes the interest back before it signals, so interest that is asked for after it is a new one.
 * 2. Whoever queued to leave is let go by the polling thread, or, once nobody polls, sees {@code abandoned} and selects
 *    itself.
 *
 * Ordering: ask() queues, unless it is queued, then reads {@code blocked}; select() sets blocked, then empties the
 * queue. deregister() queues, then reads {@code abandoned}; abandon() and close() set that, then release the queue. A
 * waker writes what it has to tell, then looks whether {@code wakeUpSent} is set; the polling thread clears it after
 * each select, selectNow() too, which takes a wake-up like any other, and then looks at what was written; await()
 * leaves that to the select that comes next.
 */
public final class NioPoller extends Poller {

    private final NioSyscalls sys;

    /** For tests too. */
    final Selector selector;

    /** Whether the selector was woken since the polling thread last cleared it: many wake-ups cost one. */
    private final AtomicBoolean wakeUpSent = new AtomicBoolean();

    /**
     * Those who wait until the selector has let their cancelled keys go; at most one for each descriptor being closed.
     */
    private final Queue<Semaphore> leaving = new ConcurrentLinkedQueue<>();

    /** Those of which somebody wants something that the selector does not know. */
    private final Intake<Entry> asked = new Intake<>();

    private final Consumer<Entry> takesIn = this::takeIn;

    private final Consumer<SelectionKey> reports = this::report;

    /** Whether the polling thread selects with a time to wait. Written by it, read by any thread. */
    private volatile boolean blocked;

    /** Who polls; null before the first time. Written by the polling thread, read by any. */
    private volatile @Nullable Thread pollingThread;

    /** Nobody will poll any more. Set once. */
    private volatile boolean abandoned;

    /** What is in the selector, as its key's attachment. */
    private static final class Entry extends Request {

        final Watched watched;
        final NioSocket socket;

        Entry(Watched watched, NioSocket socket) {
            this.watched = watched;
            this.socket = socket;
        }
    }

    /**
     * Opens a selector for sockets of {@code sys}; the rest as {@link Poller#Poller} wants it.
     *
     * @throws StartException the system has none to give
     */
    public NioPoller(NioSyscalls sys, Trace trace, Consumer<Throwable> onFailure) {
        super(trace, onFailure);
        this.sys = sys;
        selector = sys.openSelector();
    }

    @Override
    protected int register(Watched watched) {
        NioSocket socket = sys.find(watched.fd());
        if (socket == null) {
            return -Errno.EBADF;
        }
        try {
            Entry entry = new Entry(watched, socket);
            if (socket.watch(selector, entry)) {
                ask(entry);
            }
            return 0;
        } catch (ClosedChannelException closed) {
            return -Errno.EBADF;
        } catch (ClosedSelectorException closed) {
            return -Errno.EIO;
        }
    }

    @Override
    protected int arm(Watched watched, boolean write) {
        NioSocket socket = sys.find(watched.fd());
        if (socket == null) {
            throw new AssertionError("a wait on a closed number: " + watched);
        }
        socket.want(write);
        if (socket.attachment() instanceof Entry entry) {
            ask(entry);
        }
        if (abandoned) {
            watched.breakOff(); // Nobody will take it in.
        }
        return 0;
    }

    private void ask(Entry entry) {
        asked.push(entry);
        if (blocked) {
            wakeUp();
        }
    }

    /** Takes in what a waiter wants. By the polling thread, before it selects. */
    private void takeIn(Entry entry) {
        if (!entry.socket.takeIn()) {
            woken += entry.watched.signal(true, true, false);
        }
    }

    @Override
    protected void deregister(Watched watched) {
        NioSocket socket = sys.find(watched.fd());
        if (socket == null || !socket.unwatch()) {
            return;
        }
        if (Thread.currentThread() == pollingThread) {
            selectAlone();
            selector.wakeup(); // It took a wake-up that may have been meant for the next poll.
            return;
        }
        Semaphore gone = new Semaphore(0);
        leaving.add(gone);
        wakeUp();
        if (abandoned) {
            selectAlone();
        } else {
            gone.acquireUninterruptibly();
        }
    }

    @Override
    protected int select(long timeoutNanos) {
        if (pollingThread != Thread.currentThread()) {
            pollingThread = Thread.currentThread();
        }
        try {
            int events = selectOnce(reports, timeoutNanos);
            while (!leaving.isEmpty()) {
                events += letGo();
            }
            return events;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private int selectOnce(Consumer<SelectionKey> action, long timeoutNanos) throws IOException {
        blocked = timeoutNanos != 0;
        asked.empty(takesIn);
        int events = blocked ? selector.select(action, millis(timeoutNanos)) : selector.selectNow(action);
        blocked = false;
        wakeUpSent.set(false);
        // An interrupt, which means nothing to us, would end each select at once from now on;
        // Selector.select.
        Thread.interrupted();
        return events;
    }

    /** The interest stays, so {@link #select} finds again what this has found. */
    @Override
    protected void await(long timeoutNanos) {
        try {
            selectOnce(_ -> {}, timeoutNanos);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /**
     * Rounded up, since a select that ends too early for a deadline only comes again; 0, for ever, for a negative one.
     */
    private static long millis(long nanos) {
        if (nanos < 0) {
            return 0;
        }
        long millis = TimeUnit.NANOSECONDS.toMillis(nanos);
        return TimeUnit.MILLISECONDS.toNanos(millis) < nanos ? millis + 1 : millis;
    }

    private void report(SelectionKey key) {
        int ready;
        try {
            ready = key.readyOps();
            key.interestOpsAnd(~ready);
        } catch (CancelledKeyException leaving) {
            return; // Its channel is being closed, so nobody waits.
        }
        boolean readable = (ready & (SelectionKey.OP_READ | SelectionKey.OP_ACCEPT)) != 0;
        boolean writable = (ready & (SelectionKey.OP_WRITE | SelectionKey.OP_CONNECT)) != 0;
        woken += ((Entry) key.attachment()).watched.signal(readable, writable, false);
    }

    /**
     * Selects once more for those who have cancelled their keys by now, and tells them: how many events that brought.
     */
    private int letGo() throws IOException {
        List<Semaphore> served = new ArrayList<>();
        for (Semaphore one = leaving.poll(); one != null; one = leaving.poll()) {
            served.add(one);
        }
        try {
            int events = selector.selectNow(reports);
            // It took the wake-ups of those who came since, too: the caller looks again.
            wakeUpSent.set(false);
            return events;
        } finally {
            served.forEach(Semaphore::release);
        }
    }

    /**
     * Selects for a leaver where the polling thread does not. What is ready it leaves to the next select, which finds
     * it again.
     */
    private void selectAlone() {
        try {
            selector.selectNow(_ -> {});
        } catch (IOException | ClosedSelectorException failure) {
            // A closed selector has let all go. A broken one keeps the port until the process ends;
            // what broke it was told to the platform.
        }
    }

    @Override
    public void forEachWatched(Consumer<Watched> visitor) {
        if (selector.isOpen()) {
            for (SelectionKey key : selector.keys()) {
                if (key.attachment() instanceof Entry entry) {
                    visitor.accept(entry.watched);
                }
            }
        }
    }

    /** Lets those go who wait to leave; who comes later sees that nobody would. */
    @Override
    protected void abandon() {
        abandoned = true;
        try {
            selectAlone();
        } finally {
            leaving.forEach(Semaphore::release);
        }
    }

    @Override
    public void wakeUp() {
        if (!wakeUpSent.get() && wakeUpSent.compareAndSet(false, true)) {
            selector.wakeup();
            count(Counter.WAKE_UPS, 1);
        }
    }

    @Override
    public void close() {
        super.close();
        try {
            selector.close(); // It lets all keys go.
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } finally {
            abandoned = true;
            leaving.forEach(Semaphore::release);
        }
    }
}
