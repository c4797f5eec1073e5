/// A poller over io_uring(7): it receives and sends for streams, and has an epoll instance for everything else.
///
/// What goes by the ring: the bytes of a TCP connection from the first time on that its reader has to wait, until most
/// of its reads bring more than 2 KiB; and meanwhile what is written to it from arrays, 2 KiB at most at a time, while
/// other threads wait for their turn on the processor. Everything else is called as in way carriers: listeners,
/// Unix sockets, segments and several buffers at once, and what is transferred within the kernel.
///
///     RingPoller     one ring and one epoll instance, polled by whichever carrier has their processor
///
/// Who enters: the polling thread; any thread that registers, asks for something or wakes.
///
/// What it owes beyond the contract of `Poller`:
///
/// - no byte that the kernel received is lost, whatever ends the wait of a reader;
/// - a number is closed only when the kernel has nothing more in hand for it;
/// - it outlives a hand-off: another thread may poll it from one moment to the next.
@NullMarked
package heddle.internal.poll.uring;

import org.jspecify.annotations.NullMarked;
