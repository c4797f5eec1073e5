package heddle.net;

import static heddle.net.Parked.descriptor;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.sys.SocketOption;
import heddle.testing.Behaviour;
import heddle.testing.Runtimes;
import heddle.testing.Ways;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import java.time.Duration;
import java.util.List;

/** Keep-alive as the kernel has it, whoever set it: Go's table of settings. */
@Ways
class KeepAliveSettingTest {

    private static final int SYSTEM = -1;

    /** A setting, and what the kernel should have: seconds, seconds, probes, or the system's own value. */
    record Row(KeepAlive setting, int idle, int interval, int probes) {}

    private static List<Row> rows() {
        return List.of(
                new Row(KeepAlive.DEFAULT, 15, 15, 9),
                new Row(KeepAlive.every(Duration.ofSeconds(30)), 30, 30, 9),
                row(5, 3, 10, 5, 3, 10),
                row(0, 3, 10, 15, 3, 10),
                row(5, 0, 10, 5, 15, 10),
                row(5, 3, 0, 5, 3, 9),
                row(-1, 3, 10, SYSTEM, 3, 10),
                row(5, -1, 10, 5, SYSTEM, 10),
                row(5, 3, -1, 5, 3, SYSTEM),
                row(-1, -1, 10, SYSTEM, SYSTEM, 10),
                row(-1, 3, -1, SYSTEM, 3, SYSTEM),
                row(5, -1, -1, 5, SYSTEM, SYSTEM),
                row(-1, -1, -1, SYSTEM, SYSTEM, SYSTEM),
                row(-1, 0, 0, SYSTEM, 15, 9),
                new Row(
                        new KeepAlive(true, Duration.ofMillis(1), Duration.ofMillis(1500), 1),
                        1,
                        2,
                        1));
    }

    private static Row row(
            int idleSet, int intervalSet, int countSet, int idle, int interval, int probes) {
        var setting =
                new KeepAlive(
                        true,
                        Duration.ofSeconds(idleSet),
                        Duration.ofSeconds(intervalSet),
                        countSet);
        return new Row(setting, idle, interval, probes);
    }

    private static int option(Conn conn, SocketOption option) {
        return descriptor(conn).option(option);
    }

    /** {@code conn} has what {@code row} says; {@code untouched} has the system's own values. */
    private static void check(Row row, Conn conn, Conn untouched) {
        assertThat(option(conn, SocketOption.KEEP_ALIVE)).isEqualTo(1);
        check(row.idle, conn, untouched, SocketOption.KEEP_IDLE);
        check(row.interval, conn, untouched, SocketOption.KEEP_INTERVAL);
        check(row.probes, conn, untouched, SocketOption.KEEP_COUNT);
    }

    private static void check(int expected, Conn conn, Conn untouched, SocketOption option) {
        assertThat(option(conn, option))
                .as("%s of %s", option, conn)
                .isEqualTo(expected == SYSTEM ? option(untouched, option) : expected);
    }

    @ParameterizedTest
    @MethodSource("rows")
    @Behaviour(173)
    void settingOfADialReachesItsSocketAlone(Row row) throws Exception {
        var off = Runtimes.listenConfig().keepAlive(KeepAlive.OFF);
        try (var pair =
                ConnPair.tcp(off, Runtimes.dialer().keepAlive(row.setting), "127.0.0.1:0")) {
            check(row, pair.left(), pair.right());
            assertThat(option(pair.right(), SocketOption.KEEP_ALIVE)).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("rows")
    @Behaviour(174)
    void settingOfAListenerReachesWhatItAccepts(Row row) throws Exception {
        var config = Runtimes.listenConfig().keepAlive(row.setting);
        var off = Runtimes.dialer().keepAlive(KeepAlive.OFF);
        try (var pair = ConnPair.tcp(config, off, "127.0.0.1:0")) {
            check(row, pair.right(), pair.left());
            assertThat(option(pair.left(), SocketOption.KEEP_ALIVE)).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("rows")
    @Behaviour(175)
    void settingMayComeLaterAndGoAgain(Row row) throws Exception {
        var off = Runtimes.listenConfig().keepAlive(KeepAlive.OFF);
        var dialer = Runtimes.dialer().keepAlive(KeepAlive.OFF);
        try (var pair = ConnPair.tcp(off, dialer, "127.0.0.1:0")) {
            pair.leftTcp().setKeepAlive(row.setting);
            check(row, pair.left(), pair.right());
            pair.leftTcp().setKeepAlive(KeepAlive.OFF);
            assertThat(option(pair.left(), SocketOption.KEEP_ALIVE)).isZero();
            check(row.idle, pair.left(), pair.right(), SocketOption.KEEP_IDLE);
        }
    }

    @ParameterizedTest
    @CsvSource({"tcp, 127.0.0.1:0", "tcp4, 127.0.0.1:0"})
    @Behaviour({79, 174})
    void defaultIsFifteenSecondsAtBothEnds(String network, String address) throws Exception {
        try (Listener listener = Runtimes.listen(network, address);
                Conn dialed = Runtimes.dial(network, listener.address().toString());
                Conn accepted = listener.accept()) {
            for (Conn conn : List.of(dialed, accepted)) {
                check(new Row(KeepAlive.DEFAULT, 15, 15, 9), conn, conn);
                assertThat(option(conn, SocketOption.NO_DELAY)).isEqualTo(1);
            }
        }
    }
}
