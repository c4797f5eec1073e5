package heddle.internal.fd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.internal.fd.DescriptorLock.Grant;
import heddle.testing.Await;
import heddle.testing.Behaviour;
import heddle.testing.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DescriptorLockTest {

    private static final int REFERENCES_MAX = (1 << 20) - 1;

    private final DescriptorLock lock = new DescriptorLock();

    @Test
    @Behaviour(194)
    void onlyTheLastReferenceAfterCloseDestroys() {
        assertThat(lock.retain()).isTrue();
        assertThat(lock.release()).isFalse();
        assertThat(lock.lockRead()).isEqualTo(Grant.HELD);
        assertThat(lock.lockWrite()).as("beside the read lock").isEqualTo(Grant.HELD);
        assertThat(lock.unlockRead()).isFalse();
        assertThat(lock.unlockWrite()).isFalse();
        assertThat(lock.lockRead()).as("again").isEqualTo(Grant.HELD);
        assertThat(lock.retain()).isTrue();

        assertThat(lock.close()).isTrue();
        assertThat(lock.release()).as("of the life: a user is left").isFalse();
        assertThat(lock.unlockRead()).as("another is left").isFalse();
        assertThat(lock.release()).as("the last").isTrue();
    }

    @Test
    @Behaviour(194)
    void lastUnlockAfterCloseDestroys() {
        assertThat(lock.lockWrite()).isEqualTo(Grant.HELD);
        assertThat(lock.close()).isTrue();
        assertThat(lock.release()).isFalse();
        assertThat(lock.unlockWrite()).isTrue();
    }

    @Test
    @Behaviour(195)
    void closedLockRefusesEverything() {
        assertThat(lock.isClosed()).isFalse();
        assertThat(lock.close()).isTrue();
        assertThat(lock.close()).isFalse();
        assertThat(lock.isClosed()).isTrue();
        assertThat(lock.retain()).isFalse();
        assertThat(lock.lockRead()).isEqualTo(Grant.CLOSED);
        assertThat(lock.lockWrite()).isEqualTo(Grant.CLOSED);
        assertThat(lock.release()).isTrue();
    }

    @Test
    @Behaviour(196)
    void closeWakesEveryQueuedThread() throws Exception {
        lock.lockRead();
        lock.lockWrite();
        List<Task<Grant>> queued = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            queued.add(Task.start(lock::lockRead));
            queued.add(Task.start(lock::lockWrite));
        }
        awaitQueued(4, 4);
        assertThat(lock.close()).isTrue();
        for (Task<Grant> task : queued) {
            assertThat(task.result()).isEqualTo(Grant.CLOSED);
        }
        assertThat(lock.release()).isFalse();
        assertThat(lock.unlockRead()).isFalse();
        assertThat(lock.unlockWrite()).isTrue();
    }

    @Test
    @Behaviour(197)
    void unlockOfWhatIsNotLockedThrows() {
        assertThrows(AssertionError.class, lock::unlockRead);
        assertThrows(AssertionError.class, lock::unlockWrite);
        lock.lockRead();
        assertThrows(AssertionError.class, lock::unlockWrite);
        lock.unlockRead();
        assertThrows(AssertionError.class, lock::unlockRead);
        lock.close();
        assertThat(lock.release()).isTrue();
        var e = assertThrows(AssertionError.class, lock::release);
        assertThat(e).hasMessageContaining("inconsistent");
    }

    @Test
    @Behaviour(198)
    void referencesBeyondTheBoundThrow() {
        for (int i = 1; i < REFERENCES_MAX; i++) { // one is the life's
            lock.retain();
        }
        for (Runnable one : List.<Runnable>of(lock::retain, lock::lockRead, lock::lockWrite)) {
            var e = assertThrows(IllegalStateException.class, one::run);
            assertThat(e).hasMessageContaining("too many concurrent operations");
        }
        assertThat(lock.release()).isFalse();
        assertThat(lock.lockRead()).as("room again").isEqualTo(Grant.HELD);
    }

    /** A holder that asks again at once, as a writer in a loop does, comes after those who queue. */
    @Test
    void newcomersQueueBehindThoseWhoWait() throws Exception {
        lock.lockWrite();
        List<Integer> order = new CopyOnWriteArrayList<>();
        List<Task<Void>> queued = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            int place = i;
            queued.add(Task.run(() -> {
                assertThat(lock.lockWrite()).isEqualTo(Grant.HELD);
                order.add(place);
                lock.unlockWrite();
            }));
            awaitQueued(0, i + 1);
        }
        lock.unlockWrite();
        assertThat(lock.lockWrite()).isEqualTo(Grant.HELD);
        assertThat(order).as("who had the lock before the holder had it again").containsExactly(0, 1, 2);
        lock.unlockWrite();
        for (Task<Void> one : queued) {
            one.result();
        }
    }

    @Test
    void interruptWhileQueuedLeavesTheQueueToTheOthers() throws Exception {
        lock.lockRead();
        Task<Boolean> first = Task.start(this::interrupted);
        awaitQueued(1, 0);
        Task<Grant> second = Task.start(lock::lockRead);
        awaitQueued(2, 0);
        first.thread().interrupt();
        assertThat(first.result()).as("status cleared").isFalse();
        awaitQueued(1, 0);
        assertThat(second.isDone()).isFalse();
        lock.unlockRead();
        assertThat(second.result()).isEqualTo(Grant.HELD);
        lock.unlockRead();
        awaitQueued(0, 0);
    }

    private boolean interrupted() {
        assertThat(lock.lockRead()).isEqualTo(Grant.INTERRUPTED);
        return Thread.currentThread().isInterrupted();
    }

    @Test
    void interruptBeforeALockThatIsFreeIsNoHindrance() {
        Thread.currentThread().interrupt();
        assertThat(lock.lockWrite()).isEqualTo(Grant.HELD);
        assertThat(Thread.interrupted()).isTrue();
    }

    /** An unlock and an interrupt race for a queued thread: the lock must not be left idle with others queued. */
    @Test
    void interruptThatRacesWithUnlockPassesTheLockOn() throws Exception {
        for (int round = 0; round < 2_000; round++) {
            var fresh = new DescriptorLock();
            fresh.lockRead();
            Task<Grant> first = Task.start(() -> lockAndUnlock(fresh));
            Task<Grant> second = Task.start(() -> lockAndUnlock(fresh));
            while (fresh.queuedReaders() < 2) {
                Thread.yield();
            }
            Task<Void> interrupter = Task.run(() -> first.thread().interrupt());
            fresh.unlockRead();
            assertThat(second.result()).isEqualTo(Grant.HELD);
            assertThat(first.result()).isIn(Grant.HELD, Grant.INTERRUPTED);
            interrupter.result();
            assertThat(fresh.queuedReaders()).isZero();
        }
    }

    private static Grant lockAndUnlock(DescriptorLock lock) {
        Grant grant = lock.lockRead();
        if (grant == Grant.HELD) {
            lock.unlockRead();
        }
        return grant;
    }

    /** What the locks guard, in plain fields: racing holders would lose an update. */
    private static final class Guarded {
        long reads;
        long writes;
    }

    @Test
    @Behaviour(199)
    @Tag("thorough")
    void eightThreadsOfRandomOperationsExcludeEachOther() throws Exception {
        stress(Thread.ofPlatform(), 100_000, false);
    }

    @Test
    @Behaviour(199)
    void eightInterruptedVirtualThreadsExcludeEachOther() throws Exception {
        stress(Thread.ofVirtual(), 20_000, true);
    }

    private void stress(Thread.Builder builder, int rounds, boolean interrupts) throws Exception {
        long seed = System.nanoTime();
        var guarded = new Guarded();
        var threads = new AtomicReferenceArray<Thread>(8);
        var running = new AtomicInteger(8);
        List<Task<long[]>> tasks = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            int index = i;
            tasks.add(Task.on(builder, () -> {
                threads.set(index, Thread.currentThread());
                try {
                    return operate(guarded, new Random(seed + index), rounds);
                } finally {
                    running.decrementAndGet();
                }
            }));
        }
        var random = new Random(seed);
        while (interrupts && running.get() > 0) {
            Thread victim = threads.get(random.nextInt(8));
            if (victim != null) {
                victim.interrupt();
            }
            Thread.yield();
        }
        long reads = 0;
        long writes = 0;
        for (Task<long[]> task : tasks) {
            reads += task.result()[0];
            writes += task.result()[1];
        }
        assertThat(guarded.reads).as("seed %d", seed).isEqualTo(reads);
        assertThat(guarded.writes).as("seed %d", seed).isEqualTo(writes);
        awaitQueued(0, 0);
        assertThat(lock.close()).isTrue();
        assertThat(lock.release()).as("nobody else is left").isTrue();
    }

    /** How often this thread held the read lock, and the write lock. */
    private long[] operate(Guarded guarded, Random random, int rounds) {
        long[] held = new long[2];
        for (int i = 0; i < rounds; i++) {
            switch (random.nextInt(3)) {
                case 0 -> {
                    if (lock.lockRead() == Grant.HELD) {
                        guarded.reads++;
                        held[0]++;
                        assertThat(lock.unlockRead()).isFalse();
                    }
                }
                case 1 -> {
                    if (lock.lockWrite() == Grant.HELD) {
                        guarded.writes++;
                        held[1]++;
                        assertThat(lock.unlockWrite()).isFalse();
                    }
                }
                default -> {
                    assertThat(lock.retain()).isTrue();
                    assertThat(lock.release()).isFalse();
                }
            }
        }
        return held;
    }

    /** Closers race with lockers: each number is destroyed by exactly one of them. */
    @Test
    @Behaviour({195, 199})
    void racingClosersAndUsersDestroyOnce() throws Exception {
        for (int round = 0; round < 1_000; round++) {
            var fresh = new DescriptorLock();
            var destroyed = new AtomicInteger();
            List<Task<Void>> tasks = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                tasks.add(Task.run(() -> useThenClose(fresh, destroyed)));
            }
            for (Task<Void> task : tasks) {
                task.result();
            }
            assertThat(destroyed).hasValue(1);
        }
    }

    private static void useThenClose(DescriptorLock lock, AtomicInteger destroyed) {
        if (lock.lockRead() == Grant.HELD && lock.unlockRead()) {
            destroyed.incrementAndGet();
        }
        if (lock.lockWrite() == Grant.HELD && lock.unlockWrite()) {
            destroyed.incrementAndGet();
        }
        if (lock.close() && lock.release()) {
            destroyed.incrementAndGet();
        }
    }

    private void awaitQueued(int readers, int writers) throws Exception {
        Await.until(
                () -> "queued "
                        + readers
                        + " and "
                        + writers
                        + ", got "
                        + lock.queuedReaders()
                        + " and "
                        + lock.queuedWriters(),
                () -> lock.queuedReaders() == readers && lock.queuedWriters() == writers);
    }
}
