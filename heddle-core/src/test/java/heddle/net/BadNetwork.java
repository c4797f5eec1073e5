package heddle.net;

import static heddle.net.Streams.inMillis;
import static heddle.net.Streams.random;
import static heddle.net.Streams.readExactly;
import static heddle.net.Streams.readToEnd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import heddle.internal.socket.Errno;
import heddle.testing.Await;
import heddle.testing.Behaviour;
import heddle.testing.Runtimes;
import heddle.testing.Scenario;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Connections to a host that cannot be reached, or no longer, or badly. {@link BadNetworkTest} runs it, in JVMs with a
 * network of their own; hence the name, which the build does not take for a test's.
 */
@Ways
class BadNetwork {

    private static final Duration SHORT = Duration.ofMillis(300);
    private static final int RETRIES = 3;

    private FarHost far;
    private ServerSocket server;

    /** Limits of this network's kernel that are minutes elsewhere; tcp(7). */
    @BeforeAll
    static void makeTheKernelGiveUpSoon() throws IOException {
        set("tcp_syn_retries", 1);
        set("tcp_syn_linear_timeouts", 0); // Since Linux 6.5: so many seconds more.
        set("tcp_retries2", RETRIES); // 200 ms, doubled each time.
    }

    private static void set(String name, int value) throws IOException {
        Path file = Path.of("/proc/sys/net/ipv4", name);
        if (Files.exists(file)) {
            Files.writeString(file, Integer.toString(value));
        }
    }

    @BeforeEach
    void connectTheHosts() throws Exception {
        far = new FarHost();
        server = far.listen(0);
    }

    @AfterEach
    void disconnectThem() throws Exception {
        try {
            server.close();
        } finally {
            far.remove();
        }
    }

    private static String address(ServerSocket server) {
        return FarHost.FAR + ":" + server.getLocalPort();
    }

