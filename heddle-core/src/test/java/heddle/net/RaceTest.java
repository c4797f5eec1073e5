package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.internal.socket.SockAddr;
import heddle.internal.trace.Counter;
import heddle.testing.Await;
import heddle.testing.Behaviour;
import heddle.testing.Counted;
import heddle.testing.Runtimes;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Several addresses at a time. They are real: listeners for fast ones, full backlogs for slow ones, free ports for
 * those that refuse. What must not wait for the delay is shown with one of an hour.
 */
@Ways
class RaceTest {

    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration SHORT = Duration.ofMillis(50);

    /** What was tried, as a control hook saw it. */
    private static final class Tried implements Control {
        private final ConcurrentLinkedQueue<Addr> addresses = new ConcurrentLinkedQueue<>();
        private volatile long lastNanos;

        @Override
        public void control(String network, Addr address, RawSocket socket) {
            lastNanos = System.nanoTime();
            addresses.add(address);
        }
    }

    private final Tried tried = new Tried();

    private Dialer dialer(Duration delay) {
        return Runtimes.dialer().attemptDelay(delay).control(tried);
    }

    private static TcpConn dial(Dialer dialer, Addr... addresses) throws IOException {
        return dial(dialer, Deadline.NONE, addresses);
    }

    private static TcpConn dial(Dialer dialer, Deadline end, Addr... addresses) throws IOException {
        return dialer.dialAny(Network.TCP, raw(addresses), end);
    }

    private static List<SockAddr> raw(Addr... addresses) {
        List<SockAddr> raw = new ArrayList<>();
        for (Addr address : addresses) {
            raw.add(((TcpAddr) address).raw());
        }
        return raw;
    }

    private static Listener listen() throws IOException {
        return Runtimes.listen("tcp", "127.0.0.1:0");
    }

    /** Where nobody listens any more. */
    private static Addr refusing() throws IOException {
        try (Listener listener = listen()) {
            return listener.address();
        }
    }

    @ParameterizedTest
    @EnumSource
    @Behaviour(59)
    void fastFirstAddressIsTheOnlyOneTried(InterruptTest.Caller caller) throws Exception {
        try (Listener first = listen();
                Listener second = listen();
                Conn conn = caller.start(() -> dial(dialer(HOUR), first.address(), second.address()))
                        .result()) {
            assertThat(conn.remoteAddress()).isEqualTo(first.address());
            assertThat(tried.addresses).containsExactly(first.address());
        }
    }

    @ParameterizedTest
    @EnumSource
    @Behaviour({59, 60})
    void slowFirstAddressIsOvertakenAfterTheDelay(InterruptTest.Caller caller) throws Exception {
        try (var slow = new FullBacklog();
                Listener fast = listen()) {
            long from = System.nanoTime();
            try (Conn conn = caller.start(() -> dial(dialer(SHORT), slow.where(), fast.address()))
                    .result()) {
                assertThat(conn.remoteAddress()).isEqualTo(fast.address());
                // On a busy machine the first attempt's thread may run late, or when all is over.
                assertThat(tried.addresses).contains(fast.address()).isSubsetOf(slow.where(), fast.address());
                assertThat(tried.lastNanos - from).isGreaterThanOrEqualTo(SHORT.toNanos());
            }
        }
    }

    @Test
    @Behaviour(60)
    void defaultDelayIsAQuarterOfASecond() throws Exception {
        try (var slow = new FullBacklog();
                Listener fast = listen()) {
            long from = System.nanoTime();
            dial(Runtimes.dialer().control(tried), slow.where(), fast.address()).close();
            assertThat(Duration.ofNanos(System.nanoTime() - from)).isGreaterThanOrEqualTo(Duration.ofMillis(250));
        }
    }

    @Test
    @Behaviour(59)
    void refusedFirstAddressMeansTheNextAtOnce() throws Exception {
        try (Listener fast = listen();
                Conn conn = dial(dialer(HOUR), refusing(), fast.address())) {
            assertThat(conn.remoteAddress()).isEqualTo(fast.address());
        }
    }

