package heddle.gateway;

import java.io.Closeable;
import java.io.IOException;

/** Where messages go. All methods may be called from any thread. */
public interface Sink extends Closeable {

    /**
     * Takes a message over, or says why not. Waits while there is no room, so a caller that reads from a connection
     * stops reading it meanwhile, but not for ever. What throws has not taken it.
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
     * Begins a turn of numbered messages, which takes the name over from any older one. Waits as {@link #offer} does.
     *
     * @param sequence the turn; its receipt is told the outcome if this returns success; else never
     * @param id the resume's name in calls of the receipt
     * @return {@link Result#SUCCESS} if the receipt will tell the outcome, {@link Result#OVERLOADED} if no room came in
     *     time, {@link Result#NOT_STORED} if the sink is closed
     * @throws InterruptedException the thread was interrupted while it waited; the turn does not begin
     */
    int resume(Sequence sequence, long id) throws InterruptedException;

    /**
     * Takes a numbered message over, which is kept if its number is the highest kept of the name and one. As {@link
     * #offer} in all else.
     *
     * @param sequence what {@link #resume} has begun, or will when it is told; its receipt is called
     * @param number the message's, unsigned, 1 or more
     * @param buffer holds the message; copied, not kept
     * @param offset where it starts
     * @param length its size in bytes
     * @return as of {@link #offer}
     * @throws InterruptedException the thread was interrupted while it waited; the message is not taken
     */
    int offerOnce(Sequence sequence, long number, byte[] buffer, int offset, int length) throws InterruptedException;

    /**
     * Forgets a turn, to which nothing more is offered. What was taken is settled as if it went on. Never waits.
     *
     * @param sequence after its {@link #resume}
     */
    void end(Sequence sequence);

    /**
     * How it is now. Takes no longer than a look at its state, and may be asked many times a second.
     *
     * @return a state; of a sink that says nothing of itself, one that takes messages
     */
    default SinkStatus status() {
        return SinkStatus.UNKNOWN;
    }

    /**
     * Takes no more, settles all that was taken, and releases everything. A second close does nothing.
     *
     * @throws IOException closing the store failed; what was acknowledged is kept all the same
     */
    @Override
    void close() throws IOException;
}
