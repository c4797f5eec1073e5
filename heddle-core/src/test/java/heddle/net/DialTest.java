package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import heddle.internal.socket.Errno;
import heddle.testing.Behaviour;
import heddle.testing.Runtimes;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Dialing one address: which forms reach whom, from where, and what the hooks see. Several addresses: RaceTest. */
@Ways
class DialTest {

    // linux/in.h; ip(7), since Linux 6.3: upper and lower bound of the ports that the kernel chooses from.
    private static final int IPPROTO_IP = 0;
    private static final int IP_LOCAL_PORT_RANGE = 51;

    // asm-generic/socket.h
    private static final int SOL_SOCKET = 1;
    private static final int SO_REUSEPORT = 15;

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1:80", "[::ffff:127.0.0.1]:80"})
    @Behaviour({56, 127})
    void networkOfIpv6RefusesAnIpv4Literal(String address) {
        assertThatThrownBy(() -> Runtimes.dial("tcp6", address))
                .isInstanceOf(AddressException.class)
                .hasMessageEndingWith("no suitable address found")
                .asInstanceOf(type(NetError.class))
                .satisfies(error -> {
                    assertThat(error.op()).isEqualTo("dial");
                    assertThat(error.network()).isEqualTo("tcp6");
                    assertThat(error.errno()).isZero();
                    assertThat(error.timeout()).isFalse();
                });
    }

    @ParameterizedTest
    @CsvSource({
        "tcp,  127.0.0.1:0, ''",
        "tcp4, 127.0.0.1:0, ''",
        "tcp6, [::1]:0,     ''",
        "tcp,  127.0.0.1:0, 0.0.0.0",
        "tcp,  [::1]:0,     [::]",
        "tcp,  127.0.0.1:0, [::]",
    })
    @Behaviour(57)
    void emptyOrUnspecifiedHostIsThisMachine(String network, String listenAt, String host) throws Exception {
        try (Listener listener = Runtimes.listen("tcp", listenAt);
                Conn dialed = Runtimes.dial(network, host + ":" + ((TcpAddr) listener.address()).port());
                Conn accepted = listener.accept()) {
            assertThat(accepted.remoteAddress()).isEqualTo(dialed.localAddress());
            assertThat(dialed.remoteAddress()).isEqualTo(listener.address());
        }
    }

    // Of tcp6 one address: the JDK cannot keep IPv4 out of all.
    @ParameterizedTest
    @CsvSource({"tcp, :0", "tcp4, :0", "tcp6, [::1]:0"})
    @Behaviour(69)
    void addressThatAListenerReportsCanBeDialed(String network, String at) throws Exception {
        try (Listener listener = Runtimes.listen(network, at);
                Conn dialed = Runtimes.dial(network, listener.address().toString());
                Conn accepted = listener.accept()) {
            assertThat(accepted.remoteAddress()).isEqualTo(dialed.localAddress());
        }
    }

    /** What is not the kernel's own time-out is told at once. */
    @Test
    @Behaviour(68)
    void closedPortFailsFast() throws Exception {
        Listener listener = Runtimes.listen("tcp", "127.0.0.1:0");
        String address = listener.address().toString();
        listener.close();
        var dialer = Runtimes.dialer().deadline(Streams.inMillis(20_000));
        var e = assertThrows(ConnRefusedException.class, () -> dialer.dial("tcp", address));
        assertThat(e.errno()).isEqualTo(Errno.ECONNREFUSED);
    }

