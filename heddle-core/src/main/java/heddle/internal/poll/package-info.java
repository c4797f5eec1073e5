/// Readiness, waiting and deadlines, free of any system.
///
///     fd -> Registration        a thread stores itself in a slot, makes sure that a poller watches, and parks
///           Registration -> Poller          to be watched, and for its timers
///     Poller.select() -> Watched            a descriptor as its poller sees it: `Registration` is one
///           Watched -> ReadinessSlot        ready: the thread is unparked
///     Poller -> DeadlineQueue -> ReadinessSlot    a deadline passed: the thread is taken out
///
/// Where a ring receives and sends, a thread that is about to wait asks for that first:
///
///     Inbox, Outgoing -> Intake -> Poller   a receive, a send: requests for the polling thread (way nio has its own)
///     Poller -> Piece -> Inbox              what came for a stream and nobody has read yet
///     PieceStack                            pieces, in an inbox or on their way back
///
/// No arrow goes back: a slot knows nobody, a poller knows what it watches and not who waits for it.
///
/// Who enters: from above the thread that waits, and any thread that closes or moves a deadline; from below the one
/// thread that polls a [Poller][heddle.internal.poll.Poller]. That is a carrier without work, or one of the
/// [VirtualPollers][heddle.internal.poll.VirtualPollers].
///
/// What it owes:
///
/// - no readiness and no cause to give up is slept through; each class says by which order of stores and loads, and
///   `heddle-stress` has a twin of each without it;
/// - a deadline never ends a wait early; it ends it late by the time that the poller takes to look;
/// - nothing of the size of the data is allocated, and a connection that is idle has no buffer here: the pieces are a
///   ring's, which lends them while they hold bytes.
///
/// A platform implements `Poller`, whose comment lists all that it must supply.
@NullMarked
package heddle.internal.poll;

import org.jspecify.annotations.NullMarked;
