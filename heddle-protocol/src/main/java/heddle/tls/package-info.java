/// TLS 1.3 and 1.2 over any [Conn][heddle.net.Conn], by the JDK's SSLEngine; the result is a `Conn` again.
///
/// ```
/// application -> TlsConn -> SSLEngine -> Conn
/// ```
///
/// A [TlsConfig][heddle.tls.TlsConfig] says how, a [TlsContext][heddle.tls.TlsContext] is that with its files read. It
/// makes connections out of connections, listeners out of listeners, and dials.
///
/// What it owes:
///
/// - each promise of `Conn`: deadlines, interrupts and exact counts break nothing, also in the middle of a record;
/// - a connection that is idle holds no buffer;
/// - an end of the stream without close_notify is no end but a failure;
/// - each failure of a handshake says what was wrong and what to do.
///
/// On: TLS 1.3 with AES-GCM or ChaCha20-Poly1305, TLS 1.2 with these and ECDHE. Off: all older versions, CBC, RSA key
/// exchange, finite field DH, renegotiation, compression.
@NullMarked
package heddle.tls;

import org.jspecify.annotations.NullMarked;
