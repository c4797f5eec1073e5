package heddle.internal.poll;

/** Chooses the poller of a new registration. */
@FunctionalInterface
public interface PollerSource {

    /** The poller of the carrier that runs the calling thread, or any other if it has none. */
    Poller current();
}
