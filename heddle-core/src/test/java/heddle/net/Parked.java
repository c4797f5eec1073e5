package heddle.net;

import heddle.internal.fd.Descriptor;
import heddle.internal.poll.ReadinessSlot;
import heddle.testing.Await;
import heddle.testing.Task;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;

/** Waits until threads are seen waiting in a connection, so that a test acts then and not after a time. */
public final class Parked {

    /** Where threads of ours wait: for readiness, and for their turn. */
    private static final Set<String> WAITING_PLACES = Set.of(
            "heddle.internal.poll.Registration",
            "heddle.internal.fd.DescriptorLock",
            "heddle.net.PipeFlow",
            "heddle.tls.TlsTurn");

    /** The JDK's timed wait is a pipe's; ours are not. */
    private static final Set<Thread.State> WAITING = EnumSet.of(Thread.State.WAITING, Thread.State.TIMED_WAITING);

    private Parked() {}

    /** Starts a thread that does {@code action} once {@code thread} is seen waiting in any connection or listener. */
    public static Task<Void> afterParked(Thread thread, Task.Action action) {
        return Task.run(() -> {
            await(thread);
            action.run();
        });
    }

    /** Returns once {@code thread} is seen waiting in any connection or listener. */
    public static void await(Thread thread) throws Exception {
        Await.until(() -> thread + " waits in a connection", () -> isParked(thread));
    }

    private static boolean isParked(Thread thread) {
        if (thread.getState() == Thread.State.TERMINATED) {
            throw new AssertionError(thread + " has ended instead of waiting");
        }
        if (!WAITING.contains(thread.getState())) {
            return false;
        }
        for (StackTraceElement frame : thread.getStackTrace()) {
            if (WAITING_PLACES.contains(frame.getClassName())) {
                return true;
            }
        }
        return false;
    }

    /** Returns once a thread waits in {@code conn} for something to read: that thread. */
    public static Thread awaitReader(Conn conn) throws Exception {
        return await(conn + " has a reader", descriptor(conn).registration().read());
    }

    /** Returns once a thread waits in {@code conn} for room to write: that thread. */
    public static Thread awaitWriter(Conn conn) throws Exception {
        return await(conn + " has a writer", descriptor(conn).registration().write());
    }

    /** Returns once a thread waits in {@code listener} for a connection: that thread. */
    public static Thread awaitAcceptor(Listener listener) throws Exception {
        return await(
                listener + " has an acceptor",
                descriptor(listener).registration().read());
    }

    private static Thread await(String what, ReadinessSlot slot) throws Exception {
        // Only once: a writer goes on for a moment when the kernel moves bytes to the peer's buffer.
        var seen = new AtomicReference<Thread>();
        Await.until(what, () -> {
            Thread waiter = slot.waiter();
            seen.set(waiter);
            return waiter != null && waiter.getState() == Thread.State.WAITING;
        });
        return seen.get();
    }

    /** Whether somebody waits in {@code conn} for something to read. */
    public static boolean hasReader(Conn conn) {
        return descriptor(conn).registration().read().waiter() != null;
    }

    /** Whether somebody waits in {@code conn} for room to write. */
    public static boolean hasWriter(Conn conn) {
        return descriptor(conn).registration().write().waiter() != null;
    }

    /** Returns once {@code count} readers queue behind the one that reads. */
    public static void awaitQueuedReaders(Conn conn, int count) throws Exception {
        Await.until(
                () -> conn
                        + " has "
                        + count
                        + " queued readers, got "
                        + descriptor(conn).lock().queuedReaders(),
                () -> descriptor(conn).lock().queuedReaders() == count);
    }

    /** Returns once {@code count} writers queue behind the one that writes. */
    public static void awaitQueuedWriters(Conn conn, int count) throws Exception {
        Await.until(
                () -> conn
                        + " has "
                        + count
                        + " queued writers, got "
                        + descriptor(conn).lock().queuedWriters(),
                () -> descriptor(conn).lock().queuedWriters() == count);
    }

    /** The floor below. */
    static Descriptor descriptor(Conn conn) {
        return ((SocketConn) conn).descriptor();
    }

    /** The floor below. */
    static Descriptor descriptor(Listener listener) {
        return ((SocketListener) listener).descriptor();
    }
}
