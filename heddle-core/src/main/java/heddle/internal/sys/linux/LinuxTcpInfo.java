package heddle.internal.sys.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import heddle.internal.socket.TcpStat;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/// `struct tcp_info` of linux/tcp.h, as far as it is read here. The kernel appends to it and tells how much it filled
/// in: what lies behind that is unknown. No holes; all in the machine's byte order.
///
///     0 state (1)  2 retransmits (1)  8 rto (4)  16 snd_mss (4)  24 unacked (4)  32 lost (4)  60 pmtu (4)
///     68 rtt (4)  72 rttvar (4)  80 snd_cwnd (4)  100 total_retrans (4)  120 bytes_acked (8)
///     128 bytes_received (8)  144 notsent_bytes (4)  148 min_rtt (4)  160 delivery_rate (8)
final class LinuxTcpInfo {

    /** What is asked for. */
    static final int BYTES = 168;

    /** min_rtt of a connection without a measured round trip, include/net/tcp.h; Linux. */
    private static final long NO_MIN_RTT = 0xffff_ffffL;

    private LinuxTcpInfo() {}

    /** Puts what lies in the first {@code length} bytes of {@code raw} into {@code info}. */
    static void decode(MemorySegment raw, int length, Map<TcpStat, Long> info) {
        for (TcpStat stat : TcpStat.values()) {
            int offset = offset(stat);
            int size = size(stat);
            if (offset + size <= length) {
                info.put(stat, value(raw, offset, size));
            }
        }
        info.remove(TcpStat.RTT_MIN_MICROS, NO_MIN_RTT);
    }

    private static long value(MemorySegment raw, int offset, int size) {
        return switch (size) {
            case 1 -> raw.get(JAVA_BYTE, offset) & 0xff;
            case 4 -> raw.get(JAVA_INT, offset) & 0xffff_ffffL;
            default -> raw.get(JAVA_LONG, offset);
        };
    }

    private static int offset(TcpStat stat) {
        return switch (stat) {
            case STATE -> 0;
            case TIMEOUTS_IN_ROW -> 2;
            case RETRANSMISSION_TIMEOUT_MICROS -> 8;
            case SEND_SEGMENT_BYTES -> 16;
            case UNACKED_SEGMENTS -> 24;
            case LOST_SEGMENTS -> 32;
            case PATH_MTU_BYTES -> 60;
            case RTT_MICROS -> 68;
            case RTT_VARIATION_MICROS -> 72;
            case CONGESTION_WINDOW_SEGMENTS -> 80;
            case RETRANSMITTED_SEGMENTS -> 100;
            case ACKED_BYTES -> 120;
            case RECEIVED_BYTES -> 128;
            case UNSENT_BYTES -> 144;
            case RTT_MIN_MICROS -> 148;
            case DELIVERY_BYTES_PER_SECOND -> 160;
        };
    }

    private static int size(TcpStat stat) {
        return switch (stat) {
            case STATE, TIMEOUTS_IN_ROW -> 1;
            case ACKED_BYTES, RECEIVED_BYTES, DELIVERY_BYTES_PER_SECOND -> 8;
            default -> 4;
        };
    }
}
