package heddle.net;

import static heddle.net.Parked.descriptor;
import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.socket.SocketOption;
import heddle.testing.Behaviour;
import heddle.testing.Runtimes;
import heddle.testing.Ways;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

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
                row(5, 3, 10),
                row(SYSTEM, 3, 10),
                row(5, SYSTEM, 10),
                row(5, 3, SYSTEM),
                row(SYSTEM, SYSTEM, 10),
                row(SYSTEM, 3, SYSTEM),
                row(5, SYSTEM, SYSTEM),
                new Row(KeepAlive.SYSTEM, SYSTEM, SYSTEM, SYSTEM),
                new Row(
                        KeepAlive.DEFAULT
                                .idle(Duration.ofMillis(1))
                                .interval(Duration.ofMillis(1500))
                                .count(1),
                        1,
                        2,
                        1));
    }

    private static Row row(int idle, int interval, int count) {
        KeepAlive setting = KeepAlive.SYSTEM;
        if (idle != SYSTEM) {
            setting = setting.idle(Duration.ofSeconds(idle));
        }
        if (interval != SYSTEM) {
            setting = setting.interval(Duration.ofSeconds(interval));
        }
        if (count != SYSTEM) {
            setting = setting.count(count);
        }
        return new Row(setting, idle, interval, count);
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
        try (var pair = ConnPair.tcp(off, Runtimes.dialer().keepAlive(row.setting), "127.0.0.1:0")) {
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
