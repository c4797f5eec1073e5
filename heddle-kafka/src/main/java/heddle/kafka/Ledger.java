package heddle.kafka;

import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/// How far each client is that has sent once, as all gateways of a topic know it: a compacted topic with one partition.
/// All of it is read at the first resume, and what has been added since whenever [#catchUp] is called.
///
///     key                    value
///     01 | name              gateway, 16                            a claim: its offset is the turn's number
///     02 | turn, 8 | name    partition, 4 | from, 8 | highest, 8    an entry
///     02 | turn, 8 | name    none                                   the entry of an older turn, forgotten
///
/// An entry says: what counts of the turn is 1 to highest and what stands in the partition at `from` and behind; all of
/// it is before `from` if that is [#NOTHING_BEHIND], which a turn writes that has ended in order.
///
/// Bound: about 200 bytes of memory for each name. For the sink's thread alone.
final class Ledger implements Closeable {

    private static final Logger LOG = System.getLogger("heddle.kafka");

    static final long NOTHING_BEHIND = Long.MAX_VALUE;

    private static final byte CLAIM = 1;
    private static final byte ENTRY = 2;
    private static final int GATEWAY_BYTES = 16;
    private static final int ENTRY_KEY_BYTES = 1 + Long.BYTES;
    private static final int ENTRY_BYTES = Integer.BYTES + 2 * Long.BYTES;
    private static final Duration POLL = Duration.ofMillis(100);

    /** What is known of a turn. */
    record Entry(long turn, int partition, long from, long highest) {}

    /** Of a name. */
    private static final class Known {
        private @Nullable Entry newest;
        private List<Long> older = List.of();

        /** The last claim of another gateway; -1 for none. */
        private long claimedElsewhere = -1;
    }

    private final KafkaOptions options;
    private final byte[] gateway;
    private final TopicPartition partition;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Map<String, Known> names = new HashMap<>();
    private long position;

    /** One was seen that no gateway wrote. */
    private boolean foreignSaid;

