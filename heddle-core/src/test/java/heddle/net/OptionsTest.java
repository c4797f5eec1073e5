package heddle.net;

import static heddle.internal.socket.SocketOption.DEFER_ACCEPT;
import static heddle.internal.socket.SocketOption.FAST_OPEN;
import static heddle.internal.socket.SocketOption.FAST_OPEN_CONNECT;
import static heddle.internal.socket.SocketOption.KEEP_ALIVE;
import static heddle.internal.socket.SocketOption.KEEP_COUNT;
import static heddle.internal.socket.SocketOption.KEEP_IDLE;
import static heddle.internal.socket.SocketOption.KEEP_INTERVAL;
import static heddle.internal.socket.SocketOption.NO_DELAY;
import static heddle.internal.socket.SocketOption.RECEIVE_BUFFER;
import static heddle.internal.socket.SocketOption.SEND_BUFFER;
import static heddle.internal.socket.SocketOption.TRAFFIC_CLASS;
import static heddle.internal.socket.SocketOption.TYPE_OF_SERVICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import heddle.internal.socket.Errno;
import heddle.internal.socket.SocketOption;
import heddle.testing.Behaviour;
import heddle.testing.Runtimes;
import heddle.testing.Ways;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Options that are set before a socket is bound or connected reach it, or fail what asked for them. */
@Ways
class OptionsTest {

    private static final String[] LOOPBACKS = {"127.0.0.1:0", "[::1]:0"};

    /** Below what Linux gives by itself, so that it shows; above its least. */
    private static final int BUFFER_BYTES = 30_000;

    // asm-generic/socket.h
    private static final int SOL_SOCKET = 1;
    private static final int SO_SNDBUF = 7;

    private static boolean isNio() {
        return Runtimes.current().way() == Way.NIO;
    }

    private static int option(Conn conn, SocketOption option) {
        return Parked.descriptor(conn).option(option);
    }

