package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import heddle.internal.socket.Errno;
import heddle.testing.Await;
import heddle.testing.Runtimes;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** What the kernel tells of a connection. */
@Ways
class TcpInfoTest {

    private static final int SENT = 100_000;

    private static boolean isNio() {
        return Runtimes.current().way() == Way.NIO;
    }

    @Test
    void bytesAndRoundTripsAreCounted() throws Exception {
        assumeFalse(isNio());
        try (var pair = ConnPair.tcp()) {
            Task<byte[]> reader = Task.start(() -> Streams.readExactly(pair.right(), SENT));
            pair.left().write(new byte[SENT]);
            reader.result();
            // The opening counts as one byte that was acknowledged.
            Await.until(
                    "all is acknowledged: " + pair.leftTcp().info(),
                    () -> pair.leftTcp().info().ackedBytes().orElseThrow() >= SENT);
            TcpInfo left = pair.leftTcp().info();
            assertThat(left.state()).isEqualTo(TcpInfo.State.ESTABLISHED);
            assertThat(left.ackedBytes().orElseThrow()).isBetween((long) SENT, SENT + 2L);
            assertThat(left.receivedBytes()).isEqualTo(OptionalLong.of(0));
            assertThat(left.unsentBytes()).isEqualTo(OptionalLong.of(0));
            assertThat(left.unackedSegments()).isZero();
            assertThat(left.timeoutsInRow()).isZero();
            assertThat(left.roundTripTime()).isPositive();
            assertThat(left.roundTripTimeMin().orElseThrow())
                    .isLessThanOrEqualTo(left.roundTripTime().plus(left.roundTripVariation()));
            assertThat(left.retransmissionTimeout()).isGreaterThan(left.roundTripTime());
            assertThat(left.congestionWindowSegments()).isPositive();
            // Loopback's MTU, less the headers.
            assertThat(left.segmentBytes()).isPositive().isLessThan(left.pathMtuBytes());
            assertThat(pair.rightTcp().info().receivedBytes()).isEqualTo(OptionalLong.of(SENT));
        }
    }

    @Test
    void unsentBytesShowThatThePeerDoesNotRead() throws Exception {
        assumeFalse(isNio());
        try (var pair = ConnPair.tcpWithBuffers(20_000)) {
            Task<Void> writer = Task.run(() -> Streams.writeForEver(pair.left(), new byte[SENT]));
            Parked.awaitWriter(pair.left());
            Await.until(
                    "bytes wait to be sent",
                    () -> pair.leftTcp().info().unsentBytes().orElseThrow() > 0);
            pair.right().close();
            writer.failure(ConnResetException.class);
        }
    }

    @Test
    void stateFollowsTheStreams() throws Exception {
        assumeFalse(isNio());
        try (var pair = ConnPair.tcp()) {
            pair.leftTcp().closeWrite();
            Await.until("left has ended its stream", () -> pair.leftTcp().info().state() == TcpInfo.State.FIN_WAIT_2);
            assertThat(pair.rightTcp().info().state()).isEqualTo(TcpInfo.State.CLOSE_WAIT);
            pair.leftTcp().close();
            assertThat(assertThrows(
                            ConnClosedException.class, () -> pair.leftTcp().info()))
                    .hasMessageStartingWith("get tcp 127.0.0.1:");
        }
    }

    @Test
    void theJdkHasNoneOfIt() throws Exception {
        assumeTrue(isNio());
        try (var pair = ConnPair.tcp()) {
            assertThatThrownBy(() -> pair.leftTcp().info())
                    .hasMessageContaining(": getsockopt TCP_INFO: protocol not available (NIO")
                    .isInstanceOfSatisfying(
                            NetError.class, error -> assertThat(error.errno()).isEqualTo(Errno.ENOPROTOOPT));
        }
    }
}
