package heddle.gateway;

/**
 * What a success ack promises about the death of the machine. The death of the process alone loses nothing in either
 * mode.
 */
public enum SyncMode {
    /** Each commit is on the disk, by fsync, before its messages are acknowledged. */
    ALWAYS,
    /** A commit is with the kernel before its messages are acknowledged, and on the disk an interval later at most. */
    INTERVAL
}
