/// The system calls on the JDK's channels: for any system, without native access.
///
///     NioSyscalls      a number for each channel; each call as its channel does it
///     NioSocket        one channel, with the interest that is asked for in it
///     ExceptionErrno   the errno behind an exception of the JDK
///
/// Who enters: as with `sys.linux`, through `Syscalls`; and the poller of `poll.nio`.
///
/// What it owes: the same answers as the kernel's for the same situations, as far as channels tell them. Where they do
/// not, NioSyscalls says so, and `docs/decisions/0005` tells users.
@NullMarked
package heddle.internal.sys.nio;

import org.jspecify.annotations.NullMarked;
