package heddle.net;

import heddle.internal.socket.TcpStat;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * What the kernel knows of a connection of TCP at one moment; tcp(7), "TCP_INFO". Empty is what an older kernel does
 * not tell, or what it has not measured yet.
 *
 * @param state of the connection
 * @param roundTripTime smoothed; zero before the first measurement
 * @param roundTripVariation its mean deviation
 * @param roundTripTimeMin the shortest that was seen lately; Linux 4.6
 * @param retransmissionTimeout how long the kernel waits for an acknowledgement before it sends again
 * @param pathMtuBytes the largest packet that the path takes, as far as is known
 * @param segmentBytes the most data that it puts into one segment
 * @param congestionWindowSegments how much may be under way
 * @param unackedSegments under way now
 * @param lostSegments of these, presumed to be lost
 * @param timeoutsInRow retransmission time-outs since the last acknowledgement: above 0, the peer is silent
 * @param retransmittedSegments of the whole life
 * @param ackedBytes sent and acknowledged, of the whole life; the opening and the end of the stream may count as a byte
 *     each; Linux 4.1
 * @param receivedBytes of the whole life; Linux 4.1
 * @param unsentBytes in the send buffer and not sent yet; Linux 4.6
 * @param deliveryBytesPerSecond the latest measured rate; Linux 4.9
 */
public record TcpInfo(
        State state,
        Duration roundTripTime,
        Duration roundTripVariation,
        Optional<Duration> roundTripTimeMin,
        Duration retransmissionTimeout,
        int pathMtuBytes,
        int segmentBytes,
        int congestionWindowSegments,
        int unackedSegments,
        int lostSegments,
        int timeoutsInRow,
        long retransmittedSegments,
        OptionalLong ackedBytes,
        OptionalLong receivedBytes,
        OptionalLong unsentBytes,
        OptionalLong deliveryBytesPerSecond) {

    /** The states of RFC 9293 section 3.3.2, in the order of Linux's numbers, from 1 on. */
    public enum State {
        /** Data flows both ways. */
        ESTABLISHED,
        /** A request was sent. */
        SYN_SENT,
        /** A request was received. */
        SYN_RECEIVED,
        /** This side has ended its stream, which is not acknowledged. */
        FIN_WAIT_1,
        /** This side's end is acknowledged; the peer may still send. */
        FIN_WAIT_2,
        /** Both have ended; waiting for stray packets. */
        TIME_WAIT,
        /** No connection any more. */
        CLOSED,
        /** The peer has ended its stream. */
        CLOSE_WAIT,
        /** The peer, then this side has ended; this side's end is not acknowledged. */
        LAST_ACK,
        /** A listener. */
        LISTEN,
        /** Both have ended at once. */
        CLOSING;

        private static final State[] BY_NUMBER = values();

        /** A number that is none of ours is one of the kernel's states of a handshake. */
        private static State ofNumber(int number) {
            return number >= 1 && number <= BY_NUMBER.length ? BY_NUMBER[number - 1] : SYN_RECEIVED;
        }
    }

    static TcpInfo of(Map<TcpStat, Long> stats) {
        return new TcpInfo(
                State.ofNumber(count(stats, TcpStat.STATE)),
                micros(stats, TcpStat.RTT_MICROS),
                micros(stats, TcpStat.RTT_VARIATION_MICROS),
                stats.containsKey(TcpStat.RTT_MIN_MICROS)
                        ? Optional.of(micros(stats, TcpStat.RTT_MIN_MICROS))
                        : Optional.empty(),
                micros(stats, TcpStat.RETRANSMISSION_TIMEOUT_MICROS),
                count(stats, TcpStat.PATH_MTU_BYTES),
                count(stats, TcpStat.SEND_SEGMENT_BYTES),
                count(stats, TcpStat.CONGESTION_WINDOW_SEGMENTS),
                count(stats, TcpStat.UNACKED_SEGMENTS),
                count(stats, TcpStat.LOST_SEGMENTS),
                count(stats, TcpStat.TIMEOUTS_IN_ROW),
                stats.getOrDefault(TcpStat.RETRANSMITTED_SEGMENTS, 0L),
                optional(stats, TcpStat.ACKED_BYTES),
                optional(stats, TcpStat.RECEIVED_BYTES),
                optional(stats, TcpStat.UNSENT_BYTES),
                optional(stats, TcpStat.DELIVERY_BYTES_PER_SECOND));
    }

    private static int count(Map<TcpStat, Long> stats, TcpStat stat) {
        return (int) Math.min(stats.getOrDefault(stat, 0L), Integer.MAX_VALUE);
    }

    private static Duration micros(Map<TcpStat, Long> stats, TcpStat stat) {
        return Duration.ofNanos(TimeUnit.MICROSECONDS.toNanos(stats.getOrDefault(stat, 0L)));
    }

    private static OptionalLong optional(Map<TcpStat, Long> stats, TcpStat stat) {
        Long value = stats.get(stat);
        return value == null ? OptionalLong.empty() : OptionalLong.of(value);
    }
}
