package heddle.net;

import static heddle.net.Streams.readExactly;
import static heddle.net.Streams.roundTrip;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import heddle.internal.socket.Errno;
import heddle.testing.Behaviour;
import heddle.testing.Runtimes;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.net.InetAddress;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Unix sockets: their names, and over them the behaviours that docs/conformance.md asks of all networks. */
@Ways
class UnixTest {

    private static final String NETWORKS = "heddle.net.Networks#unix";

    /** A name of the abstract namespace that nobody else has. */
    private static String abstractName() {
        return "@heddle-" + ProcessHandle.current().pid() + "-" + System.nanoTime();
    }

    /** Serves {@code clients} one after the other. */
    private static Task<Void> echoServer(Listener listener, int clients) {
        return Task.run(() -> {
            for (int i = 0; i < clients; i++) {
                try (Conn accepted = listener.accept()) {
                    Streams.echo(accepted);
                }
            }
        });
    }

    private static void checkEcho(String network, Listener listener) throws Exception {
        Task<Void> server = echoServer(listener, 3);
        for (int i = 0; i < 3; i++) {
            try (Conn dialed = Runtimes.dial(network, listener.address().toString())) {
                roundTrip(dialed);
            }
        }
        server.result();
    }

    @ParameterizedTest
    @MethodSource(NETWORKS)
    @Behaviour({92, 167})
    void serverAtAPathEchoes(String network) throws Exception {
        try (var path = new SocketPath();
                Listener listener = Runtimes.listen(network, path.toString())) {
            assertThat(listener.address().network()).isEqualTo(network);
            assertThat(listener.address()).hasToString(path.toString());
            checkEcho(network, listener);
        }
    }

    @ParameterizedTest
    @MethodSource(NETWORKS)
    @Behaviour({165, 167})
    void serverAtAnAbstractNameEchoes(String network) throws Exception {
        assumeTrue(Networks.hasKernelNames(), "the JDK's channels have paths only");
        String name = abstractName();
        String longest = name + "x".repeat(UnixAddrTest.NAME_CHARS_MAX - name.length());
        for (String one : new String[] {name, longest}) {
            try (Listener listener = Runtimes.listen(network, one)) {
                assertThat(listener.address()).hasToString(one);
                checkEcho(network, listener);
            }
        }
        try (Listener listener = Runtimes.listen(network, "\0" + longest.substring(1))) {
            assertThat(listener.address()).as("with a leading NUL").hasToString(longest);
            checkEcho(network, listener);
        }
    }

    @Test
    @Behaviour(164)
    void listenerWithoutANameGetsOneOfTheKernels() throws Exception {
        assumeTrue(Networks.hasKernelNames(), "the JDK's channels have paths only");
        for (String network : Networks.unix().toList()) {
            try (Listener listener = Runtimes.listen(network, "")) {
                assertThat(((UnixAddr) listener.address()).name()).matches("@[0-9a-f]{5}");
                checkEcho(network, listener);
            }
        }
    }

    @Test
    void whatTheJdkLacksIsRefusedWithTheReason() {
        assumeFalse(Networks.hasKernelNames());
        checkRefused("listen unixpacket /x: socket: protocol not supported", "unixpacket", "/x");
        checkRefused("listen unix @x: bind: operation not supported", "unix", "@x");
        checkRefused("listen unix @: bind: operation not supported", "unix", "");
        assertThatThrownBy(() -> Runtimes.dial("unix", "@x"))
                .hasMessageStartingWith("dial unix @x: connect: operation not supported")
                .hasMessageContaining("packets and abstract names need epoll");
    }

    private static void checkRefused(String text, String network, String name) {
        assertThatThrownBy(() -> Runtimes.listen(network, name))
                .isInstanceOf(NetError.class)
                .hasMessageStartingWith(text)
                .hasMessageContaining("packets and abstract names need epoll");
    }

    @ParameterizedTest
    @MethodSource(NETWORKS)
    @Behaviour(159)
    void bothEndsKnowTheNamesThereAre(String network) throws Exception {
        try (var path = new SocketPath();
                Listener listener = Runtimes.listen(network, path.toString());
                Conn dialed = Runtimes.dial(network, path.toString());
                Conn accepted = listener.accept()) {
            UnixAddr named = UnixAddr.of(network, path.toString());
            UnixAddr nameless = UnixAddr.of(network, "");
            assertThat(dialed.localAddress()).isEqualTo(nameless).hasToString("@");
            assertThat(dialed.remoteAddress()).isEqualTo(named);
            assertThat(accepted.localAddress()).isEqualTo(named).hasToString(path.toString());
            assertThat(accepted.remoteAddress()).isEqualTo(nameless);
            assertThat(accepted).hasToString(network + " " + path + "->@");
        }
    }

