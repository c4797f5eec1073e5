package heddle.admin;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * Log records as JSON, one object a line: {@code time} (ISO 8601, UTC), {@code level} (as of {@link
 * java.lang.System.Logger.Level}), {@code logger}, {@code message}, {@code thread}, and with an exception {@code
 * exception}, its stack trace. Any thread.
 */
public final class JsonFormatter extends Formatter {

    /** For a handler. */
    public JsonFormatter() {}

    /** Gives this form to all that this JVM logs by the handlers of the root logger. */
    public static void install() {
        for (var handler : Logger.getLogger("").getHandlers()) {
            handler.setFormatter(new JsonFormatter());
        }
    }

    @Override
    public String format(LogRecord logged) {
        var json = new Json()
                .object()
                .field("time", logged.getInstant().toString())
                .field("level", level(logged.getLevel()))
                .field("logger", logged.getLoggerName())
                .field("message", formatMessage(logged))
                .field("thread", thread(logged));
        var thrown = logged.getThrown();
        if (thrown != null) {
            var trace = new StringWriter();
            thrown.printStackTrace(new PrintWriter(trace, true));
            json.field("exception", trace.toString());
        }
        return json.endObject() + "\n";
    }

    /** A record has the number of its thread alone; handlers mostly run on it. */
    private static String thread(LogRecord logged) {
        var current = Thread.currentThread();
        return current.threadId() == logged.getLongThreadID()
                        && !current.getName().isEmpty()
                ? current.getName()
                : "#" + logged.getLongThreadID();
    }

    /** The levels of System.Logger, which java.util.logging has other names for. */
    static String level(Level level) {
        int value = level.intValue();
        if (value >= Level.SEVERE.intValue()) {
            return "ERROR";
        }
        if (value >= Level.WARNING.intValue()) {
            return "WARNING";
        }
        return value >= Level.INFO.intValue() ? "INFO" : value >= Level.FINE.intValue() ? "DEBUG" : "TRACE";
    }
}
