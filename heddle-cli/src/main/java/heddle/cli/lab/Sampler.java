package heddle.cli.lab;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Looks at the kernel's queues while a play runs, on a platform thread of its own, and writes down what changed. It reads a table of the
 * whole system, so a look takes as long as that is.
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
        }
    }

    private void run() {
        try {
            while (!closed && KernelQueues.canSee()) {
                if (!flows.isEmpty()) {
                    look();
                }
                Thread.sleep(BETWEEN_LOOKS);
            }
        } catch (InterruptedException | IOException over) {
            // Closed, or no such table: what was seen so far stays.
        }
    }

    private void look() throws IOException {
        for (Trace.Sample now :
                KernelQueues.look(List.copyOf(flows), System.nanoTime() - zeroNanos)) {
            if (now == null) {
                continue;
            }
            Trace.Sample before = last.put(now.flow(), now);
            if (before == null
                    || before.unacknowledged() != now.unacknowledged()
                    || before.unread() != now.unread()) {
                trace.add(now);
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
