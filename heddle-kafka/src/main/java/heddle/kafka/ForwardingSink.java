package heddle.kafka;

import heddle.gateway.Counters;
import heddle.gateway.Receipt;
import heddle.gateway.Sequence;
import heddle.gateway.Sink;
import heddle.gateway.SinkStatus;
import heddle.gateway.StoreOptions;
import heddle.gateway.StoreReader;
import heddle.gateway.StoreSink;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Keeps messages in a data folder, as a {@link StoreSink}, and forwards them to a topic of Kafka, in the store's order.
 * An ack says what the store's says, whether Kafka is there or not. What is not forwarded yet is not dropped by
 * retention.
 *
 * <p>After a crash it goes on behind what it knows to be forwarded, so some messages are sent again. A reader that
 * follows the {@link ReadingRule} sees each once. Any thread.
 */
public final class ForwardingSink implements Sink {

    private static final Logger LOG = System.getLogger("heddle.kafka");

    private final StoreSink store;
    private final Forwarder forwarder;

    /**
     * Opens the store in {@code folder} and begins to forward behind what was forwarded before: all that it has, the
     * first time.
     *
     * @param folder the data folder; its file {@code forwarded} says how far it is
     * @param storing how to store
     * @param kafka where to
     * @param counters where messages are counted
     * @throws IOException the store cannot be opened, or was forwarded to another topic; the message says which
     * @throws IllegalArgumentException the options' settings make no sense to Kafka
     */
    public ForwardingSink(Path folder, StoreOptions storing, KafkaOptions kafka, Counters counters) throws IOException {
        ClientLog.quiet();
        Delivery.check(kafka);
        var forwarded = Forwarded.read(folder, kafka.topic);
        this.store = new StoreSink(folder, storing.holdFrom(forwarded.number() + 1), counters);
        try {
            if (!Files.exists(folder.resolve(Forwarded.FILE))) {
                forwarded.moveTo(forwarded.number()); // the store's name must be on the disk before it is used
            }
            this.forwarder =
                    new Forwarder(kafka, counters, reader(folder), forwarded, store.hold(forwarded.number() + 1));
        } catch (IOException | RuntimeException e) {
            store.close();
            throw e;
        }
    }

    private static StoreReader reader(Path folder) throws IOException {
        return new StoreReader(
                folder, true, gap -> LOG.log(Level.ERROR, "data folder {0}: cannot be forwarded: {1}", folder, gap));
    }

    /**
     * Takes over how much the store may hold, and for how long, as {@link StoreSink#bound} does.
     *
     * @param next the new bounds
     */
    public void bound(StoreOptions next) {
        store.bound(next);
    }

    @Override
    public int offer(Receipt receipt, long id, byte[] buffer, int offset, int length) throws InterruptedException {
        return store.offer(receipt, id, buffer, offset, length);
    }

    @Override
    public int resume(Sequence sequence, long id) throws InterruptedException {
        return store.resume(sequence, id);
    }

    @Override
    public int offerOnce(Sequence sequence, long number, byte[] buffer, int offset, int length)
            throws InterruptedException {
        return store.offerOnce(sequence, number, buffer, offset, length);
    }

    @Override
    public void end(Sequence sequence) {
        store.end(sequence);
    }

    @Override
    public SinkStatus status() {
        return store.status();
    }

    /**
     * Waits until the store takes no more: after a {@link #close}, or after a failure that ended it by itself.
     *
     * @throws InterruptedException the thread was interrupted
     */
    public void awaitEnd() throws InterruptedException {
        store.awaitEnd();
    }

    @Override
    public void close() throws IOException {
        try {
            forwarder.close();
        } finally {
            store.close();
        }
    }
}
