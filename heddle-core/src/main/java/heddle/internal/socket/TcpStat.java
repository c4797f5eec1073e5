package heddle.internal.socket;

/** What the kernel tells of a connection of TCP, tcp(7), "TCP_INFO"; each backend knows where. Units end the names. */
public enum TcpStat {
    /** In Linux's numbering, include/net/tcp_states.h. */
    STATE,
    /** Time-outs in a row without an acknowledgement. */
    TIMEOUTS_IN_ROW,
    RETRANSMISSION_TIMEOUT_MICROS,
    SEND_SEGMENT_BYTES,
    UNACKED_SEGMENTS,
    LOST_SEGMENTS,
    PATH_MTU_BYTES,
    RTT_MICROS,
    RTT_VARIATION_MICROS,
    CONGESTION_WINDOW_SEGMENTS,
    /** All of this connection so far. */
    RETRANSMITTED_SEGMENTS,
    /** Since Linux 4.1, as the next. */
    ACKED_BYTES,
    RECEIVED_BYTES,
    /** Since Linux 4.6, as the next. */
    UNSENT_BYTES,
    RTT_MIN_MICROS,
    /** Since Linux 4.9. */
    DELIVERY_BYTES_PER_SECOND
}
