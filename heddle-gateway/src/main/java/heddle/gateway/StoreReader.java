package heddle.gateway;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.sqlite.SQLiteConfig;

/**
 * Reads a data folder, beside a server that writes it or without one. One thread at a time.
 *
 * <p>Each call is a transaction of its own and short: an open one would keep the server from reusing its write-ahead
 * log, which would grow for as long as the reader's own output is slow.
 */
public final class StoreReader implements Closeable {

    private static final int MESSAGES_MAX = 4096;
    private static final int BYTES_MAX = 1 << 20;
    private static final int BUSY_MILLIS = 10_000;

    private final Path folder;
    private final Connection connection;
    private final PreparedStatement select;
    private long last;

    /**
     * Opens the store, before its first message.
     *
     * @param folder the data folder
     * @throws IOException there is no store, or it cannot be read
     */
    public StoreReader(Path folder) throws IOException {
        this.folder = folder;
        var path = folder.resolve(StoreFormat.DATABASE);
        if (!Files.exists(path)) {
            throw new IOException("data folder " + folder + ": no " + StoreFormat.DATABASE + " in it");
        }
        var config = new SQLiteConfig();
        config.setReadOnly(true);
        config.setBusyTimeout(BUSY_MILLIS);
        try {
            this.connection = config.createConnection("jdbc:sqlite:" + path);
        } catch (SQLException e) {
            throw StoreFormat.failure(folder, e);
        }
        try {
            StoreFormat.check(connection, folder);
            this.select = connection.prepareStatement(StoreFormat.SELECT_AFTER);
        } catch (SQLException e) {
            close();
            throw StoreFormat.failure(folder, e);
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /**
     * Reads on.
     *
     * @return the next messages in the order in which they were taken over, at most 4,096 and, but for the last of
     *     them, 1 MiB; empty if there are no more now
     * @throws IOException reading failed
     */
    public List<byte[]> next() throws IOException {
        var messages = new ArrayList<byte[]>();
        try {
            select.setLong(1, last);
            try (var rows = select.executeQuery()) {
                int bytes = 0;
                while (messages.size() < MESSAGES_MAX && bytes < BYTES_MAX && rows.next()) {
                    last = rows.getLong(1);
                    byte[] payload = rows.getBytes(2);
                    messages.add(payload);
                    bytes += payload.length;
                }
            }
        } catch (SQLException e) {
            throw StoreFormat.failure(folder, e);
        }
        return messages;
    }

    @Override
    public void close() throws IOException {
        try {
            connection.close();
        } catch (SQLException e) {
            throw StoreFormat.failure(folder, e);
        }
    }
}
