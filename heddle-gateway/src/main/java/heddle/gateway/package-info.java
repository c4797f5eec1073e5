/**
 * The communication server: takes messages over from many clients, keeps them, and says so only when they are kept.
 *
 * <p>Every packet starts alike; all integers are big-endian. The frame around it is {@link heddle.frame}'s.
 *
 * <pre>
 *    0     1                9
 *    +-----+----------------+----------------------------------+
 *    | cmd | id             | conn, submit: payload, 0 and up  |
 *    |     |                | conn ack, submit ack: result, 1  |
 *    +-----+----------------+----------------------------------+
 *    1 byte 8 bytes, given back as they came
 * </pre>
 *
 * The way of a message: {@link heddle.gateway.GatewaySession} reads it on its connection's thread and offers it to the {@link
 * heddle.gateway.Sink}; the sink's one writer stores all that has been offered meanwhile in one transaction, so one fsync serves
 * them all; then each session's acks go out in as few writes as there are commits.
 */
@NullMarked
package heddle.gateway;

import org.jspecify.annotations.NullMarked;
