package heddle.kafka;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** A time in which nothing is delivered: a line in the log at its start and one at its end. Any thread. */
final class Episode {

    private static final Logger LOG = System.getLogger("heddle.kafka");

    private final KafkaOptions options;
    private volatile boolean open;

    Episode(KafkaOptions options) {
        this.options = options;
    }

    void begins(String why) {
        if (!open) {
            open = true;
            LOG.log(Level.ERROR, "topic {0} at {1}: not delivering: {2}", options.topic, options.servers, why);
        }
    }

    void ends() {
        if (open) {
            open = false;
            LOG.log(Level.INFO, "topic {0} at {1}: delivering again", options.topic, options.servers);
        }
    }
}
