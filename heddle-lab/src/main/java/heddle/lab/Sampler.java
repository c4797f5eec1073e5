package heddle.lab;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Looks at the kernel's queues while a play runs, on a platform thread of its own, and writes down what changed. It
 * reads a table of the whole system, so a look takes as long as that is.
 */
final class Sampler implements AutoCloseable {

    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(2);

    /** More directions than a chart can show are not looked at. */
    private static final int FLOWS_MAX = 4;

    private final Trace trace;
    private final long zeroNanos;
    private final List<KernelQueues.Flow> flows = new CopyOnWriteArrayList<>();
    private final Thread thread;

    /** The last of each flow; the thread's own. */
    private final Map<String, Trace.Sample> last = new HashMap<>();

    /** When something had changed at a look, or something new was to be watched; by both the thread and callers. */
    private volatile long changedNanos = System.nanoTime();

    /** When the last look began that has ended; the thread's own, read by any. */
    private volatile long lookedNanos = changedNanos;

    private volatile boolean closed;

    Sampler(Trace trace, long zeroNanos) {
        this.trace = trace;
        this.zeroNanos = zeroNanos;
        this.thread = Thread.ofPlatform().name("heddle-lab-sampler").daemon().start(this::run);
    }

    /** From now on looks at {@code flow} too. */
    void watch(KernelQueues.Flow flow) {
        if (flows.size() < FLOWS_MAX) {
            flows.add(flow);
            changedNanos = System.nanoTime();
        }
    }

    /** Whether nothing has changed for {@code nanos}, as a look that began after them shows. */
    boolean isQuietFor(long nanos) {
        return lookedNanos - changedNanos > nanos;
    }

    private void run() {
        try {
            while (!closed && KernelQueues.canSee()) {
                long beganNanos = System.nanoTime();
                look();
                lookedNanos = beganNanos;
                Thread.sleep(BETWEEN_LOOKS);
            }
        } catch (InterruptedException | IOException over) {
            // Closed, or no such table: what was seen so far stays.
        }
    }

    private void look() throws IOException {
        for (Trace.Sample now : KernelQueues.look(List.copyOf(flows), zeroNanos)) {
            if (now == null) {
                continue;
            }
            Trace.Sample before = last.put(now.flow(), now);
            if (before == null || before.unacknowledged() != now.unacknowledged() || before.unread() != now.unread()) {
                trace.add(now);
                changedNanos = System.nanoTime();
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) { // it ends within one look
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
