/// What sockets are called, set to and refused with: plain values, which each floor above the kernel speaks.
///
///     SocketName     an address as the kernel takes it: SockAddr for IP, UnixName for paths
///     SocketOption   the options that Heddle sets or reads
///     TcpStat        what the kernel tells of a connection
///     Errno          numbers and texts of errors, Linux's
///     NumberTable    what a descriptor's number stands for now: of those who watch, of those who use, of way nio
///
/// Who enters: everybody, `heddle.net` too, whose own addresses and errnos are made of these.
///
/// What it owes: its values, all but the table, are immutable and compare by value. They call nothing and wait for
/// nothing.
@NullMarked
package heddle.internal.socket;

import org.jspecify.annotations.NullMarked;
