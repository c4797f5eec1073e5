package heddle.gateway;

import heddle.gateway.log.InDoubtException;
import heddle.gateway.log.NoRoomException;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A store, open for writing. One thread at a time, but for what says otherwise. {@link LogStore} is the data folder's.
 */
interface Store extends Closeable {

    /** Opens a store. */
    interface Opening {

        Store open() throws IOException;
    }

    /**
     * Stores all or none, in their order, and with them the number that each client has reached.
     *
     * @throws NoRoomException nothing is stored; the next may be
     * @throws InDoubtException all is stored, or nothing: nobody knows. The store is good for nothing but to be closed
     * @throws IOException nothing is stored, and likewise
     */
    void commit(List<SinkQueue.Message> batch, long nowMillis) throws IOException;

    /** The highest number that is stored for a client's name; 0 for none. */
    long highest(String name);

    /** Returns when all that was committed is on the disk. After a failure the store is good for nothing but close. */
    void sync() throws IOException;

    /** What its files have now. Any thread. */
    long bytes();

    /** What the disk has left for it. Any thread. */
    long freeBytes();

    /** Why there is no room behind what is being written; null while there is. Any thread. */
    @Nullable
    String noRoom();

    /** Keeps {@code number} and what is behind it from being dropped. Any thread. */
    Hold hold(long number);

    /** Takes over how much it may hold, and for how long. Any thread. */
    void bound(StoreOptions next);
}
