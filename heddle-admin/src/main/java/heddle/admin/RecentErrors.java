package heddle.admin;

import java.util.ArrayDeque;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/** The last warnings and errors that this JVM has logged, for the page. Any thread. Bound: {@link #KEPT_MAX}. */
final class RecentErrors extends Handler {

    static final int KEPT_MAX = 200;

    private final SimpleFormatter texts = new SimpleFormatter();
    private final ReentrantLock lock = new ReentrantLock();

    // Both guarded by lock.
    private final ArrayDeque<Kept> kept = new ArrayDeque<>();
    private long seen;

    private record Kept(long millis, String level, String logger, String message) {}

    /** Hears all that is logged from here on, until {@link #close}. */
    static RecentErrors listen() {
        var errors = new RecentErrors();
        errors.setLevel(Level.WARNING);
        Logger.getLogger("").addHandler(errors);
        return errors;
    }

    @Override
    public void publish(LogRecord logged) {
        if (!isLoggable(logged)) {
            return;
        }
        var thrown = logged.getThrown();
        var entry = new Kept(
                logged.getMillis(),
                JsonFormatter.level(logged.getLevel()),
                String.valueOf(logged.getLoggerName()),
                texts.formatMessage(logged) + (thrown == null ? "" : ": " + thrown));
        lock.lock();
        try {
            seen++;
            kept.addFirst(entry);
            if (kept.size() > KEPT_MAX) {
                kept.removeLast();
            }
        } finally {
            lock.unlock();
        }
    }

    /** All of them, the newest first, if there are others than when {@code known} was told. */
    void write(Json json, long known) {
        lock.lock();
        try {
            json.object().field("seen", seen).name("rows");
            if (known == seen) {
                json.value((String) null);
            } else {
                json.array();
                for (var entry : kept) {
                    json.object()
                            .field("time", entry.millis)
                            .field("level", entry.level)
                            .field("logger", entry.logger)
                            .field("message", entry.message)
                            .endObject();
                }
                json.endArray();
            }
            json.endObject();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void flush() {
        // Nothing is held back.
    }

    @Override
    public void close() {
        Logger.getLogger("").removeHandler(this);
    }
}
