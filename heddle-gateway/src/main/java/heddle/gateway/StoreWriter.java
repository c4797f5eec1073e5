package heddle.gateway;

import heddle.gateway.log.InDoubtException;
import heddle.gateway.log.NoRoomException;
import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Commits batches to a [Store], and syncs it when that is due. For one thread, the sink's.
///
///     STORING  the last commit went well
///     FULL     there was no room for the last commit
///     BROKEN   a write or a sync has failed: nothing is stored any more
///
///     STORING, FULL -> STORING  commit()  went well
///     STORING, FULL -> FULL     commit()  no room; the store is as it was
///     STORING, FULL -> BROKEN   commit(), syncIfDue()  failed otherwise
///
/// 1. What found no room is answered [Result#NOT_STORED], and not tried again. So is what could not be written at all.
///    A commit that failed half-way is answered [Result#IN_DOUBT].
/// 2. BROKEN is the end. What the kernel does with pages whose sync has failed is its own affair, so that no later sync
///    proves anything; fsync(2), NOTES. The next start looks at the disk.
/// 3. The log has a line when STORING ends, and one when it is back.
/// 4. Dirty, with [SyncMode#INTERVAL]: something is committed and not synced, for at most the interval.
final class StoreWriter implements Closeable {

    private static final Logger LOG = System.getLogger("heddle.gateway");

    private final Path folder;
    private final StoreOptions options;
    private final Counters counters;
    private final Store store;

    /** FULL. Any thread reads it. */
    private volatile boolean full;

    /** BROKEN, and by what. Any thread reads it. */
    private volatile @Nullable IOException failure;

    private boolean dirty;

    /** When the oldest commit that is not synced must be; meaningful while dirty. */
    private long syncDueNanos;

    /** Opens the store. */
    StoreWriter(Path folder, StoreOptions options, Counters counters, Store.Opening opening) throws IOException {
        this.folder = folder;
        this.options = options;
        this.counters = counters;
        this.store = opening.open();
    }

    Store store() {
        return store;
    }

    /**
     * Stores the batch, and the number that each sequence has reached: {@link Result#SUCCESS}, {@link
     * Result#NOT_STORED} if nothing of it was, or {@link Result#IN_DOUBT} if that is unknown. Not when BROKEN.
     */
    int commit(List<SinkQueue.Message> batch) {
        var event = Flight.beginCommit();
        long begunNanos = options.clock.nanos();
        int result = tryCommit(batch);
        counters.histogram(Distribution.COMMIT_TIME).record(options.clock.nanos() - begunNanos, 1);
        if (result == Result.SUCCESS) {
            counters.histogram(Distribution.COMMIT_SIZE).record(batch.size(), 1);
        }
        if (event != null) {
            event.end(batch.size(), result);
        }
        return result;
    }

    private int tryCommit(List<SinkQueue.Message> batch) {
        try {
            store.commit(batch, options.clock.instant().toEpochMilli());
        } catch (NoRoomException e) {
            counters.increment(Counter.COMMITS_FAILED);
            if (!full) {
                full = true;
                LOG.log(Level.ERROR, "data folder {0}: not storing: {1}", folder, e.getMessage());
            }
            return Result.NOT_STORED;
        } catch (IOException e) {
            counters.increment(Counter.COMMITS_FAILED);
            broken(e);
            return e instanceof InDoubtException ? Result.IN_DOUBT : Result.NOT_STORED;
        }
        counters.increment(Counter.COMMITS);
        counters.add(Counter.STORED, batch.size());
        if (full) {
            full = false;
            LOG.log(Level.INFO, "data folder {0}: storing again", folder);
        }
        if (options.sync == SyncMode.INTERVAL && !dirty) {
            dirty = true;
            syncDueNanos = options.clock.after(TimeUnit.NANOSECONDS.convert(options.syncInterval));
        }
        return Result.SUCCESS;
    }

    private void broken(IOException e) {
        failure = new IOException("data folder " + folder + ": storing has ended: " + e.getMessage(), e);
    }

    /** What made it BROKEN; null if nothing did. */
    @Nullable
    IOException failure() {
        return failure;
    }

    /** Why the next commit would not succeed; empty if it may. Any thread. */
    String trouble() {
        var broken = failure;
        if (broken != null) {
            return String.valueOf(broken.getMessage());
        }
        var noRoom = store.noRoom();
        // Not the first alone: there may be room by now, and the next commit, which tells, may wait for this answer.
        return full && noRoom != null ? "data folder " + folder + ": not storing: " + noRoom : "";
    }

    /** The highest number that is stored for a client's name. */
    long highest(String name) {
        return store.highest(name);
    }

    /** How long the writer may wait for messages before it has to {@link #syncIfDue}. */
    long nanosToSync() {
        return dirty ? syncDueNanos - options.clock.nanos() : Long.MAX_VALUE;
    }

    void syncIfDue() {
        // Not after a failure: a sync that then succeeds would say nothing of the pages that were lost.
        if (dirty && failure == null && nanosToSync() <= 0) {
            dirty = false;
            try {
                store.sync();
                counters.increment(Counter.SYNCS);
            } catch (IOException e) {
                // The acks of the last interval are out; that much --sync=interval may lose.
                broken(new IOException("fsync failed: " + e.getMessage(), e));
            }
        }
    }

    /** Syncs what is dirty and closes the store. */
    @Override
    public void close() throws IOException {
        try (store) {
            if (dirty && failure == null) {
                store.sync();
            }
        }
    }
}
