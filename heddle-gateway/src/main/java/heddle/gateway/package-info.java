/// The communication server: takes messages over from many clients, keeps them, and says so only when they are kept.
///
/// Every packet starts alike; all integers are big-endian. The frame around it is [heddle.frame]'s.
///
///     0     1                9
///     +-----+----------------+----------------------------------+
///     | cmd | id             | conn, submits: payload, 0 and up |
///     |     |                | resume: nothing                  |
///     |     |                | acks: result, 1                  |
///     |     |                | resume ack: result, 1; highest, 8|
///     +-----+----------------+----------------------------------+
///     1 byte 8 bytes, given back as they came; of a submit once its number, counting up from 1 for each client
///
/// The way of a message, from the socket to the disk and back:
///
///     connection's thread  FrameReader -> GatewaySession -> Sink.offer  waits while the queue is full
///     the sink's writer    SinkQueue -> Sequencer                       of numbered messages, which are kept
///     the sink's writer    Sequencer -> StoreWriter -> Store.commit     what was offered meanwhile shares its fsync
///     the sink's writer    Answers -> FrameWriter                       acks go out, many in a write
///
/// Who enters: a server starts a [Gateway][heddle.gateway.Gateway]; a program that submits uses a
/// [Client][heddle.gateway.Client].
///
/// What it owes:
///
/// - an ack with [Result#SUCCESS][heddle.gateway.Result#SUCCESS] means that the message is on the disk;
/// - every queue is bounded, in messages and bytes; a full one slows its clients down, and in the end refuses;
/// - each submit is acknowledged once, or its connection ends.
@NullMarked
package heddle.gateway;

import org.jspecify.annotations.NullMarked;
