package heddle.gateway;

import java.io.Closeable;
import java.io.IOException;

/** Where messages go. All methods may be called from any thread. */
public interface Sink extends Closeable {

    /**
     * Takes a message over, or says why not. Waits while there is no room, so a caller that reads from a connection
     * stops reading it meanwhile, but not for ever.
     *
     * @param receipt called once with {@code id} if this returns success, possibly before it returns; else never
     * @param id the message's name in calls of the receipt
     * @param buffer holds the message; copied, not kept
     * @param offset where it starts
     * @param length its size in bytes
     * @return {@link Result#SUCCESS} if taken: the receipt will tell whether it is kept. {@link Result#OVERLOADED} if
     *     no room came in time, {@link Result#TOO_LARGE} if there never will be any, {@link Result#NOT_STORED} if the
     *     sink is closed.
     * @throws InterruptedException the thread was interrupted while it waited; the message is not taken
     */
    int offer(Receipt receipt, long id, byte[] buffer, int offset, int length) throws InterruptedException;

    /**
     * Takes no more, settles all that was taken, and releases everything. A second close does nothing.
     *
     * @throws IOException closing the store failed; what was acknowledged is kept all the same
     */
    @Override
    void close() throws IOException;
}
