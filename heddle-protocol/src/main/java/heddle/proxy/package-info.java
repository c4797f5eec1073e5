/// The PROXY protocol, versions 1 and 2: a proxy says in front of a connection's bytes who the client is. The result is
/// a [Conn][heddle.net.Conn] again, whose remote address is the client's. Below TLS: TCP, PROXY, TLS, frames.
///
/// ```
/// var networks = ...;
/// Listener listener = new ProxyListener(Net.listen("tcp", "10.0.0.1:7000"), networks::contain);
/// ```
///
/// Version 1, one line of at most 107 bytes:
///
/// ```
/// PROXY TCP4 192.0.2.7 192.0.2.1 51544 7000\r\n      TCP4, TCP6; or UNKNOWN and anything
/// ```
///
/// Version 2, big-endian:
///
/// ```
///  0          12        13         14      16              28 or 52 ...
/// +----------+---------+----------+-------+-------------------+--------------------+
/// | 0D 0A 0D | version | family,  | bytes | source address,   | type 1, length 2,  |
/// | 0A 00 0D | 2, com- | trans-   | that  | destination, both | value; and so on   |
/// | 0A 51 55 | mand 0  | port: 4  | fol-  | ports: 4+4+2+2 or |                    |
/// | 49 54 0A | or 1: 4 | bits     | low   | 16+16+2+2 bytes   |                    |
/// |          | bits    | each     |       |                   |                    |
/// +----------+---------+----------+-------+-------------------+--------------------+
/// ```
///
/// Command 0 is LOCAL: the proxy speaks for itself, as in a health check. Source: The PROXY protocol, versions 1 and 2,
/// by Willy Tarreau, which HAProxy comes with.
@NullMarked
package heddle.proxy;

import org.jspecify.annotations.NullMarked;