    @ParameterizedTest
    @MethodSource(NETWORKS)
    @Behaviour(63)
    void dialFromANameShowsItToThePeer(String network) throws Exception {
        try (var path = new SocketPath();
                var own = new SocketPath();
                Listener listener = Runtimes.listen(network, path.toString())) {
            UnixAddr from = UnixAddr.of(network, own.toString());
            try (Conn dialed = Runtimes.dialer().localAddress(from).dial(network, path.toString());
                    Conn accepted = listener.accept()) {
                assertThat(dialed.localAddress()).isEqualTo(from);
                assertThat(accepted.remoteAddress()).isEqualTo(from);
            }
        }
    }

    @Test
    @Behaviour(63)
    void localAddressOfAnotherNetworkIsRefused() {
        TcpAddr tcp = TcpAddr.of(InetAddress.getLoopbackAddress(), 0);
        assertThatThrownBy(() -> Runtimes.dialer().localAddress(tcp).dial("unix", "/x"))
                .isInstanceOf(AddressException.class)
                .hasMessage("dial unix: address 127.0.0.1:0: mismatched local address type");
        UnixAddr packet = UnixAddr.of("unixpacket", "/y");
        assertThatThrownBy(() -> Runtimes.dialer().localAddress(packet).dial("unix", "/x"))
                .hasMessage("dial unix: address /y: mismatched local address type");
        assertThatThrownBy(() -> Runtimes.dialer().localAddress(packet).dial("tcp", "127.0.0.1:1"))
                .hasMessage("dial tcp: address /y: mismatched local address type");
    }

    @Test
    @Behaviour(161)
    void firstCloseRemovesThePathAndNoLaterOne() throws Exception {
        try (var path = new SocketPath()) {
            Listener listener = Runtimes.listen("unix", path.toString());
            assertThat(path.path()).exists();
            listener.close();
            assertThat(path.path()).doesNotExist();
            Files.createFile(path.path());
            listener.close();
            assertThat(path.path()).as("somebody else's by now").exists();
        }
    }

    @Test
    @Behaviour({161, 176})
    void pathStaysIfItShallAndGoesIfItShallAfterAll() throws Exception {
        try (var path = new SocketPath()) {
            UnixListener listener = (UnixListener) Runtimes.listen("unix", path.toString());
            listener.setUnlinkOnClose(false);
            listener.close();
            assertThat(path.path()).exists();
            assertThatThrownBy(() -> Runtimes.dial("unix", path.toString()))
                    .isInstanceOf(ConnRefusedException.class)
                    .hasMessage("dial unix " + path + ": connect: connection refused");
            assertThatThrownBy(() -> Runtimes.listen("unix", path.toString()))
                    .isInstanceOf(BindFailedException.class)
                    .hasMessage("listen unix " + path + ": bind: address already in use");
            Files.delete(path.path());
            UnixListener another = (UnixListener) Runtimes.listen("unix", path.toString());
            another.setUnlinkOnClose(false);
            another.setUnlinkOnClose(true);
            another.close();
            assertThat(path.path()).doesNotExist();
        }
    }

    @ParameterizedTest
    @MethodSource(NETWORKS)
    @Behaviour({125, 128})
    void errorsNameThePathAndTheCall(String network) throws Exception {
        try (var path = new SocketPath()) {
            var missing = assertThrows(DialException.class, () -> Runtimes.dial(network, path.toString()));
            assertThat(missing).hasMessage("dial " + network + " " + path + ": connect: no such file or directory");
            assertThat(missing.errno()).isEqualTo(Errno.ENOENT);
            assertThatThrownBy(() -> Runtimes.listen(network, path + "/below"))
                    .hasMessageStartingWith("listen " + network + " " + path + "/below: bind: ");
            assertThatThrownBy(() -> Runtimes.dial(network, ""))
                    .isInstanceOf(AddressException.class)
                    .hasMessage("dial " + network + ": missing address");
        }
    }

    @ParameterizedTest
    @MethodSource(NETWORKS)
    @Behaviour(125)
    void errorsOfTheFileSystemHaveTexts(String network) throws Exception {
        try (var path = new SocketPath()) {
            Files.createFile(path.path());
            String below = path + "/below";
            assertThatThrownBy(() -> Runtimes.listen(network, below))
                    .hasMessage("listen %s %s: bind: not a directory", network, below);
            assertThatThrownBy(() -> Runtimes.dial(network, below))
                    .isInstanceOf(DialException.class)
                    .hasMessage("dial %s %s: connect: not a directory", network, below);
            Files.delete(path.path());
            Files.createSymbolicLink(path.path(), path.path());
            assertThatThrownBy(() -> Runtimes.dial(network, path.toString()))
                    .isInstanceOf(DialException.class)
                    .hasMessage("dial %s %s: connect: too many levels of symbolic links", network, path);
        }
    }

