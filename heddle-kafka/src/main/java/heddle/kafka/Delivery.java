package heddle.kafka;

import heddle.gateway.Result;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/// One producer, from when it knows the topic to its first failure: what Kafka would not take, or has not confirmed in
/// time, ends it, and with it all that is on its way. So no record ever overtakes one before it that failed: the
/// producer alone would send on.
///
///     UP      send() hands records to the producer
///     FAILED  nothing more is sent; what was on its way is told as failed, in any order
///     CLOSED  the producer is gone, and every record's [Fate] is told
///
///     UP         -> FAILED  fail()   by Kafka's thread, within the callback of the first failure; or by who sends
///     UP, FAILED -> CLOSED  close()  by the sink's thread
///
/// 1. A record's fate is told once. Refused: it is not in the topic and never will be. Failed: it may be.
/// 2. In each partition the records of a delivery that are there are in the order of send(), without gaps but at the
///    end: one request at a time is on its way to a broker, and each batch has a number, by which a broker knows one
///    that is sent again.
///    With more requests the number would not do: of a producer that it does not know in a partition yet, a broker
///    takes any number as the first, so the second batch may be there when the first is refused for now. After a
///    failure the producer would number anew; it is closed within the callback of the failure, before it sends
///    anything else.
/// 3. send() never waits: max.block.ms is 0, and the topics' metadata is there before UP and kept.
final class Delivery implements Closeable {

    /** Told once, by whoever finds out; must neither wait nor throw. */
    interface Fate {

        /** All replicas in sync have it, at this offset. */
        void delivered(int partition, long offset);

        /** It is not in the topic and never will be. Told within {@link #send} alone. */
        void refused(int result);

        /** It may be in the topic, or come to be; with {@link Result#TOO_LARGE} it is not. */
        void failed(int result);
    }

    /** What a batch and a record take beside key, value and headers: 61 and at most 31 bytes; message format 2. */
    private static final int RECORD_OVERHEAD_BYTES = 61 + 31;

    private final KafkaProducer<byte[], byte[]> producer;
    private final String topic;
    private final int partitions;
    private final Runnable onFailure;
    private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
    private volatile boolean closed;

    /** Since when the producer lacks the topic's metadata, as while a broker starts; 0 if it has them. */
    private volatile long lostNanos;

    private final long lostLimitNanos;

    private final long recordBytesMax;

    private Delivery(KafkaOptions options, Cluster cluster, Runnable onFailure) {
        this.topic = options.topic;
        this.onFailure = onFailure;
        this.partitions = cluster.partitions;
        this.lostLimitNanos = options.connectTimeout.toNanos();
        this.recordBytesMax = cluster.recordBytesMax;
        this.producer = new KafkaProducer<>(producerConfig(options, cluster));
    }

    /** What must be known of the topic before a producer is made. */
    private record Cluster(int partitions, long recordBytesMax) {}

    /**
     * Connects. Waits for the options' connectTimeout at most, and a little more.
     *
     * @param onFailure called once, when it fails later on, by any thread
     * @throws IOException the cluster or the topic is not there, or not usable; the message says which
     */
    static Delivery open(KafkaOptions options, Runnable onFailure) throws IOException, InterruptedException {
        try (var admin = Admin.create(commonConfig(options))) {
            var delivery = new Delivery(options, look(admin, options), onFailure);
            try {
                delivery.awaitMetadata(options.topic, options);
                return delivery;
            } catch (IOException | RuntimeException | InterruptedException e) {
                delivery.close();
                throw e;
            }
        } catch (KafkaException e) {
            throw new IOException(text(e), e);
        }
    }