    @ParameterizedTest
    @CsvSource({
        "tcp,  127.0.0.1:0, 127.0.0.2, true",
        "tcp4, 127.0.0.1:0, 127.0.0.2, true",
        "tcp,  127.0.0.1:0, ::1,       false",
        "tcp4, 127.0.0.1:0, ::1,       false",
        "tcp,  [::1]:0,     ::1,       true",
        "tcp6, [::1]:0,     ::1,       true",
        "tcp,  [::1]:0,     127.0.0.2, false",
        "tcp6, [::1]:0,     127.0.0.2, false",
    })
    @Behaviour(63)
    void localAddressMustBeOfTheRemotesFamily(String network, String listenAt, String from, boolean fits)
            throws Exception {
        Dialer dialer = Runtimes.dialer().localAddress(TcpAddr.of(InetAddress.ofLiteral(from), 0));
        try (Listener listener = Runtimes.listen("tcp", listenAt)) {
            String to = listener.address().toString();
            if (fits) {
                try (TcpConn dialed = (TcpConn) dialer.dial(network, to);
                        Conn accepted = listener.accept()) {
                    assertThat(dialed.localAddress().host()).isEqualTo(InetAddress.ofLiteral(from));
                    assertThat(accepted.remoteAddress()).isEqualTo(dialed.localAddress());
                }
            } else {
                assertThatThrownBy(() -> dialer.dial(network, to))
                        .isInstanceOf(AddressException.class)
                        .hasMessageEndingWith("no suitable address found");
            }
        }
    }

    @Test
    @Behaviour(63)
    void localAddressInUseOrNotOurs() throws Exception {
        try (Listener listener = Runtimes.listen("tcp", "127.0.0.1:0")) {
            String to = listener.address().toString();
            var taken = Runtimes.dialer().localAddress(listener.address());
            assertThat(assertThrows(BindFailedException.class, () -> taken.dial("tcp", to)))
                    .hasMessage("dial tcp " + to + "->" + to + ": bind: address already in use");
            // RFC 5737: an address of nobody.
            var foreign = Runtimes.dialer().localAddress(TcpAddr.of(InetAddress.ofLiteral("203.0.113.1"), 0));
            assertThat(assertThrows(BindFailedException.class, () -> foreign.dial("tcp", to)))
                    .hasMessage("dial tcp 203.0.113.1:0->" + to + ": bind: cannot assign requested address");
        }
    }

    /** A hook's view of one socket. */
    private record Seen(String network, Addr address) {}

    @ParameterizedTest
    @CsvSource({
        "tcp,  127.0.0.1:0, tcp4",
        "tcp4, 127.0.0.1:0, tcp4",
        "tcp,  [::1]:0,     tcp6",
        "tcp6, [::1]:0,     tcp6",
    })
    @Behaviour({70, 87})
    void hooksSeeTheConcreteNetworkAndTheAddress(String network, String at, String concrete) throws Exception {
        List<Seen> listening = new ArrayList<>();
        List<Seen> dialing = new ArrayList<>();
        var config = Runtimes.listenConfig().control((n, a, socket) -> listening.add(new Seen(n, a)));
        var dialer = Runtimes.dialer().control((n, a, socket) -> dialing.add(new Seen(n, a)));
        try (Listener listener = config.listen(network, at);
                Conn conn = dialer.dial(network, listener.address().toString())) {
            assertThat(dialing).containsExactly(new Seen(concrete, conn.remoteAddress()));
            assertThat(listening).hasSize(1);
            assertThat(listening.getFirst().network()).isEqualTo(concrete);
            assertThat(listening.getFirst().address()).hasToString(at);
        }
    }

    /** SO_REUSEPORT counts only if it is set before bind(2). */
    @Test
    @Behaviour(87)
    void listenersHookRunsBeforeItIsBound() throws Exception {
        var config = Runtimes.listenConfig().control((n, a, socket) -> socket.setOption(SOL_SOCKET, SO_REUSEPORT, 1));
        try (Listener first = config.listen("tcp", "127.0.0.1:0");
                Listener second = config.listen("tcp", first.address().toString())) {
            assertThat(second.address()).isEqualTo(first.address());
        }
    }

