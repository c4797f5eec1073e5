package heddle.internal.sched;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** Blocks until an event or a wake-up comes, as a poller does. */
final class QueuePoll implements IdlePoll {

    final LinkedBlockingQueue<Runnable> events = new LinkedBlockingQueue<>();
    final AtomicInteger wakeUps = new AtomicInteger();
    volatile boolean blocked;

    @Override
    public int poll(long timeoutNanos) {
        Runnable event = events.poll();
        if (event == null && timeoutNanos != 0) {
            blocked = true;
            try {
                event = events.take();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            } finally {
                blocked = false;
            }
        }
        if (event == null) {
            return 0;
        }
        event.run();
        return 1;
    }

    @Override
    public void wakeUp() {
        wakeUps.incrementAndGet();
        events.add(() -> {});
    }
}
