package heddle.internal.fd;

import heddle.internal.poll.Registration;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/// Serialises the reads and the writes of one descriptor, each among themselves, and keeps its number open while
/// anybody uses it. Every operation of [Descriptor] takes it, on any thread.
///
/// The word:
///
///     bit  0      CLOSED   close() was called; no lock or reference can be had any more
///     bit  1      READING  the read lock is held
///     bit  2      WRITING  the write lock is held
///     bit  3      READ_KEPT   the read lock is free, and kept for a thread that was woken to take it
///     bit  4      WRITE_KEPT  the same of the write lock
///     bits 5-24   references: one for the descriptor's life, one each lock holder, one each other user
///     bits 25-43  threads queued for the read lock
///     bits 44-62  threads queued for the write lock
///
/// 1. A lock holder has a reference. Whoever takes the last reference away after CLOSED destroys the descriptor, once.
/// 2. A queued thread is counted in the word. Who unlocks takes one out of the count and gives one permit to that
///    side's semaphore. So count plus permits is the number of threads queued, and no permit is lost.
/// 3. With the permit goes the lock: it is kept for who takes the permit, and a newcomer queues. So the lock is had in
///    the order in which it was asked for, also where a holder asks again at once. Somebody is queued only while the
///    lock is held or kept.
/// 4. A queued thread that gives up takes one out of the count, or takes a permit and passes the lock on. It waits for
///    neither: another may have taken the permit that was meant for it, and read for hours.
/// 5. close() takes all queued threads out; each of them sees CLOSED.
///
/// A queue holds at most 2^19-1 threads; one more is a programming error, and throws. The semaphores exist once
/// somebody has queued.
///
/// Ordering: every change is a compare-and-set of the one word; DescriptorLockStress has the twins that do without.
///
/// Source: Go's internal/poll, fd_mutex.go, has the same bits and counts but those of 3: a newcomer may pass there.
public final class DescriptorLock {

    /** What asking for a lock came to. */
    public enum Grant {
        /** The lock is held. */
        HELD,
        /** The descriptor is closed. */
        CLOSED,
        /** The thread was interrupted while it queued; its status has been cleared. */
        INTERRUPTED
    }

    private static final long CLOSED = 1;
    private static final long READING = 1L << 1;
    private static final long WRITING = 1L << 2;
    private static final long READ_KEPT = 1L << 3;
    private static final long WRITE_KEPT = 1L << 4;
    private static final int REFERENCES_MAX = (1 << 20) - 1;
    private static final int QUEUED_MAX = (1 << 19) - 1;
    private static final long REFERENCE = 1L << 5;
    private static final long REFERENCES = (long) REFERENCES_MAX << 5;
    private static final long READER = 1L << 25;
    private static final long READERS = (long) QUEUED_MAX << 25;
    private static final long WRITER = 1L << 44;
    private static final long WRITERS = (long) QUEUED_MAX << 44;

    private static final VarHandle WORD;

    /** The read lock's part of the word, and its queue. */
    static final Side READ;

    /** The write lock's. */
    static final Side WRITE;

