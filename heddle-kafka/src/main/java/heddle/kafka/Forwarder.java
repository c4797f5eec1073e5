package heddle.kafka;

import heddle.gateway.Counter;
import heddle.gateway.Counters;
import heddle.gateway.Hold;
import heddle.gateway.Result;
import heddle.gateway.StoreReader;
import heddle.gateway.StoredMessage;
import heddle.gateway.log.Threads;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;

/// Sends what a store has to Kafka, in the store's order, and keeps how far it is. One platform thread,
/// `heddle-forward`, reads, sends and keeps; Kafka's own thread confirms.
///
/// 1. A number is kept only when Kafka has confirmed it and all below. So after a crash, or a delivery that failed,
///    some are sent again and none is left out. A copy has the store's name and the same number, by which a reader
///    knows it: [ReadingRule].
/// 2. Retention may drop what is below the number that is kept, and nothing else.
/// 3. The order within a partition is that of the store: a [Delivery] lets nothing overtake what failed.
///
/// Bounds: the options' queue, in messages and bytes.
final class Forwarder {

    private static final Logger LOG = System.getLogger("heddle.kafka");

    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final long IDLE_NANOS = Duration.ofMillis(20).toNanos();
    private static final long KEEP_NANOS = Duration.ofMillis(200).toNanos();

    /** How long an end waits for what is on its way. What is not confirmed by then is sent again at the next start. */
    private static final Duration END_LIMIT = Duration.ofSeconds(5);

    private final KafkaOptions options;
    private final Counters counters;
    private final StoreReader reader;
    private final Forwarded forwarded;
    private final Hold hold;
    private final Episode episode;
    private final Thread thread;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    // Both guarded by lock.
    private final ArrayDeque<Sent> sent = new ArrayDeque<>();
    private long sentBytes;

    /** All up to this number is confirmed. Written under the lock, read by any. */
    private volatile long confirmed;

    /** Written under the lock, read by any. */
    private volatile boolean stopping;

    // Both used by heddle-forward alone.
    private long keptNanos = System.nanoTime();
    private long lag;

    private static final class Sent {
        private final long number;
        private final long bytes;
        private boolean confirmed;

        Sent(long number, long bytes) {
            this.number = number;
            this.bytes = bytes;
        }
    }

    /**
     * Begins behind what {@code forwarded} says; {@code hold} holds what is behind that. Both are the forwarder's from
     * here on.
     */
    Forwarder(KafkaOptions options, Counters counters, StoreReader reader, Forwarded forwarded, Hold hold) {
        this.options = options;
        this.counters = counters;
        this.reader = reader;
        this.forwarded = forwarded;
        this.hold = hold;
        this.confirmed = forwarded.number();
        this.episode = new Episode(options);
        this.thread = Thread.ofPlatform().name("heddle-forward").start(this::run);
    }

    private void run() {
        try {
            while (!stopping) {
                try {
                    connectAndForward();
                } catch (IOException e) {
                    episode.begins(Delivery.text(e));
                    pause(RETRY.toNanos());
                }
            }
        } catch (Throwable e) {
            LOG.log(Level.ERROR, "forwarding to Kafka has ended; the store goes on", e);
        }
    }

    private void connectAndForward() throws IOException, InterruptedException {
        try (var delivery = Delivery.open(options, this::wake)) {
            forward(delivery);
        } finally {
            lock.lock();
            try {
                sent.clear();
                sentBytes = 0;
            } finally {
                lock.unlock();
            }
        }
        keep();
    }

    private void forward(Delivery delivery) throws IOException, InterruptedException {
        reader.seek(confirmed + 1);
        while (!stopping && !delivery.hasFailed()) {
            var messages = reader.next();
            for (var message : messages) {
                if (!send(delivery, message)) {
                    break;
                }
            }
            keepIfDue();
            if (messages.isEmpty()) {
                pause(IDLE_NANOS);
            }
        }
        if (delivery.hasFailed()) {
            episode.begins(Delivery.text(delivery.failure()));
        } else {
            awaitConfirmed(delivery);
        }
    }

