package heddle.server;

import heddle.net.Addr;
import heddle.net.CallInterruptedException;
import heddle.net.Conn;
import heddle.net.ConnClosedException;
import heddle.net.Deadline;
import heddle.net.DeadlineExceededException;
import heddle.net.Heddle;
import heddle.net.Listener;
import heddle.net.NetError;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Accepts from several listeners as if they were one, such as those that a {@link heddle.net.ServiceManager} passed on.
 * Any thread.
 *
 * <p>Each listener has a virtual thread, which accepts only while somebody waits in {@link #accept} for more than has
 * come. So of each listener but one a connection may be accepted ahead of who asks for it. After {@link #close}, accept
 * first hands these out: whoever closes it calls accept until that throws, as {@link Server} does, so that these
 * connections too can end in order.
 */
public final class JoinedListener implements Listener {

    private final List<Listener> all;
    private final ReentrantLock lock = new ReentrantLock();

    /** Signalled when a caller comes, and at the close. */
    private final Condition wanted = lock.newCondition();

    /** Signalled when a connection or a failure has come, when the deadline has changed, and at the close. */
    private final Condition changed = lock.newCondition();

    // All guarded by lock.
    private final ArrayDeque<Conn> ready = new ArrayDeque<>();
    private final ArrayDeque<IOException> failures = new ArrayDeque<>();
    private Deadline deadline = Deadline.NONE;
    private int callers;
    private boolean started;
    private boolean closed;

    /** Threads that accept, and may come with one more connection. */
    private int accepting;

    /**
     * That of {@code listeners}.
     *
     * @param listeners of one runtime, at least one; they are this one's from then on
     */
    public JoinedListener(List<? extends Listener> listeners) {
        if (listeners.isEmpty()) {
            throw new IllegalArgumentException("no listener to accept from");
        }
        this.all = List.copyOf(listeners);
    }

    @Override
    public Conn accept() throws IOException {
        lock.lock();
        try {
            callers++;
            start();
            wanted.signalAll();
            return await();
        } catch (InterruptedException e) {
            throw (IOException) new CallInterruptedException(details(false), "interrupted").initCause(e);
        } finally {
            callers--;
            lock.unlock();
        }
    }

    private Conn await() throws IOException, InterruptedException {
        var clock = runtime().clock();
        while (true) {
            if (closed) {
                return left();
            }
            if (deadline.hasPassed()) {
                throw new DeadlineExceededException(details(true), "i/o timeout");
            }
            var conn = ready.poll();
            if (conn != null) {
                return conn;
            }
            var failure = failures.poll();
            if (failure != null) {
                throw failure;
            }
            boolean _ = clock.awaitUntil(lock, changed, deadline.nanosBy(clock));
        }
    }

    /** What was accepted before the close and not asked for. */
    private Conn left() throws ConnClosedException, InterruptedException {
        while (ready.isEmpty() && accepting > 0) {
            changed.await(); // Not for long: what they accept from is closed.
        }
        var conn = ready.poll();
        if (conn == null) {
            throw new ConnClosedException(details(false), "use of closed network connection");
        }
        return conn;
    }

    private NetError.Details details(boolean timeout) {
        return new NetError.Details("accept", address().network(), null, address(), 0, timeout, 0);
    }

    /** Called with the lock. */
    private void start() {
        if (!started && !closed) {
            started = true;
            accepting = all.size();
            for (var one : all) {
                runtime().ofVirtual().name("heddle-accept " + one.address()).start(() -> acceptFrom(one));
            }
        }
    }

    private void acceptFrom(Listener one) {
        try {
            while (isWanted()) {
                try {
                    add(one.accept(), null);
                } catch (IOException e) {
                    add(null, e);
                }
            }
        } catch (InterruptedException e) {
            throw new AssertionError("nobody knows this thread", e);
        } finally {
            lock.lock();
            try {
                accepting--;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /** Waits until more are waited for than have come. False at the close. */
    private boolean isWanted() throws InterruptedException {
        lock.lock();
        try {
            while (!closed && callers <= ready.size() + failures.size()) {
                wanted.await();
            }
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    private void add(@Nullable Conn conn, @Nullable IOException failure) {
        lock.lock();
        try {
            if (conn != null) {
                ready.add(conn);
            }
            if (failure != null) {
                failures.add(failure);
            }
            changed.signalAll(); // the one that a signal wakes may be one whose deadline has passed
        } finally {
            lock.unlock();
        }
    }

    private static void closeQuietly(Closeable one) {
        try {
            one.close();
        } catch (IOException e) {
            // The descriptor is gone all the same; close(2).
        }
    }

    @Override
    public void setDeadline(Deadline deadline) throws IOException {
        lock.lock();
        try {
            if (closed) {
                throw new ConnClosedException(details(false), "use of closed network connection");
            }
            this.deadline = deadline;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The first one's. */
    @Override
    public Addr address() {
        return all.getFirst().address();
    }

    /**
     * Where it listens.
     *
     * @return the address of each listener, in their order
     */
    public List<Addr> addresses() {
        return all.stream().map(Listener::address).toList();
    }

    @Override
    public Heddle runtime() {
        return all.getFirst().runtime();
    }

    @Override
    public boolean isOpen() {
        lock.lock();
        try {
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    /** Closes each listener. What was accepted from them and not asked for is still to be had by {@link #accept}. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            wanted.signalAll();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        all.forEach(JoinedListener::closeQuietly);
    }

    /** All addresses, with commas between them. */
    @Override
    public String toString() {
        return "accept "
                + String.join(",", addresses().stream().map(Addr::toString).toList());
    }
}
