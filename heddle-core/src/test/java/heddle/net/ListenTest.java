package heddle.net;

import static heddle.net.Streams.inMillis;
import static heddle.net.Streams.readExactly;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import heddle.internal.fd.Ip;
import heddle.internal.socket.Errno;
import heddle.testing.Behaviour;
import heddle.testing.Runtimes;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.NetworkInterface;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Addresses to listen at, and the deadlines of those who accept there. */
@Ways
class ListenTest {

    private static boolean wayHasV6Only() {
        return Runtimes.current().way() != Way.NIO;
    }

    private static String hostPort(String host, int port) {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }

    private static int portOf(Listener listener) {
        return ((TcpListener) listener).address().port();
    }

    @Test
    @Behaviour(15)
    void passedDeadlineBeatsAConnectionThatIsQueued() throws Exception {
        try (Listener listener = Runtimes.listen("tcp", "127.0.0.1:0");
                Conn dialed = Runtimes.dial("tcp", listener.address().toString())) {
            listener.setDeadline(Deadline.PAST);
            for (int i = 0; i < 2; i++) {
                var e = assertThrows(DeadlineExceededException.class, listener::accept);
                assertThat(e).hasMessage("accept tcp %s: i/o timeout", listener.address());
                assertThat(e.timeout()).isTrue();
            }
            listener.setDeadline(Deadline.NONE);
            try (Conn accepted = listener.accept()) {
                assertThat(accepted.remoteAddress()).isEqualTo(dialed.localAddress());
            }
        }
    }