    @Test
    void listenerOfTheOtherKindIsOfTheWrongType() throws Exception {
        assumeTrue(Networks.hasKernelNames(), "the JDK's channels have no packets");
        try (var path = new SocketPath();
                Listener listener = Runtimes.listen("unix", path.toString())) {
            assertThatThrownBy(
                            () -> Runtimes.dial("unixpacket", listener.address().toString()))
                    .isInstanceOf(DialException.class)
                    .hasMessage("dial unixpacket %s: connect: protocol wrong type for socket", path);
        }
    }

    @ParameterizedTest
    @MethodSource(NETWORKS)
    void nameThatDoesNotFitIsAnInvalidArgument(String network) {
        String path = "/" + "x".repeat(107);
        String text = ": invalid argument (a path of 108 bytes, want at most 107)";
        var e = assertThrows(NetException.class, () -> Runtimes.listen(network, path));
        assertThat(e).hasMessage("listen " + network + " " + path + ": bind" + text);
        assertThat(e.errno()).isEqualTo(Errno.EINVAL);
        assertThatThrownBy(() -> Runtimes.dial(network, path))
                .isInstanceOf(DialException.class)
                .hasMessage("dial " + network + " " + path + ": connect" + text);
        assertThatThrownBy(() -> Runtimes.dial(network, "/a\0b"))
                .hasMessageEndingWith("connect: invalid argument (a path with a NUL)");
        assertThatThrownBy(() -> Runtimes.dial(network, "@" + "x".repeat(108)))
                .hasMessageEndingWith("(an abstract name of 109 bytes, want at most 108)");
    }

    @Test
    void dialToAFullBacklogIsToldAndNotKeptWaiting() throws Exception {
        List<Conn> conns = new ArrayList<>();
        try (var path = new SocketPath();
                Listener listener = Runtimes.listenConfig().backlog(1).listen("unix", path.toString())) {
            var full = assertThrows(DialException.class, () -> {
                for (int i = 0; i < 10; i++) {
                    conns.add(Runtimes.dial("unix", path.toString()));
                }
            });
            assertThat(full).hasMessage("dial unix " + path + ": connect: resource temporarily unavailable");
            assertThat(full.errno()).isEqualTo(Errno.EAGAIN);
            conns.add(listener.accept());
            conns.add(Runtimes.dial("unix", path.toString()));
        } finally {
            for (Conn conn : conns) {
                conn.close();
            }
        }
    }

    @Test
    void timeThatIsOverFailsTheDial() throws Exception {
        try (var path = new SocketPath();
                Listener listener = Runtimes.listen("unix", path.toString())) {
            assertThatThrownBy(() -> Runtimes.dial("unix", listener.address().toString(), Duration.ofSeconds(-1)))
                    .isInstanceOf(DeadlineExceededException.class)
                    .hasMessage("dial unix " + path + ": i/o timeout");
        }
    }

    @ParameterizedTest
    @MethodSource(NETWORKS)
    @Behaviour({70, 87})
    void hooksSeeTheNetworkAndTheName(String network) throws Exception {
        List<String> seen = new ArrayList<>();
        Control hook = (concrete, address, _) -> seen.add(concrete + " " + address);
        try (var path = new SocketPath();
                Listener listener = Runtimes.listenConfig().control(hook).listen(network, path.toString());
                Conn dialed = Runtimes.dialer().control(hook).dial(network, path.toString())) {
            assertThat(dialed.isOpen()).isTrue();
            assertThat(listener.address().network()).isEqualTo(network);
            assertThat(seen).containsExactly(network + " " + path, network + " " + path);
        }
    }

    @ParameterizedTest
    @MethodSource(NETWORKS)
    @Behaviour({37, 46, 48})
    void closeEndsAnAcceptAndThePathIsFree(String network) throws Exception {
        try (var path = new SocketPath()) {
            for (int i = 0; i < 3; i++) {
                Listener listener = Runtimes.listen(network, path.toString());
                Task<Conn> acceptor = Task.start(listener::accept);
                Parked.await(acceptor.thread());
                listener.close();
                listener.close();
                assertThat(acceptor.failure(ConnClosedException.class))
                        .hasMessage("accept " + network + " " + path + ": use of closed network connection");
                assertThrows(ConnClosedException.class, listener::accept);
            }
        }
    }

