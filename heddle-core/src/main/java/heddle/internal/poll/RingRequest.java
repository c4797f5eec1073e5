package heddle.internal.poll;

/** What any thread asks of the polling thread of a ring. */
public abstract sealed class RingRequest extends Request permits Inbox, Outgoing {}