    @Test
    @Behaviour(59)
    void thousandAddressesThatRefuseAreNoObstacle() throws Exception {
        Addr[] addresses = new Addr[1001];
        int port = ((TcpAddr) refusing()).port();
        for (int i = 0; i < 1000; i++) {
            addresses[i] = new TcpAddr(SockAddr.ofV4(0x7f010101 + i, port));
        }
        try (Listener fast = listen()) {
            addresses[1000] = fast.address();
            try (Conn conn = dial(dialer(HOUR), addresses)) {
                assertThat(conn.remoteAddress()).isEqualTo(fast.address());
            }
        }
    }

    @Test
    @Behaviour(59)
    @Tag("thorough")
    void slowFirstAddressWinsWhereTheOthersRefuse() throws Exception {
        try (var slow = new FullBacklog()) {
            Addr refusing = refusing();
            Task<TcpConn> dial = Task.start(() -> dial(dialer(SHORT), slow.where(), refusing, refusing));
            Await.until("all are tried", () -> tried.addresses.size() == 3);
            slow.accept();
            try (Conn conn = dial.result()) {
                assertThat(conn.remoteAddress()).isEqualTo(slow.where());
            }
        }
    }

    @Test
    @Behaviour(59)
    void allThatRefuseFailWithTheFirstOnesFailure() throws Exception {
        Addr first = refusing();
        Addr second = TcpAddr.of(java.net.InetAddress.ofLiteral("127.0.0.2"), 1);
        var e = assertThrows(ConnRefusedException.class, () -> dial(dialer(HOUR), first, second));
        assertThat(e).hasMessage("dial tcp " + first + ": connect: connection refused");
        assertThat(e.getSuppressed())
                .singleElement()
                .satisfies(
                        other -> assertThat(other).hasMessage("dial tcp " + second + ": connect: connection refused"));
    }

    @Test
    @Behaviour(59)
    void oneAddressNeedsNoRace() throws Exception {
        try (Listener only = listen();
                Conn conn = dial(dialer(HOUR), only.address())) {
            assertThat(conn.remoteAddress()).isEqualTo(only.address());
        }
        Addr refusing = refusing();
        assertThrows(ConnRefusedException.class, () -> dial(dialer(HOUR), refusing));
    }

    @ParameterizedTest
    @EnumSource
    @Behaviour({59, 66})
    void interruptEndsAllAttempts(InterruptTest.Caller caller) throws Exception {
        try (var one = new FullBacklog();
                var other = new FullBacklog()) {
            long before = Counted.value(Counter.DESCRIPTORS);
            Task<Long> dial = caller.start(() -> {
                var e = assertThrows(
                        CallInterruptedException.class, () -> dial(dialer(SHORT), one.where(), other.where()));
                assertThat(e).hasMessage("dial tcp " + one.where() + ": interrupted");
                assertThat(Thread.currentThread().isInterrupted()).isFalse();
                return Counted.value(Counter.DESCRIPTORS);
            });
            Await.until("both are tried", () -> tried.addresses.size() == 2);
            dial.thread().interrupt();
            // Those that lost earlier tests' races may still have been closing.
            assertThat(dial.result()).as("open descriptors").isLessThanOrEqualTo(before);
        }
    }

    @Test
    @Behaviour(58)
    @Tag("thorough")
    void timedOutRacesLeaveNothingOpen() throws Exception {
        try (var one = new FullBacklog();
                var other = new FullBacklog()) {
            long before = Counted.value(Counter.DESCRIPTORS);
            for (int i = 0; i < 10; i++) {
                long from = System.nanoTime();
                var e = assertThrows(
                        DeadlineExceededException.class,
                        () -> dial(dialer(Duration.ofMillis(10)), Deadline.after(SHORT), one.where(), other.where()));
                assertThat(System.nanoTime() - from).isGreaterThanOrEqualTo(SHORT.toNanos());
                assertThat(e).hasMessage("dial tcp " + one.where() + ": i/o timeout");
                assertThat(e.timeout()).isTrue();
                assertThat(Counted.value(Counter.DESCRIPTORS)).isLessThanOrEqualTo(before);
            }
        }
    }

