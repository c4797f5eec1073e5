package heddle.gateway;

import heddle.gateway.log.Disk;
import heddle.gateway.log.Threads;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Keeps messages in the log of a data folder, in groups: all that was offered while one commit was under way goes into
/// the next, so the sync that each commit costs is shared by as many messages as there are then.
///
/// Offers come from any thread and are copied into a bounded queue. One platform thread, `heddle-store`, does
/// everything that touches the disk, as a virtual thread would hold its carrier there. It settles the receipts itself,
/// after the commit.
///
/// Messages for which there is no room are answered [Result#NOT_STORED], and the next are tried afresh; such an episode
/// is logged at its start and at its end. A write or a sync that fails ends the sink by itself, as nobody knows what
/// the disk has then: the messages of that commit are answered [Result#IN_DOUBT], and what waits [Result#NOT_STORED].
///
/// Which messages of a [Sequence] are kept is decided on that thread too, by the [Sequencer], and the highest number of
/// each is in the same commit as its message.
///
/// Anything else that is thrown on that thread, by a receipt too, ends the sink by itself: all that was taken is
/// settled, each message once, [#awaitEnd] returns, and [#close] throws it.
public final class StoreSink implements Sink {

    private static final Logger LOG = System.getLogger("heddle.gateway");

    /** The buffer that a commit is written from, and what upkeep reads with; rounded up. */
    private static final long WRITING_BYTES = 8 << 20;

    private final Path folder;
    private final StoreOptions options;
    private final SinkQueue queue;
    private final DataFolder taken;
    private final Thread writer;
    private final CountDownLatch ended = new CountDownLatch(1);

    // Used by the writer thread alone.
    private final StoreWriter store;
    private final Sequencer sequencer;

    /** Of the batch in hand, one an entry. */
    private int[] results = new int[64];

    /** How many of the batch in hand are settled. */
    private int settled;

    /** What made it FAILED: set by the writer thread, taken out by the close that throws it. */
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    /**
     * Opens the store in {@code folder}, making both if need be, and takes the folder for this process.
     *
     * @param folder the data folder
     * @param options how to store
     * @param counters where commits are counted
     * @throws IOException the folder cannot be made, written or read, is another server's, or holds something else; the
     *     message names it
     */
    public StoreSink(Path folder, StoreOptions options, Counters counters) throws IOException {
        this(folder, options, counters, () -> LogStore.open(folder, options, new Disk()));
    }

    /** The same, on a disk of the caller's choice. */
    StoreSink(Path folder, StoreOptions options, Counters counters, Disk disk) throws IOException {
        this(folder, options, counters, () -> LogStore.open(folder, options, disk));
    }

    /** A sink that keeps messages in a store of the caller's choice. */
    StoreSink(Path folder, StoreOptions options, Counters counters, Store.Opening opening) throws IOException {
        this.folder = folder;
        this.options = options;
        this.queue = new SinkQueue(options.queueMessagesMax, options.queueBytesMax, options.clock);
        this.taken = DataFolder.take(folder);
        try {
            this.store = new StoreWriter(folder, options, counters, opening);
        } catch (IOException | RuntimeException | Error e) {
            taken.close();
            throw e;
        }
        this.sequencer = new Sequencer(store, counters);
        this.writer = Thread.ofPlatform().name("heddle-store").start(this::write);
    }

    @Override
    public int offer(Receipt receipt, long id, byte[] buffer, int offset, int length) throws InterruptedException {
        return put(receipt, id, buffer, offset, length, null);
    }

    @Override
    public int offerOnce(Sequence sequence, long number, byte[] buffer, int offset, int length)
            throws InterruptedException {
        return put(sequence.receipt(), number, buffer, offset, length, sequence);
    }

    private int put(Receipt receipt, long id, byte[] buffer, int offset, int length, @Nullable Sequence sequence)
            throws InterruptedException {
        if (length > queue.payloadBytesMax()) {
            return Result.TOO_LARGE;
        }
        var payload = Arrays.copyOfRange(buffer, offset, offset + length);
        return put(new SinkQueue.Message(receipt, id, payload, sequence));
    }

    private int put(SinkQueue.Entry entry) throws InterruptedException {
        return queue.put(entry, TimeUnit.NANOSECONDS.convert(options.roomWait));
    }

    @Override
    public int resume(Sequence sequence, long id) throws InterruptedException {
        return put(new SinkQueue.Resume(sequence, id));
    }

    @Override
    public void end(Sequence sequence) {
        queue.putEnd(sequence);
    }

