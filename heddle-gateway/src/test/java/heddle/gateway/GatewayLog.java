package heddle.gateway;

import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/** Keeps what the gateway logs. */
final class GatewayLog extends Handler implements AutoCloseable {
    private final Logger logger = Logger.getLogger("heddle.gateway");
    private final List<String> lines = new ArrayList<>();

    GatewayLog() {
        logger.addHandler(this);
    }

    synchronized List<String> lines() {
        return List.copyOf(lines);
    }

    @Override
    public synchronized void publish(LogRecord entry) {
        lines.add(new SimpleFormatter().formatMessage(entry));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
        logger.removeHandler(this);
    }
}