    @Test
    @Behaviour(58)
    void deadlineInThePastTriesNothing() throws Exception {
        try (Listener one = listen();
                Listener other = listen()) {
            assertThrows(
                    DeadlineExceededException.class,
                    () -> dial(dialer(HOUR), Deadline.PAST, one.address(), other.address()));
            assertThat(tried.addresses).isEmpty();
        }
    }

    /** The loser is past every point at which an interrupt could end it. */
    @Test
    @Behaviour(61)
    void connectionThatStandsTooLateIsClosed() throws Exception {
        try (Listener late = listen();
                Listener early = listen()) {
            var won = new CountDownLatch(1);
            Task<Conn> accepting = Task.start(late::accept);
            var race = new Race(
                    Runtimes.current(),
                    raw(late.address(), early.address()),
                    Duration.ofNanos(1),
                    Deadline.NONE,
                    address -> {
                        if (address.port() == ((TcpAddr) late.address()).port()) {
                            awaitUninterruptibly(won);
                            Thread.interrupted();
                        }
                        return dial(Runtimes.dialer(), new TcpAddr(address));
                    });
            try (Conn winner = race.run()) {
                assertThat(winner.remoteAddress()).isEqualTo(early.address());
                won.countDown();
                try (Conn peerOfLate = accepting.result()) {
                    assertThat(peerOfLate.read(new byte[1])).isEqualTo(-1);
                }
            }
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        while (true) {
            try {
                latch.await();
                return;
            } catch (InterruptedException again) {
                // The race is over; this attempt does not know when to stop.
            }
        }
    }

    @Test
    @Behaviour(61)
    void ofTwoThatStandAtOnceOneIsClosed() throws Exception {
        try (Listener one = listen();
                Listener other = listen()) {
            for (int round = 0; round < 50; round++) {
                var both = new CyclicBarrier(2);
                var race = new Race(
                        Runtimes.current(),
                        raw(one.address(), other.address()),
                        Duration.ofNanos(1),
                        Deadline.NONE,
                        address -> {
                            TcpConn conn = dial(Runtimes.dialer(), new TcpAddr(address));
                            meet(both);
                            return conn;
                        });
                try (Conn winner = race.run();
                        Conn peerOfOne = one.accept();
                        Conn peerOfOther = other.accept()) {
                    boolean oneWon = winner.remoteAddress().equals(one.address());
                    Conn peerOfLoser = oneWon ? peerOfOther : peerOfOne;
                    assertThat(peerOfLoser.read(new byte[1])).isEqualTo(-1);
                    winner.write(new byte[] {7});
                    assertThat(Streams.readExactly(oneWon ? peerOfOne : peerOfOther, 1))
                            .containsExactly(7);
                }
            }
        }
    }

    private static void meet(CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    @Behaviour(64)
    void nameOfBothFamiliesSurvivesThatOneGoesDown() throws Exception {
        try (Listener four = listen()) {
            int port = ((TcpAddr) four.address()).port();
            Addr[] both = {TcpAddr.of(java.net.InetAddress.ofLiteral("::1"), port), four.address()};
            try (Listener six = Runtimes.listen("tcp6", "[::1]:" + port)) {
                for (int i = 0; i < 5; i++) {
                    try (Conn conn = dial(dialer(HOUR), both)) {
                        assertThat(conn.remoteAddress()).isEqualTo(six.address());
                    }
                }
            }
            for (int i = 0; i < 5; i++) {
                try (Conn conn = dial(dialer(HOUR), both)) {
                    assertThat(conn.remoteAddress()).isEqualTo(four.address());
                }
            }
        }
    }

    @Test
    @Behaviour(60)
    void negativeDelayWaitsForTheFirstAlone() throws Exception {
        try (var slow = new FullBacklog();
                Listener fast = listen()) {
            Dialer oneByOne = dialer(HOUR).inTurn();
            var e = assertThrows(
                    DeadlineExceededException.class,
                    () -> dial(oneByOne, Deadline.after(SHORT), slow.where(), fast.address()));
            assertThat(e).hasMessage("dial tcp " + slow.where() + ": i/o timeout");
            assertThat(tried.addresses).containsExactly(slow.where());
            try (Conn conn = dial(oneByOne, refusing(), fast.address())) {
                assertThat(conn.remoteAddress()).isEqualTo(fast.address());
            }
        }
    }

    /** Each is the first one some time. */
    @Test
    void shuffledAddressesAreTriedInAnOrderOfChance() throws Exception {
        try (Listener one = listen();
                Listener other = listen()) {
            Dialer shuffled = dialer(HOUR).shuffled();
            Await.until("both were the first", () -> {
                dial(shuffled, one.address(), other.address()).close();
                return tried.addresses.contains(one.address()) && tried.addresses.contains(other.address());
            });
        }
    }

    @Test
    void networkOfOneFamilyTriesItsAddressesInTurn() throws Exception {
        try (var slow = new FullBacklog();
                Listener fast = listen()) {
            List<SockAddr> addresses = raw(slow.where(), fast.address());
            assertThrows(
                    DeadlineExceededException.class,
                    () -> dialer(Duration.ofMillis(10)).dialAny(Network.TCP4, addresses, Deadline.after(SHORT)));
            assertThat(tried.addresses).containsExactly(slow.where());
        }
    }

    @Test
    void hooksDefectReachesTheCaller() throws Exception {
        try (Listener one = listen();
                Listener other = listen()) {
            Dialer dialer = Runtimes.dialer().control((network, address, socket) -> {
                throw new IllegalStateException("a defect");
            });
            var e = assertThrows(IllegalStateException.class, () -> dial(dialer, one.address(), other.address()));
            assertThat(e).hasMessage("a defect");
        }
    }

    @Test
    @Behaviour(71)
    void hooksSeeWhatTheCallersThreadInherits() throws Exception {
        var user = new InheritableThreadLocal<String>();
        user.set("somebody");
        var seen = new ConcurrentLinkedQueue<String>();
        Dialer dialer = Runtimes.dialer().control((network, address, socket) -> seen.add(user.get()));
        try (Listener listener = listen()) {
            dial(dialer, listener.address()).close();
            dial(dialer, refusing(), listener.address()).close();
        }
        assertThat(seen).containsExactly("somebody", "somebody", "somebody");
    }

    @Test
    @Behaviour(67)
    void interruptAfterTheDialHarmsNothing() throws Exception {
        try (var slow = new FullBacklog();
                Listener fast = listen();
                TcpConn conn = dial(dialer(SHORT), slow.where(), fast.address());
                Conn accepted = fast.accept()) {
            Task<Void> echo = Task.run(() -> Streams.echo(accepted));
            for (int i = 0; i < 10; i++) {
                Streams.roundTrip(conn);
            }
            conn.closeWrite();
            echo.result();
        }
    }

    /** Whoever is first, the dial or the interrupt: a working connection or a clear end, and nothing open. */
    @Test
    @Behaviour(74)
    void interruptAtTheInstantOfSuccessLeavesNothingHalf() throws Exception {
        Listener one = listen();
        try (Listener other = listen()) {
            Task<Void> server = Task.run(() -> {
                try {
                    while (true) {
                        Conn conn = one.accept();
                        Task.run(() -> Streams.echo(conn)).result();
                        conn.close();
                    }
                } catch (ConnClosedException end) {
                    assertThat(end).hasMessageStartingWith("accept tcp");
                }
            });
            for (int round = 0; round < 200; round++) {
                var ready = new CyclicBarrier(2);
                var interrupted = new CountDownLatch(1);
                Task<Void> dial = Task.run(() -> {
                    meet(ready);
                    try (Conn conn = dial(dialer(HOUR), one.address(), other.address())) {
                        awaitUninterruptibly(interrupted);
                        Thread.interrupted();
                        Streams.roundTrip(conn);
                    } catch (CallInterruptedException e) {
                        assertThat(e).hasMessageStartingWith("dial tcp ");
                    }
                });
                meet(ready);
                for (int i = 0; i < round; i++) {
                    Thread.onSpinWait();
                }
                dial.thread().interrupt();
                interrupted.countDown();
                dial.result();
            }
            one.close();
            server.result();
        } finally {
            one.close();
        }
    }
}