    @Test
    @Behaviour({15, 16})
    void acceptEndsAtItsDeadlineIfNobodyDials() throws Exception {
        try (Listener listener = Runtimes.listen("tcp", "127.0.0.1:0")) {
            listener.setDeadline(Deadline.NONE);
            long startNanos = System.nanoTime();
            listener.setDeadline(inMillis(10));
            assertThrows(DeadlineExceededException.class, listener::accept);
            assertThat(System.nanoTime() - startNanos).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(10));
        }
    }

    @Test
    @Behaviour(16)
    void deadlineSetAfterItWasClearedEndsAnAcceptThatWaits() throws Exception {
        try (Listener listener = Runtimes.listen("tcp", "127.0.0.1:0")) {
            listener.setDeadline(Deadline.PAST);
            listener.setDeadline(Deadline.NONE);
            Task<Conn> acceptor = Task.start(listener::accept);
            Parked.awaitAcceptor(listener);
            listener.setDeadline(inMillis(10));
            acceptor.failure(DeadlineExceededException.class);
        }
    }

    @Test
    @Behaviour(17)
    void clearedDeadlineLetsTheAcceptWait() throws Exception {
        try (Listener listener = Runtimes.listen("tcp", "127.0.0.1:0")) {
            listener.setDeadline(Deadline.PAST);
            assertThrows(DeadlineExceededException.class, listener::accept);
            listener.setDeadline(Deadline.NONE);
            Task<Conn> acceptor = Task.start(listener::accept);
            Parked.awaitAcceptor(listener);
            assertThat(acceptor.isDone()).isFalse();
            try (Conn dialed = Runtimes.dial("tcp", listener.address().toString());
                    Conn accepted = acceptor.result()) {
                assertThat(accepted.remoteAddress()).isEqualTo(dialed.localAddress());
            }
        }
    }

    @Test
    @Behaviour(131)
    void acceptsThatTimeOutInALoopFailInFormUntilTheClose() throws Exception {
        Listener listener = Runtimes.listen("tcp", "127.0.0.1:0");
        var timeouts = new AtomicInteger();
        Task<Conn> loop = Task.start(() -> {
            while (true) {
                try {
                    listener.setDeadline(inMillis(1));
                    return listener.accept();
                } catch (DeadlineExceededException e) {
                    assertThat(e.op()).isEqualTo("accept");
                    assertThat(e.network()).isEqualTo("tcp");
                    assertThat(e.source()).isNull();
                    assertThat(e.address()).isEqualTo(listener.address());
                    assertThat(e.timeout()).isTrue();
                    if (timeouts.incrementAndGet() == 20) {
                        listener.close();
                    }
                }
            }
        });
        var end = loop.failure(ConnClosedException.class);
        assertThat(end.timeout()).isFalse();
        assertThat(end.op()).isIn("set", "accept");
        assertThat(timeouts).hasValue(20);
    }

    /** Each form with its address in print, and the versions of IP whose clients reach it. */
    @ParameterizedTest
    @Behaviour({80, 88, 92, 168})
    @CsvSource({
        "tcp,  '',               ::,        46",
        "tcp,  0.0.0.0,          ::,        46",
        "tcp,  ::ffff:0.0.0.0,   ::,        46",
        "tcp,  ::,               ::,        46",
        "tcp,  127.0.0.1,        127.0.0.1, 4",
        "tcp,  ::ffff:127.0.0.1, 127.0.0.1, 4",
        "tcp,  ::1,              ::1,       6",
        "tcp4, '',               0.0.0.0,   4",
        "tcp4, 0.0.0.0,          0.0.0.0,   4",
        "tcp4, ::ffff:0.0.0.0,   0.0.0.0,   4",
        "tcp4, 127.0.0.1,        127.0.0.1, 4",
        "tcp4, ::ffff:127.0.0.1, 127.0.0.1, 4",
        "tcp6, '',               ::,        6",
        "tcp6, ::,               ::,        6",
        "tcp6, ::1,              ::1,       6",
    })
    void eachFormServesItsClientsAndNobodyElseListensThere(String network, String host, String printed, String versions)
            throws Exception {
        assumeTrue(new Ip().hasV6(Insides.of(Runtimes.current()).syscalls()), "no IPv6 here");
        if (network.equals("tcp6") && printed.equals("::") && !wayHasV6Only()) {
            checkRefused(hostPort(host, 0));
            return;
        }
        try (Listener listener = Runtimes.listen(network, hostPort(host, 0))) {
            int port = portOf(listener);
            assertThat(listener.address()).hasToString(hostPort(printed, port));
            assertThat(listener.address().network()).isEqualTo("tcp");
            var e = assertThrows(BindFailedException.class, () -> Runtimes.listen(network, hostPort(host, port)));
            assertThat(e.errno()).isEqualTo(Errno.EADDRINUSE);
            for (String dialed : List.of("tcp", "tcp4", "tcp6")) {
                if (!dialed.equals("tcp6") && versions.contains("4")) {
                    checkEcho(listener, dialed, hostPort("127.0.0.1", port));
                }
                if (!dialed.equals("tcp4") && versions.contains("6")) {
                    checkEcho(listener, dialed, hostPort("::1", port));
                }
            }
        }
    }

    /** Three clients, at the same time. */
    private static void checkEcho(Listener listener, String network, String address) throws Exception {
        List<Conn> clients = new ArrayList<>();
        List<Conn> served = new ArrayList<>();
        try {
            for (int i = 0; i < 3; i++) {
                Conn client = Runtimes.dial(network, address);
                clients.add(client);
                Conn conn = listener.accept();
                served.add(conn);
                assertThat(conn.remoteAddress()).isEqualTo(client.localAddress());
                assertThat(conn.localAddress()).isEqualTo(client.remoteAddress());
                assertThat(conn.localAddress().network()).isEqualTo("tcp");
                client.write(new byte[] {(byte) i});
            }
            for (int i = 0; i < 3; i++) {
                served.get(i).write(readExactly(served.get(i), 1));
                assertThat(readExactly(clients.get(i), 1)).containsExactly(i);
            }
        } finally {
            for (Conn conn : served) {
                conn.close();
            }
            for (Conn conn : clients) {
                conn.close();
            }
        }
    }

    /** The JDK makes every socket of IPv6 one of both versions; docs/decisions/0005. */
    private static void checkRefused(String address) {
        var e = assertThrows(NetException.class, () -> Runtimes.listen("tcp6", address));
        assertThat(e.errno()).isEqualTo(Errno.ENOPROTOOPT);
        assertThat(e)
                .hasMessageStartingWith("listen tcp6 ")
                .hasMessageContaining(": setsockopt IPV6_V6ONLY: protocol not available");
    }

    /** Whether a second listener may have the port of a first; the sockets of Linux. */
    @ParameterizedTest
    @Behaviour(82)
    @CsvSource({
        // One socket of both versions takes the port for all.
        "tcp,  '',             tcp,  '',             in use",
        "tcp,  '',             tcp,  0.0.0.0,        in use",
        "tcp,  0.0.0.0,        tcp,  '',             in use",
        "tcp,  '',             tcp,  ::,             in use",
        "tcp,  ::,             tcp,  '',             in use",
        "tcp,  0.0.0.0,        tcp,  ::,             in use",
        "tcp,  ::,             tcp,  0.0.0.0,        in use",
        "tcp,  ::ffff:0.0.0.0, tcp,  ::,             in use",
        "tcp,  ::,             tcp,  ::ffff:0.0.0.0, in use",
        "tcp,  ::,             tcp4, 0.0.0.0,        in use",
        "tcp,  ::,             tcp,  127.0.0.1,      in use",
        "tcp,  127.0.0.1,      tcp,  ::,             in use",
        // One of each version.
        "tcp4, '',             tcp6, '',             free",
        "tcp6, '',             tcp4, '',             free",
        "tcp4, 0.0.0.0,        tcp6, ::,             free",
        "tcp6, ::,             tcp4, 0.0.0.0,        free",
        // Addresses that do not overlap.
        "tcp,  127.0.0.1,      tcp,  ::1,            free",
        "tcp,  ::1,            tcp,  127.0.0.1,      free",
        "tcp4, 127.0.0.1,      tcp6, ::1,            free",
        "tcp6, ::1,            tcp4, 127.0.0.1,      free",
        "tcp,  127.0.0.1,      tcp,  127.0.0.2,      free",
    })
    void listenersShareAPortIfNoAddressIsOfBoth(
            String network, String host, String otherNetwork, String otherHost, String expected) throws Exception {
        assumeTrue(new Ip().hasV6(Insides.of(Runtimes.current()).syscalls()), "no IPv6 here");
        boolean firstRefused = isV6Wildcard(network, host);
        boolean otherRefused = isV6Wildcard(otherNetwork, otherHost);
        if (!wayHasV6Only() && (firstRefused || otherRefused)) {
            checkRefused(hostPort(firstRefused ? host : otherHost, 0));
            return;
        }
        for (int attempt = 1; ; attempt++) {
            try (Listener first = Runtimes.listen(network, hostPort(host, 0))) {
                String other = hostPort(otherHost, portOf(first));
                if (expected.equals("free")) {
                    Runtimes.listen(otherNetwork, other).close();
                } else {
                    var e = assertThrows(BindFailedException.class, () -> Runtimes.listen(otherNetwork, other));
                    assertThat(e.errno()).isEqualTo(Errno.EADDRINUSE);
                }
                return;
            } catch (BindFailedException taken) {
                // Port 0 is a free port of the one address; somebody else may have it at the other.
                if (attempt == 10) {
                    throw taken;
                }
            }
        }
    }

    private static boolean isV6Wildcard(String network, String host) {
        return network.equals("tcp6") && (host.isEmpty() || host.equals("::"));
    }

    @ParameterizedTest
    @Behaviour({84, 89})
    @ValueSource(strings = {"", ":", ":0", "[]:", "[]:0"})
    void emptyAddressIsAnyAddressAndAFreePort(String address) throws Exception {
        try (Listener listener = Runtimes.listen("tcp", address);
                Listener ofV4 = Runtimes.listen("tcp4", address)) {
            assertThat(portOf(listener)).isPositive();
            assertThat(ofV4.address()).hasToString("0.0.0.0:" + portOf(ofV4));
            assertThat(portOf(ofV4)).isPositive().isNotEqualTo(portOf(listener));
        }
        assertThrows(NullPointerException.class, () -> Runtimes.listen("tcp", null));
    }

    @Test
    @Behaviour(90)
    void backlogIsNotCutToSixteenBits() throws Exception {
        List<Conn> waiting = new ArrayList<>();
        // 16 bits of it would be a backlog of 0.
        try (Listener listener = Runtimes.listenConfig().backlog(3 << 16).listen("tcp", "127.0.0.1:0")) {
            for (int i = 0; i < 8; i++) {
                waiting.add(Runtimes.dial("tcp", listener.address().toString()));
            }
        } finally {
            for (Conn conn : waiting) {
                conn.close();
            }
        }
        assertThat(waiting).hasSize(8);
    }

    @ParameterizedTest
    @Behaviour(91)
    @ValueSource(strings = {"-1", "65536", "123456789"})
    void portOutOfRangeIsRefused(String port) {
        for (String host : List.of("", "127.0.0.1", "[::1]")) {
            var e = assertThrows(AddressException.class, () -> Runtimes.listen("tcp", host + ":" + port));
            assertThat(e).hasMessage("listen tcp: address " + port + ": invalid port");
        }
    }

    @ParameterizedTest
    @Behaviour(128)
    @CsvSource({
        "bogus, 127.0.0.1:0,       UnknownNetworkException, listen bogus: unknown network bogus",
        "udp,   127.0.0.1:0,       UnknownNetworkException, listen udp: unknown network udp",
        "tcp,   127.0.0.1,         AddressException,        listen tcp: address 127.0.0.1: missing"
                + " port in address",
        "tcp,   ::1:80,            AddressException,        listen tcp: address ::1:80: too many"
                + " colons in address",
        "tcp,   127.0.0.1:http,    AddressException,        listen tcp: address http: unknown port",
        "tcp6,  127.0.0.1:0,       AddressException,        listen tcp6: address 127.0.0.1: no"
                + " suitable address found",
        "tcp4,  [::1]:0,           AddressException,        listen tcp4: address ::1: no suitable" + " address found",
        "tcp,   nobody.invalid:0,  HostNotFoundException,   listen tcp: lookup nobody.invalid: no" + " such host",
        "tcp,   192.0.2.1:0,       BindFailedException,     listen tcp 192.0.2.1:0: bind: cannot"
                + " assign requested address",
    })
    void whatCannotBeListenedAtHasItsError(String network, String address, String type, String message) {
        var e = assertThrows(IOException.class, () -> Runtimes.listen(network, address));
        assertThat(e).hasMessage(message);
        assertThat(e.getClass().getSimpleName()).isEqualTo(type);
        assertThat(((NetError) e).op()).isEqualTo("listen");
        assertThat(((NetError) e).timeout()).isFalse();
    }

    @Test
    @Behaviour(95)
    void manyAcceptorsTakeManyDialsAndEndWithTheListener() throws Exception {
        Listener listener = Runtimes.listen("tcp", "127.0.0.1:0");
        var accepted = new AtomicInteger();
        List<Task<Void>> acceptors = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            acceptors.add(Task.run(() -> {
                while (true) {
                    listener.accept().close();
                    accepted.incrementAndGet();
                }
            }));
        }
        List<Task<Integer>> dials = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            dials.add(Task.start(() -> {
                try (Conn conn = Runtimes.dial("tcp", listener.address().toString())) {
                    return conn.read(new byte[1]);
                }
            }));
        }
        for (Task<Integer> dial : dials) {
            assertThat(dial.result()).isEqualTo(-1);
        }
        listener.close();
        for (Task<Void> acceptor : acceptors) {
            acceptor.failure(ConnClosedException.class);
        }
        assertThat(accepted).hasValue(100);
    }

    @Test
    @Behaviour(98)
    void linkLocalAddressKeepsItsZone() throws Exception {
        var address = NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .filter(a -> a instanceof Inet6Address && a.isLinkLocalAddress())
                .findFirst();
        assumeTrue(address.isPresent(), "no interface with a link-local address here");
        try (Listener listener = Runtimes.listen("tcp6", "[" + address.get().getHostAddress() + "]:0")) {
            String text = listener.address().toString();
            assertThat(text).containsPattern("^\\[fe80:.*%[a-z].*]:\\d+$");
            try (Conn dialed = Runtimes.dial("tcp6", text);
                    Conn accepted = listener.accept()) {
                assertThat(accepted.localAddress()).hasToString(text);
                assertThat(dialed.remoteAddress()).hasToString(text);
                assertThat(accepted.remoteAddress())
                        .isEqualTo(dialed.localAddress())
                        .extracting(Object::toString)
                        .asString()
                        .contains("%");
                dialed.write(new byte[] {1});
                assertThat(readExactly(accepted, 1)).containsExactly(1);
            }
        }
    }
}
