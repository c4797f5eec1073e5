/// A poller over the JDK's Selector, for every system and without native access.
///
/// The JDK's interest is level-triggered and taken to the system only when a select begins. So a waiter asks for its
/// direction each time, a report takes the interest back, and a waiter behind a blocked select wakes it. Where the
/// thread that a report wakes waits again before the next select, the system hears of neither.
///
/// Who enters: the polling thread, one of the two `heddle-poller-N`; any thread that waits, closes or wakes.
///
/// What it owes beyond the contract of `Poller`: a closed connection's port is free when close() returns, although the
/// JDK gives a channel in a selector back only at the next select.
@NullMarked
package heddle.internal.poll.nio;

import org.jspecify.annotations.NullMarked;
