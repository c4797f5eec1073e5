package heddle.internal.poll;

import heddle.internal.socket.Errno;
import heddle.internal.trace.Counter;
import heddle.internal.trace.Dump;
import heddle.internal.trace.Trace;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// One descriptor as the poller sees it: its number, a generation that tells it from the next descriptor of that
/// number, and a [ReadinessSlot] for each direction.
///
/// It is made with the descriptor and registered with a poller at the first wait: most short connections never wait for
/// writing, and a connection belongs to the poller of the carrier where its thread first waits. It is deregistered
/// right before the number is closed.
///
/// The word `flags`:
///
///     bit 0  CLOSING      close() has begun: waits end, calls fail
///     bit 1  MUST_TRY     the peer shut down, an error or urgent data came: a short read may have left some
///     bit 2  BROKEN       the poller died: waits end with its failure
///     bit 3  PEER_CLOSED  the peer shut down, hung up or reset, or the kernel gave it up
///
/// Ordering: flags are stored before the slots are signalled; a waiter stores itself before it reads them.
public final class Registration {

    private static final int CLOSING = 1;
    private static final int MUST_TRY = 1 << 1;
    private static final int BROKEN = 1 << 2;
    private static final int PEER_CLOSED = 1 << 3;

    private static final AtomicInteger GENERATIONS = new AtomicInteger();

    private static final VarHandle POLLER;
    private static final VarHandle FLAGS;

    static {
        try {
            var lookup = MethodHandles.lookup();
            POLLER = lookup.findVarHandle(Registration.class, "poller", Poller.class);
            FLAGS = lookup.findVarHandle(Registration.class, "flags", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final int fd;
    private final int generation = GENERATIONS.incrementAndGet();
    private final PollerSource source;
    private final Trace trace;
    private final ReadinessSlot read = new ReadinessSlot(this);
    private final ReadinessSlot write = new ReadinessSlot(this);

    /** Who watches it; null before the first wait. Written by whoever waits first. */
    private volatile @Nullable Poller poller;

    /** See the table above. Set by any thread, never cleared. */
    private volatile int flags;

    /** Describes this in dumps. Written once, soon after the start; read by any thread. */
    private volatile @Nullable Object owner;

    /** Errno of the last failed attempt to register. Written by the waiter that failed, which is the one to read it. */
    private volatile int failure;

    /** A descriptor that nobody waits for yet; its waits are noted in {@code trace}. */
    public Registration(int fd, PollerSource source, Trace trace) {
        this.fd = fd;
        this.source = source;
        this.trace = trace;
    }

    /** Names what {@link #toString} shall show: a connection, or what is {@link Pending}. */
    public void describe(Object shown) {
        owner = shown;
    }

    /** {@code thread} waits in {@code slot}: its calls in the other direction are no longer calls without a wait. */
    void waits(ReadinessSlot slot, Thread thread) {
        (slot == read ? write : read).waited(thread);
    }

    /**
     * Makes sure that a poller watches, before {@code slot}'s waiter parks; false with {@link #failure} if it cannot.
     */
    boolean watch(ReadinessSlot slot) {
        Poller watching = poller;
        if (watching == null) {
            watching = source.current();
            if (!POLLER.compareAndSet(this, null, watching)) {
                // The other direction's waiter is registering both: what is ready by then will be reported.
                watching = poller;
                if (watching == null) {
                    return watch(slot); // It failed meanwhile.
                }
            } else {
                int result = -Errno.EIO;
                try {
                    result = source.register(watching, this);
                } finally {
                    if (result < 0) {
                        failure = -result;
                        poller = null;
                        (slot == read ? write : read).release(Counter.GIVEN_UP); // Let it try for itself.
                    }
                }
                if (result < 0) {
                    return false;
                }
            }
        }
        watching.arm(this, slot == write);
        // Look again: a poller that failed before it had this one to watch, or before the waiter
        // was there, released nobody.
        if (watching.failure() != null) {
            breakOff();
        }
        return true;
    }

    /** What the kernel reported, in the poller's words: how many waits that ended. By the polling thread. */
    public int signal(boolean readable, boolean writable, boolean mustTry) {
        if (mustTry && (flags & MUST_TRY) == 0) {
            FLAGS.getAndBitwiseOr(this, MUST_TRY);
        }
        int woken = readable && read.ready() ? 1 : 0;
        return writable && write.ready() ? woken + 1 : woken;
    }

    /** The kernel said that the peer has closed. Any thread. */
    public void setPeerClosed() {
        if ((flags & PEER_CLOSED) == 0) {
            FLAGS.getAndBitwiseOr(this, PEER_CLOSED);
        }
    }

    /** Whether it is known that the peer has closed. */
    public boolean isPeerClosed() {
        return (flags & PEER_CLOSED) != 0;
    }

    /** Ends all waits as CLOSED, for good. Any thread, once the descriptor's lock says closed. */
    public void close() {
        FLAGS.getAndBitwiseOr(this, CLOSING);
        read.release(Counter.GIVEN_UP);
        write.release(Counter.GIVEN_UP);
    }

    /** Ends all waits as FAILED, for good: the poller is dead. */
    public void breakOff() {
        failure = Errno.EIO;
        FLAGS.getAndBitwiseOr(this, BROKEN);
        read.release(Counter.GIVEN_UP);
        write.release(Counter.GIVEN_UP);
    }

    /** Leaves the poller, right before the number is closed. By the descriptor's last user. */
    public void deregister() {
        Poller watching = poller;
        if (watching != null) {
            read.discardTimer();
            write.discardTimer();
            watching.deregister(this);
        }
    }

    public int fd() {
        return fd;
    }

    /** Tells this descriptor from earlier and later ones of the same number. */
    public int generation() {
        return generation;
    }

    public ReadinessSlot read() {
        return read;
    }

    public ReadinessSlot write() {
        return write;
    }

    /** Whether a read must be tried even after a short one. */
    public boolean mustTry() {
        return (flags & MUST_TRY) != 0;
    }

    /** What killed the poller that watches this; null while that lives. */
    public @Nullable Throwable pollerFailure() {
        Poller watching = poller;
        return watching == null ? null : watching.failure();
    }

    /** The errno of the last attempt to register that failed. */
    public int failure() {
        return failure;
    }

    /** Where waits are noted. */
    public Trace trace() {
        return trace;
    }

    boolean isClosing() {
        return (flags & CLOSING) != 0;
    }

    boolean isBroken() {
        return (flags & BROKEN) != 0;
    }

    public @Nullable Poller poller() {
        return poller;
    }

    /** What a wait in {@code slot} is for: {@code read tcp a->b}, {@code accept tcp a}. */
    String describe(ReadinessSlot slot) {
        return op(slot) + " " + this;
    }

    /** The first word of that. */
    String op(ReadinessSlot slot) {
        if (owner instanceof Pending pending) {
            return pending.op();
        }
        return slot == write ? "write" : "read";
    }

    /** Shows {@code dump} who waits here. */
    void describe(Dump dump) {
        read.describe(dump);
        write.describe(dump);
    }

    @Override
    public String toString() {
        Object shown = owner;
        return shown == null ? "descriptor " + fd : shown.toString();
    }
}
