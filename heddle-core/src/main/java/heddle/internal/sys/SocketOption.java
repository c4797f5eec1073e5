package heddle.internal.sys;

/** The int options of sockets that Heddle sets or reads; each backend knows their numbers. Units in parentheses. */
public enum SocketOption {
    /** SO_REUSEADDR, socket(7): bind while old connections linger in TIME_WAIT (0 or 1). */
    REUSE_ADDRESS,
    /** SO_REUSEPORT, socket(7): several listeners on one port share its connections (0 or 1). */
    REUSE_PORT,
    /** SO_KEEPALIVE, socket(7) (0 or 1). */
    KEEP_ALIVE,
    /** TCP_KEEPIDLE, tcp(7) (seconds). */
    KEEP_IDLE,
    /** TCP_KEEPINTVL, tcp(7) (seconds). */
    KEEP_INTERVAL,
    /** TCP_KEEPCNT, tcp(7) (probes). */
    KEEP_COUNT,
    /** TCP_NODELAY, tcp(7) (0 or 1). */
    NO_DELAY,
    /** SO_SNDBUF, socket(7) (bytes; Linux reads back twice what was set). */
    SEND_BUFFER,
    /** SO_RCVBUF, socket(7) (bytes; likewise). */
    RECEIVE_BUFFER,
    /** SO_LINGER, socket(7) (seconds; negative turns it off). */
    LINGER,
    /** IPV6_V6ONLY, ipv6(7) (0 or 1). */
    V6_ONLY,
    /** SO_ERROR, socket(7): the pending error, cleared by reading; read-only (an errno in Linux's numbering). */
    ERROR
}
