package heddle.gateway;

import java.io.Closeable;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;

/** A database, open for writing. One thread at a time. {@link SqliteStore} is the one of the data folder. */
interface Store extends Closeable {

    /** Opens a store, at the start and after {@link #rollback} has failed. */
    interface Opening {

        Store open() throws SQLException, IOException;
    }

    /** Stores all or none, in their order. */
    void commit(List<SinkQueue.Entry> batch, long nowMillis) throws SQLException;

    /** Undoes a commit that failed. If this fails too, the store is to be closed. */
    void rollback() throws SQLException;

    /** Returns when all that was committed is on the disk. */
    void sync() throws IOException;
}
