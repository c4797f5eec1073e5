/// The system calls that Heddle makes, and their errors, free of any system.
///
///     Syscalls        one method a call: n or -errno
///     StartException  the system refused what a runtime needs
///
/// Who enters: `internal.fd` for each call on a socket; `heddle.net` to make one and to name its options.
///
/// What it owes:
///
/// - a method is one system call: no retry, no wait, no lock. EINTR and EAGAIN are answers like others;
/// - errors are numbers: an exception object for each EAGAIN would cost more than the call;
/// - transfers of up to 512 bytes between an array and the system allocate nothing.
///
/// Implemented by `sys.linux` and `sys.nio`, and by tests that make a chosen call fail.
@NullMarked
package heddle.internal.sys;

import org.jspecify.annotations.NullMarked;
