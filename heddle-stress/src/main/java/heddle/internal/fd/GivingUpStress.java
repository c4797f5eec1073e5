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
 * newcomer that takes the permit meant for it.
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
     * Somebody's unlock has just taken the one who gives up out of the count, with a permit; a newcomer has passed both
     * and holds the lock. Another queues behind that one, takes the permit, finds the lock held, and queues again; then
     * the lock becomes free.
     */
    abstract static class PermitUnderWay {
        final DescriptorLock lock = new DescriptorLock();
        final Semaphore permits = lock.permits(DescriptorLock.READ);

        PermitUnderWay() {
            lock.lockRead();
            queue();
            lock.unlockRead();
            lock.lockRead();
        }

        final void queue() {
            while (!lock.enqueue(DescriptorLock.READ, lock.word())) {
                Thread.onSpinWait();
            }
        }

        final void queueTakeThePermitQueueAgain() {
            queue();
            if (permits.tryAcquire()) {
                queue();
            }
        }
    }

    /** The one who gives up must not take the other's chance with it. */
    @JCStressTest
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The other has a permit for the free lock.")
    @Outcome(expect = FORBIDDEN, desc = "The other stays queued although the lock is free.")
    @State
    public static class GiveUpAgainstNewcomer extends PermitUnderWay {

        @Actor
        public void interrupted() {
            lock.giveUp(DescriptorLock.READ);
        }

        @Actor
        public void other() {
            queueTakeThePermitQueueAgain();
            lock.unlockRead();
        }

        @Arbiter
        public void count(II_Result r) {
            r.r1 = lock.queuedReaders();
            r.r2 = permits.availablePermits();
        }
    }

    /** Takes a permit and does not pass on the duty that came with it. */
    @JCStressTest
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The other has a permit.")
    @Outcome(id = "1, 0", expect = ACCEPTABLE_INTERESTING, desc = "The other queues for ever for a lock that is free.")
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
            queueTakeThePermitQueueAgain();
            lock.unlockRead();
        }

        @Arbiter
        public void count(II_Result r) {
            r.r1 = lock.queuedReaders();
            r.r2 = permits.availablePermits();
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
            queueTakeThePermitQueueAgain();
            r.r2 = 0;
        }
    }
}
