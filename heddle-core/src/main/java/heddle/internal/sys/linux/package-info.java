/// The only code that calls natively, with `poll.epoll`: Linux's calls by the foreign-function API.
///
///     Libc             finds functions, links them with their errno
///     LinuxSyscalls    the calls on sockets
///     Epoll            epoll(7) and its eventfd(2)
///     Ring             io_uring(7): its queues, its buffers, its calls
///     LinuxSockAddr    layouts of sockaddr_in, sockaddr_in6 and sockaddr_un
///     LinuxTcpInfo     layout of tcp_info
///
/// Who enters: `Platform`, once, if native access is granted; then each call through `Syscalls`.
///
/// What it owes:
///
/// - layouts and constants hold on x86-64, aarch64, riscv64 and s390x; their tests run on aarch64 and s390x too,
///   emulated;
/// - what is linked as critical, which spares a copy of heap memory, cannot block, and moves at most 64 KiB of a
///   stream, as it holds off safepoints.
@NullMarked
package heddle.internal.sys.linux;

import org.jspecify.annotations.NullMarked;
