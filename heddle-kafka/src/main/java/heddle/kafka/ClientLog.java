package heddle.kafka;

import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The log of Kafka's own clients: off, unless the user has set a level for {@code org.apache.kafka} in the file that
 * {@code -Djava.util.logging.config.file} names. It says nothing that the sink does not say, and that often.
 */
final class ClientLog {

    /** Held, as the logging system lets go of loggers that nobody holds. */
    private static final Logger CLIENTS = Logger.getLogger("org.apache.kafka");

    private ClientLog() {}

    static void quiet() {
        if (CLIENTS.getLevel() == null) {
            CLIENTS.setLevel(Level.OFF);
        }
    }
}
