package heddle.internal.poll;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Chooses the poller of a new registration, and speaks to whoever runs the calling thread. */
public interface PollerSource {

    /** The poller of the carrier that runs the calling thread, or any other if it has none. */
    Poller current();

    /**
     * Makes {@code poller} watch {@code watched}: 0 or -errno. Here, as the one way to it, for a test to stand in.
     */
    default int register(Poller poller, Watched watched) {
        return poller.register(watched);
    }

    /**
     * The calling virtual thread lets others run. On the JDK's scheduler by a wait, since a thread that only yields
     * there goes to the queue of its carrier, which looks at no other one while that has something: whoever was
     * unparked from elsewhere would wait for ever.
     */
    default void giveWay() {
        LockSupport.parkNanos(1);
    }

    /**
     * The poller of the carrier that runs the calling thread, if it sends by itself and other threads wait for their
     * turn there: what it is given now goes together with theirs. Else null.
     */
    default @Nullable Poller batching() {
        return null;
    }

    /** The calling thread is about to block its carrier, which shall do nobody else any harm. */
    default void beforeBlocking() {}
}