    private static int option(Listener listener, SocketOption option) {
        return Parked.descriptor(listener).option(option);
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1:0", "[::1]:0"})
    void buffersAndTrafficClassReachBothEnds(String address) throws Exception {
        var listenConfig = Runtimes.listenConfig()
                .readBuffer(BUFFER_BYTES)
                .writeBuffer(BUFFER_BYTES + 1000)
                .trafficClass(0x28);
        var dialer = Runtimes.dialer()
                .readBuffer(BUFFER_BYTES + 2000)
                .writeBuffer(BUFFER_BYTES + 3000)
                .trafficClass(0x48);
        try (var pair = ConnPair.tcp(listenConfig, dialer, address)) {
            assertBuffers(pair.left(), BUFFER_BYTES + 2000, BUFFER_BYTES + 3000);
            assertBuffers(pair.right(), BUFFER_BYTES, BUFFER_BYTES + 1000);
            SocketOption traffic = address.startsWith("[") ? TRAFFIC_CLASS : TYPE_OF_SERVICE;
            assertThat(option(pair.left(), traffic)).isEqualTo(0x48);
            assertThat(option(pair.right(), traffic)).isEqualTo(0x28);
        }
    }

    private static void assertBuffers(Conn conn, int readBytes, int writeBytes) {
        // Linux doubles what it is given and shows that, except to the JDK, which halves it again.
        int factor = isNio() ? 1 : 2;
        assertThat(option(conn, RECEIVE_BUFFER)).isEqualTo(factor * readBytes);
        assertThat(option(conn, SEND_BUFFER)).isEqualTo(factor * writeBytes);
    }

    @Test
    void buffersReachBothEndsOfAUnixSocket() throws Exception {
        var config = Runtimes.listenConfig().writeBuffer(BUFFER_BYTES);
        try (var path = new SocketPath();
                Listener listener = config.listen("unix", path.toString());
                Conn dialed = Runtimes.dialer().writeBuffer(BUFFER_BYTES + 1000).dial("unix", path.toString());
                Conn accepted = listener.accept()) {
            int factor = isNio() ? 1 : 2;
            assertThat(option(accepted, SEND_BUFFER)).isEqualTo(factor * BUFFER_BYTES);
            assertThat(option(dialed, SEND_BUFFER)).isEqualTo(factor * (BUFFER_BYTES + 1000));
        }
    }

    @Test
    void optionThatNoUnixSocketHasFailsTheListen() throws Exception {
        try (var path = new SocketPath()) {
            var config = Runtimes.listenConfig().userTimeout(Duration.ofSeconds(1));
            assertThatThrownBy(() -> config.listen("unix", path.toString()))
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("listen unix " + path + ": setsockopt TCP_USER_TIMEOUT: ");
            assertThat(path.path()).doesNotExist();
        }
    }

    @Test
    void typedOptionsAreSetBeforeTheControlHookRuns() throws Exception {
        List<Integer> seen = new ArrayList<>();
        Control look = (network, addr, socket) -> seen.add(socket.option(SOL_SOCKET, SO_SNDBUF));
        try (var pair = ConnPair.tcp(
                Runtimes.listenConfig(),
                Runtimes.dialer().writeBuffer(BUFFER_BYTES).control(look),
                "127.0.0.1:0")) {
            assertThat(seen).containsExactly(option(pair.left(), SEND_BUFFER));
        }
    }

    @Test
    void delayOfSmallWritesIsEachEndsChoice() throws Exception {
        try (var pair = ConnPair.tcp(
                Runtimes.listenConfig().noDelay(false), Runtimes.dialer().noDelay(false), "127.0.0.1:0")) {
            assertThat(option(pair.left(), NO_DELAY)).isZero();
            assertThat(option(pair.right(), NO_DELAY)).isZero();
        }
        try (var pair = ConnPair.tcp()) {
            assertThat(option(pair.left(), NO_DELAY)).isEqualTo(1);
            assertThat(option(pair.right(), NO_DELAY)).isEqualTo(1);
        }
    }

    @Test
    void userTimeoutReachesBothEnds() throws Exception {
        assumeFalse(isNio());
        for (String address : LOOPBACKS) {
            try (var pair = ConnPair.tcp(
                    Runtimes.listenConfig().userTimeout(Duration.ofSeconds(7)),
                    Runtimes.dialer().userTimeout(Duration.ofNanos(1_500_000)),
                    address)) {
                assertThat(pair.leftTcp().userTimeout()).contains(Duration.ofMillis(2));
                assertThat(pair.rightTcp().userTimeout()).contains(Duration.ofSeconds(7));
                pair.leftTcp().clearUserTimeout();
                assertThat(pair.leftTcp().userTimeout()).isEmpty();
            }
        }
    }

    @Test
    void listenersOptionsReachIt() throws Exception {
        assumeFalse(isNio());
        var config = Runtimes.listenConfig().fastOpenQueue(17).deferAccept(Duration.ofMillis(2500));
        try (Listener listener = config.listen("tcp", "127.0.0.1:0")) {
            assertThat(option(listener, FAST_OPEN)).isEqualTo(17);
            // In steps of the SYN-ACK's retransmissions, 1, 3, 7 s: secs_to_retrans() in tcp.c.
            assertThat(option(listener, DEFER_ACCEPT)).isBetween(3, 7);
        }
    }

    @Test
    void deferredAcceptYieldsOnlyWhoSpeaks() throws Exception {
        assumeFalse(isNio());
        var config = Runtimes.listenConfig().deferAccept(Duration.ofMinutes(1));
        try (Listener listener = config.listen("tcp", "127.0.0.1:0");
                Conn silent = Runtimes.dial("tcp", listener.address().toString());
                Conn speaker = Runtimes.dial("tcp", listener.address().toString())) {
            speaker.write(new byte[] {1});
            try (Conn accepted = listener.accept()) {
                assertThat(accepted.remoteAddress()).isEqualTo(speaker.localAddress());
            }
            listener.setDeadline(Streams.inMillis(50));
            assertThrows(DeadlineExceededException.class, listener::accept);
            assertThat(silent.isOpen()).isTrue();
        }
    }

    @Test
    void fastOpenDialCarriesData() throws Exception {
        assumeFalse(isNio());
        try (Listener listener = Runtimes.listenConfig().fastOpenQueue(10).listen("tcp", "127.0.0.1:0")) {
            // The first gets the cookie, if the system allows it, the second uses it.
            for (byte i = 0; i < 2; i++) {
                try (Conn dialed = Runtimes.dialer()
                        .fastOpen(true)
                        .dial("tcp", listener.address().toString())) {
                    assertThat(option(dialed, FAST_OPEN_CONNECT)).isEqualTo(1);
                    dialed.write(new byte[] {i});
                    try (Conn accepted = listener.accept()) {
                        assertThat(Streams.readExactly(accepted, 1)).containsExactly(i);
                        accepted.write(new byte[] {i});
                        assertThat(Streams.readExactly(dialed, 1)).containsExactly(i);
                    }
                }
            }
        }
    }

    @Test
    void deviceIsUsedOrMissed() throws Exception {
        assumeFalse(isNio());
        try (Listener listener = Runtimes.listenConfig().device("lo").listen("tcp", "127.0.0.1:0");
                Conn dialed = Runtimes.dialer()
                        .device("lo")
                        .dial("tcp", listener.address().toString());
                Conn accepted = listener.accept()) {
            assertThat(accepted.remoteAddress()).isEqualTo(dialed.localAddress());
            for (String missing : new String[] {"none0", "lo-and-a-name-longer-than-15"}) {
                assertThatThrownBy(() -> Runtimes.dialer()
                                .device(missing)
                                .dial("tcp", listener.address().toString()))
                        .isInstanceOf(DialException.class)
                        .hasMessage("dial tcp %s: setsockopt SO_BINDTODEVICE: no such device", listener.address());
            }
        }
    }

    @Test
    void optionThatTheJdkLacksFailsWhatAskedForIt() throws Exception {
        assumeTrue(isNio());
        try (Listener listener = Runtimes.listen("tcp", "127.0.0.1:0");
                TcpConn conn = (TcpConn)
                        Runtimes.dialer().dial("tcp", listener.address().toString())) {
            String address = conn.remoteAddress().toString();
            Duration second = Duration.ofSeconds(1);
            assertUnsupported("TCP_USER_TIMEOUT", () -> conn.setUserTimeout(second));
            assertUnsupported("TCP_USER_TIMEOUT", conn::userTimeout);
            assertUnsupported(
                    "TCP_USER_TIMEOUT",
                    () -> Runtimes.dialer().userTimeout(second).dial("tcp", address));
            assertUnsupported(
                    "TCP_FASTOPEN_CONNECT",
                    () -> Runtimes.dialer().fastOpen(true).dial("tcp", address));
            assertUnsupported(
                    "SO_BINDTODEVICE", () -> Runtimes.dialer().device("lo").dial("tcp", address));
            assertUnsupported(
                    "TCP_USER_TIMEOUT",
                    () -> Runtimes.listenConfig().userTimeout(second).listen("tcp", "127.0.0.1:0"));
            assertUnsupported(
                    "TCP_FASTOPEN",
                    () -> Runtimes.listenConfig().fastOpenQueue(1).listen("tcp", "127.0.0.1:0"));
            assertUnsupported(
                    "TCP_DEFER_ACCEPT",
                    () -> Runtimes.listenConfig().deferAccept(second).listen("tcp", "127.0.0.1:0"));
            assertUnsupported(
                    "SO_BINDTODEVICE",
                    () -> Runtimes.listenConfig().device("lo").listen("tcp", "127.0.0.1:0"));
        }
    }

    private static void assertUnsupported(String option, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("sockopt " + option + ": protocol not available (NIO")
                .isInstanceOfSatisfying(
                        NetError.class, error -> assertThat(error.errno()).isEqualTo(Errno.ENOPROTOOPT));
    }

    @Test
    void valuesThatNoOptionCanHaveAreRefusedAtOnce() {
        assertThrows(IllegalArgumentException.class, () -> Runtimes.dialer().readBuffer(0));
        assertThrows(IllegalArgumentException.class, () -> Runtimes.dialer().trafficClass(256));
        assertThrows(
                IllegalArgumentException.class, () -> Runtimes.listenConfig().writeBuffer(-1));
        assertThrows(
                IllegalArgumentException.class, () -> Runtimes.listenConfig().fastOpenQueue(0));
        assertThrows(
                IllegalArgumentException.class, () -> Runtimes.listenConfig().backlog(0));
        assertThrows(IllegalArgumentException.class, () -> Runtimes.dialer().device(""));
        assertThrows(IllegalArgumentException.class, () -> Runtimes.dialer().userTimeout(Duration.ZERO));
        assertThrows(
                IllegalArgumentException.class, () -> Runtimes.listenConfig().deferAccept(Duration.ofSeconds(-1)));
    }

    /** A dialer's setters change copies: nothing of one dialer shows in another. */
    @Test
    void settersLeaveTheirDialerAsItWas() throws Exception {
        var plain = Runtimes.dialer();
        Dialer changed = plain.noDelay(false).writeBuffer(BUFFER_BYTES);
        try (var pair = ConnPair.tcp(Runtimes.listenConfig(), plain, "127.0.0.1:0")) {
            assertThat(option(pair.left(), NO_DELAY)).isEqualTo(1);
        }
        try (var pair = ConnPair.tcp(Runtimes.listenConfig(), changed, "127.0.0.1:0")) {
            assertThat(option(pair.left(), NO_DELAY)).isZero();
        }
    }

    @ParameterizedTest
    @CsvSource({"PT5S, 5", "PT30S, 30"})
    @Behaviour({65, 79})
    void keepAliveOfADialReachesTheSocket(Duration every, int seconds) throws Exception {
        try (var pair = ConnPair.tcp(
                Runtimes.listenConfig(), Runtimes.dialer().keepAlive(KeepAlive.every(every)), "127.0.0.1:0")) {
            assertThat(option(pair.left(), KEEP_ALIVE)).isEqualTo(1);
            assertThat(option(pair.left(), KEEP_IDLE)).isEqualTo(seconds);
            assertThat(option(pair.left(), KEEP_INTERVAL)).isEqualTo(seconds);
            assertThat(option(pair.left(), KEEP_COUNT)).isEqualTo(9);
        }
    }

    @Test
    @Behaviour(65)
    void keepAliveOfADialCanBeOff() throws Exception {
        try (var pair =
                ConnPair.tcp(Runtimes.listenConfig(), Runtimes.dialer().keepAlive(KeepAlive.OFF), "127.0.0.1:0")) {
            assertThat(option(pair.left(), KEEP_ALIVE)).isZero();
        }
    }
}
