package heddle.kafka;

import heddle.gateway.Result;
import heddle.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Where a {@link KafkaSink} delivers to, and how much it holds. Immutable: each setter returns a changed copy, and
 * refuses what makes no sense by an IllegalArgumentException.
 */
public final class KafkaOptions {

    final String servers;
    final String topic;
    String ledgerTopic;
    Map<String, String> config = Map.of();
    int queueMessagesMax = 1 << 16;
    long queueBytesMax = 64 << 20;
    Duration roomWait = Duration.ofSeconds(10);
    Duration connectTimeout = Duration.ofSeconds(5);
    Clock clock = Clock.system();

    /**
     * 65,536 messages or 64 MiB on their way; 10 s for room to come; the ledger in the topic's name with {@code -turns}
     * behind it.
     *
     * @param servers some of the cluster's brokers, {@code HOST:PORT[,HOST:PORT...]}
     * @param topic where messages go; it must exist
     */
    public KafkaOptions(String servers, String topic) {
        if (servers.isBlank()) {
            throw new IllegalArgumentException("servers: want HOST:PORT[,HOST:PORT...]");
        }
        if (topic.isBlank()) {
            throw new IllegalArgumentException("topic: want a name");
        }
        this.servers = servers;
        this.topic = topic;
        this.ledgerTopic = topic + "-turns";
    }

    private KafkaOptions(KafkaOptions other) {
        servers = other.servers;
        topic = other.topic;
        ledgerTopic = other.ledgerTopic;
        config = other.config;
        queueMessagesMax = other.queueMessagesMax;
        queueBytesMax = other.queueBytesMax;
        roomWait = other.roomWait;
        connectTimeout = other.connectTimeout;
        clock = other.clock;
    }

    /**
     * The topic that says how far each client is that has sent once; made if it is missing, with one partition,
     * compacted.
     *
     * @param name its name
     * @return the changed copy
     */
    public KafkaOptions ledgerTopic(String name) {
        var changed = new KafkaOptions(this);
        changed.ledgerTopic = name;
        return changed;
    }

    /**
     * More settings of Kafka's clients, as for TLS; they count for producer, consumer and admin client alike. What the
     * sink's promise rests on cannot be set: {@code acks}, {@code enable.idempotence}, {@code
     * max.in.flight.requests.per.connection}, {@code max.block.ms}, serializers, {@code transactional.id}.
     *
     * @param settings names and values; copied
     * @return the changed copy
     */
    public KafkaOptions config(Map<String, String> settings) {
        for (String fixed : List.of(
                "acks",
                "enable.idempotence",
                "max.in.flight.requests.per.connection",
                "max.block.ms",
                "transactional.id",
                "bootstrap.servers")) {
            if (settings.containsKey(fixed)) {
                throw new IllegalArgumentException(fixed + ": cannot be set, the sink sets it");
            }
        }
        var changed = new KafkaOptions(this);
        changed.config = Map.copyOf(new HashMap<>(settings));
        return changed;
    }

    /**
     * Most that is taken and not yet settled; 65,536 messages and 64 MiB unless set. The producer's buffers take twice
     * the bytes at most, and one batch for each partition.
     *
     * @param messagesMax 1 or more
     * @param bytesMax of their payloads, names and 256 bytes each, 1 or more
     * @return the changed copy
     */
    public KafkaOptions queue(int messagesMax, long bytesMax) {
        if (messagesMax < 1 || bytesMax < 1) {
            throw new IllegalArgumentException("queue " + messagesMax + ", " + bytesMax + ": want 1 or more");
        }
        var changed = new KafkaOptions(this);
        changed.queueMessagesMax = messagesMax;
        changed.queueBytesMax = bytesMax;
        return changed;
    }

    /**
     * Makes the queue take at least one message of this size, whatever else is set.
     *
     * @param bytes of its payload
     * @return the changed copy
     */
    public KafkaOptions queueTakes(long bytes) {
        return queue(queueMessagesMax, Math.max(queueBytesMax, 4 * bytes));
    }

    /**
     * How long an offer waits for room, or for a connection to the cluster that is being made, before it answers {@link
     * Result#OVERLOADED}; 10 s unless set.
     *
     * @param limit zero or more
     * @return the changed copy
     */
    public KafkaOptions roomWait(Duration limit) {
        if (limit.isNegative()) {
            throw new IllegalArgumentException("roomWait " + limit + ": want zero or more");
        }
        var changed = new KafkaOptions(this);
        changed.roomWait = limit;
        return changed;
    }

    /**
     * How long a cluster is waited for before messages are {@link Result#NOT_STORED}; 5 s unless set.
     *
     * @param limit more than zero
     * @return the changed copy
     */
    public KafkaOptions connectTimeout(Duration limit) {
        if (!limit.isPositive()) {
            throw new IllegalArgumentException("connectTimeout " + limit + ": want more than zero");
        }
        var changed = new KafkaOptions(this);
        changed.connectTimeout = limit;
        return changed;
    }

    /**
     * What the sink's own waits go by, and what stamps the messages; the system's unless set.
     *
     * @param times the clock
     * @return the changed copy
     */
    public KafkaOptions clock(Clock times) {
        var changed = new KafkaOptions(this);
        changed.clock = times;
        return changed;
    }
}
