package heddle.gateway;

import heddle.time.Clock;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link StoreSink} stores and how much it holds. Immutable: each setter returns a changed copy, and refuses
 * what makes no sense by an IllegalArgumentException.
 */
public final class StoreOptions {

    SyncMode sync = SyncMode.ALWAYS;
    Duration syncInterval = Duration.ofSeconds(1);
    int queueMessagesMax = 1 << 16;
    long queueBytesMax = 64 << 20;
    Duration roomWait = Duration.ofSeconds(10);
    Clock clock = Clock.system();

    /** 0 for none. */
    long holdFrom;

    /** Of all segments; as many as the disk holds unless set. */
    long storeBytesMax = Long.MAX_VALUE;

    long segmentBytes = 64 << 20;
    long keepBytes = Long.MAX_VALUE;

    @Nullable
    Duration keepFor;

    /** Synced always; 65,536 messages or 64 MiB in the queue; 10 s for room to come; the store as large as the disk. */
    public StoreOptions() {}

    private StoreOptions(StoreOptions other) {
        holdFrom = other.holdFrom;
        sync = other.sync;
        syncInterval = other.syncInterval;
        queueMessagesMax = other.queueMessagesMax;
        queueBytesMax = other.queueBytesMax;
        roomWait = other.roomWait;
        clock = other.clock;
        storeBytesMax = other.storeBytesMax;
        segmentBytes = other.segmentBytes;
        keepBytes = other.keepBytes;
        keepFor = other.keepFor;
    }

    /**
     * What an ack promises; {@link SyncMode#ALWAYS} unless set.
     *
     * @param mode the promise
     * @return the changed copy
     */
    public StoreOptions sync(SyncMode mode) {
        var changed = new StoreOptions(this);
        changed.sync = mode;
        return changed;
    }

    /**
     * With {@link SyncMode#INTERVAL}: longest time from a commit to its fsync; 1 s unless set.
     *
     * @param interval zero or more
     * @return the changed copy
     */
    public StoreOptions syncInterval(Duration interval) {
        var changed = new StoreOptions(this);
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
    public StoreOptions queue(int messagesMax, long bytesMax) {
        var changed = new StoreOptions(this);
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
    public StoreOptions queueTakes(long bytes) {
        return queue(queueMessagesMax, Math.max(queueBytesMax, 4 * bytes));
    }

    /**
     * How long an offer waits for room in the queue before it answers {@link Result#OVERLOADED}; 10 s unless set.
     *
     * @param limit zero or more
     * @return the changed copy
     */
    public StoreOptions roomWait(Duration limit) {
        var changed = new StoreOptions(this);
        changed.roomWait = Checked.notNegative("roomWait", limit);
        return changed;
    }

    /**
     * Most bytes that the files of the log may have; at the bound messages are {@link Result#NOT_STORED}, unless {@link
     * #keepBytes} or {@link #keepFor} makes room. The disk's own bound unless set.
     *
     * @param bytes 1 or more; the log has one file at least, of 64 KiB
     * @return the changed copy
     */
    public StoreOptions storeBytesMax(long bytes) {
        var changed = new StoreOptions(this);
        changed.storeBytesMax = Checked.atLeast(1, "storeBytesMax", bytes);
        return changed;
    }

    /**
     * The size of the files that the log consists of; 64 MiB unless set. Less where a bound would hold fewer than four.
     *
     * @param bytes 1 or more; less than 64 KiB counts as that
     * @return the changed copy
     */
    public StoreOptions segmentBytes(long bytes) {
        var changed = new StoreOptions(this);
        changed.segmentBytes = Checked.atLeast(1, "segmentBytes", bytes);
        return changed;
    }

    /**
     * How many bytes the files of the log may have before the oldest are dropped; none is unless set. A {@link Hold}
     * keeps more.
     *
     * @param bytes 1 or more
     * @return the changed copy
     */
    public StoreOptions keepBytes(long bytes) {
        var changed = new StoreOptions(this);
        changed.keepBytes = Checked.atLeast(1, "keepBytes", bytes);
        return changed;
    }

    /**
     * How old all messages of a file of the log must be before it is dropped; none is unless set. A {@link Hold} keeps
     * it.
     *
     * @param age more than zero
     * @return the changed copy
     */
    public StoreOptions keepFor(Duration age) {
        var changed = new StoreOptions(this);
        changed.keepFor = Checked.positive("keepFor", age);
        return changed;
    }

    /**
     * Holds messages back from retention from the start on, until {@link StoreSink#hold} is called: for whoever has
     * still to read them, and cannot say so before the store is open. None unless set.
     *
     * @param number what must stay: this message and those behind it; 1 or more
     * @return the changed copy
     */
    public StoreOptions holdFrom(long number) {
        var changed = new StoreOptions(this);
        changed.holdFrom = Checked.atLeast(1, "holdFrom", number);
        return changed;
    }

    /**
     * What these times go by, and what stamps the messages; the system's unless set.
     *
     * @param times the clock
     * @return the changed copy
     */
    public StoreOptions clock(Clock times) {
        var changed = new StoreOptions(this);
        changed.clock = times;
        return changed;
    }
}
