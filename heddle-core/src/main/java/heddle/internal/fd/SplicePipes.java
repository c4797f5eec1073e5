package heddle.internal.fd;

import heddle.internal.sys.Syscalls;
import java.util.concurrent.ArrayBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * The pipes through which one runtime splices: made when a transfer begins and none is idle, kept empty for the next
 * one, closed with the runtime. Any thread.
 *
 * <p>Ordering: {@link #give} puts the pipe into the queue, then reads {@code closed}; close() sets that, then empties
 * the queue.
 */
final class SplicePipes {

    /** Idle ones that are kept; those in use are bounded by the transfers. */
    private static final int IDLE_MAX = 16;

    /**
     * A pipe of the kernel.
     *
     * @param in the number to write to
     * @param out the number to read from
     */
    record Ends(int in, int out) {}

    private final Syscalls sys;
    private final ArrayBlockingQueue<Ends> idle = new ArrayBlockingQueue<>(IDLE_MAX);

    /** Set once. */
    private volatile boolean closed;

    SplicePipes(Syscalls sys) {
        this.sys = sys;
    }

    /** An empty pipe, to be given back; null if the system has none. */
    @Nullable
    Ends take() {
        Ends kept = idle.poll();
        if (kept != null) {
            return kept;
        }
        int[] ends = new int[2];
        return sys.pipe(ends) < 0 ? null : new Ends(ends[1], ends[0]);
    }

    /** Takes back an empty one. */
    void give(Ends pipe) {
        if (!idle.offer(pipe)) {
            close(pipe);
        }
        if (closed) {
            close(); // Look again: who closed may have emptied the queue before.
        }
    }

    /** Closes those that are idle, and those in use once they are given back. */
    void close() {
        closed = true;
        for (Ends pipe = idle.poll(); pipe != null; pipe = idle.poll()) {
            close(pipe);
        }
    }

    /** Closes one, empty or not. */
    void close(Ends pipe) {
        sys.close(pipe.in);
        sys.close(pipe.out);
    }
}
