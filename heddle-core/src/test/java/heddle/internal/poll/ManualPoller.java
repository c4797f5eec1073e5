package heddle.internal.poll;

import heddle.internal.trace.Trace;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** A poller without a kernel: nothing is ready unless a test signals it, and a blocking select waits for a wake-up. */
final class ManualPoller extends Poller {

    final Queue<Watched> watched = new ConcurrentLinkedQueue<>();
    final AtomicInteger wakeUps = new AtomicInteger();

    /** What {@link #register} answers: 0 or -errno. */
    volatile int registerResult;

    /** What {@link #arm} answers about reading: 0 or -errno. */
    volatile int armResult;

    /** How often it was asked about writing. */
    final AtomicInteger armedToWrite = new AtomicInteger();

    /** Whether a thread is in a select that blocks. */
    volatile boolean asleep;

    private final Semaphore wakeUp = new Semaphore(0);

    ManualPoller() {
        super(new Trace(), failure -> {});
    }

    ManualPoller(Consumer<Throwable> onFailure) {
        super(new Trace(), onFailure);
    }

    @Override
    protected int register(Watched registration) {
        int result = registerResult;
        if (result == 0) {
            watched.add(registration);
        }
        return result;
    }

    @Override
    protected void deregister(Watched registration) {
        watched.remove(registration);
    }

    @Override
    protected int arm(Watched registration, boolean write) {
        if (write) {
            armedToWrite.incrementAndGet();
        }
        return write ? 0 : armResult;
    }

    @Override
    protected int select(long timeoutNanos) {
        if (timeoutNanos == 0) {
            return 0;
        }
        asleep = true;
        try {
            long limit = timeoutNanos < 0 ? Long.MAX_VALUE : timeoutNanos;
            return wakeUp.tryAcquire(limit, TimeUnit.NANOSECONDS) ? 1 : 0;
        } catch (InterruptedException end) {
            throw new AssertionError("the polling thread was interrupted", end);
        } finally {
            asleep = false;
        }
    }

    @Override
    protected void await(long timeoutNanos) {
        select(timeoutNanos);
    }

    @Override
    public void wakeUp() {
        wakeUps.incrementAndGet();
        wakeUp.release();
    }

    @Override
    public void forEachWatched(Consumer<Watched> visitor) {
        watched.forEach(visitor);
    }

    @Override
    public void close() {}
}