    private static Cluster look(Admin admin, KafkaOptions options) throws IOException, InterruptedException {
        try {
            int partitions = Objects.requireNonNull(admin.describeTopics(List.of(options.topic))
                            .allTopicNames()
                            .get()
                            .get(options.topic))
                    .partitions()
                    .size();
            var policy = setting(admin, options, options.topic, TopicConfig.CLEANUP_POLICY_CONFIG);
            if (policy.contains(TopicConfig.CLEANUP_POLICY_COMPACT)) {
                throw new IOException("topic " + options.topic + " has cleanup.policy=" + policy
                        + ", which drops all but the last message of a client: want delete");
            }
            return new Cluster(
                    partitions,
                    Long.parseLong(setting(admin, options, options.topic, TopicConfig.MAX_MESSAGE_BYTES_CONFIG)));
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UnknownTopicOrPartitionException) {
                throw new IOException("topic " + options.topic + " does not exist", e);
            }
            throw new IOException(text(e.getCause()), e);
        }
    }

    /**
     * A setting of a topic that is there. If it is new, the broker that is asked may not have heard of it yet, and is
     * asked again, for the options' connectTimeout.
     */
    static String setting(Admin admin, KafkaOptions options, String topic, String key)
            throws ExecutionException, InterruptedException {
        var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        long until = System.nanoTime() + options.connectTimeout.toNanos();
        while (true) {
            try {
                var config =
                        admin.describeConfigs(List.of(resource)).all().get().get(resource);
                return Objects.requireNonNull(config).get(key).value();
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof UnknownTopicOrPartitionException) || System.nanoTime() - until >= 0) {
                    throw e;
                }
                TimeUnit.MILLISECONDS.sleep(5);
            }
        }
    }

    /** What went wrong, in a line. */
    static String text(@Nullable Throwable failure) {
        if (failure == null) {
            return "no cause is known";
        }
        if (failure.getCause() instanceof ConfigException e) {
            return String.valueOf(e.getMessage());
        }
        return failure.getMessage() == null || failure.getMessage().isEmpty()
                ? failure.getClass().getSimpleName()
                : failure.getMessage();
    }

    /** What all clients get: where, who, and the user's own. */
    static Map<String, Object> commonConfig(KafkaOptions options) {
        Map<String, Object> config = new HashMap<>();
        config.put("client.id", "heddle");
        config.put("request.timeout.ms", Math.toIntExact(options.connectTimeout.toMillis()));
        config.put("default.api.timeout.ms", Math.toIntExact(options.connectTimeout.toMillis()));
        config.putAll(options.config);
        config.put("bootstrap.servers", options.servers);
        return config;
    }

    private static Map<String, Object> producerConfig(KafkaOptions options, Cluster cluster) {
        Map<String, Object> config = new HashMap<>();
        config.put(ProducerConfig.CLIENT_ID_CONFIG, "heddle");
        config.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 10_000);
        config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 30_000);
        config.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        // What five requests of Kafka's own 16 KiB could carry, now that one is on its way at a time.
        config.put(ProducerConfig.BATCH_SIZE_CONFIG, 128 << 10);
        // The topic's own bound is the one that counts.
        config.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, (int) Math.max(1 << 20, cluster.recordBytesMax));
        config.putAll(options.config);
        long batchBytes =
                Long.parseLong(config.get(ProducerConfig.BATCH_SIZE_CONFIG).toString());
        // A batch is closed when the next record does not fit, so it may be half empty; the newest of each partition
        // even more.
        config.putIfAbsent(
                ProducerConfig.BUFFER_MEMORY_CONFIG, 2 * options.queueBytesMax + batchBytes * (cluster.partitions + 1));
        config.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, options.servers);
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        config.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
        config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 0);
        config.put(ProducerConfig.METADATA_MAX_IDLE_CONFIG, Long.MAX_VALUE / 2);
        config.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        config.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        return config;
    }

    /** Whether Kafka's own check finds the settings in order. */
    static void check(KafkaOptions options) {
        try {
            var ignored = new ProducerConfig(producerConfig(options, new Cluster(1, 1 << 20)));
        } catch (ConfigException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /**
     * Waits until the producer knows a topic, which it then keeps: from there on send() needs not ask. The number of
     * its partitions.
     */
    int awaitMetadata(String name, KafkaOptions options) throws IOException, InterruptedException {
        long until = System.nanoTime() + options.connectTimeout.toNanos();
        while (true) {
            try {
                return producer.partitionsFor(name).size();
            } catch (TimeoutException unknown) {
                if (System.nanoTime() - until >= 0) {
                    throw new IOException("no metadata of topic " + name + " in time", unknown);
                }
                // The answer is on its way; max.block.ms lets nothing wait for it.
                TimeUnit.MILLISECONDS.sleep(5);
            }
        }
    }

    /** The size of a record with so much in it, a little more rather than less. */
    static long recordBytes(long payloadBytes, long nameBytes) {
        // Name and key; the other headers are at most 20 digits each and their own names.
        return RECORD_OVERHEAD_BYTES + 2 * nameBytes + 128 + payloadBytes;
    }

    /** Of the topic, for records that are put into a partition by hand. */
    int partitionOf(byte[] key) {
        return Utils.toPositive(Utils.murmur2(key)) % partitions;
    }

    /** Whether the topic takes a record of that size. */
    boolean fits(long recordBytes) {
        return recordBytes <= recordBytesMax;
    }

    boolean hasFailed() {
        return closed || failure.get() != null;
    }

    @Nullable
    Exception failure() {
        return failure.get();
    }

    /** Hands a record to the producer; its fate may be told before this returns. Never waits. Any thread. */
    void send(ProducerRecord<byte[], byte[]> record, Fate fate) {
        var sent = new Sent(record.topic().equals(topic), fate);
        try {
            if (hasFailed()) {
                fate.refused(Result.NOT_STORED);
                return;
            }
            var ignored = producer.send(record, sent); // the callback tells
        } catch (KafkaException | IllegalStateException e) {
            // Closed meanwhile, or its own state forbids: nothing was sent.
            fail(e);
            fate.refused(Result.NOT_STORED);
        } finally {
            sent.sender = null;
        }
    }

    private final class Sent implements Callback {

        private final boolean message;
        private final Fate fate;

        /** Who is in send(). Another thread may see either value, and is none of them. */
        private @Nullable Thread sender = Thread.currentThread();

        Sent(boolean message, Fate fate) {
            this.message = message;
            this.fate = fate;
        }

        @Override
        public void onCompletion(@Nullable RecordMetadata metadata, @Nullable Exception e) {
            if (e == null && metadata != null) {
                fate.delivered(metadata.partition(), metadata.offset());
            } else if (Thread.currentThread() == sender) {
                refused(e);
            } else {
                boolean tooLarge = message && e instanceof RecordTooLargeException;
                fail(e == null ? new KafkaException("no outcome") : e);
                fate.failed(tooLarge ? Result.TOO_LARGE : Result.IN_DOUBT);
            }
        }

        /** Before it was sent: no room in the producer, no metadata, too large for what was configured. */
        private void refused(@Nullable Exception e) {
            if (e instanceof RecordTooLargeException) {
                fate.refused(Result.TOO_LARGE);
            } else if (e instanceof BufferExhaustedException) {
                fate.refused(Result.OVERLOADED);
            } else if (e instanceof TimeoutException && !isLostForLong()) {
                fate.refused(Result.OVERLOADED);
            } else {
                fail(e == null ? new KafkaException("not sent") : e);
                fate.refused(Result.NOT_STORED);
            }
        }
    }

    private void fail(Exception e) {
        if (failure.compareAndSet(null, e)) {
            if (Thread.currentThread().getName().startsWith(KafkaProducer.NETWORK_THREAD_PREFIX)) {
                // Within the callback, before Kafka's thread sends anything behind what failed.
                producer.close(Duration.ZERO);
            }
            onFailure.run();
        }
    }

    /** No metadata: whether it has been so for longer than a broker may take to be there again. Begins to count. */
    private boolean isLostForLong() {
        long since = lostNanos;
        if (since == 0) {
            lostNanos = System.nanoTime() | 1;
            return false;
        }
        return System.nanoTime() - since > lostLimitNanos;
    }

    /** Whether the producer knows the topic, so that a message can be sent. It may forget it for a while. */
    boolean knowsTopic() {
        if (lostNanos == 0) {
            return true;
        }
        try {
            producer.partitionsFor(topic);
            lostNanos = 0;
            return true;
        } catch (TimeoutException unknown) {
            if (isLostForLong()) {
                fail(unknown);
            }
            return false;
        } catch (KafkaException | IllegalStateException e) {
            fail(e);
            return false;
        }
    }

    /** Sends nothing more. */
    void end(String why) {
        fail(new KafkaException(why));
    }

    /** Waits until the fate of all that was sent is told. */
    void flush() {
        producer.flush();
    }

    /**
     * Ends it. What is still on its way fails: {@link #flush} goes before, where it must not. Returns when every fate
     * is told.
     */
    @Override
    public void close() {
        closed = true;
        producer.close(Duration.ZERO);
    }
}
