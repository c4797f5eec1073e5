package heddle.internal.socket;

/** The int options of sockets that Heddle sets or reads; each backend knows their numbers. Units in parentheses. */
public enum SocketOption {
    /** Bind while old connections linger in TIME_WAIT, socket(7) (0 or 1). */
    REUSE_ADDRESS("SO_REUSEADDR"),
    /** Several listeners on one port share its connections, socket(7) (0 or 1). */
    REUSE_PORT("SO_REUSEPORT"),
    /** Probes of an idle connection, socket(7) (0 or 1). */
    KEEP_ALIVE("SO_KEEPALIVE"),
    /** Silence before the first probe, tcp(7) (seconds). */
    KEEP_IDLE("TCP_KEEPIDLE"),
    /** Time between probes, tcp(7) (seconds). */
    KEEP_INTERVAL("TCP_KEEPINTVL"),
    /** Unanswered probes that break the connection, tcp(7) (probes). */
    KEEP_COUNT("TCP_KEEPCNT"),
    /** Small writes are sent at once, tcp(7) (0 or 1). */
    NO_DELAY("TCP_NODELAY"),
    /** How long sent data may stay unacknowledged, tcp(7) (milliseconds; 0 for the system's own limit). */
    USER_TIMEOUT("TCP_USER_TIMEOUT"),
    /**
     * Of a listener: connections in their handshake that may bring data with their SYN, RFC 7413 (a count; 0 for none).
     */
    FAST_OPEN("TCP_FASTOPEN"),
    /** The first write goes with the SYN where the peer is known to take that, RFC 7413 (0 or 1). */
    FAST_OPEN_CONNECT("TCP_FASTOPEN_CONNECT"),
    /** Of a listener: a connection counts as such when its first data comes, tcp(7) (seconds; the kernel rounds). */
    DEFER_ACCEPT("TCP_DEFER_ACCEPT"),
    /** Type of service of what is sent over IPv4, ip(7) (0 to 255). */
    TYPE_OF_SERVICE("IP_TOS"),
    /** The same of IPv6, RFC 3542 section 6.5 (0 to 255). */
    TRAFFIC_CLASS("IPV6_TCLASS"),
    /** Size of the buffer to send from, socket(7) (bytes; Linux reads back twice what was set). */
    SEND_BUFFER("SO_SNDBUF"),
    /** Size of the buffer to receive into, socket(7) (bytes; likewise). */
    RECEIVE_BUFFER("SO_RCVBUF"),
    /** What close does with unsent data, socket(7) (seconds; negative turns it off). */
    LINGER("SO_LINGER"),
    /** No IPv4 on a socket of IPv6, ipv6(7) (0 or 1). */
    V6_ONLY("IPV6_V6ONLY"),
    /** The pending error, cleared by reading, socket(7); read-only (an errno in Linux's numbering). */
    ERROR("SO_ERROR");

    private final String label;

    SocketOption(String label) {
        this.label = label;
    }

    /** Its name in C, for error texts. */
    public String label() {
        return label;
    }
}