    /**
     * What the thread heddle-store does, from the first message to the last. The sink is
     * <pre>{@code
     * OPEN     offers are taken or wait for room; batch after batch is committed, then settled
     * CLOSING  none is taken; what waits in the queue is committed and settled all the same
     * FAILED   none is taken; what waits in the queue is settled as NOT_STORED
     * ENDED    all is settled, the store is closed, heddle-store has come to its end
     *
     * OPEN          -> CLOSING  close()  by any thread, which then waits for ENDED
     * OPEN, CLOSING -> FAILED   write()  the store is broken, or something was thrown; closes the queue
     * CLOSING       -> ENDED    write()  the queue is empty
     * FAILED        -> ENDED    write()  the queue is empty
     * }</pre>
     * <p>1. A message that was taken is settled once, by heddle-store, before ENDED. One that was not taken is not
     * settled.
     * 2. A message is settled with success after the commit that holds it has returned.
     * 3. The folder is taken from before OPEN until after ENDED. So nobody else writes to the store as long as this
     *    does.
     * 4. Closing the queue is what orders offers and the end: an offer is before it and is settled, or after it and is
     *    not taken.
     */
    private void write() {
        var batch = new ArrayList<SinkQueue.Entry>();
        try {
            while (failure.get() == null && queue.take(batch, store.nanosToSync())) {
                write(batch);
                store.syncIfDue();
                endIfBroken();
            }
        } catch (Throwable e) {
            fail(e);
        }
        queue.close(); // who offers must not wait for a writer that is gone
        try {
            refuse(batch);
            while (queue.take(batch, 0)) {
                refuse(batch);
            }
            var thrown = failure.get();
            if (thrown != null && thrown.equals(store.failure())) {
                LOG.log(Level.ERROR, thrown::getMessage);
            } else if (thrown != null) {
                LOG.log(Level.ERROR, "data folder " + folder + ": storing has ended", thrown);
            }
            store.close();
        } catch (Throwable e) {
            fail(e);
        } finally {
            ended.countDown();
        }
    }

    /** Keeps what ends the writer: the first, as the others follow from it. */
    private void fail(Throwable e) {
        failure.compareAndSet(null, e);
    }

    private void endIfBroken() {
        var broken = store.failure();
        if (broken != null) {
            fail(broken);
        }
    }

    /** Commits and settles a batch, and empties it; when the store breaks, only the part that was committed by then. */
    private void write(List<SinkQueue.Entry> batch) {
        if (results.length < batch.size()) {
            results = new int[Integer.highestOneBit(batch.size()) << 1];
        }
        for (int i = 0; i < batch.size(); i++) {
            var entry = batch.get(i);
            if (sequencer.endsPart(entry)) {
                commit(batch, i);
                if (store.failure() != null) {
                    return;
                }
            }
            results[i] = sequencer.judge(entry);
        }
        commit(batch, batch.size());
        batch.clear();
        settled = 0;
    }

    /** Commits and settles the part up to {@code end}. */
    private void commit(List<SinkQueue.Entry> batch, int end) {
        int pending = sequencer.commit();
        int begin = settled;
        for (int i = begin; i < end; i++) {
            if (results[i] == Sequencer.PENDING) {
                results[i] = pending;
            }
        }
        settle(batch.subList(begin, end), begin);
    }

    /** Settles what is left of a batch as not stored, and empties it. */
    private void refuse(List<SinkQueue.Entry> batch) {
        results = new int[batch.size()];
        Arrays.fill(results, Result.NOT_STORED);
        settle(batch.subList(settled, batch.size()), settled);
        batch.clear();
        settled = 0;
    }

    /**
     * Tells each receipt once, with the results from {@code begin} on; what one throws keeps none of the others from
     * being told.
     */
    private void settle(List<SinkQueue.Entry> part, int begin) {
        // Before the first is told: whatever comes, none is told twice.
        settled = begin + part.size();
        int at = begin;
        for (var entry : part) {
            try {
                entry.settle(results[at++]);
            } catch (Throwable e) {
                fail(e);
            }
        }
        Receipt flushed = null;
        for (var entry : part) {
            // A batch mostly holds runs of one connection; a second flush does no harm.
            if (!entry.receipt().equals(flushed)) {
                flushed = entry.receipt();
                try {
                    flushed.flush();
                } catch (Throwable e) {
                    fail(e);
                }
            }
        }
        queue.release(part);
    }

    /**
     * Keeps messages from being dropped by retention. What is dropped by now stays so: a reader tells.
     *
     * @param number what must stay: this message and those behind it
     * @return moves that on, and ends it
     */
    public Hold hold(long number) {
        return store.store().hold(number);
    }

    @Override
    public SinkStatus status() {
        var depth = queue.used();
        return new SinkStatus(
                failure.get() != null,
                ended.getCount() == 0 ? "data folder " + folder + ": storing has ended" : store.trouble(),
                depth.messages(),
                options.queueMessagesMax,
                depth.bytes(),
                options.queueBytesMax,
                store.store().bytes(),
                store.store().freeBytes(),
                options.queueBytesMax + WRITING_BYTES);
    }

    /**
     * Takes over how much the store may hold, and for how long: {@link StoreOptions#storeBytesMax}, {@link
     * StoreOptions#keepBytes} and {@link StoreOptions#keepFor}; all else stays as it is. What is beyond a lower bound
     * is dropped soon, as far as it may be; else messages are refused when the current file is full. Any thread.
     *
     * @param next the new bounds
     */
    public void bound(StoreOptions next) {
        store.store().bound(next);
    }

    /**
     * Waits until the sink takes no more and all is settled: after a {@link #close}, or after a failure that ended it
     * by itself, which close then throws.
     *
     * @throws InterruptedException the thread was interrupted
     */
    public void awaitEnd() throws InterruptedException {
        ended.await();
    }

    /**
     * Takes no more, settles all that was taken, and releases everything. A second close does nothing.
     *
     * @throws IOException closing the store failed, or the sink had ended by itself; what was acknowledged is kept all
     *     the same
     */
    @Override
    public void close() throws IOException {
        queue.close();
        Threads.awaitEnd(writer); // the messages in the queue come first
        taken.close();
        switch (failure.getAndSet(null)) {
            case null -> {}
            case IOException e -> throw e;
            case Throwable e -> throw new IOException("data folder " + folder + ": ended by " + e, e);
        }
    }
}
