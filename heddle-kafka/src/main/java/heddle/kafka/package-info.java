/// The communication server's messages in a topic of Kafka: a [Sink][heddle.gateway.Sink] for many gateways that feed
/// one cluster.
///
/// A message is a record. Its key is the client's name, so the messages of a client are in one partition, in their
/// order. Its headers, all text in UTF-8:
///
///     name      the client's name
///     time      when the gateway took it, in milliseconds since 1970
///     sequence  its number, unsigned, of a message that is kept once
///     turn      of a message that is kept once: the turn that it belongs to
///     store     of a message that a store has forwarded: that store's name
///     number    of a message that a store has forwarded: its number there
///
/// A record with a turn and without a sequence is a marker: a turn begins there. It is no message.
///
/// The way of a message:
///
///     connection's thread  KafkaSink.offer -> Delivery.send       waits while there is no room, never for Kafka
///     Kafka's own thread   Delivery -> Receipt                    of plain messages, when all replicas have it
///     heddle-kafka         Turns -> Ledger -> OnceReceipt         of numbered messages, when no newer turn is known
///
/// How a message is there exactly once without Kafka's transactions: decision 0017. [ReadingRule] is what a reader does
/// about it.
///
///     heddle-forward       Forwarder -> Delivery -> Forwarded     of a [ForwardingSink], what its store has
///
/// Who enters: a server makes a [KafkaSink], or a [ForwardingSink], which keeps messages in a data folder first; a
/// reader of the topic uses a [ReadingRule].
@NullMarked
package heddle.kafka;

import org.jspecify.annotations.NullMarked;
