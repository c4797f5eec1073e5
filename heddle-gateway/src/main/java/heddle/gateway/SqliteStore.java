package heddle.gateway;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import org.sqlite.SQLiteConfig;

/**
 * The store of a data folder: SQLite, in WAL mode.
 *
 * <p>Durability is SQLite's: with synchronous=FULL the WAL is synced before a commit returns; with NORMAL it is only
 * written, and {@link #sync} syncs it. A checkpoint syncs both files in either mode. Source:
 * sqlite.org/pragma.html#pragma_synchronous and sqlite.org/wal.html, section 2.2.
 */
final class SqliteStore implements Store {

    private static final int PAGE_BYTES = 4096;

    /**
     * A checkpoint each 16 MiB of WAL: its two fsyncs are paid for by thousands of commits, and the WAL stays small.
     */
    private static final int CHECKPOINT_PAGES = (16 << 20) / PAGE_BYTES;

    /** What the WAL shrinks back to after a reader kept it from being reset. */
    private static final int WAL_BYTES = 64 << 20;

    private static final int BUSY_MILLIS = 10_000;

    private final Connection connection;

    /**
     * The WAL, open a second time for its fsync. The file is the same as long as {@link #connection} is open. SQLite's
     * locks, which closing this would drop (fcntl(2)), are on the other two files.
     */
    private final FileChannel wal;

    private PreparedStatement insert;
    private long last;

    private SqliteStore(Connection connection, PreparedStatement insert, FileChannel wal, long last) {
        this.connection = connection;
        this.insert = insert;
        this.wal = wal;
        this.last = last;
    }

    /** Opens the database in {@code folder}, making it if there is none; recovers what a killed process left. */
    static SqliteStore open(Path folder, SyncMode sync, long bytesMax) throws SQLException, IOException {
        var config = new SQLiteConfig();
        config.setSynchronous(
                sync == SyncMode.ALWAYS ? SQLiteConfig.SynchronousMode.FULL : SQLiteConfig.SynchronousMode.NORMAL);
        config.setPageSize(PAGE_BYTES);
        config.setBusyTimeout(BUSY_MILLIS);
        config.setJournalSizeLimit(WAL_BYTES);
        // The driver begins the next transaction with the commit: deferred, it locks nothing until it writes.
        config.setTransactionMode(SQLiteConfig.TransactionMode.DEFERRED);
        var path = folder.resolve(StoreFormat.DATABASE);
        makeFile(path);
        var connection = config.createConnection("jdbc:sqlite:" + path);
        try {
            StoreFormat.checkUnlessEmpty(connection, folder); // nothing before writes to the file
            configure(connection, folder, sync, bytesMax);
            connection.setAutoCommit(false);
            StoreFormat.createIfEmpty(connection);
            connection.commit();
            long last;
            try (var statement = connection.createStatement()) {
                last = StoreFormat.number(statement, StoreFormat.LAST);
            }
            connection.commit();
            var insert = connection.prepareStatement(StoreFormat.INSERT);
            var wal = FileChannel.open(
                    Path.of(path + "-wal"),
                    Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                    OwnerOnly.file(path));
            return new SqliteStore(connection, insert, wal, last);
        } catch (SQLException | IOException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    /**
     * Makes an empty file, which SQLite takes for an empty database; nothing if there is one. SQLite itself would let
     * all users read it. It gives its other files the rights of this one.
     */
    private static void makeFile(Path path) throws IOException {
        try {
            Files.createFile(path, OwnerOnly.file(path));
        } catch (FileAlreadyExistsException there) {
            // Opening it to look would drop SQLite's locks, when it is closed; fcntl(2).
        }
    }

    private static void configure(Connection connection, Path folder, SyncMode sync, long bytesMax)
            throws SQLException, IOException {
        try (var statement = connection.createStatement()) {
            statement.execute("PRAGMA wal_autocheckpoint=" + CHECKPOINT_PAGES);
            statement.execute("PRAGMA fullfsync=ON"); // macOS: fsync alone leaves the drive's cache;
            // elsewhere no difference
            statement.execute("PRAGMA checkpoint_fullfsync=ON");
            if (bytesMax != Long.MAX_VALUE) {
                statement.execute("PRAGMA max_page_count=" + Math.max(1, bytesMax / PAGE_BYTES));
            }
            // It answers what came of it: a file system without shared memory, for one, silently keeps another journal.
            try (var rows = statement.executeQuery("PRAGMA journal_mode=WAL")) {
                if (!rows.getString(1).equals("wal")) {
                    throw new IOException("data folder " + folder + ": its file system cannot hold a write-ahead log");
                }
            }
            long level = StoreFormat.number(statement, "PRAGMA synchronous");
            if (level != (sync == SyncMode.ALWAYS ? 2 : 1)) {
                throw new AssertionError("asked for sync " + sync + ", got synchronous=" + level);
            }
        }
    }

    @Override
    public void commit(List<SinkQueue.Entry> batch, long nowMillis) throws SQLException {
        long number = last;
        for (var entry : batch) {
            insert.setLong(1, ++number);
            insert.setLong(2, nowMillis);
            insert.setBytes(3, entry.payload());
            insert.executeUpdate();
        }
        connection.commit();
        last = number;
    }

    @Override
    public void rollback() throws SQLException {
        connection.rollback();
        // The driver does not run a statement again whose preparation has failed once.
        insert.close();
        insert = connection.prepareStatement(StoreFormat.INSERT);
    }

    @Override
    public void sync() throws IOException {
        wal.force(false);
    }

    /** Closes the database; the last to close it writes the WAL into it. */
    @Override
    public void close() throws IOException {
        try (wal;
                connection) {
            insert.close();
        } catch (SQLException e) {
            throw new IOException("close " + StoreFormat.DATABASE + ": " + e.getMessage(), e);
        }
    }
}
