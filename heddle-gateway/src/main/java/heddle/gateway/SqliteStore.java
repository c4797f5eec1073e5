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
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteErrorCode;

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
    private PreparedStatement upsert;
    private long last;

    private SqliteStore(Connection connection, FileChannel wal, long last) throws SQLException {
        this.connection = connection;
        this.insert = connection.prepareStatement(StoreFormat.INSERT);
        this.upsert = connection.prepareStatement(StoreFormat.UPSERT_HIGHEST);
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
            configure(connection, folder, sync);
            connection.setAutoCommit(false);
            StoreFormat.createOrTakeOver(connection);
            connection.commit();
            bound(connection, bytesMax);
            long last;
            try (var statement = connection.createStatement()) {
                last = StoreFormat.number(statement, StoreFormat.LAST);
            }
            connection.commit();
            var wal = FileChannel.open(
                    Path.of(path + "-wal"),
                    Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                    OwnerOnly.file(path));
            return new SqliteStore(connection, wal, last);
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

    /** After the tables are there: the one that an old store lacks is made also where that is at its bound. */
    private static void bound(Connection connection, long bytesMax) throws SQLException {
        if (bytesMax != Long.MAX_VALUE) {
            try (var statement = connection.createStatement()) {
                statement.execute("PRAGMA max_page_count=" + Math.max(1, bytesMax / PAGE_BYTES));
            }
        }
    }

    private static void configure(Connection connection, Path folder, SyncMode sync) throws SQLException, IOException {
        try (var statement = connection.createStatement()) {
            statement.execute("PRAGMA wal_autocheckpoint=" + CHECKPOINT_PAGES);
            statement.execute("PRAGMA fullfsync=ON"); // macOS: fsync alone leaves the drive's cache;
            // elsewhere no difference
            statement.execute("PRAGMA checkpoint_fullfsync=ON");
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
    public void commit(List<SinkQueue.Message> batch, Collection<Sequence> advanced, long nowMillis)
            throws SQLException {
        long number = last;
        for (var entry : batch) {
            insert.setLong(1, ++number);
            insert.setLong(2, nowMillis);
            insert.setBytes(3, entry.payload());
            insert.executeUpdate();
        }
        for (var sequence : advanced) {
            upsert.setString(1, sequence.name());
            upsert.setLong(2, sequence.reached());
            upsert.setLong(3, nowMillis);
            upsert.executeUpdate();
        }
        try {
            connection.commit();
        } catch (SQLException e) {
            throw isUndone(e) ? e : new InDoubtException(e);
        }
        last = number;
    }

    /**
     * Whether a commit that failed so cannot be on the disk: without room its last frame, which alone makes it one, was
     * not written. After a failed fsync or write nobody knows; sqlite.org/walformat.html, section 4.1.
     */
    private static boolean isUndone(SQLException e) {
        int code = e.getErrorCode() & 0xff;
        return code == SQLiteErrorCode.SQLITE_FULL.code || code == SQLiteErrorCode.SQLITE_BUSY.code;
    }

    @Override
    public long highest(String name) throws SQLException {
        long highest;
        try (var select = connection.prepareStatement(StoreFormat.SELECT_HIGHEST)) {
            select.setString(1, name);
            try (var rows = select.executeQuery()) {
                highest = rows.next() ? rows.getLong(1) : 0;
            }
        }
        connection.commit(); // a read transaction that stays open would keep the WAL from being reset
        return highest;
    }

    /**
     * Writes a frame where the one in doubt would be, if it is in the log and not read from there. Such a frame would
     * else come to life in a recovery, by a later process.
     */
    @Override
    public void settleDoubt() throws SQLException {
        try (var statement = connection.createStatement()) {
            StoreFormat.writeVersion(statement);
        }
        connection.commit();
    }

    @Override
    public void rollback() throws SQLException {
        connection.rollback();
        // The driver does not run a statement again whose preparation has failed once.
        insert.close();
        insert = connection.prepareStatement(StoreFormat.INSERT);
        upsert.close();
        upsert = connection.prepareStatement(StoreFormat.UPSERT_HIGHEST);
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
            upsert.close();
        } catch (SQLException e) {
            throw new IOException("close " + StoreFormat.DATABASE + ": " + e.getMessage(), e);
        }
    }
}
