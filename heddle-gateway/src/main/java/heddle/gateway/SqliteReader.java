package heddle.gateway;

import heddle.gateway.log.LogSource;
import heddle.gateway.log.LogVisitor;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;
import org.sqlite.SQLiteConfig;

/**
 * Reads what a data folder held before it had a log: an SQLite database in WAL mode, with one row for each message, and
 * one for each client whose messages are numbered. {@link TakeOver} copies it; {@link StoreReader} reads it as long as
 * no server has.
 *
 * <pre>
 *    messages.db        the database; messages.db-wal and -shm beside it belong to it
 *
 *    message(number INTEGER PRIMARY KEY,   counts up by one from 1, in the order of taking over
 *            stored_millis INTEGER,        Unix time of the commit's begin
 *            payload BLOB)                 the bytes as submitted
 *    client(name TEXT PRIMARY KEY,         who has sent a message to be kept once; since version 2
 *           highest INTEGER,               the number of its last; unsigned, so from 2^63 on it looks negative
 *           stored_millis INTEGER)         that of its last
 * </pre>
 */
final class SqliteReader implements LogSource {

    static final String DATABASE = "messages.db";

    /** "Hedl", in the database's header. */
    private static final int APPLICATION_ID = 0x4865646c;

    private static final int VERSION_MAX = 2;
    private static final int BUSY_MILLIS = 10_000;

    private final Path folder;
    private final Connection connection;
    private final long version;
    private long position;

    /**
     * Opens the database in {@code folder}.
     *
     * @param recovers whether it may be written to, so that its log goes into it when it is closed
     */
    SqliteReader(Path folder, boolean recovers) throws IOException {
        this.folder = folder;
        var config = new SQLiteConfig();
        config.setReadOnly(!recovers);
        config.setBusyTimeout(BUSY_MILLIS);
        try {
            this.connection = config.createConnection("jdbc:sqlite:" + folder.resolve(DATABASE));
        } catch (SQLException e) {
            throw failure(e);
        }
        try (var statement = connection.createStatement()) {
            this.version = check(statement);
            this.position = number(statement, "SELECT coalesce(min(number), 1) FROM message");
        } catch (SQLException e) {
            close();
            throw failure(e);
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /** Rejects a database that is none of ours. */
    private long check(Statement statement) throws SQLException, IOException {
        if (number(statement, "PRAGMA application_id") != APPLICATION_ID) {
            throw new IOException("data folder " + folder + ": " + DATABASE + " is not a store of Heddle's");
        }
        long found = number(statement, "PRAGMA user_version");
        if (found < 1 || found > VERSION_MAX) {
            throw new IOException("data folder "
                    + folder
                    + ": the store has version "
                    + found
                    + ", this program knows "
                    + VERSION_MAX);
        }
        return found;
    }

    private static long number(Statement statement, String query) throws SQLException {
        try (var rows = statement.executeQuery(query)) {
            return rows.getLong(1);
        }
    }

    /** The highest number of each client. */
    Map<String, Long> names() throws IOException {
        Map<String, Long> names = new HashMap<>();
        if (version > 1) {
            try (var statement = connection.createStatement();
                    var rows = statement.executeQuery("SELECT name, highest FROM client")) {
                while (rows.next()) {
                    names.put(rows.getString(1), rows.getLong(2));
                }
            } catch (SQLException e) {
                throw failure(e);
            }
        }
        return names;
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public long end() throws IOException {
        try (var statement = connection.createStatement()) {
            return number(statement, "SELECT coalesce(max(number), 0) FROM message");
        } catch (SQLException e) {
            throw failure(e);
        }
    }

    @Override
    public void seek(long number) {
        position = number;
    }

    @Override
    public void seekTime(long millis) throws IOException {
        String first = "SELECT coalesce(min(number), (SELECT coalesce(max(number), 0) + 1 FROM message))"
                + " FROM message WHERE stored_millis >= "
                + millis;
        try (var statement = connection.createStatement()) {
            position = number(statement, first);
        } catch (SQLException e) {
            throw failure(e);
        }
    }

    /** Each call is a transaction of its own, as an open one keeps an older server from reusing its write-ahead log. */
    @Override
    public int read(LogVisitor visitor, int messagesMax, long bytesMax) throws IOException {
        int count = 0;
        long bytes = 0;
        try (var select = connection.prepareStatement(
                "SELECT number, stored_millis, payload FROM message WHERE number >= ? ORDER BY number")) {
            select.setLong(1, position);
            try (var rows = select.executeQuery()) {
                while (count < messagesMax && bytes < bytesMax && rows.next()) {
                    long number = rows.getLong(1);
                    byte[] payload = rows.getBytes(3);
                    position = number + 1;
                    visitor.message(number, rows.getLong(2), "", 0, payload);
                    count++;
                    bytes += payload.length;
                }
            }
        } catch (SQLException e) {
            throw failure(e);
        }
        return count;
    }

    /** A failure of the database as one line that names the folder. */
    private IOException failure(SQLException e) {
        return new IOException("data folder " + folder + ": " + e.getMessage(), e);
    }

    @Override
    public void close() throws IOException {
        try {
            connection.close();
        } catch (SQLException e) {
            throw failure(e);
        }
    }
}
