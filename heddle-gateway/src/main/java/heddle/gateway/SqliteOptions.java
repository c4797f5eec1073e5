package heddle.gateway;

import heddle.time.Clock;
import java.time.Duration;

/**
 * How a {@link SqliteSink} stores and how much it holds. Immutable: each setter returns a changed copy, and refuses
 * what makes no sense by an IllegalArgumentException.
 */
public final class SqliteOptions {

    SyncMode sync = SyncMode.ALWAYS;
    Duration syncInterval = Duration.ofSeconds(1);
    int queueMessagesMax = 1 << 16;
    long queueBytesMax = 64 << 20;
    Duration roomWait = Duration.ofSeconds(10);
    Clock clock = Clock.system();

    /** Of the file; as many as the disk holds unless set. */
    long storeBytesMax = Long.MAX_VALUE;

    /** Synced always; 65,536 messages or 64 MiB in the queue; 10 s for room to come; the store as large as the disk. */
    public SqliteOptions() {}

    private SqliteOptions(SqliteOptions other) {
        sync = other.sync;
        syncInterval = other.syncInterval;
        queueMessagesMax = other.queueMessagesMax;
        queueBytesMax = other.queueBytesMax;
        roomWait = other.roomWait;
        clock = other.clock;
        storeBytesMax = other.storeBytesMax;
    }

    /**
     * What an ack promises; {@link SyncMode#ALWAYS} unless set.
     *
     * @param mode the promise
     * @return the changed copy
     */
    public SqliteOptions sync(SyncMode mode) {
        var changed = new SqliteOptions(this);
        changed.sync = mode;
        return changed;
    }

    /**
     * With {@link SyncMode#INTERVAL}: longest time from a commit to its fsync; 1 s unless set.
     *
     * @param interval zero or more
     * @return the changed copy
     */
    public SqliteOptions syncInterval(Duration interval) {
        var changed = new SqliteOptions(this);
        changed.syncInterval = Checked.notNegative("syncInterval", interval);
        return changed;
    }

    /**
     * Most that is taken and not yet settled; 65,536 messages and 64 MiB unless set.
     *
     * @param messagesMax 1 or more
     * @param bytesMax of their payloads, 1 or more; the largest message is a little smaller
     * @return the changed copy
     */
    public SqliteOptions queue(int messagesMax, long bytesMax) {
        var changed = new SqliteOptions(this);
        changed.queueMessagesMax = Checked.atLeast(1, "queue messages", messagesMax);
        changed.queueBytesMax = Checked.atLeast(1, "queue bytes", bytesMax);
        return changed;
    }

    /**
     * Makes the queue take at least one message of this size, whatever else is set.
     *
     * @param bytes of its payload
     * @return the changed copy
     */
    public SqliteOptions queueTakes(long bytes) {
        return queue(queueMessagesMax, Math.max(queueBytesMax, 4 * bytes));
    }

    /**
     * How long an offer waits for room in the queue before it answers {@link Result#OVERLOADED}; 10 s unless set.
     *
     * @param limit zero or more
     * @return the changed copy
     */
    public SqliteOptions roomWait(Duration limit) {
        var changed = new SqliteOptions(this);
        changed.roomWait = Checked.notNegative("roomWait", limit);
        return changed;
    }

    /**
     * Most bytes that the database file may have; at the bound messages are {@link Result#NOT_STORED}. The disk's own
     * bound unless set.
     *
     * @param bytes 1 or more
     * @return the changed copy
     */
    public SqliteOptions storeBytesMax(long bytes) {
        var changed = new SqliteOptions(this);
        changed.storeBytesMax = Checked.atLeast(1, "storeBytesMax", bytes);
        return changed;
    }

    /**
     * What these times go by, and what stamps the messages; the system's unless set.
     *
     * @param times the clock
     * @return the changed copy
     */
    public SqliteOptions clock(Clock times) {
        var changed = new SqliteOptions(this);
        changed.clock = times;
        return changed;
    }
}
