package heddle.internal.fd;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A queued thread that is interrupted just when the permit meant for it goes to another. */
@Timeout(60)
class GivingUpTest {

    /** Does not return while another holds the lock, if giving up waits for the permit. */
    @Test
    void doesNotWaitForWhoeverHoldsTheLock() {
        var lock = new DescriptorLock();
        lock.lockRead();
        assertThat(lock.enqueue(DescriptorLock.READ, lock.word())).isTrue(); // the interrupted one
        lock.unlockRead();
        assertThat(lock.enqueue(DescriptorLock.READ, lock.word())).isTrue(); // another
        assertThat(lock.permits(DescriptorLock.READ).tryAcquire()).isTrue(); // takes the permit, so the lock is its own

        lock.giveUp(DescriptorLock.READ);

        assertThat(lock.queuedReaders()).as("queued").isZero();
        assertThat(lock.permits(DescriptorLock.READ).availablePermits())
                .as("permits")
                .isZero();
    }

    /** Who is queued behind the one that gives up gets the lock that was kept for it. */
    @Test
    void passesTheLockOnToTheNext() {
        var lock = new DescriptorLock();
        lock.lockRead();
        assertThat(lock.enqueue(DescriptorLock.READ, lock.word())).isTrue();
        lock.unlockRead();
        assertThat(lock.permits(DescriptorLock.READ).tryAcquire()).isTrue(); // about to find that it is interrupted
        assertThat(lock.enqueue(DescriptorLock.READ, lock.word())).isTrue();
        lock.permits(DescriptorLock.READ).release();

        lock.giveUp(DescriptorLock.READ); // one of the two

        assertThat(lock.queuedReaders()).as("queued").isZero();
        assertThat(lock.permits(DescriptorLock.READ).availablePermits())
                .as("permits")
                .isEqualTo(1);
        assertThat(lock.tryLockRead()).as("a newcomer").isFalse();
    }

    @Test
    void passesOnThePermitThatItTook() {
        var lock = new DescriptorLock();
        lock.lockRead();
        assertThat(lock.enqueue(DescriptorLock.READ, lock.word())).isTrue();
        lock.unlockRead();

        lock.giveUp(DescriptorLock.READ);

        assertThat(lock.queuedReaders()).as("queued").isZero();
        assertThat(lock.permits(DescriptorLock.READ).availablePermits())
                .as("permits")
                .isZero();
        assertThat(lock.lockRead()).isEqualTo(DescriptorLock.Grant.HELD);
    }
}
