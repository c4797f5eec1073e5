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
        lock.lockRead(); // a newcomer passes it and keeps the lock
        assertThat(lock.enqueue(DescriptorLock.READ, lock.word())).isTrue(); // yet another
        assertThat(lock.permits(DescriptorLock.READ).tryAcquire()).isTrue(); // takes the permit
        assertThat(lock.enqueue(DescriptorLock.READ, lock.word())).isTrue(); // and queues again

        lock.giveUp(DescriptorLock.READ);

        assertThat(lock.queuedReaders()).as("queued").isEqualTo(1);
        lock.unlockRead();
        assertThat(lock.permits(DescriptorLock.READ).availablePermits())
                .as("permits")
                .isEqualTo(1);
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
