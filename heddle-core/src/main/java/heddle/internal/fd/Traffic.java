package heddle.internal.fd;

/** What travels over a socket, and with it what the length of a transfer tells. */
public enum Traffic {
    /** Bytes alone, TCP's: a read that got less than it asked for has drained the socket; epoll(7), Q9. */
    BYTES,

    /**
     * A Unix stream: descriptors or credentials between the bytes end a read early, so a short one tells nothing;
     * unix(7).
     */
    BYTES_AND_RIGHTS,

    /**
     * Packets, each of which one call writes whole and one call reads whole, cut to the room there is; unix(7),
     * SOCK_SEQPACKET.
     */
    PACKETS
}
