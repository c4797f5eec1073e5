package heddle.server;

import heddle.net.Conn;
import heddle.net.ConnClosedException;
import heddle.net.Listener;
import heddle.net.NetError;
import heddle.time.Clock;
import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Accepts connections and runs a session for each, on a virtual thread of its own.
 *
 * <p>States: serving, then stopping (from {@link #stop}, or when the listener fails), for good.
 *
 * <ol>
 *   <li>At most {@code connectionsMax} sessions live. At the bound the server does not accept: further clients wait in
 *       the kernel's backlog.
 *   <li>A session is in {@link #live} from before its thread starts until after its connection is closed.
 *   <li>Each session is drained once the server stops: by {@link #stop} if it was in {@link #live} by then, else by the
 *       accept loop that puts it there. {@link #lock} orders the two.
 * </ol>
 *
 * <p>A lack of descriptors or memory is not the end: accept waits 5 ms, doubling to 1 s, and tries again, as Go's
 * net/http does. The episode is logged once at its start and once at its end.
 */
public final class Server {

    private static final Logger LOG = System.getLogger("heddle.server");

    static final long BACKOFF_MIN_NANOS = Duration.ofMillis(5).toNanos();
    static final long BACKOFF_MAX_NANOS = Duration.ofSeconds(1).toNanos();

    private final Listener listener;
    private final Clock clock;
    private final SessionFactory sessions;
    private final ReentrantLock lock = new ReentrantLock();

    /** Signalled when a session has ended, when the accept loop begins or ends, and at the stop. */
    private final Condition changed = lock.newCondition();

    /** Guarded by lock. Sessions compare by identity. */
    private final IdentityHashMap<Session, Conn> live = new IdentityHashMap<>();

    /** Written under lock. */
    private volatile int connectionsMax;

    /** Somebody is in {@link #serve}. Guarded by lock. */
    private boolean serving;

    /** Guarded by lock. */
    private boolean stopping;

    /**
     * A server on {@code listener}, which it closes in the end.
     *
     * @param listener where clients arrive
     * @param sessions makes each connection's session
     * @param connectionsMax most connections at a time, 1 or more
     */
    public Server(Listener listener, SessionFactory sessions, int connectionsMax) {
        this.connectionsMax = checked(connectionsMax);
        this.listener = listener;
        this.clock = listener.runtime().clock();
        this.sessions = sessions;
    }

    private static int checked(int connectionsMax) {
        if (connectionsMax < 1) {
            throw new IllegalArgumentException("connectionsMax " + connectionsMax);
        }
        return connectionsMax;
    }

    /**
     * Changes the bound while the server runs, from any thread. Connections beyond a lower one stay; none is accepted
     * until they are fewer.
     *
     * @param connections most connections at a time, 1 or more
     */
    public void setConnectionsMax(int connections) {
        lock.lock();
        try {
            connectionsMax = checked(connections);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Accepts until {@link #stop}. Blocks the calling thread; one thread at a time.
     *
     * @throws IOException the listener failed for good; sessions live on until stop
     * @throws InterruptedException the thread was interrupted
     */
    public void serve() throws IOException, InterruptedException {
        setServing(true);
        try {
            // Not only news: the first record opens files (handlers, time zones), and a lack of descriptors is no time
            // for that.
            log(Level.INFO, "accepting at most " + connectionsMax + " connections at a time", null);
            acceptUntilStopped();
            startWhatIsLeft();
        } finally {
            setServing(false);
        }
    }

    private void acceptUntilStopped() throws IOException, InterruptedException {
        long backoffNanos = 0;
        while (awaitRoom()) {
            try {
                start(listener.accept());
            } catch (ConnClosedException e) {
                if (stopping()) {
                    return;
                }
                throw e;
            } catch (IOException e) {
                if (!(e instanceof NetError error && error.isRetryable())) {
                    throw e;
                }
                if (backoffNanos == 0) {
                    log(Level.WARNING, e.getMessage() + "; trying again until it passes", null);
                }
                backoffNanos = nextBackoff(backoffNanos);
                awaitStop(backoffNanos);
                continue;
            }
            if (backoffNanos != 0) {
                log(Level.INFO, "accepting again", null);
                backoffNanos = 0;
            }
        }
    }

    /** A {@link JoinedListener} has accepted ahead: these connections end as those do that live. */
    private void startWhatIsLeft() {
        while (true) {
            try {
                start(listener.accept());
            } catch (ConnClosedException e) {
                return; // That was all.
            } catch (IOException e) {
                // One that is no connection. Who stops closes the listener at once.
            }
        }
    }

    /** A log that fails does not end the accept loop. */
    private static void log(Level level, String text, @Nullable Throwable cause) {
        try {
            LOG.log(level, text, cause);
        } catch (RuntimeException | LinkageError e) {
            // Nowhere to say it.
        }
    }

    static long nextBackoff(long backoffNanos) {
        return Math.clamp(2 * backoffNanos, BACKOFF_MIN_NANOS, BACKOFF_MAX_NANOS);
    }

    /** Waits until one more connection is allowed. False once the server stops. */
    private boolean awaitRoom() throws InterruptedException {
        lock.lock();
        try {
            while (!stopping && live.size() >= connectionsMax) {
                changed.await();
            }
            return !stopping;
        } finally {
            lock.unlock();
        }
    }

    private void awaitStop(long nanos) throws InterruptedException {
        lock.lock();
        try {
            long until = clock.after(nanos);
            while (!stopping && clock.awaitUntil(lock, changed, until)) {
                // Told of something else.
            }
        } finally {
            lock.unlock();
        }
    }

    private void setServing(boolean serving) {
        lock.lock();
        try {
            this.serving = serving;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Whether {@link #stop} was called.
     *
     * @return true from then on
     */
    public boolean stopping() {
        lock.lock();
        try {
            return stopping;
        } finally {
            lock.unlock();
        }
    }

    private void start(Conn conn) {
        Session session; // null: refused
        try {
            session = sessions.open(conn);
        } catch (RuntimeException e) {
            close(conn);
            log(Level.ERROR, "no session for " + conn.remoteAddress(), e);
            return;
        }
        if (session == null) {
            close(conn);
            return;
        }
        boolean late;
        lock.lock();
        try {
            live.put(session, conn);
            late = stopping;
        } finally {
            lock.unlock();
        }
        if (late) {
            session.drain();
        }
        conn.runtime()
                .ofVirtual()
                .name("heddle-conn " + conn.localAddress() + "->" + conn.remoteAddress())
                .start(() -> run(session, conn));
    }

    private void run(Session session, Conn conn) {
        try (conn) {
            session.run();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, e::getMessage); // a peer's failure; a session that wants more of it logs
            // it itself
        } catch (InterruptedException e) {
            LOG.log(Level.WARNING, "{0} was interrupted", Thread.currentThread().getName());
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, Thread.currentThread().getName() + " failed", e);
        } finally {
            ended(session);
        }
    }

    private void ended(Session session) {
        lock.lock();
        try {
            live.remove(session);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Stops: closes the listener, asks each session to come to an end, waits for them, and at last closes the
     * connections of those that did not. On return no session is running, unless one ignores its closed connection for
     * a second.
     *
     * @param bound longest time for the sessions to end by themselves
     * @return how many connections had to be closed
     * @throws InterruptedException the thread was interrupted
     */
    public int stop(Duration bound) throws InterruptedException {
        lock.lock();
        try {
            stopping = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        close(listener);
        snapshot(live.keySet()).forEach(Session::drain);
        if (awaitEmpty(bound)) {
            return 0;
        }
        var overdue = snapshot(live.values());
        overdue.forEach(Server::close);
        awaitEmpty(Duration.ofSeconds(1));
        return overdue.size();
    }

    /** A copy of a view of {@link #live}. */
    private <T> List<T> snapshot(Collection<T> view) {
        lock.lock();
        try {
            return new ArrayList<>(view);
        } finally {
            lock.unlock();
        }
    }

    private boolean awaitEmpty(Duration bound) throws InterruptedException {
        long until = clock.after(TimeUnit.NANOSECONDS.convert(bound));
        lock.lock();
        try {
            // serving: the accept loop may hold a connection that it has not put to live yet.
            while ((serving || !live.isEmpty()) && clock.awaitUntil(lock, changed, until)) {
                // Told of something else.
            }
            return live.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    private static void close(Closeable closeable) {
        try {
            closeable.close();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, e::getMessage); // the descriptor is gone all the same; close(2)
        }
    }

    /**
     * Whether clients are let in.
     *
     * @return true while somebody is in {@link #serve} and nobody has called {@link #stop}; also while it waits for
     *     room
     */
    public boolean accepting() {
        lock.lock();
        try {
            return serving && !stopping;
        } finally {
            lock.unlock();
        }
    }

    /**
     * The sessions that live now.
     *
     * @return a copy, in no order
     */
    public List<Session> sessions() {
        return snapshot(live.keySet());
    }

    /**
     * How many sessions live now.
     *
     * @return the number of connections
     */
    public int connections() {
        lock.lock();
        try {
            return live.size();
        } finally {
            lock.unlock();
        }
    }
}