    @SuppressWarnings("try") // The close under test comes before the one that cleans up.
    @ParameterizedTest
    @MethodSource(NETWORKS)
    @Behaviour(47)
    void closedListenerNeverYieldsAQueuedConnection(String network) throws Exception {
        try (var path = new SocketPath();
                Listener listener = Runtimes.listen(network, path.toString());
                Conn first = Runtimes.dial(network, path.toString());
                Conn second = Runtimes.dial(network, path.toString());
                Conn accepted = listener.accept()) {
            listener.close();
            assertThrows(ConnClosedException.class, listener::accept);
            first.write(new byte[] {1});
            assertThat(readExactly(accepted, 1)).containsExactly(1);
            assertThat(second.isOpen()).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource(NETWORKS)
    @Behaviour({34, 48})
    void closedReadingSideEndsItsReads(String network) throws Exception {
        try (var pair = ConnPair.of(network)) {
            Task<Integer> reader = Task.start(() -> pair.left().read(new byte[10]));
            Parked.await(reader.thread());
            for (int i = 0; i < 3; i++) {
                pair.leftSocket().closeRead();
            }
            assertThat(reader.result()).isEqualTo(-1);
            assertThat(pair.left().read(new byte[10])).isEqualTo(-1);
            pair.left().write(new byte[] {1});
            assertThat(readExactly(pair.right(), 1)).containsExactly(1);
        }
    }

    @ParameterizedTest
    @MethodSource(NETWORKS)
    @Behaviour({35, 48, 162})
    void halfCloseEndsOneDirectionOnly(String network) throws Exception {
        try (var pair = ConnPair.of(network)) {
            pair.left().write(new byte[] {1, 2});
            for (int i = 0; i < 3; i++) {
                pair.leftSocket().closeWrite();
            }
            assertThat(readExactly(pair.right(), 2)).containsExactly(1, 2);
            assertThat(pair.right().read(new byte[10])).isEqualTo(-1);
            assertThat(pair.right().read(new byte[10])).as("and again").isEqualTo(-1);
            var e = assertThrows(ConnResetException.class, () -> pair.left().write(new byte[] {3}));
            assertThat(e.errno()).isEqualTo(Errno.EPIPE);
            pair.right().write(new byte[] {4});
            assertThat(readExactly(pair.left(), 1)).containsExactly(4);
        }
    }

    @ParameterizedTest
    @MethodSource(NETWORKS)
    @Behaviour({36, 42, 162})
    void peersCloseEndsTheReadWithTheEndOfStream(String network) throws Exception {
        try (var pair = ConnPair.of(network)) {
            Task<Integer> reader = Task.start(() -> pair.left().read(new byte[10]));
            Parked.await(reader.thread());
            pair.right().close();
            assertThat(reader.result()).isEqualTo(-1);
            pair.left().close();
            pair.left().close();
            assertThatThrownBy(() -> pair.left().read(new byte[10]))
                    .isInstanceOf(ConnClosedException.class)
                    .hasMessageStartingWith("read " + network + " @->")
                    .hasMessageEndingWith(": use of closed network connection");
        }
    }

    @ParameterizedTest
    @MethodSource(NETWORKS)
    @Behaviour(40)
    void readOfNothingReturnsAtOnce(String network) throws Exception {
        try (var pair = ConnPair.of(network)) {
            assertThat(pair.left().read(new byte[0])).isZero();
            assertThat(pair.right().read(new byte[0])).isZero();
        }
    }

    @SuppressWarnings("try") // The close under test comes before the one that cleans up.
    @ParameterizedTest
    @MethodSource(NETWORKS)
    @Behaviour(176)
    void everyMethodWorksWithATinyDeadline(String network) throws Exception {
        try (var path = new SocketPath();
                UnixListener listener = (UnixListener) Runtimes.listen(network, path.toString())) {
            listener.setDeadline(Deadline.afterNanos(30));
            assertThrows(DeadlineExceededException.class, listener::accept);
            listener.setDeadline(Deadline.NONE);
            assertThat(listener.isOpen()).isTrue();
            assertThat(listener).hasToString("accept " + network + " " + path);
            try (UnixConn dialed = (UnixConn) Runtimes.dial(network, path.toString());
                    UnixConn accepted = listener.accept()) {
                dialed.setReadBuffer(10_000);
                dialed.setWriteBuffer(10_000);
                dialed.setDeadline(Deadline.afterNanos(30));
                assertThrows(DeadlineExceededException.class, () -> dialed.read(new byte[1]));
                assertThrows(DeadlineExceededException.class, () -> dialed.write(new byte[1]));
                dialed.setReadDeadline(Deadline.NONE);
                dialed.setWriteDeadline(Deadline.NONE);
                assertThat(dialed.peerClosed()).isFalse();
                accepted.write(new byte[] {1});
                dialed.awaitReadable(Deadline.NONE);
                assertThat(readExactly(dialed, 1)).containsExactly(1);
                accepted.close();
                dialed.awaitReadable(Deadline.NONE);
                assertThat(dialed.peerClosed()).isTrue();
            }
        }
    }
}
