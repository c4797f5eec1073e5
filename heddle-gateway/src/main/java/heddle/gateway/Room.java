package heddle.gateway;

import heddle.time.Clock;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * How much a sink may have taken and not settled yet: a bound in messages and one in bytes, shared by all who send. Any
 * thread.
 *
 * <ol>
 *   <li>A source is who sends: one object for each connection, compared by identity.
 *   <li>A source that holds nothing may take whatever is left. One that holds something may take more only while it
 *       holds less than is left. So one alone gets half of the room, and of n that flood each an (n + 1)th part: as
 *       much stays free for who comes next.
 *   <li>Who finds no room waits, and is served in the order of coming. Who waits because of its own share is passed
 *       over. Who is within it and wants more than is left holds up all behind it, so that small messages do not keep a
 *       large one out.
 * </ol>
 *
 * <p>Rule 2 is the dynamic threshold of Choudhury and Hahne (IEEE/ACM Transactions on Networking 6(2), 1998), factor 1.
 *
 * <p>Memory: about 100 bytes for each source that holds or waits for something.
 */
public final class Room {

    /** What one source holds. All fields are guarded by the lock. */
    static final class Share {

        private final Object source;
        private int messages;
        private long bytes;
        private int waiting;

        /** The source's place in a {@link SinkQueue}: keeps the share although it holds nothing. */
        SinkQueue.@Nullable Lane lane;

        private Share(Object source) {
            this.source = source;
        }
    }

    /** Who waits. Compared by identity. */
    private static final class Waiter {
        final Share share;
        final long bytes;
        final Condition changed;
        boolean granted;

        Waiter(Share share, long bytes, Condition changed) {
            this.share = share;
            this.bytes = bytes;
            this.changed = changed;
        }
    }

    private final Clock clock;
    private final int messagesMax;
    private final long bytesMax;

    /** Also that of what is built around a room. */
    final ReentrantLock lock = new ReentrantLock();

    // All guarded by lock.
    private final IdentityHashMap<Object, Share> shares = new IdentityHashMap<>();
    private final Set<Waiter> waiters = new LinkedHashSet<>();
    private int messages;
    private long bytes;

    /** Nothing is taken any more. */
    boolean closed;

    /** Somebody within its share waits for room, so nobody may overtake it. */
    private boolean heldUp;

    /**
     * Room for so much.
     *
     * @param messagesMax most messages, 1 or more
     * @param bytesMax most bytes, 1 or more
     * @param clock what waits go by
     */
    public Room(int messagesMax, long bytesMax, Clock clock) {
        this.clock = clock;
        this.messagesMax = messagesMax;
        this.bytesMax = bytesMax;
    }

    /**
     * Takes room for one message, once there is some.
     *
     * @param source who sends it
     * @param bytes what it needs; more than there is at all never fits
     * @param untilNanos how long to wait at most, an instant of the clock
     * @return false if there was none in time
     * @throws InterruptedException the thread was interrupted while it waited; nothing is taken
     */
    public boolean take(Object source, long bytes, long untilNanos) throws InterruptedException {
        return share(source, bytes, untilNanos) != null;
    }

    /**
     * Gives back what one {@link #take} took.
     *
     * @param source the same
     * @param bytes the same
     */
    public void give(Object source, long bytes) {
        lock.lock();
        try {
            giveBack(source, 1, bytes);
            serve();
        } finally {
            lock.unlock();
        }
    }

    /** {@link #take}; the share from which it is, null if there was no room in time, or none at all after a close. */
    @Nullable
    Share share(Object source, long bytes, long untilNanos) throws InterruptedException {
        lock.lock();
        try {
            if (closed) {
                return null;
            }
            var share = shares.computeIfAbsent(source, Share::new);
            if (heldUp || !isWithin(share) || !fits(bytes)) {
                return await(share, bytes, untilNanos) ? share : null;
            }
            count(share, bytes);
            return share;
        } finally {
            lock.unlock();
        }
    }

    private boolean await(Share share, long bytes, long untilNanos) throws InterruptedException {
        var waiter = new Waiter(share, bytes, lock.newCondition());
        waiters.add(waiter);
        share.waiting++;
        heldUp |= isWithin(share);
        try {
            boolean inTime = true;
            while (!waiter.granted && !closed && inTime) {
                inTime = clock.awaitUntil(lock, waiter.changed, untilNanos);
            }
        } catch (InterruptedException e) {
            if (!waiter.granted) {
                throw e;
            }
            Thread.currentThread().interrupt(); // the room came first
        } finally {
            share.waiting--;
            if (!waiter.granted) {
                waiters.remove(waiter);
                dropIfIdle(share);
                if (heldUp) { // perhaps by this one
                    serve();
                }
            }
        }
        return waiter.granted;
    }

    private boolean isWithin(Share share) {
        return share.messages == 0 || (share.messages < messagesMax - messages && share.bytes < bytesMax - bytes);
    }

    private boolean fits(long wanted) {
        return messages < messagesMax && bytes + wanted <= bytesMax;
    }

    private void count(Share share, long taken) {
        share.messages++;
        share.bytes += taken;
        messages++;
        bytes += taken;
    }

    /** Takes room that may not be there. */
    Share force(Object source, long bytes) {
        var share = shares.computeIfAbsent(source, Share::new);
        count(share, bytes);
        return share;
    }

    /** {@link #give} of some, without a look at who waits: for many in a row, followed by one {@link #serve}. */
    void giveBack(Object source, int count, long given) {
        var share = shares.get(source);
        if (share == null) {
            throw new AssertionError("given back what was not taken");
        }
        share.messages -= count;
        share.bytes -= given;
        messages -= count;
        bytes -= given;
        dropIfIdle(share);
    }

    /** Forgets a source that has nothing here. */
    void dropIfIdle(Share share) {
        if (share.messages == 0 && share.waiting == 0 && share.lane == null) {
            shares.remove(share.source, share);
        }
    }

    /** Gives what there is to those who wait. */
    void serve() {
        heldUp = false;
        for (Iterator<Waiter> each = waiters.iterator(); each.hasNext(); ) {
            var waiter = each.next();
            if (isWithin(waiter.share)) {
                if (!fits(waiter.bytes)) {
                    heldUp = true;
                    return;
                }
                each.remove();
                count(waiter.share, waiter.bytes);
                waiter.granted = true;
                waiter.changed.signal();
            }
        }
    }

    /**
     * What of a room is taken.
     *
     * @param messages how many
     * @param bytes what they need
     */
    public record Used(long messages, long bytes) {}

    /**
     * How much is taken now.
     *
     * @return what {@link #take} took and {@link #give} has not given back
     */
    public Used used() {
        lock.lock();
        try {
            return new Used(messages, bytes);
        } finally {
            lock.unlock();
        }
    }

    /** How many sources are known. */
    int sources() {
        lock.lock();
        try {
            return shares.size();
        } finally {
            lock.unlock();
        }
    }

    /** Nothing is taken any more. */
    void close() {
        lock.lock();
        try {
            closed = true;
            waiters.forEach(waiter -> waiter.changed.signal());
        } finally {
            lock.unlock();
        }
    }
}