    /** A connection from here to there. */
    private record Wire(TcpConn near, Socket far) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            try (far) {
                near.close();
            }
        }
    }

    private Wire wire(Dialer dialer) throws Exception {
        TcpConn near = (TcpConn) dialer.dial("tcp", address(server));
        return new Wire(near, far.call(server::accept));
    }

    private Wire wire() throws Exception {
        return wire(Runtimes.dialer());
    }

    // --- Dialing

    @Test
    @Scenario("S4")
    void dialToAFullBacklogFailsWhenTheKernelGivesUp() throws Exception {
        List<Conn> conns = new ArrayList<>();
        try (ServerSocket deaf = far.listen(1)) {
            for (int i = 0; i < 2; i++) { // The backlog and one more, as Linux has it.
                conns.add(Runtimes.dial("tcp", address(deaf)));
            }
            assertKernelGivesUp(address(deaf));
        } finally {
            for (Conn conn : conns) {
                conn.close();
            }
        }
    }

    @Test
    @Scenario("S5")
    void plainDialIntoABlackHoleWaitsForTheKernel() throws Exception {
        far.onInput("drop");
        assertKernelGivesUp(address(server));
    }

    private static void assertKernelGivesUp(String address) {
        assertThatThrownBy(() -> Runtimes.dial("tcp", address))
                .isInstanceOf(DialException.class)
                .hasMessage("dial tcp " + address + ": connect: connection timed out")
                .asInstanceOf(type(NetError.class))
                .satisfies(error -> {
                    assertThat(error.errno()).isEqualTo(Errno.ETIMEDOUT);
                    assertThat(error.timeout()).isTrue();
                });
    }

    @Test
    @Scenario("S5")
    @Behaviour(13)
    void dialIntoABlackHoleEndsAtItsTimeoutAndLeavesNoDescriptor() throws Exception {
        far.onInput("drop");
        String address = address(server);
        long before = openSockets();
        long beganNanos = System.nanoTime();
        assertThatThrownBy(() -> Runtimes.dial("tcp", address, SHORT))
                .isInstanceOf(DeadlineExceededException.class)
                .hasMessage("dial tcp " + address + ": i/o timeout");
        assertThat(System.nanoTime() - beganNanos).isGreaterThanOrEqualTo(SHORT.toNanos());
        Await.until("as many sockets as before the dial, " + before, () -> openSockets() == before);
    }

    private static long openSockets() throws IOException {
        try (var all = Files.list(Path.of("/proc/self/fd"))) {
            return all.filter(fd -> {
                        try {
                            return Files.readSymbolicLink(fd).toString().startsWith("socket:");
                        } catch (IOException closedMeanwhile) {
                            return false;
                        }
                    })
                    .count();
        }
    }

    @Test
    @Scenario("S5")
    void dialThatLostItsFirstPacketSucceedsLater() throws Exception {
        far.onInput("drop");
        Task<Conn> dialing = Task.start(() -> Runtimes.dial("tcp", address(server), Duration.ofSeconds(30)));
        Parked.await(dialing.thread());
        far.passAll();
        try (Conn near = dialing.result();
                Socket there = far.call(server::accept)) {
            assertThat(there.getPort()).isEqualTo(((TcpAddr) near.localAddress()).port());
        }
    }

    @Test
    @Scenario("S3")
    void dialToANetworkWithoutARouteFailsAtOnce() {
        // TEST-NET-2, RFC 5737.
        assertDialFails("198.51.100.1:80", DialException.class, "network is unreachable", Errno.ENETUNREACH);
    }

    @Test
    @Scenario("S3")
    void dialToAHostThatIsNotThereHasNoRoute() {
        assertDialFails(FarHost.NOBODY + ":80", DialException.class, "no route to host", Errno.EHOSTUNREACH);
    }

    @Test
    @Scenario("S3")
    void dialThatIsRejectedFailsAtOnceWithTheReason() throws Exception {
        far.onInput("reject with icmp type net-unreachable");
        assertDialFails(address(server), DialException.class, "network is unreachable", Errno.ENETUNREACH);
        far.onInput("reject with icmp type host-unreachable");
        assertDialFails(address(server), DialException.class, "no route to host", Errno.EHOSTUNREACH);
        far.onInput("reject with icmp type admin-prohibited");
        assertDialFails(address(server), DialException.class, "no route to host", Errno.EHOSTUNREACH);
        far.onInput("reject with icmp type port-unreachable");
        assertDialFails(address(server), ConnRefusedException.class, "connection refused", Errno.ECONNREFUSED);
        far.onInput("meta l4proto tcp reject with tcp reset");
        assertDialFails(address(server), ConnRefusedException.class, "connection refused", Errno.ECONNREFUSED);
    }

    private static void assertDialFails(String address, Class<? extends IOException> type, String cause, int errno) {
        assertThatThrownBy(() -> Runtimes.dial("tcp", address))
                .isInstanceOf(type)
                .hasMessage("dial tcp " + address + ": connect: " + cause)
                .asInstanceOf(type(NetError.class))
                .extracting(NetError::errno)
                .isEqualTo(errno);
    }

    // --- Data over a network that is bad for a while

    @Test
    @Scenario({"R4", "W3"})
    void deadlinesHoldWhileTheLinkIsDownAndNothingIsLost() throws Exception {
        long seed = System.nanoTime();
        byte[] sent = random(4 << 20, seed);
        try (Wire wire = wire()) {
            TcpConn near = wire.near;
            near.setWriteBuffer(32 << 10);
            far.setLink(false);

            near.setReadDeadline(inMillis(100));
            assertThatThrownBy(() -> near.read(new byte[1])).isInstanceOf(DeadlineExceededException.class);
            Task<Long> writer = Task.start(() -> (long) near.write(sent));
            Parked.awaitWriter(near);
            near.setWriteDeadline(inMillis(100));
            NetError failed = writer.failure(DeadlineExceededException.class);
            int taken = Math.toIntExact(failed.bytesTransferred());
            assertThat(taken).isPositive().isLessThan(sent.length);

            far.setLink(true);
            near.setDeadline(Deadline.NONE);
            near.closeWrite();
            byte[] got = far.call(() -> wire.far.getInputStream().readAllBytes());
            assertThat(got).as("seed %d", seed).isEqualTo(Arrays.copyOf(sent, taken));
            far.call(() -> {
                wire.far.getOutputStream().write(7);
                return 0;
            });
            assertThat(readExactly(near, 1)).containsExactly(7);
        }
    }

    @Test
    void lossyNetworkDeliversAllInOrder() throws Exception {
        set("tcp_retries2", 15); // So that the kernel does not give up.
        try (Wire wire = wire()) {
            far.onBothWays("numgen random mod 100 < 5 drop");
            assertEchoes(wire, 64 << 10);
        } finally {
            set("tcp_retries2", RETRIES);
        }
    }

    @Test
    void tinyPacketsDeliverAllInOrder() throws Exception {
        far.setMtu(100);
        try (Wire wire = wire()) {
            assertEchoes(wire, 64 << 10);
        }
    }

    private static void assertEchoes(Wire wire, int count) throws Exception {
        long seed = System.nanoTime();
        byte[] sent = random(count, seed);
        Task<byte[]> got = Task.start(() -> readToEnd(wire.near));
        Task<Void> echo = Task.on(Thread.ofPlatform(), () -> {
            wire.far.getInputStream().transferTo(wire.far.getOutputStream());
            wire.far.shutdownOutput();
            return null;
        });
        assertThat(wire.near.write(sent)).isEqualTo(count);
        wire.near.closeWrite();
        assertThat(got.result()).as("seed %d", seed).isEqualTo(sent);
        echo.result();
    }

    /** An error that may pass ends a dial, not a connection; RFC 1122 section 4.2.3.9. */
    @Test
    void icmpDoesNotEndAConnection() throws Exception {
        try (Wire wire = wire()) {
            far.onInput("reject with icmp type host-unreachable");
            wire.near.write(new byte[] {5});
            wire.near.setReadDeadline(Deadline.after(SHORT));
            assertThatThrownBy(() -> wire.near.read(new byte[1])).isInstanceOf(DeadlineExceededException.class);
            far.passAll();
            int got = far.call(() -> wire.far.getInputStream().read());
            assertThat(got).isEqualTo(5);
        }
    }

    // --- Peers that are no more

    @Test
    @Behaviour(213)
    void resetWakesTheReaderAndTheWriter() throws Exception {
        try (Wire wire = wire()) {
            var ends = new Ends(wire.near);
            far.kill(server.getLocalPort());
            ends.assertBothFail(ConnResetException.class, "connection reset by peer", Errno.ECONNRESET);
        }
    }

    @Test
    void connectionKilledByTheAdministratorWakesTheReaderAndTheWriter() throws Exception {
        try (Wire wire = wire()) {
            var ends = new Ends(wire.near);
            FarHost.killNear(server.getLocalPort());
            ends.assertBothFail(NetException.class, "software caused connection abort", Errno.ECONNABORTED);
        }
    }

    @Test
    @Scenario("W2")
    void hostThatVanishesEndsAWriteAndAReadWhenTheKernelGivesUp() throws Exception {
        try (Wire wire = wire()) {
            far.onBothWays("drop");
            var ends = new Ends(wire.near);
            ends.assertBothFail(NetException.class, "connection timed out", Errno.ETIMEDOUT);
        }
    }

    @Test
    void userTimeoutEndsAWriteAndAReadBeforeTheKernelGivesUp() throws Exception {
        assumeTrue(Runtimes.current().way() != Way.NIO); // NIO has no such option.
        set("tcp_retries2", 15); // A quarter of an hour.
        try (Wire wire = wire(Runtimes.dialer().userTimeout(Duration.ofMillis(500)))) {
            far.onBothWays("drop");
            var ends = new Ends(wire.near);
            ends.assertBothFail(NetException.class, "connection timed out", Errno.ETIMEDOUT);
        } finally {
            set("tcp_retries2", RETRIES);
        }
    }

    @Test
    void keepAliveEndsAReadFromAHostThatVanished() throws Exception {
        var second = Duration.ofSeconds(1);
        try (Wire wire =
                wire(Runtimes.dialer().keepAlive(KeepAlive.every(second).count(1)))) {
            far.onBothWays("drop");
            assertThatThrownBy(() -> wire.near.read(new byte[1]))
                    .isInstanceOf(NetException.class)
                    .hasMessageEndingWith(": read: connection timed out")
                    .asInstanceOf(type(NetError.class))
                    .satisfies(error -> assertThat(error.timeout()).isTrue());
        }
    }

    /** The other host lost the connection and says so when it hears of it again. */
    @Test
    @Scenario("E3")
    void halfOpenConnectionIsResetByTheNextWrite() throws Exception {
        try (Wire wire = wire()) {
            far.onBothWays("drop");
            far.kill(server.getLocalPort());
            far.passAll();
            Task<Integer> reader = Task.start(() -> wire.near.read(new byte[1]));
            Parked.awaitReader(wire.near);
            assertThat(wire.near.write(new byte[] {1})).isEqualTo(1);
            assertThat(reader.failure(ConnResetException.class))
                    .hasMessageEndingWith(": read: connection reset by peer");
            assertThatThrownBy(() -> wire.near.write(new byte[] {2}))
                    .isInstanceOf(ConnResetException.class)
                    .hasMessageEndingWith(": write: broken pipe");
        }
    }

    @Test
    @Scenario("E4")
    void closeDoesNotWaitForAHostThatVanished() throws Exception {
        try (Wire wire = wire()) {
            far.onBothWays("drop");
            var ends = new Ends(wire.near);
            wire.near.close();
            ends.reader.failure(ConnClosedException.class);
            ends.writer.failure(ConnClosedException.class);
        }
    }

    /** A reader and a writer that wait in one connection. */
    private static final class Ends {
        final Task<Integer> reader;
        final Task<Void> writer;

        Ends(TcpConn conn) throws Exception {
            conn.setWriteBuffer(32 << 10);
            reader = Task.start(() -> conn.read(new byte[1]));
            writer = Task.run(() -> Streams.writeForEver(conn, new byte[1 << 20]));
            Parked.awaitReader(conn);
            Parked.awaitWriter(conn);
        }

        /**
         * The first of the two to come gets the socket's error, which clears it; the other finds a socket that is shut
         * down. sk_stream_error() in stream.c, tcp_recvmsg_locked() in tcp.c.
         */
        void assertBothFail(Class<? extends IOException> type, String cause, int errno) throws Exception {
            var atWriter = writer.failure(IOException.class);
            assertThat(((NetError) atWriter).bytesTransferred()).isBetween(0L, (1L << 20) - 1);
            if (((NetError) atWriter).errno() == Errno.EPIPE) {
                assertThat(atWriter).hasMessageEndingWith(": write: broken pipe");
                assertSocketError(reader.failure(IOException.class), type, ": read: " + cause, errno);
            } else {
                assertSocketError(atWriter, type, ": write: " + cause, errno);
                assertThat(reader.result()).isEqualTo(-1);
            }
        }

        private static void assertSocketError(
                IOException got, Class<? extends IOException> type, String text, int errno) {
            assertThat(got).isExactlyInstanceOf(type).hasMessageEndingWith(text);
            assertThat(((NetError) got).errno()).isEqualTo(errno);
            assertThat(((NetError) got).timeout()).isEqualTo(errno == Errno.ETIMEDOUT);
        }
    }
}