    @Test
    @Behaviour(70)
    void hooksFailureEndsTheDial() throws Exception {
        try (Listener listener = Runtimes.listen("tcp", "127.0.0.1:0")) {
            var failure = new IOException("not today");
            Dialer dialer = Runtimes.dialer().control((network, address, socket) -> {
                throw failure;
            });
            assertThatThrownBy(() -> dialer.dial("tcp", listener.address().toString()))
                    .isSameAs(failure);
        }
    }

    @Test
    @Behaviour(132)
    void endedFromOutsideAndTimedOutAreTwoTypes() throws Exception {
        try (var full = new FullBacklog()) {
            var late = assertThrows(
                    DeadlineExceededException.class,
                    () -> Runtimes.dialer().deadline(Streams.inMillis(20)).dial("tcp", full.address()));
            assertThat(late).hasMessage("dial tcp " + full.address() + ": i/o timeout");
            assertThat(late.timeout()).isTrue();

            Task<Conn> dial = Task.start(() -> Runtimes.dial("tcp", full.address()));
            Parked.await(dial.thread());
            dial.thread().interrupt();
            var ended = dial.failure(CallInterruptedException.class);
            assertThat(ended).hasMessage("dial tcp " + full.address() + ": interrupted");
            assertThat(ended.timeout()).isFalse();
        }
    }

    /** The kernel is left one port to choose from, the dialed one: it connects the socket to itself. */
    @Test
    @Behaviour(78)
    void dialNeverConnectsToItself() throws Exception {
        Listener listener = Runtimes.listen("tcp", "127.0.0.1:0");
        String address = listener.address().toString();
        int port = ((TcpAddr) listener.address()).port();
        listener.close();
        var attempts = new AtomicInteger();
        Dialer dialer = Runtimes.dialer().control((network, a, socket) -> {
            attempts.incrementAndGet();
            socket.setOption(IPPROTO_IP, IP_LOCAL_PORT_RANGE, port << 16 | port);
        });
        try (Conn conn = dialer.dial("tcp", address)) {
            throw new AssertionError("got " + conn);
        } catch (NetException noSuchOption) {
            assumeTrue(noSuchOption.errno() != Errno.ENOPROTOOPT, "the kernel chooses");
            throw noSuchOption;
        } catch (ConnRefusedException | BindFailedException nobodyThere) {
            // The first attempt's connection keeps the port for a while, TIME_WAIT.
            assertThat(nobodyThere).hasMessageStartingWith("dial tcp " + address + ": connect: ");
            assertThat(attempts).hasValue(3);
        }
    }

    /** A connection that a dial returned is one: the first write to it never finds it unconnected. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Behaviour({75, 76})
    void dialsToAListenerThatClosesYieldConnectionsOrFail(boolean interrupted) throws Exception {
        Listener listener = Runtimes.listen("tcp", "127.0.0.1:0");
        String address = listener.address().toString();
        var go = new CountDownLatch(1);
        List<Task<Void>> dials = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            dials.add(Task.run(() -> {
                go.await();
                try (Conn conn = Runtimes.dial("tcp", address)) {
                    conn.write(new byte[] {1});
                } catch (ConnRefusedException | ConnResetException | CallInterruptedException expected) {
                    assertThat(((NetError) expected).errno()).isNotEqualTo(Errno.ENOTCONN);
                }
            }));
        }
        Task<Void> closer = Task.run(() -> {
            go.await();
            for (int i = 0; i < 50; i++) {
                listener.accept().close();
            }
            listener.close();
        });
        go.countDown();
        for (int i = 0; i < dials.size(); i += 2) {
            if (interrupted && !dials.get(i).isDone()) {
                dials.get(i).thread().interrupt();
            }
        }
        for (Task<Void> dial : dials) {
            try {
                dial.result();
            } catch (InterruptedException beforeTheDial) {
                assertThat(interrupted).isTrue();
            }
        }
        listener.close();
        try {
            closer.result();
        } catch (ConnClosedException stillAccepting) {
            assertThat(stillAccepting).hasMessageStartingWith("accept tcp ");
        }
    }
}
