package heddle.gateway;

import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Commits batches to a [Store], goes on when the store fails, and syncs it when that is due. For one thread, the
/// sink's.
///
///     STORING  a store; the last commit went well
///     FAILING  a store; the last commit failed and was rolled back
///     BROKEN   no store: the rollback failed too, or the opening
///
///     any              -> STORING  commit()  went well; of BROKEN, on a store that was opened anew
///     STORING, FAILING -> FAILING  commit()  failed, rolled back
///     STORING, FAILING -> BROKEN   commit()  failed, as did the rollback, or in doubt: the store is closed
///     BROKEN           -> BROKEN   commit()  no store could be opened
///     BROKEN           -> FAILING  commit()  a store was opened; its first commit failed
///
/// A read that fails, highest(), changes the state as a commit that fails does.
///
/// 1. What a commit that failed had in it is not stored. Its messages are answered [Result#NOT_STORED], and not tried
///    again. If the failure leaves that open, they are answered [Result#IN_DOUBT]; nothing is stored or read before a
///    store is opened anew and the doubt is settled there.
/// 2. The log has a line when STORING ends, and one when it is back.
/// 3. Dirty, with [SyncMode#INTERVAL]: something is committed and not synced, for at most the interval. A store that is
///    closed as broken is synced first; so where there is something to sync there is a store.
final class StoreWriter implements Closeable {

    private static final Logger LOG = System.getLogger("heddle.gateway");

    private final Path folder;
    private final SqliteOptions options;
    private final Counters counters;
    private final Store.Opening opening;

    private @Nullable Store store;

    /** Not STORING. */
    private boolean failing;

    /** A commit's outcome is unknown; the store has not been opened anew since. */
    private boolean doubt;

    private boolean dirty;

    /** When the oldest commit that is not synced must be; meaningful while dirty. */
    private long syncDueNanos;

    /** Opens the store. */
    StoreWriter(Path folder, SqliteOptions options, Counters counters, Store.Opening opening) throws IOException {
        this.folder = folder;
        this.options = options;
        this.counters = counters;
        this.opening = opening;
        try {
            this.store = opening.open();
        } catch (SQLException e) {
            throw StoreFormat.failure(folder, e);
        }
    }

    /**
     * Stores the batch, and the number that each sequence has reached: {@link Result#SUCCESS}, {@link
     * Result#NOT_STORED} if nothing of it was, or {@link Result#IN_DOUBT} if that is unknown.
     */
    int commit(List<SinkQueue.Message> batch, Collection<Sequence> advanced) {
        try {
            opened().commit(batch, advanced, options.clock.instant().toEpochMilli());
        } catch (InDoubtException e) {
            counters.increment(Counter.COMMITS_FAILED);
            inDoubt(e);
            return Result.IN_DOUBT;
        } catch (SQLException | IOException e) {
            counters.increment(Counter.COMMITS_FAILED);
            failed(e);
            return Result.NOT_STORED;
        }
        counters.increment(Counter.COMMITS);
        counters.add(Counter.STORED, batch.size());
        if (failing) {
            failing = false;
            LOG.log(Level.INFO, "data folder {0}: storing again", folder);
        }
        if (options.sync == SyncMode.INTERVAL && !dirty) {
            dirty = true;
            syncDueNanos = options.clock.after(TimeUnit.NANOSECONDS.convert(options.syncInterval));
        }
        return Result.SUCCESS;
    }

    private Store opened() throws SQLException, IOException {
        var open = store;
        if (open == null) {
            open = opening.open();
            if (doubt) {
                try {
                    open.settleDoubt();
                } catch (SQLException e) {
                    close(open);
                    throw e;
                }
                doubt = false;
            }
            store = open;
        }
        return open;
    }

    /** The highest number that is stored for a client's name; who is thrown at calls {@link #failed}. */
    long highest(String name) throws SQLException, IOException {
        return opened().highest(name);
    }

    /** The store is closed: opened anew, it shows what the disk has. */
    private void inDoubt(Exception e) {
        logFailing(e);
        doubt = true;
        var broken = Objects.requireNonNull(store, "in doubt without a store");
        giveUp(broken);
    }

    private void logFailing(Exception e) {
        if (!failing) {
            failing = true;
            LOG.log(Level.ERROR, "data folder {0}: not storing: {1}", folder, e.getMessage());
        }
    }

    /** What was done in the store has failed, and is undone. */
    void failed(Exception e) {
        logFailing(e);
        var broken = store;
        if (broken == null) {
            return;
        }
        try {
            broken.rollback();
        } catch (SQLException again) {
            giveUp(broken);
        }
    }

    private void giveUp(Store broken) {
        if (dirty) {
            sync(); // while its log is open; earlier than due
        }
        store = null;
        close(broken);
    }

    private static void close(Store broken) {
        try {
            broken.close();
        } catch (IOException e) {
            // It was given up already, and its messages answered.
            LOG.log(Level.DEBUG, e::getMessage);
        }
    }

    /** How long the writer may wait for messages before it has to {@link #syncIfDue}. */
    long nanosToSync() {
        return dirty ? syncDueNanos - options.clock.nanos() : Long.MAX_VALUE;
    }

    void syncIfDue() {
        if (dirty && nanosToSync() <= 0) {
            sync();
        }
    }

    private void sync() {
        dirty = false;
        try {
            Objects.requireNonNull(store, "dirty without a store").sync();
            counters.increment(Counter.SYNCS);
        } catch (IOException e) {
            // The acks are out. The kernel may have dropped the pages, so trying again would prove nothing; fsync(2),
            // NOTES.
            LOG.log(Level.ERROR, "data folder {0}: fsync failed: {1}", folder, e.getMessage());
        }
    }

    /** Syncs what is dirty and closes the store, if there is one. */
    @Override
    public void close() throws IOException {
        var open = store;
        store = null;
        if (open != null) {
            try (open) {
                if (dirty) {
                    open.sync();
                }
            }
        }
    }
}