    /** Sends a message once there is room. False if the delivery has failed or the end has come before. */
    private boolean send(Delivery delivery, StoredMessage message) throws IOException, InterruptedException {
        byte[] key = message.client().getBytes(StandardCharsets.UTF_8);
        long bytes = Delivery.recordBytes(message.payload().length, key.length);
        if (!delivery.fits(bytes)) {
            awaitConfirmed(delivery);
            throw new IOException(
                    "message " + message.number() + " of the store is larger than the topic takes: raise its"
                            + " max.message.bytes to " + bytes + " at least");
        }
        var entry = new Sent(message.number(), bytes);
        while (!add(entry)) {
            if (stopping || delivery.hasFailed()) {
                return false;
            }
            keepIfDue();
            pause(IDLE_NANOS);
        }
        delivery.send(record(key, message), new Delivery.Fate() {
            @Override
            public void delivered(int partition, long offset) {
                confirm(entry);
            }

            @Override
            public void refused(int result) {
                // It is sent again by the next delivery, and this one must send nothing behind it.
                delivery.end(Result.text(result));
            }

            @Override
            public void failed(int result) {
                // The delivery has failed; the next one begins behind what is confirmed.
            }
        });
        return !delivery.hasFailed();
    }

    private ProducerRecord<byte[], byte[]> record(byte[] key, StoredMessage message) {
        long time = message.stored().toEpochMilli();
        List<Header> headers = new ArrayList<>(List.of(
                new KafkaHeaders.Field(KafkaHeaders.NAME, key),
                new KafkaHeaders.Field(KafkaHeaders.TIME, time),
                new KafkaHeaders.Field(KafkaHeaders.STORE, forwarded.store()),
                new KafkaHeaders.Field(KafkaHeaders.NUMBER, message.number())));
        if (message.sequence() != 0) {
            headers.add(new KafkaHeaders.Field(KafkaHeaders.SEQUENCE, message.sequence()));
        }
        return new ProducerRecord<>(options.topic, null, time, key, message.payload(), headers);
    }

    /** Takes room. One message is always let through. */
    private boolean add(Sent entry) {
        lock.lock();
        try {
            if (!sent.isEmpty()
                    && (sent.size() >= options.queueMessagesMax || sentBytes + entry.bytes > options.queueBytesMax)) {
                return false;
            }
            sent.add(entry);
            sentBytes += entry.bytes;
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void confirm(Sent entry) {
        counters.increment(Counter.FORWARDED);
        episode.ends();
        lock.lock();
        try {
            entry.confirmed = true;
            for (var first = sent.peek(); first != null && first.confirmed; first = sent.peek()) {
                sent.remove();
                sentBytes -= first.bytes;
                confirmed = first.number;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void keepIfDue() throws IOException {
        long now = System.nanoTime();
        if (now - keptNanos > KEEP_NANOS) {
            keptNanos = now;
            keep();
            long lagNow = Math.max(0, reader.end() - confirmed);
            counters.add(Counter.FORWARD_LAG, lagNow - lag);
            lag = lagNow;
        }
    }

    private void keep() throws IOException {
        long number = confirmed;
        if (number > forwarded.number()) {
            forwarded.moveTo(number);
            hold.moveTo(number + 1);
        }
    }

    /** Waits until all that was sent is confirmed, or the delivery has failed, or the limit for an end has passed. */
    private void awaitConfirmed(Delivery delivery) throws InterruptedException {
        long left = END_LIMIT.toNanos();
        lock.lock();
        try {
            while (!sent.isEmpty() && !delivery.hasFailed() && left > 0) {
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    private void pause(long nanos) throws InterruptedException {
        long left = nanos;
        lock.lock();
        try {
            while (!stopping && left > 0) {
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    private void wake() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits a few seconds at most for what is on its way, keeps how far it is, and ends. The next start goes on. */
    void close() throws IOException {
        lock.lock();
        try {
            stopping = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        Threads.awaitEnd(thread); // the number that is kept comes first
        hold.close();
        reader.close();
    }
}
