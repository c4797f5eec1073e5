package heddle.gateway;

import heddle.time.Clock;

import java.time.Duration;

/**
 * How a {@link SqliteSink} stores and how much it holds.
 *
 * @param sync what an ack promises
 * @param syncInterval with {@link SyncMode#INTERVAL}, longest time from a commit to its fsync
 * @param queueMessagesMax most messages taken and not yet settled
 * @param queueBytesMax most bytes of them; the largest message is a little smaller
 * @param roomWait how long an offer waits for room before it answers {@link Result#OVERLOADED}
 * @param storeBytesMax most bytes that the database file may have; at the bound messages are {@link Result#NOT_STORED}
 * @param clock what these times go by, and what stamps the messages
 */
public record SqliteOptions(
        SyncMode sync,
        Duration syncInterval,
        int queueMessagesMax,
        long queueBytesMax,
        Duration roomWait,
        long storeBytesMax,
        Clock clock) {

    /** No bound but the disk's. */
    public static final long STORE_BYTES_UNBOUNDED = Long.MAX_VALUE;

    /** Synced always; 65,536 messages or 64 MiB in the queue; 10 s for room to come; the store as large as the disk. */
    public static final SqliteOptions DEFAULT =
            new SqliteOptions(
                    SyncMode.ALWAYS,
                    Duration.ofSeconds(1),
                    1 << 16,
                    64 << 20,
                    Duration.ofSeconds(10),
                    STORE_BYTES_UNBOUNDED,
                    Clock.system());

    /**
     * The same with another promise.
     *
     * @param mode what an ack promises
     * @param interval see {@link #syncInterval}
     * @return new options
     */
    public SqliteOptions withSync(SyncMode mode, Duration interval) {
        return new SqliteOptions(
                mode, interval, queueMessagesMax, queueBytesMax, roomWait, storeBytesMax, clock);
    }

    /**
     * The same with another bound of the queue.
     *
     * @param messagesMax see {@link #queueMessagesMax}
     * @param bytesMax see {@link #queueBytesMax}
     * @param wait see {@link #roomWait}
     * @return new options
     */
    public SqliteOptions withQueue(int messagesMax, long bytesMax, Duration wait) {
        return new SqliteOptions(
                sync, syncInterval, messagesMax, bytesMax, wait, storeBytesMax, clock);
    }

    /**
     * The same with another bound of the store.
     *
     * @param bytesMax see {@link #storeBytesMax}
     * @return new options
     */
    public SqliteOptions withStoreBytesMax(long bytesMax) {
        return new SqliteOptions(
                sync, syncInterval, queueMessagesMax, queueBytesMax, roomWait, bytesMax, clock);
    }

    /**
     * The same with another clock.
     *
     * @param other see {@link #clock}
     * @return new options
     */
    public SqliteOptions withClock(Clock other) {
        return new SqliteOptions(
                sync,
                syncInterval,
                queueMessagesMax,
                queueBytesMax,
                roomWait,
                storeBytesMax,
                other);
    }
}
