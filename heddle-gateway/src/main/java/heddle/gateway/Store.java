package heddle.gateway;

import java.io.Closeable;
import java.io.IOException;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;

/** A database, open for writing. One thread at a time. {@link SqliteStore} is the one of the data folder. */
interface Store extends Closeable {

    /** Opens a store, at the start and after {@link #rollback} has failed. */
    interface Opening {

        Store open() throws SQLException, IOException;
    }

    /**
     * Stores all or none, in their order, and with them the number that each sequence has reached. Nothing is stored if
     * this fails, unless it throws an {@link InDoubtException}.
     */
    void commit(List<SinkQueue.Message> batch, Collection<Sequence> advanced, long nowMillis) throws SQLException;

    /** The highest number that is stored for a client's name; 0 for none. */
    long highest(String name) throws SQLException;

    /**
     * Makes an end to a commit in doubt, on a store that was opened anew: what cannot be read by now will not be there
     * later either.
     */
    void settleDoubt() throws SQLException;

    /** Undoes a commit that failed. If this fails too, the store is to be closed. */
    void rollback() throws SQLException;

    /** Returns when all that was committed is on the disk. */
    void sync() throws IOException;
}
