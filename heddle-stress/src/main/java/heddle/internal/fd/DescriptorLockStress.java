package heddle.internal.fd;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import heddle.internal.fd.DescriptorLock.Grant;
import heddle.stress.Gap;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.LI_Result;
import org.openjdk.jcstress.infra.results.LZ_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * {@link DescriptorLock}: one destroys, nobody uses the number afterwards, locks exclude, nobody queues for ever. The
 * lock belongs to no thread, so a holder is whoever the test says.
 *
 * <p>The twins show on any machine: what they leave out is that a decision and the change it is about are one step.
 */
public final class DescriptorLockStress {

    private DescriptorLockStress() {}

    /** The last user and close(). */
    @JCStressTest
    @Outcome(id = "true, false", expect = ACCEPTABLE, desc = "The user left last: it destroys.")
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "The closer came last: it destroys.")
    @Outcome(expect = FORBIDDEN, desc = "Destroyed twice (another's number!) or never.")
    @State
    public static class UnlockAgainstClose {
        private final DescriptorLock lock = new DescriptorLock();

        public UnlockAgainstClose() {
            lock.lockRead();
        }

        @Actor
        public void user(ZZ_Result r) {
            r.r1 = lock.unlockRead();
        }

        @Actor
        public void closer(ZZ_Result r) {
            r.r2 = lock.close() && lock.release();
        }
    }

    /** Looks whether it was the last in a second step. */
    @JCStressTest
    @Outcome(id = "true, false", expect = ACCEPTABLE, desc = "The user destroys.")
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "The closer destroys.")
    @Outcome(id = "true, true", expect = ACCEPTABLE_INTERESTING, desc = "Both destroy.")
    @Outcome(expect = FORBIDDEN, desc = "Not even this protocol does that.")
    @State
    public static class UnlockAgainstCloseTwin {
        private final AtomicInteger references = new AtomicInteger(2);
        private volatile boolean closed;

        private boolean release() {
            references.decrementAndGet();
            return closed && references.get() == 0;
        }

        @Actor
        public void user(ZZ_Result r) {
            r.r1 = release();
        }

        @Actor
        public void closer(ZZ_Result r) {
            closed = true;
            r.r2 = release();
        }
    }

    /** A new user and close(). */
    @JCStressTest
    @Outcome(id = "HELD, 1", expect = ACCEPTABLE, desc = "In time: the number is open meanwhile.")
    @Outcome(id = "CLOSED, 1", expect = ACCEPTABLE, desc = "Too late.")
    @Outcome(expect = FORBIDDEN, desc = "Used after it was destroyed, or not destroyed once.")
    @State
    public static class LockAgainstClose {
        private final DescriptorLock lock = new DescriptorLock();
        private final AtomicInteger destroyed = new AtomicInteger();

        @Actor
        public void user(LI_Result r) {
            Grant grant = lock.lockRead();
            r.r1 = grant;
            if (grant == Grant.HELD) {
                if (destroyed.get() != 0) {
                    r.r1 = "USED";
                }
                if (lock.unlockRead()) {
                    destroyed.incrementAndGet();
                }
            }
        }

        @Actor
        public void closer() {
            if (lock.close() && lock.release()) {
                destroyed.incrementAndGet();
            }
        }

        @Arbiter
        public void count(LI_Result r) {
            r.r2 = destroyed.get();
        }
    }

    /** Looks whether it is closed, and takes its reference in a second step. */
    @JCStressTest
    @Outcome(id = "HELD, 1", expect = ACCEPTABLE, desc = "In time.")
    @Outcome(id = "CLOSED, 1", expect = ACCEPTABLE, desc = "Too late.")
    @Outcome(
            id = {"USED, .*", "HELD, 2"},
            expect = ACCEPTABLE_INTERESTING,
            desc = "Used after it was destroyed; then destroyed again.")
    @Outcome(expect = FORBIDDEN, desc = "Not even this protocol does that.")
    @State
    public static class LockAgainstCloseTwin {
        private final AtomicInteger references = new AtomicInteger(1);
        private final AtomicInteger destroyed = new AtomicInteger();
        private volatile boolean closed;

        private void release() {
            if (references.decrementAndGet() == 0) {
                destroyed.incrementAndGet();
            }
        }

        @Actor
        public void user(LI_Result r) {
            if (closed) {
                r.r1 = Grant.CLOSED;
                return;
            }
            Gap.widen();
            references.incrementAndGet();
            r.r1 = destroyed.get() == 0 ? Grant.HELD : "USED";
            release();
        }

        @Actor
        public void closer() {
            closed = true;
            release();
        }

        @Arbiter
        public void count(LI_Result r) {
            r.r2 = destroyed.get();
        }
    }

    /** Two who lock, work, unlock. */
    @JCStressTest
    @Outcome(id = "2, 0", expect = ACCEPTABLE, desc = "One after the other; nobody is left queued.")
    @Outcome(expect = FORBIDDEN, desc = "Both at once (an update is lost), or a permit too many.")
    @State
    public static class TwoLockers {
        private final DescriptorLock lock = new DescriptorLock();
        private int guarded;

        @Actor
        public void one() {
            work();
        }

        @Actor
        public void other() {
            work();
        }

        private void work() {
            lock.lockWrite();
            guarded++;
            lock.unlockWrite();
        }

        @Arbiter
        public void count(II_Result r) {
            r.r1 = guarded;
            r.r2 = lock.queuedWriters() + lock.permits(DescriptorLock.WRITE).availablePermits();
        }
    }

    /** Looks whether it is free, and takes it in a second step. */
    @JCStressTest
    @Outcome(id = "2, 2", expect = ACCEPTABLE, desc = "One after the other.")
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "One found it held; a real one would queue.")
    @Outcome(id = "2, 1", expect = ACCEPTABLE_INTERESTING, desc = "Both held it.")
    @Outcome(expect = FORBIDDEN, desc = "Not even this protocol does that.")
    @State
    public static class TwoLockersTwin {
        private final AtomicInteger entered = new AtomicInteger();
        private volatile boolean held;
        private volatile int guarded;

        @Actor
        public void one() {
            work();
        }

        @Actor
        public void other() {
            work();
        }

        private void work() {
            if (!held) {
                Gap.widen();
                held = true;
                entered.incrementAndGet();
                int seen = guarded;
                guarded = seen + 1;
                held = false;
            }
        }

        @Arbiter
        public void count(II_Result r) {
            r.r1 = entered.get();
            r.r2 = guarded;
        }
    }

    /**
     * A locker that may have to queue, and the unlock that must wake it then. If it did not, this would hang, which
     * fails too.
     */
    @JCStressTest
    @Outcome(id = "HELD, false", expect = ACCEPTABLE, desc = "At once, or woken.")
    @Outcome(expect = FORBIDDEN, desc = "Refused, or destroyed without a close.")
    @State
    public static class LockAgainstUnlock {
        private final DescriptorLock lock = new DescriptorLock();

        public LockAgainstUnlock() {
            lock.lockRead();
        }

        @Actor
        public void locker(LZ_Result r) {
            r.r1 = lock.lockRead();
        }

        @Actor
        public void holder(LZ_Result r) {
            r.r2 = lock.unlockRead();
        }
    }

    /** Looks whether the lock is held, and counts itself among the queued in a second step. */
    @JCStressTest
    @Outcome(id = "HELD, .*", expect = ACCEPTABLE, desc = "At once.")
    @Outcome(id = "QUEUED, 1", expect = ACCEPTABLE, desc = "Queued, and given a permit.")
    @Outcome(id = "QUEUED, 0", expect = ACCEPTABLE_INTERESTING, desc = "Queued for a lock that nobody holds: for ever.")
    @Outcome(expect = FORBIDDEN, desc = "Not even this protocol does that.")
    @State
    public static class LockAgainstUnlockTwin {
        private final AtomicInteger queued = new AtomicInteger();
        private final AtomicInteger permits = new AtomicInteger();
        private volatile boolean held = true;

        @Actor
        public void locker(LI_Result r) {
            if (held) {
                Gap.widen();
                queued.incrementAndGet();
                r.r1 = "QUEUED";
            } else {
                r.r1 = Grant.HELD;
            }
        }

        @Actor
        public void holder() {
            held = false;
            if (queued.get() > 0) {
                queued.decrementAndGet();
                permits.incrementAndGet();
            }
        }

        @Arbiter
        public void count(LI_Result r) {
            r.r2 = permits.get();
        }
    }

    /** A locker that must queue, and close(): it may come before, between or after. */
    @JCStressTest
    @Outcome(id = "CLOSED, true", expect = ACCEPTABLE, desc = "Refused at once, or woken.")
    @Outcome(expect = FORBIDDEN, desc = "Held after close, or destroyed by the wrong one.")
    @State
    public static class QueueAgainstClose {
        private final DescriptorLock lock = new DescriptorLock();

        public QueueAgainstClose() {
            lock.lockRead();
        }

        @Actor
        public void locker(LZ_Result r) {
            r.r1 = lock.lockRead();
        }

        @Actor
        public void closer() {
            lock.close();
        }

        @Arbiter
        public void leave(LZ_Result r) {
            r.r2 = !lock.unlockRead() && lock.release();
        }
    }

    /** Close counts the queued before it marks the lock closed. */
    @JCStressTest
    @Outcome(id = "CLOSED, .*", expect = ACCEPTABLE, desc = "Refused at once.")
    @Outcome(id = "QUEUED, 1", expect = ACCEPTABLE, desc = "Queued, and woken.")
    @Outcome(
            id = "QUEUED, 0",
            expect = ACCEPTABLE_INTERESTING,
            desc = "Queued after the count and before the mark: for ever.")
    @Outcome(expect = FORBIDDEN, desc = "Not even this protocol does that.")
    @State
    public static class QueueAgainstCloseTwin {
        private final AtomicInteger queued = new AtomicInteger();
        private final AtomicInteger permits = new AtomicInteger();
        private volatile boolean closed;

        @Actor
        public void locker(LI_Result r) {
            if (closed) {
                r.r1 = Grant.CLOSED;
            } else {
                queued.incrementAndGet();
                r.r1 = "QUEUED";
            }
        }

        @Actor
        public void closer() {
            permits.addAndGet(queued.getAndSet(0));
            Gap.widen();
            closed = true;
        }

        @Arbiter
        public void count(LI_Result r) {
            r.r2 = permits.get();
        }
    }
}
