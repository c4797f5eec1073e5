package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import heddle.internal.socket.Errno;
import heddle.testing.Await;
import heddle.testing.Behaviour;
import heddle.testing.Runtimes;
import heddle.testing.Scenario;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Listening, accepting and dialing. */
@Ways
class SetUpTest {

    private static final int CONNECTIONS = 2_000 / Await.SLOWNESS;
    private static final int PLATFORM_THREADS_MAX = 40; // The JVM's own and the test engine's among them.

    @Test
    @Scenario("S1")
    void acceptParksUntilAClientComes() throws Exception {
        try (Listener listener = Runtimes.listen("tcp", "127.0.0.1:0")) {
            Task<Conn> accepting = Task.start(listener::accept);
            Parked.awaitAcceptor(listener);
            assertThat(accepting.isDone()).isFalse();
            try (Conn dialed = Runtimes.dial("tcp", listener.address().toString());
                    Conn accepted = accepting.result()) {
                assertThat(accepted.remoteAddress()).isEqualTo(dialed.localAddress());
                assertThat(accepted.localAddress()).isEqualTo(listener.address());
            }
        }
    }

    @Test
    @Scenario("S1")
    void manyConnectionsUseAHandfulOfPlatformThreads() throws Exception {
        List<Conn> dialed = new ArrayList<>();
        List<Conn> accepted = new ArrayList<>();
        List<Task<Integer>> readers = new ArrayList<>();
        try (Listener listener = Runtimes.listen("tcp", "127.0.0.1:0")) {
            for (int i = 0; i < CONNECTIONS; i++) {
                dialed.add(Runtimes.dial("tcp", listener.address().toString()));
                Conn conn = listener.accept();
                accepted.add(conn);
                readers.add(Task.start(() -> conn.read(new byte[1])));
            }
            for (Conn conn : accepted) {
                Parked.awaitReader(conn);
            }
            assertThat(Thread.getAllStackTraces()).hasSizeLessThan(PLATFORM_THREADS_MAX);
        } finally {
            for (Conn conn : dialed) {
                conn.close();
            }
            for (Task<Integer> reader : readers) {
                assertThat(reader.result()).isEqualTo(-1);
            }
            for (Conn conn : accepted) {
                conn.close();
            }
        }
    }

    @Test
    @Scenario("S2")
    @Behaviour({125, 128})
    void listenOnAPortInUseFailsAtOnce() throws Exception {
        try (Listener first = Runtimes.listen("tcp", "127.0.0.1:0")) {
            String address = first.address().toString();
            assertThatThrownBy(() -> Runtimes.listen("tcp", address))
                    .isInstanceOf(BindFailedException.class)
                    .hasMessage("listen tcp " + address + ": bind: address already in use")
                    .asInstanceOf(type(NetError.class))
                    .satisfies(error -> {
                        assertThat(error.errno()).isEqualTo(Errno.EADDRINUSE);
                        assertThat(error.op()).isEqualTo("listen");
                        assertThat(error.address()).isEqualTo(first.address());
                        assertThat(error.timeout()).isFalse();
                    });
        }
    }

    @Test
    @Scenario("S3")
    @Behaviour({125, 133})
    void dialToAPortNobodyListensOnIsRefusedAtOnce() throws Exception {
        String address = freeAddress();
        assertThatThrownBy(() -> Runtimes.dial("tcp", address))
                .isInstanceOf(ConnRefusedException.class)
                .hasMessage("dial tcp " + address + ": connect: connection refused");
    }

    @Test
    @Scenario("S3")
    void dialToAnUnreachableNetworkFailsAtOnce() {
        // TCP has no multicast: Linux knows no route for it, and sends nothing; tcp_v4_connect.
        assertThatThrownBy(() -> Runtimes.dial("tcp", "224.0.0.1:80"))
                .isInstanceOf(DialException.class)
                .hasMessage("dial tcp 224.0.0.1:80: connect: network is unreachable");
    }

    @Test
    @Behaviour(125)
    void namesAndAddressesThatAreWrongEachHaveTheirError() {
        assertFails("bogus", "127.0.0.1:1", UnknownNetworkException.class, "dial bogus: unknown network bogus");
        assertFails("tcp", "", AddressException.class, "dial tcp: missing address");
        assertFails("tcp", "127.0.0.1", AddressException.class, "dial tcp: address 127.0.0.1: missing port in address");
        assertFails("tcp", "127.0.0.1:65536", AddressException.class, "dial tcp: address 65536: invalid port");
        assertFails("tcp", "127.0.0.1:http", AddressException.class, "dial tcp: address http: unknown port");
        assertFails(
                "tcp6",
                "127.0.0.1:1",
                AddressException.class,
                "dial tcp6: address 127.0.0.1: no suitable address found");
        assertFails(
                "tcp",
                "nobody.invalid:1",
                HostNotFoundException.class,
                "dial tcp: lookup nobody.invalid: no such host");
    }

    private static void assertFails(String network, String address, Class<? extends IOException> type, String message) {
        assertThatThrownBy(() -> Runtimes.dial(network, address))
                .isInstanceOf(type)
                .hasMessage(message);
    }

    /** An address where nobody listens any more. */
    private static String freeAddress() throws IOException {
        try (Listener listener = Runtimes.listen("tcp", "127.0.0.1:0")) {
            return listener.address().toString();
        }
    }
}
