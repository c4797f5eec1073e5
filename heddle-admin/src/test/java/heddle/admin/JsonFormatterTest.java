package heddle.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;

/** The log as JSON. */
class JsonFormatterTest {

    private static LogRecord logged(Level level, String message) {
        var logged = new LogRecord(level, message);
        logged.setLoggerName("heddle.gateway");
        logged.setInstant(Instant.parse("2026-11-30T01:02:03.004Z"));
        return logged;
    }

    @Test
    void aRecordIsAnObjectAndALine() {
        var logged = logged(Level.WARNING, "{0} says {1}");
        logged.setParameters(new Object[] {"127.0.0.1:9", "\"a\\b\"\n\t\u0007\ud800"});
        assertThat(new JsonFormatter().format(logged))
                .isEqualTo(
                        "{\"time\":\"2026-11-30T01:02:03.004Z\",\"level\":\"WARNING\",\"logger\":\"heddle.gateway\","
                                + "\"message\":\"127.0.0.1:9 says \\\"a\\\\b\\\"\\n\\u0009\\u0007\\ud800\",\"thread\":\"main\"}\n");
    }

    @Test
    void anExceptionIsItsTrace() {
        var logged = logged(Level.SEVERE, "failed");
        logged.setThrown(new IllegalStateException("why"));
        String line = new JsonFormatter().format(logged);
        assertThat(line)
                .contains("\"level\":\"ERROR\"", "\"exception\":\"java.lang.IllegalStateException: why\\n\\u0009at ");
        assertThat(line.indexOf('\n')).as("one line").isEqualTo(line.length() - 1);
    }

    @Test
    void levelsAreThoseOfSystemLogger() {
        assertThat(new JsonFormatter().format(logged(Level.INFO, ""))).contains("\"level\":\"INFO\"");
        assertThat(new JsonFormatter().format(logged(Level.FINE, ""))).contains("\"level\":\"DEBUG\"");
        assertThat(new JsonFormatter().format(logged(Level.FINEST, ""))).contains("\"level\":\"TRACE\"");
    }
}
