package heddle.cli;

import heddle.net.Heddle;
import heddle.net.ServiceManager;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tells the service manager, if there is one that wants to know, how this server is; sd_notify(3). What cannot be told
 * is said once, and is no reason to end.
 */
final class Supervision {

    private final ServiceManager manager;
    private final Consumer<String> notes;
    private final AtomicBoolean failed = new AtomicBoolean();

    private final ReentrantLock lock = new ReentrantLock();

    /** What was told last; null while it does not serve: then no reload is told. Guarded by lock. */
    private @Nullable String status;

    /** Tells {@code manager}; {@code notes} hear that it cannot be told. */
    Supervision(ServiceManager manager, Consumer<String> notes) {
        this.manager = manager;
        this.notes = notes;
    }

    /** It does not serve yet, as it waits for something. */
    void waits(String status) {
        tell("STATUS=" + status);
    }

    /** It serves. */
    void ready(String status) {
        lock.lock();
        try {
            this.status = status;
            tell("READY=1", "STATUS=" + status);
        } finally {
            lock.unlock();
        }
    }

    /** It has begun to read its configuration anew. Nothing is told before {@link #ready}, nor once it ends. */
    void reloading() {
        lock.lock();
        try {
            if (status != null) {
                tell("RELOADING=1", manager.monotonicNow());
            }
        } finally {
            lock.unlock();
        }
    }

    /** It has ended {@link #reloading}, whatever came of it. A server that ends is not ready again. */
    void reloaded() {
        lock.lock();
        try {
            if (status != null) {
                tell("READY=1", "STATUS=" + status);
            }
        } finally {
            lock.unlock();
        }
    }

    /** It has begun to end. */
    void stopping(String status) {
        lock.lock();
        try {
            this.status = null;
            tell("STOPPING=1", "STATUS=" + status);
        } finally {
            lock.unlock();
        }
    }

    /**
     * From now on tells the watchdog, if there is one, that it lives: from a virtual thread of Heddle's, which does not
     * run when carriers and pollers do not.
     */
    void watch() throws IOException {
        var bound = manager.watchdog();
        if (bound.isPresent()) {
            Duration pause = bound.get().dividedBy(2);
            Heddle.shared().ofVirtual().name("heddle-watchdog").start(() -> tellForEver(pause));
        }
    }

    private void tellForEver(Duration pause) {
        try {
            while (true) {
                tell("WATCHDOG=1");
                Thread.sleep(pause);
            }
        } catch (InterruptedException e) {
            throw new AssertionError("nobody knows this thread", e);
        }
    }

    private void tell(String... assignments) {
        try {
            boolean _ = manager.tell(assignments);
        } catch (IOException e) {
            if (!failed.getAndSet(true)) {
                notes.accept("the service manager cannot be told how this server is: " + e.getMessage());
            }
        }
    }
}
