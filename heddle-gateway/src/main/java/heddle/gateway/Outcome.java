package heddle.gateway;

import java.io.IOException;
import java.time.Duration;

/**
 * Learns what became of a client's messages. Called by the thread that reads the connection, or by the one that closes
 * the client or fails to connect. One call at a time, without a lock held. A slow callback delays the acks behind it.
 *
 * <p>A callback may call the client, but must not wait for it: it would wait for itself. So within a callback {@link
 * Client#submit} throws {@link IllegalStateException} where it would wait for room or for a connection, {@link
 * Client#awaitSettled} throws it always, and {@link Client#close} returns at once. A callback must not wait for another
 * thread either that is in one of these.
 */
public interface Outcome {

    /** Wants to know nothing: for who waits for each message by itself, as by {@link Client#submitAsync}. */
    Outcome NONE = (number, result, latencyNanos) -> {};

    /**
     * The fate of one message is known, or known to stay unknown. Exactly once for each message.
     *
     * @param number what {@link Client#submit} gave
     * @param result one of {@link Result}; {@link Result#UNKNOWN} if the connection was lost before the ack
     * @param latencyNanos from the submit, or from the last sending again, to the ack
     */
    void settled(long number, int result, long latencyNanos);

    /**
     * A connection ended while messages were in flight: before their {@link Result#UNKNOWN}, or before they are sent
     * again. A client that does not reconnect ({@link ClientOptions#reconnect}) tells the end of its connection in any
     * case.
     *
     * @param cause what ended it
     * @param unsettled how many messages; 0 only of a client that does not reconnect
     */
    default void lost(IOException cause, int unsettled) {}

    /**
     * An attempt to connect failed, and the client goes on trying. Told once until a connection stands again.
     *
     * @param cause why it failed
     * @param remaining how long it goes on trying at most
     */
    default void retrying(IOException cause, Duration remaining) {}

    /** A connection stands again, after {@link #retrying}. What was not acknowledged is sent next. */
    default void reconnected() {}
}
