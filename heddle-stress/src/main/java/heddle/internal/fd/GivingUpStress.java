package heddle.internal.fd;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import heddle.internal.fd.DescriptorLock.Grant;
import heddle.stress.Gap;
import java.util.concurrent.Semaphore;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.LI_Result;

/**
 * {@link DescriptorLock}: a queued thread that is interrupted, against the unlock that may mean it, and against a
 * newcomer that comes meanwhile.
 */
public final class GivingUpStress {

    private GivingUpStress() {}

    /** An interrupted locker and the unlock. */
    @JCStressTest
    @Outcome(id = "INTERRUPTED, 0", expect = ACCEPTABLE, desc = "It left the queue.")
    @Outcome(id = "HELD, 0", expect = ACCEPTABLE, desc = "The lock was free by then.")
    @Outcome(expect = FORBIDDEN, desc = "The lock is not free, or somebody is left in the queue.")
    @State
    public static class InterruptAgainstUnlock {
        private final DescriptorLock lock = new DescriptorLock();

        public InterruptAgainstUnlock() {
            lock.lockRead();
        }

        @Actor
        public void locker(LI_Result r) {
            Thread.currentThread().interrupt();
            Grant grant = lock.lockRead();
            Thread.interrupted();
            if (grant == Grant.HELD) {
                lock.unlockRead();
            }
            r.r1 = grant;
        }

        @Actor
        public void holder() {
            lock.unlockRead();
        }

        @Arbiter
        public void count(LI_Result r) {
            r.r2 = lock.queuedReaders()
                    + lock.permits(DescriptorLock.READ).availablePermits()
                    + (lock.lockRead() == Grant.HELD ? 0 : 100);
        }
    }

    /**
     * Somebody's unlock has just taken the one who gives up out of the count, with a permit, and the lock is kept for
     * who takes that. Another comes, and queues unless the lock is free.
     */
    abstract static class PermitUnderWay {
        final DescriptorLock lock = new DescriptorLock();
        final Semaphore permits = lock.permits(DescriptorLock.READ);

        PermitUnderWay() {
            lock.lockRead();
            queueUnlessFree();
            lock.unlockRead();
        }

        final void queueUnlessFree() {
            long seen;
            do {
                seen = lock.word();
            } while (DescriptorLock.isTaken(DescriptorLock.READ, seen) && !lock.enqueue(DescriptorLock.READ, seen));
        }
    }

    /** The one who gives up must not take the other's chance with it. */
    @JCStressTest
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The other has a permit, and the lock is kept for it.")
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "The other found the lock free.")
    @Outcome(expect = FORBIDDEN, desc = "The other stays queued although the lock is free.")
    @State
    public static class GiveUpAgainstNewcomer extends PermitUnderWay {

        @Actor
        public void interrupted() {
            lock.giveUp(DescriptorLock.READ);
        }

        @Actor
        public void other() {
            queueUnlessFree();
        }

        @Arbiter
        public void count(II_Result r) {
            r.r1 = lock.queuedReaders();
            r.r2 = permits.availablePermits();
        }
    }

    /** Takes a permit and does not pass on the lock that was kept with it. */
    @JCStressTest
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The other has a permit.")
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "The other found the lock free.")
    @Outcome(id = "1, 0", expect = ACCEPTABLE_INTERESTING, desc = "The other queues for ever for a lock of nobody's.")
    @Outcome(expect = FORBIDDEN, desc = "Not even this protocol does that.")
    @State
    public static class GiveUpAgainstNewcomerTwin extends PermitUnderWay {

        @Actor
        public void interrupted() {
            boolean counted = lock.queuedReaders() != 0;
            Gap.widen();
            if (counted || !permits.tryAcquire()) {
                lock.giveUp(DescriptorLock.READ);
            }
        }

        @Actor
        public void other() {
            queueUnlessFree();
        }

        @Arbiter
        public void count(II_Result r) {
            r.r1 = lock.queuedReaders();
            r.r2 = permits.availablePermits();
        }
    }

    /** A locker that gives up, and one that locks and unlocks. If a lock were kept for nobody, this would hang. */
    @JCStressTest
    @Outcome(id = "HELD, 0", expect = ACCEPTABLE, desc = "It had its turn, and the lock is free.")
    @Outcome(expect = FORBIDDEN, desc = "Refused; or a permit or a place in the queue is left.")
    @State
    public static class GiveUpAgainstLocker extends PermitUnderWay {

        @Actor
        public void interrupted() {
            lock.giveUp(DescriptorLock.READ);
        }

        @Actor
        public void locker(LI_Result r) {
            r.r1 = lock.lockRead();
            lock.unlockRead();
        }

        @Arbiter
        public void count(LI_Result r) {
            r.r2 = lock.queuedReaders() + permits.availablePermits() + (lock.tryLockRead() ? 0 : 100);
        }
    }

    /** Waits for the permit that is meant for it: the other may have it, and the holder may read for hours. */
    @JCStressTest
    @Outcome(id = "INTERRUPTED, .*", expect = ACCEPTABLE, desc = "It found what it waited for.")
    @Outcome(id = "WAITS, .*", expect = ACCEPTABLE_INTERESTING, desc = "It waits for whoever holds the lock.")
    @Outcome(expect = FORBIDDEN, desc = "Not even this protocol does that.")
    @State
    public static class GiveUpByWaitingTwin extends PermitUnderWay {

        @Actor
        public void interrupted(LI_Result r) {
            boolean leaves = lock.queuedReaders() != 0 || permits.tryAcquire();
            r.r1 = leaves ? Grant.INTERRUPTED : "WAITS";
        }

        @Actor
        public void other(LI_Result r) {
            queueUnlessFree();
            permits.tryAcquire();
            r.r2 = 0;
        }
    }
}