    static {
        try {
            var lookup = MethodHandles.lookup();
            WORD = lookup.findVarHandle(DescriptorLock.class, "word", long.class);
            READ = new Side(
                    READING,
                    READ_KEPT,
                    READER,
                    READERS,
                    lookup.findVarHandle(DescriptorLock.class, "readQueue", Semaphore.class));
            WRITE = new Side(
                    WRITING,
                    WRITE_KEPT,
                    WRITER,
                    WRITERS,
                    lookup.findVarHandle(DescriptorLock.class, "writeQueue", Semaphore.class));
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /**
     * One of the two locks.
     *
     * @param held its bit
     * @param kept that of a lock that is free, and kept for somebody
     * @param one a thread queued for it
     * @param all the bits of those
     * @param queue where its semaphore is
     */
    record Side(long held, long kept, long one, long all, VarHandle queue) {}

    /** See the table above. Starts with the reference of the descriptor's life. */
    private volatile long word = REFERENCE;

    /** Permits for queued readers; set before the first of them is counted. */
    private volatile @Nullable Semaphore readQueue;

    /** Permits for queued writers; likewise. */
    private volatile @Nullable Semaphore writeQueue;

    /** Names what the queued wait for in a dump; null for a lock that no dump shall know. */
    private final @Nullable Registration registration;

    /** A lock with nothing to lock, for tests of it alone. */
    DescriptorLock() {
        registration = null;
    }

    /** The lock of {@code registration}'s descriptor. */
    DescriptorLock(Registration registration) {
        this.registration = registration;
    }

    /** Takes the read lock and a reference, queueing while another has it. */
    public Grant lockRead() {
        long seen = word;
        // The common case by itself, small enough to be inlined: open, not held, nobody near the bounds.
        if ((seen & (CLOSED | READING | READ_KEPT)) == 0
                && (seen & REFERENCES) != REFERENCES
                && WORD.compareAndSet(this, seen, (seen | READING) + REFERENCE)) {
            return Grant.HELD;
        }
        return lock(READ);
    }

    /** Takes the write lock and a reference, queueing while another has it. */
    public Grant lockWrite() {
        long seen = word;
        if ((seen & (CLOSED | WRITING | WRITE_KEPT)) == 0
                && (seen & REFERENCES) != REFERENCES
                && WORD.compareAndSet(this, seen, (seen | WRITING) + REFERENCE)) {
            return Grant.HELD;
        }
        return lock(WRITE);
    }

    /** Takes the read lock if it is nobody's; false if it is somebody's, or after the close. Never waits. */
    public boolean tryLockRead() {
        long seen = word;
        while ((seen & (CLOSED | READING | READ_KEPT)) == 0 && (seen & REFERENCES) != REFERENCES) {
            if (WORD.compareAndSet(this, seen, (seen | READING) + REFERENCE)) {
                return true;
            }
            seen = word;
        }
        return false;
    }

    private Grant lock(Side side) {
        boolean keptForMe = false;
        while (true) {
            long seen = word;
            if ((seen & CLOSED) != 0) {
                return Grant.CLOSED;
            }
            if (!keptForMe && isTaken(side, seen)) {
                if (enqueue(side, seen)) {
                    if (!await(side)) {
                        return Grant.INTERRUPTED;
                    }
                    keptForMe = true;
                }
                continue;
            }
            if ((seen & REFERENCES) == REFERENCES) {
                if (keptForMe) {
                    passOn(side);
                }
                throw tooMany(REFERENCES_MAX);
            }
            if (WORD.compareAndSet(this, seen, ((seen & ~side.kept) | side.held) + REFERENCE)) {
                return Grant.HELD;
            }
        }
    }

    /** Whether a newcomer has to queue, by the word that it saw. */
    static boolean isTaken(Side side, long seen) {
        return (seen & (side.held | side.kept)) != 0;
    }

    /** Counts the caller among the queued if the word, by which the lock is taken, is still {@code seen}. */
    boolean enqueue(Side side, long seen) {
        if ((seen & side.all) == side.all) {
            throw tooMany(QUEUED_MAX);
        }
        permits(side); // There before anybody is counted who may be given one.
        return WORD.compareAndSet(this, seen, seen + side.one);
    }

    /** The permits of those that were taken out of the count. */
    Semaphore permits(Side side) {
        Semaphore permits = (Semaphore) side.queue.getVolatile(this);
        if (permits == null) {
            var fresh = new Semaphore(0, true);
            permits = (Semaphore) side.queue.compareAndExchange(this, null, fresh);
            if (permits == null) {
                permits = fresh;
            }
        }
        return permits;
    }

    /** Waits for a permit; false if interrupted, this thread being out of the queue then. */
    private boolean await(Side side) {
        if (registration != null) {
            registration
                    .trace()
                    .waits()
                    .begin(
                            "lock wait",
                            registration.subject(side.held == READING ? registration.read() : registration.write()));
        }
        try {
            permits(side).acquire();
            return true;
        } catch (InterruptedException giveUp) {
            giveUp(side);
            return false;
        } finally {
            if (registration != null) {
                registration.trace().waits().end();
            }
        }
    }

    /** Leaves the queue without having waited for a permit. By a thread that was counted. */
    void giveUp(Side side) {
        while (true) {
            long seen = word;
            if ((seen & side.all) != 0) {
                if (WORD.compareAndSet(this, seen, seen - side.one)) {
                    return;
                }
            } else if (permits(side).tryAcquire()) {
                // The lock was kept for it.
                passOn(side);
                return;
            } else {
                // An unlock() is between its two steps.
                Thread.yield();
            }
        }
    }

    /** Keeps the lock, which was kept for the caller, for the next in the queue; sets it free if there is none. */
    private void passOn(Side side) {
        while (true) {
            long seen = word;
            if ((seen & CLOSED) != 0) {
                return; // All were woken.
            }
            boolean wake = (seen & side.all) != 0;
            if (WORD.compareAndSet(this, seen, wake ? seen - side.one : seen & ~side.kept)) {
                if (wake) {
                    permits(side).release();
                }
                return;
            }
        }
    }

    /** Gives the read lock back. True if the caller must destroy the descriptor. */
    public boolean unlockRead() {
        long seen = word;
        if ((seen & (READING | READERS | CLOSED)) == READING
                && WORD.compareAndSet(this, seen, (seen & ~READING) - REFERENCE)) {
            // The common case: nobody queued, not closed, so not the last reference either.
            return false;
        }
        return unlock(READ);
    }

    /** Gives the write lock back. True if the caller must destroy the descriptor. */
    public boolean unlockWrite() {
        long seen = word;
        if ((seen & (WRITING | WRITERS | CLOSED)) == WRITING
                && WORD.compareAndSet(this, seen, (seen & ~WRITING) - REFERENCE)) {
            return false;
        }
        return unlock(WRITE);
    }

    private boolean unlock(Side side) {
        while (true) {
            long seen = word;
            if ((seen & side.held) == 0 || (seen & REFERENCES) == 0) {
                throw inconsistent(seen);
            }
            long next = (seen & ~side.held) - REFERENCE;
            boolean wake = (seen & side.all) != 0;
            if (wake) {
                next = (next - side.one) | side.kept;
            }
            if (WORD.compareAndSet(this, seen, next)) {
                if (wake) {
                    permits(side).release();
                }
                return isDestroyed(next);
            }
        }
    }

    /** Takes a reference, for an operation that neither reads nor writes; false if closed. */
    public boolean retain() {
        while (true) {
            long seen = word;
            if ((seen & CLOSED) != 0) {
                return false;
            }
            if ((seen & REFERENCES) == REFERENCES) {
                throw tooMany(REFERENCES_MAX);
            }
            if (WORD.compareAndSet(this, seen, seen + REFERENCE)) {
                return true;
            }
        }
    }

    /** Gives a reference back. True if the caller must destroy the descriptor. */
    public boolean release() {
        while (true) {
            long seen = word;
            if ((seen & REFERENCES) == 0) {
                throw inconsistent(seen);
            }
            long next = seen - REFERENCE;
            if (WORD.compareAndSet(this, seen, next)) {
                return isDestroyed(next);
            }
        }
    }

    /**
     * Closes, once: false if it was closed already. Wakes all queued threads. The reference of the descriptor's life
     * becomes the caller's, to be given back by {@link #release}.
     */
    public boolean close() {
        while (true) {
            long seen = word;
            if ((seen & CLOSED) != 0) {
                return false;
            }
            if (WORD.compareAndSet(this, seen, (seen | CLOSED) & ~(READERS | WRITERS | READ_KEPT | WRITE_KEPT))) {
                wakeAll(READ, (int) ((seen & READERS) / READER));
                wakeAll(WRITE, (int) ((seen & WRITERS) / WRITER));
                return true;
            }
        }
    }

    private void wakeAll(Side side, int count) {
        if (count > 0) {
            permits(side).release(count);
        }
    }

    /** Whether close() was called. */
    public boolean isClosed() {
        return (word & CLOSED) != 0;
    }

    /** The word, for {@link #enqueue}. */
    long word() {
        return word;
    }

    /** Threads queued for the read lock, for tests. */
    public int queuedReaders() {
        return (int) ((word & READERS) / READER);
    }

    /** Threads queued for the write lock, for tests. */
    public int queuedWriters() {
        return (int) ((word & WRITERS) / WRITER);
    }

    private static boolean isDestroyed(long word) {
        return (word & (CLOSED | REFERENCES)) == CLOSED;
    }

    private static IllegalStateException tooMany(int max) {
        return new IllegalStateException("too many concurrent operations on a single socket (max " + max + ")");
    }

    private static AssertionError inconsistent(long word) {
        return new AssertionError(
                "inconsistent descriptor lock: unlocked what is not locked, word " + Long.toHexString(word));
    }
}
