package heddle.cli;

import heddle.net.Heddle;
import heddle.net.ServiceManager;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Tells the service manager, if there is one that wants to know, how this server is; sd_notify(3). What cannot be told
 * is said once, and is no reason to end.
 */
final class Supervision {

    private final ServiceManager manager;
    private final Consumer<String> notes;
    private final AtomicBoolean failed = new AtomicBoolean();

    /** What was told last. Written and read by who serves and who reloads. */
    private volatile String status = "";

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
        this.status = status;
        reloaded();
    }

    /** It has ended {@link #reloading}, whatever came of it. */
    void reloaded() {
        tell("READY=1", "STATUS=" + status);
    }

    /** It has begun to read its configuration anew. */
    void reloading() {
        tell("RELOADING=1", manager.monotonicNow());
    }

    /** It has begun to end. */
    void stopping(String status) {
        tell("STOPPING=1", "STATUS=" + status);
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
