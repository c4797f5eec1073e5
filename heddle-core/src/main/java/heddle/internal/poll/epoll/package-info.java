/// Pollers over epoll(7).
///
/// A descriptor is added once, edge-triggered, for both directions, and stays until it is closed: a wait costs no
/// system call of its own.
///
///     EpollPoller      one epoll instance: what it reports goes to the slots
///
/// Who enters: the polling thread; any thread that registers, deregisters or wakes.
///
/// What it owes beyond the contract of `Poller`: an event of a descriptor that was closed, and whose number is
/// another's by now, reaches nobody. The generation in the event's data tells them apart.
@NullMarked
package heddle.internal.poll.epoll;

import org.jspecify.annotations.NullMarked;
