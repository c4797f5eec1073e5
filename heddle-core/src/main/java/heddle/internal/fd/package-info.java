/// The life of a descriptor, from the number that the kernel gave to the close of that number, and all calls between.
///
///     heddle.net -> Opening    -> Descriptor           socket, options, bind, connect or listen
///                -> Listening  -> Descriptor           accept
///                -> Descriptor -> Reads, Writes        streams and packets, a direction each
///                                 Direction            the one loop of both:
///                                  -> DescriptorLock   whose turn is it, and may the number be used
///                                  -> sys.Syscalls     try the call
///                                  -> poll.Registration  EAGAIN: wait, then try again
///
/// [Descriptors][heddle.internal.fd.Descriptors] makes them and knows all that are open, since their runtime may close.
///
/// Who enters: `heddle.net`, on the application's threads, virtual or not, any number at a time.
///
/// What it owes:
///
/// - one order for every operation: the lock, then close and deadline, then the call; EINTR tries again, EAGAIN waits,
///   anything else is the answer;
/// - exact counts: what the kernel took before a failure stands beside it ([Result][heddle.internal.fd.Result]);
/// - close() ends every wait, and returns when the last user has gone and the number is free;
/// - numbers, not exceptions: `heddle.net` knows the addresses and makes them. Memory that the caller may not use is
///   the one thing that throws.
///
/// It knows no platform: `sys` and `poll` are contracts here.
@NullMarked
package heddle.internal.fd;

import org.jspecify.annotations.NullMarked;
