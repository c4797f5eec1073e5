package heddle.internal.poll;

/** How a wait for readiness ended. */
public enum Wait {
    /** The call may be tried again; it may still not succeed. */
    READY,
    /** The deadline has passed. */
    EXPIRED,
    /** The descriptor is being closed. */
    CLOSED,
    /** The waiting thread was interrupted; its status has been cleared. */
    INTERRUPTED,
    /** The poller could not watch the descriptor; {@link Registration#failure} says why. */
    FAILED
}
