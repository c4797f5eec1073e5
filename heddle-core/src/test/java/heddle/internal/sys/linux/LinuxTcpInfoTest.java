package heddle.internal.sys.linux;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.socket.TcpStat;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LinuxTcpInfoTest {

    /** What an older kernel did not fill in is left out, not zero. */
    @Test
    void shorterStructTellsLess() {
        assertThat(decoded(LinuxTcpInfo.BYTES)).hasSize(TcpStat.values().length);
        assertThat(decoded(160))
                .doesNotContainKey(TcpStat.DELIVERY_BYTES_PER_SECOND)
                .hasSize(15);
        assertThat(decoded(159)).hasSize(15);
        assertThat(decoded(104)) // Linux 2.6.
                .containsKey(TcpStat.RETRANSMITTED_SEGMENTS)
                .doesNotContainKeys(TcpStat.ACKED_BYTES, TcpStat.UNSENT_BYTES)
                .hasSize(11);
        assertThat(decoded(0)).isEmpty();
    }

    @Test
    void minimumThatWasNotMeasuredIsLeftOut() {
        byte[] raw = new byte[LinuxTcpInfo.BYTES];
        for (int i = 148; i < 152; i++) {
            raw[i] = (byte) 0xff;
        }
        assertThat(decoded(raw, raw.length)).doesNotContainKey(TcpStat.RTT_MIN_MICROS);
    }

    private static Map<TcpStat, Long> decoded(int length) {
        return decoded(new byte[LinuxTcpInfo.BYTES], length);
    }

    private static Map<TcpStat, Long> decoded(byte[] bytes, int length) {
        MemorySegment raw = MemorySegment.ofArray(new long[LinuxTcpInfo.BYTES / Long.BYTES]);
        raw.copyFrom(MemorySegment.ofArray(bytes));
        Map<TcpStat, Long> stats = new EnumMap<>(TcpStat.class);
        LinuxTcpInfo.decode(raw, length, stats);
        return stats;
    }
}
