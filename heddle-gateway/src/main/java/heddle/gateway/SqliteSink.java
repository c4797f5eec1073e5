package heddle.gateway;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Keeps messages in an SQLite database, in groups: all that was offered while one transaction was being committed goes into the
 * next, so the fsync that each commit costs is shared by as many messages as there are then.
 *
 * <p>Offers come from any thread and are copied into a bounded queue. One platform thread, {@code heddle-store}, does everything
 * that touches the disk, as a virtual thread would hold its carrier there. It settles the receipts itself, after the commit.
 *
 * <p>A commit that fails (no space, I/O error) is rolled back and its messages are answered {@link Result#NOT_STORED}; the next
 * one is tried afresh, on a new connection if not even the rollback went well. So the sink recovers when the disk does. Such an
 * episode is logged at its start and at its end.
 *
 * <p>Anything else that is thrown on that thread, by a receipt too, ends the sink by itself: all that was taken is settled, each
 * message once, {@link #awaitEnd} returns, and {@link #close} throws it.
 */
public final class SqliteSink implements Sink {

    private static final Logger LOG = System.getLogger("heddle.gateway");

    private final Path folder;
    private final SqliteOptions options;
    private final Counters counters;
    private final SinkQueue queue;
    private final FileChannel lockFile;
    private final Thread writer;
    private final CountDownLatch ended = new CountDownLatch(1);

    // Written by the writer thread; after its end read by close().
    private @Nullable Store store;
    private @Nullable Throwable failure;
    private boolean failing;

    /** When the oldest commit that is not synced must be; meaningful while dirty. */
    private long syncDueNanos;

    private boolean dirty;

    /**
     * Opens the store in {@code folder}, making both if need be, and takes the folder for this process.
     *
     * @param folder the data folder
     * @param options how to store
     * @param counters where commits are counted
     * @throws IOException the folder cannot be made, written or read, is another server's, or holds something else; the message
     *     names it
     */
    public SqliteSink(Path folder, SqliteOptions options, Counters counters) throws IOException {
        this.folder = folder;
        this.options = options;
        this.counters = counters;
        this.queue = new SinkQueue(options.queueMessagesMax(), options.queueBytesMax());
        makeFolder(folder);
        this.lockFile = lock(folder);
        warnOfReaders(folder);
        try {
            this.store = Store.open(folder, options.sync(), options.storeBytesMax());
        } catch (SQLException e) {
            lockFile.close();
            throw StoreFormat.failure(folder, e);
        } catch (IOException e) {
            lockFile.close();
            throw e;
        }
        this.writer = Thread.ofPlatform().name("heddle-store").start(this::write);
    }

    /** Of a folder that this did not make. Its rights stay: others may have been given them on purpose. */
    private static void warnOfReaders(Path folder) {
        try {
            List<String> wider = OwnerOnly.wider(folder, StoreFormat.FILES);
            if (!wider.isEmpty()) {
                LOG.log(
                        Level.WARNING,
                        "data folder {0}: other users have rights ({1}); to keep them out: chmod"
                                + " 700 {0}",
                        folder,
                        String.join(", ", wider));
            }
        } catch (IOException e) {
            LOG.log(Level.DEBUG, e::getMessage); // Who cannot look has nothing to warn of.
        }
    }

    private static void makeFolder(Path folder) throws IOException {
        try {
            makeDurably(folder.toAbsolutePath());
        } catch (FileAlreadyExistsException e) {
            throw new IOException(
                    "data folder " + folder + ": " + e.getFile() + " is not a directory", e);
        } catch (FileSystemException e) {
            throw new IOException("data folder " + folder + ": cannot be made: " + reason(e), e);
        }
        if (!Files.isWritable(folder)) {
            throw new IOException("data folder " + folder + ": not writable");
        }
    }

    /** Makes missing folders, each synced into its parent: SQLite syncs its files into theirs, and no higher. */
    private static void makeDurably(Path folder) throws IOException {
        if (Files.isDirectory(folder)) {
            return;
        }
        var parent = folder.getParent();
        if (parent == null) {
            throw new FileSystemException(folder.toString(), null, "no such root");
        }
        makeDurably(parent);
        Files.createDirectory(folder, OwnerOnly.folder(folder));
        try (var directory = FileChannel.open(parent, StandardOpenOption.READ)) {
            directory.force(true);
        } catch (AccessDeniedException e) {
            // Windows opens no directory as a file, and needs no such sync; here, a folder that
            // cannot be read could be made.
            LOG.log(Level.DEBUG, e::getMessage);
        }
    }

    private static String reason(FileSystemException e) {
        return switch (e) {
            case FileSystemException said when said.getReason() != null -> said.getReason();
            case AccessDeniedException denied -> "permission denied at " + denied.getFile();
            // Of a folder that was there a moment ago, as in /proc.
            case NoSuchFileException _ -> "the system makes no folder at " + e.getFile();
            default -> "the system refused " + e.getFile();
        };
    }

    /** Two writers would give the same numbers to different messages. The kernel drops the lock with its process. */
    private static FileChannel lock(Path folder) throws IOException {
        var path = folder.resolve(StoreFormat.LOCK);
        var file =
                FileChannel.open(
                        path,
                        Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                        OwnerOnly.file(path));
        try {
            if (file.tryLock() != null) {
                return file;
            }
        } catch (OverlappingFileLockException e) {
            // Held by this very process: as bad.
        }
        file.close();
        throw new IOException(
                "data folder "
                        + folder
                        + ": in use by another server; stop that one, or choose another folder"
                        + " (serve --data DIR)");
    }

    @Override
    public int offer(Receipt receipt, long id, byte[] buffer, int offset, int length)
            throws InterruptedException {
        if (length > queue.payloadBytesMax()) {
            return Result.TOO_LARGE;
        }
        var payload = Arrays.copyOfRange(buffer, offset, offset + length);
        return queue.put(new SinkQueue.Entry(receipt, id, payload), saturated(options.roomWait()));
    }

    private void write() {
        var batch = new ArrayList<SinkQueue.Entry>();
        try {
            while (failure == null && queue.take(batch, nanosToSync())) {
                if (!batch.isEmpty()) {
                    settle(batch, commit(batch));
                }
                if (dirty && nanosToSync() <= 0) {
                    sync();
                }
            }
        } catch (Throwable e) {
            fail(e);
        }
        queue.close(); // who offers must not wait for a writer that is gone
        try {
            settle(batch, Result.NOT_STORED);
            while (queue.take(batch, 0)) {
                settle(batch, Result.NOT_STORED);
            }
            if (failure != null) {
                LOG.log(Level.ERROR, "data folder " + folder + ": storing has ended", failure);
            }
            closeStore();
        } catch (Throwable e) {
            fail(e);
        } finally {
            ended.countDown();
        }
    }

    /** Keeps what ends the writer: the first, as the others follow from it. */
    private void fail(Throwable e) {
        if (failure == null) {
            failure = e;
        }
    }

    /** How long the writer may wait for messages before it has to sync. */
    private long nanosToSync() {
        return dirty ? syncDueNanos - System.nanoTime() : Long.MAX_VALUE;
    }

    /** Stores the batch: {@link Result#SUCCESS}, or {@link Result#NOT_STORED} if nothing of it was. */
    private int commit(List<SinkQueue.Entry> batch) {
        try {
            opened().commit(batch, System.currentTimeMillis());
        } catch (SQLException e) {
            failed(e);
            return Result.NOT_STORED;
        } catch (IOException e) {
            failed(e);
            return Result.NOT_STORED;
        }
        counters.increment(Counter.COMMITS);
        counters.add(Counter.STORED, batch.size());
        if (failing) {
            failing = false;
            LOG.log(Level.INFO, "data folder {0}: storing again", folder);
        }
        if (options.sync() == SyncMode.INTERVAL && !dirty) {
            dirty = true;
            syncDueNanos = System.nanoTime() + saturated(options.syncInterval());
        }
        return Result.SUCCESS;
    }

    private Store opened() throws SQLException, IOException {
        var open = store;
        if (open == null) {
            open = Store.open(folder, options.sync(), options.storeBytesMax());
            store = open;
        }
        return open;
    }

    private void failed(Exception e) {
        counters.increment(Counter.COMMITS_FAILED);
        if (!failing) {
            failing = true;
            LOG.log(Level.ERROR, "data folder {0}: not storing: {1}", folder, e.getMessage());
        }
        var broken = store;
        if (broken == null) {
            return;
        }
        try {
            broken.rollback();
        } catch (SQLException again) {
            if (dirty) {
                sync(); // while its log is open; earlier than due
            }
            store = null;
            close(broken);
        }
    }

    private void close(Store broken) {
        try {
            broken.close();
        } catch (IOException e) {
            LOG.log(
                    Level.DEBUG,
                    e::getMessage); // it was given up already, and its messages answered
        }
    }

    /** Tells each receipt once; what one throws keeps none of the others from being told. */
    private void settle(List<SinkQueue.Entry> batch, int result) {
        for (var entry : batch) {
            try {
                entry.receipt().settled(entry.id(), result);
            } catch (Throwable e) {
                fail(e);
            }
        }
        Receipt flushed = null;
        for (var entry : batch) {
            if (!entry.receipt()
                    .equals(flushed)) { // a batch mostly holds runs of one connection; a second
                // flush does no harm
                flushed = entry.receipt();
                try {
                    flushed.flush();
                } catch (Throwable e) {
                    fail(e);
                }
            }
        }
        queue.release(batch);
        batch.clear();
    }

    private void sync() {
        dirty = false;
        try {
            Objects.requireNonNull(store, "dirty without a store").sync();
            counters.increment(Counter.SYNCS);
        } catch (IOException e) {
            // The acks are out. The kernel may have dropped the pages, so trying again would prove
            // nothing; fsync(2), NOTES.
            LOG.log(Level.ERROR, "data folder {0}: fsync failed: {1}", folder, e.getMessage());
        }
    }

    private void closeStore() throws IOException {
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

    /** A time too long for a long is as good as for ever. */
    private static long saturated(Duration time) {
        return TimeUnit.NANOSECONDS.convert(time);
    }

    /**
     * Waits until the sink takes no more and all is settled: after a {@link #close}, or after a failure that ended it by itself, which
     * close then throws.
     *
     * @throws InterruptedException the thread was interrupted
     */
    public void awaitEnd() throws InterruptedException {
        ended.await();
    }

    /**
     * Takes no more, settles all that was taken, and releases everything. A second close does nothing.
     *
     * @throws IOException closing the store failed, or the sink had ended by itself; what was acknowledged is kept all the same
     */
    @Override
    public void close() throws IOException {
        queue.close();
        boolean interrupted = false;
        while (true) {
            try {
                writer.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true; // the messages in the queue come first
            }
        }
        lockFile.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        var thrown = failure;
        failure = null;
        switch (thrown) {
            case null -> {}
            case IOException e -> throw e;
            case Throwable e ->
                    throw new IOException("data folder " + folder + ": ended by " + e, e);
        }
    }
}
