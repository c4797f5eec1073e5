package heddle.gateway;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/**
 * What a data folder holds: an SQLite database in WAL mode, with one row for each message,
 * and one for each client whose messages are numbered.
 *
 * <pre>
 *    messages.db        the database; messages.db-wal and -shm beside it belong to it
 *    lock               held by the server that writes; empty
 *
 *    message(number INTEGER PRIMARY KEY,   counts up by one from 1, in the order of taking over
 *            stored_millis INTEGER,        Unix time of the commit's begin
 *            payload BLOB)                 the bytes as submitted
 *    client(name TEXT PRIMARY KEY,         who has sent a message to be kept once; since version 2
 *           highest INTEGER,               the number of its last; unsigned, so from 2^63 on it looks negative
 *           stored_millis INTEGER)         that of its last
 * </pre>
 */
final class StoreFormat {

    static final String DATABASE = "messages.db";
    static final String LOCK = "lock";

    /** What may lie in a data folder. */
    static final List<String> FILES = List.of(DATABASE, DATABASE + "-wal", DATABASE + "-shm", LOCK);

    /** "Hedl", in the database's header: file(1) and we tell our stores from others by it. */
    private static final int APPLICATION_ID = 0x4865646c;

    private static final int VERSION = 2;

    /** Without the table client. A reader needs no more; a server makes the table when it starts. */
    private static final int VERSION_MIN = 1;

    static final String INSERT = "INSERT INTO message(number, stored_millis, payload) VALUES(?, ?, ?)";
    static final String UPSERT_HIGHEST = "INSERT INTO client(name, highest, stored_millis) VALUES(?, ?, ?)"
            + " ON CONFLICT(name) DO UPDATE SET highest = excluded.highest, stored_millis = excluded.stored_millis";
    static final String SELECT_HIGHEST = "SELECT highest FROM client WHERE name = ?";
    static final String SELECT_AFTER = "SELECT number, payload FROM message WHERE number > ? ORDER BY number";
    static final String LAST = "SELECT coalesce(max(number), 0) FROM message";

    private StoreFormat() {}

    /** Rejects a database that is neither empty nor one of ours. Writes nothing. */
    static void checkUnlessEmpty(Connection connection, Path folder) throws SQLException, IOException {
        try (var statement = connection.createStatement()) {
            if (!isEmpty(statement)) {
                check(connection, folder);
            }
        }
    }

    /** Makes the tables in an empty database, and what one of version 1 lacks. To be committed by the caller. */
    static void createOrTakeOver(Connection connection) throws SQLException {
        try (var statement = connection.createStatement()) {
            if (isEmpty(statement)) {
                statement.execute("CREATE TABLE message(number INTEGER PRIMARY KEY, stored_millis INTEGER NOT"
                        + " NULL, payload BLOB NOT NULL)");
                statement.execute("PRAGMA application_id=" + APPLICATION_ID);
            }
            if (number(statement, "PRAGMA user_version") < VERSION) {
                statement.execute("CREATE TABLE client(name TEXT PRIMARY KEY, highest INTEGER NOT NULL,"
                        + " stored_millis INTEGER NOT NULL) WITHOUT ROWID");
                writeVersion(statement);
            }
        }
    }

    /** Writes the version into the database's header, also if it is there already. */
    static void writeVersion(Statement statement) throws SQLException {
        statement.execute("PRAGMA user_version=" + VERSION);
    }

    private static boolean isEmpty(Statement statement) throws SQLException {
        return number(statement, "PRAGMA application_id") == 0
                && number(statement, "SELECT count(*) FROM sqlite_schema") == 0;
    }

    /** Rejects a database that is none of ours. */
    static void check(Connection connection, Path folder) throws SQLException, IOException {
        try (var statement = connection.createStatement()) {
            if (number(statement, "PRAGMA application_id") != APPLICATION_ID) {
                throw new IOException("data folder " + folder + ": " + DATABASE + " is not a store of Heddle's");
            }
            long version = number(statement, "PRAGMA user_version");
            if (version < VERSION_MIN || version > VERSION) {
                throw new IOException("data folder "
                        + folder
                        + ": the store has version "
                        + version
                        + ", this program knows "
                        + VERSION);
            }
        }
    }

    /** The one number that {@code query} yields. */
    static long number(Statement statement, String query) throws SQLException {
        try (var rows = statement.executeQuery(query)) {
            return rows.getLong(1);
        }
    }

    /** A failure of the database as one line that names the folder. */
    static IOException failure(Path folder, SQLException e) {
        return new IOException("data folder " + folder + ": " + e.getMessage(), e);
    }
}