    private Ledger(KafkaOptions options, byte[] gateway) {
        this.options = options;
        this.gateway = gateway;
        this.partition = new TopicPartition(options.ledgerTopic, 0);
        Map<String, Object> config = Delivery.commonConfig(options);
        config.put("enable.auto.commit", false);
        config.put("auto.offset.reset", "earliest");
        config.put("allow.auto.create.topics", false);
        this.consumer = new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /**
     * Opens the ledger and reads it, making it if it is missing.
     *
     * @param gateway what tells the caller's claims from those of others, 16 bytes
     */
    static Ledger open(KafkaOptions options, byte[] gateway, Delivery delivery)
            throws IOException, InterruptedException {
        create(options);
        delivery.awaitMetadata(options.ledgerTopic, options);
        var ledger = new Ledger(options, gateway);
        try {
            ledger.catchUp();
            return ledger;
        } catch (IOException | RuntimeException e) {
            ledger.close();
            throw e;
        }
    }

    private static void create(KafkaOptions options) throws IOException, InterruptedException {
        try (var admin = Admin.create(Delivery.commonConfig(options))) {
            var topic = new NewTopic(options.ledgerTopic, Optional.of(1), Optional.empty())
                    .configs(Map.of(
                            TopicConfig.CLEANUP_POLICY_CONFIG,
                            TopicConfig.CLEANUP_POLICY_COMPACT,
                            // What is not compacted yet is read at each start: at most this and half of it again.
                            TopicConfig.SEGMENT_BYTES_CONFIG,
                            Integer.toString(32 << 20)));
            try {
                admin.createTopics(List.of(topic)).all().get();
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof TopicExistsException)) {
                    throw new IOException("topic " + options.ledgerTopic + ": " + Delivery.text(e.getCause()), e);
                }
            }
            var policy = Delivery.setting(admin, options, options.ledgerTopic, TopicConfig.CLEANUP_POLICY_CONFIG);
            if (!policy.equals(TopicConfig.CLEANUP_POLICY_COMPACT)) {
                throw new IOException("topic " + options.ledgerTopic + " has cleanup.policy=" + policy
                        + ": want compact, and nothing else");
            }
        } catch (ExecutionException e) {
            throw new IOException("topic " + options.ledgerTopic + ": " + Delivery.text(e.getCause()), e);
        } catch (KafkaException e) {
            throw new IOException("topic " + options.ledgerTopic + ": " + Delivery.text(e), e);
        }
    }

    /** Reads all that was written before this was called. */
    void catchUp() throws IOException {
        try {
            consumer.assign(List.of(partition));
            consumer.seek(partition, position);
            long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
            long deadline = System.nanoTime() + options.connectTimeout.toNanos();
            while (position < end) {
                var records = consumer.poll(POLL);
                for (var record : records) {
                    take(record);
                }
                long reached = consumer.position(partition);
                if (reached > position) {
                    deadline = System.nanoTime() + options.connectTimeout.toNanos();
                } else if (System.nanoTime() - deadline >= 0) {
                    throw new IOException("topic " + options.ledgerTopic + ": cannot be read on at " + position);
                }
                position = reached;
            }
        } catch (KafkaException e) {
            throw new IOException("topic " + options.ledgerTopic + ": " + Delivery.text(e), e);
        }
    }

    private void take(ConsumerRecord<byte[], byte[]> record) {
        byte[] value = record.value();
        if (isClaim(record.key(), value)) {
            if (!Arrays.equals(value, gateway)) {
                known(name(ByteBuffer.wrap(record.key()).position(1))).claimedElsewhere = record.offset();
            }
        } else if (isEntry(record.key(), value)) {
            var key = ByteBuffer.wrap(record.key()).position(1);
            long turn = key.getLong();
            take(known(name(key)), turn, value);
        } else if (!foreignSaid) {
            foreignSaid = true;
            LOG.log(
                    Level.WARNING,
                    "topic {0}: the record at {1} was written by no gateway; such records are passed over",
                    options.ledgerTopic,
                    Long.toString(record.offset()));
        }
    }

    private static boolean isClaim(byte @Nullable [] key, byte @Nullable [] value) {
        return key != null && key.length >= 1 && key[0] == CLAIM && value != null && value.length == GATEWAY_BYTES;
    }

    private static boolean isEntry(byte @Nullable [] key, byte @Nullable [] value) {
        return key != null
                && key.length >= ENTRY_KEY_BYTES
                && key[0] == ENTRY
                && (value == null || value.length == ENTRY_BYTES);
    }

    private static void take(Known known, long turn, byte @Nullable [] value) {
        var newest = known.newest;
        if (value == null) {
            known.older = without(known.older, turn);
            if (newest != null && newest.turn == turn) {
                known.newest = null;
            }
            return;
        }
        var buffer = ByteBuffer.wrap(value);
        var entry = new Entry(turn, buffer.getInt(), buffer.getLong(), buffer.getLong());
        if (newest == null || turn >= newest.turn) {
            if (newest != null && turn > newest.turn) {
                known.older = with(known.older, newest.turn);
            }
            known.newest = entry;
        } else {
            known.older = with(known.older, turn);
        }
    }

    private static List<Long> with(List<Long> turns, long turn) {
        var more = new ArrayList<>(without(turns, turn));
        more.add(turn);
        return List.copyOf(more);
    }

    private static List<Long> without(List<Long> turns, long turn) {
        return turns.stream().filter(other -> other != turn).toList();
    }

    private Known known(String name) {
        return names.computeIfAbsent(name, ignored -> new Known());
    }

    private static String name(ByteBuffer rest) {
        return StandardCharsets.UTF_8.decode(rest).toString();
    }

    /** The entry of the name's newest turn. */
    @Nullable
    Entry entry(String name) {
        var known = names.get(name);
        return known == null ? null : known.newest;
    }

    /** Turns of a name that a newer one has an entry behind. */
    List<Long> olderTurns(String name) {
        var known = names.get(name);
        return known == null ? List.of() : known.older;
    }

    /** Whether another gateway has claimed the name after this turn. */
    boolean claimedElsewhere(String name, long turn) {
        var known = names.get(name);
        return known != null && known.claimedElsewhere > turn;
    }

    /** A claim, to be sent. */
    ProducerRecord<byte[], byte[]> claim(byte[] name) {
        byte[] key = ByteBuffer.allocate(1 + name.length).put(CLAIM).put(name).array();
        return new ProducerRecord<>(options.ledgerTopic, 0, key, gateway);
    }

    /** An entry, to be sent. */
    ProducerRecord<byte[], byte[]> entry(byte[] name, Entry entry) {
        byte[] value = ByteBuffer.allocate(ENTRY_BYTES)
                .putInt(entry.partition)
                .putLong(entry.from)
                .putLong(entry.highest)
                .array();
        return new ProducerRecord<>(options.ledgerTopic, 0, key(name, entry.turn), value);
    }

    /** The end of an entry, to be sent. */
    @SuppressWarnings("NullAway") // Null is how Kafka writes that a key is gone.
    ProducerRecord<byte[], byte[]> forget(byte[] name, long turn) {
        return new ProducerRecord<>(options.ledgerTopic, 0, key(name, turn), null);
    }

    private static byte[] key(byte[] name, long turn) {
        return ByteBuffer.allocate(ENTRY_KEY_BYTES + name.length)
                .put(ENTRY)
                .putLong(turn)
                .put(name)
                .array();
    }

    /** The consumer, for a scan of other partitions between two calls of {@link #catchUp}. */
    KafkaConsumer<byte[], byte[]> consumer() {
        return consumer;
    }

    static int gatewayBytes() {
        return GATEWAY_BYTES;
    }

    @Override
    public void close() {
        consumer.close(CloseOptions.timeout(Duration.ofSeconds(1)));
    }
}
