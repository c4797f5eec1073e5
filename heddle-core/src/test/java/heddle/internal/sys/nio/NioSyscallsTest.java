package heddle.internal.sys.nio;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.socket.Errno;
import heddle.internal.socket.SockAddr;
import heddle.internal.socket.SocketOption;
import heddle.internal.sys.Syscalls;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Each call against real loopback sockets, and the errno of each failure that can be provoked. */
class NioSyscallsTest {

    private static final SockAddr LOOPBACK = SockAddr.ofV4(0x7f000001, 0);

    private final NioSyscalls sys = new NioSyscalls();
    private final SockAddr[] address = new SockAddr[1];
    private final List<Integer> opened = new ArrayList<>();

    @AfterEach
    void closeAll() {
        opened.forEach(sys::close);
    }

    // Life.

    /** They index tables, so they must not count up for ever. */
    @Test
    void aNumberIsUsedAgainOnceOthersWereClosed() {
        int first = stream();
        int second = stream();
        sys.close(second);
        sys.close(first);
        for (int i = 0; i < NioSyscalls.REST - 1; i++) {
            int other = stream();
            assertThat(other).isGreaterThan(second);
            sys.close(other);
        }
        assertThat(stream()).isEqualTo(second);
        assertThat(stream()).isGreaterThan(second);
    }

    @Test
    void everyCallOnAClosedNumberIsEbadf() {
        int fd = stream();
        assertThat(sys.close(fd)).isEqualTo(0);
        MemorySegment buffer = MemorySegment.ofArray(new byte[1]);
        MemorySegment[] buffers = {buffer};
        List<LongSupplier> calls = List.of(
                () -> sys.bind(fd, 4, LOOPBACK),
                () -> sys.listen(fd, 1),
                () -> sys.connect(fd, 4, LOOPBACK),
                () -> sys.accept(fd, address),
                () -> sys.recv(fd, buffer, 0, 1),
                () -> sys.send(fd, buffer, 0, 1, false),
                () -> sys.readv(fd, buffers, 1),
                () -> sys.writev(fd, buffers, 1, false),
                () -> sys.shutdown(fd, Syscalls.SHUT_WR),
                () -> sys.setOption(fd, SocketOption.NO_DELAY, 1),
                () -> sys.option(fd, SocketOption.ERROR),
                () -> sys.setRawOption(fd, 6, 1, 1),
                () -> sys.rawOption(fd, 6, 1, new int[1]),
                () -> sys.localAddress(fd, address),
                () -> sys.remoteAddress(fd, address),
                () -> sys.close(fd));
        for (int i = 0; i < calls.size(); i++) {
            assertThat(calls.get(i).getAsLong()).as("call %d", i).isEqualTo(-Errno.EBADF);
        }
    }

    // Names.

    @Test
    void bothEndsKnowTheirNames() {
        int listener = listener();
        int client = connected(listener);
        SockAddr clientLocal = localAddress(client);
        SockAddr clientRemote = remoteAddress(client);

        int server = accept(listener);

        assertThat(address[0]).isEqualTo(clientLocal);
        assertThat(remoteAddress(server)).isEqualTo(clientLocal);
        assertThat(localAddress(server)).isEqualTo(clientRemote).isEqualTo(localAddress(listener));
    }

    @Test
    void aFreshSocketHasTheUnspecifiedName() {
        assertThat(localAddress(stream())).isEqualTo(SockAddr.ofV4(0, 0));
        assertThat(localAddress(passive())).isEqualTo(SockAddr.ofV4(0, 0));
    }

    @Test
    void aDialerIsBoundWhereItWants() {
        int listener = listener();
        int client = stream();
        assertThat(sys.bind(client, 4, LOOPBACK)).isEqualTo(0);
        SockAddr bound = localAddress(client);
        assertThat(bound.port()).isPositive();
        connect(client, localAddress(listener));
        accept(listener);
        assertThat(address[0]).isEqualTo(bound);
    }

    @Test
    void version6TakesBothVersions() throws Exception {
        int listener = opened(sys.socket(6, true));
        InetAddress any = Inet6Address.getByAddress(new byte[16]);
        assertThat(sys.bind(listener, 6, SockAddr.of(any, 0))).isEqualTo(0);
        assertThat(sys.listen(listener, 0)).isEqualTo(0);
        int port = localAddress(listener).port();

        connect(opened(sys.socket(6, false)), new SockAddr(0, 1, 6, port, 0));
        accept(listener);
        assertThat(address[0].version()).isEqualTo(6);
        connect(opened(sys.socket(4, false)), LOOPBACK.withPort(port));
        accept(listener);
        assertThat(address[0].version()).isEqualTo(4);
        connect(opened(sys.socket(6, false)), LOOPBACK.withPort(port));
        accept(listener);
        assertThat(address[0].version()).isEqualTo(4);
    }

    // Bind, listen, accept.

    @Test
    void anAddressInUseFailsTheBind() {
        SockAddr taken = localAddress(listener());
        assertThat(sys.bind(passive(), 4, taken)).isEqualTo(-Errno.EADDRINUSE);
        assertThat(sys.bind(stream(), 4, taken)).isEqualTo(-Errno.EADDRINUSE);
    }

    @Test
    void anAddressTakenAfterTheBindFailsTheListen() {
        int late = passive();
        SockAddr free = freePort();
        assertThat(sys.bind(late, 4, free)).isEqualTo(0);
        assertThat(localAddress(late)).isEqualTo(free);
        int early = passive();
        assertThat(sys.bind(early, 4, free)).isEqualTo(0);
        assertThat(sys.listen(early, 0)).isEqualTo(0);
        assertThat(sys.listen(late, 0)).isEqualTo(-Errno.EADDRINUSE);
    }

    @Test
    void anAddressOfAnotherMachineFailsTheBind() {
        SockAddr foreign = SockAddr.ofV4(0xc0000201, 0); // 192.0.2.1, RFC 5737
        assertThat(sys.bind(passive(), 4, foreign)).isEqualTo(-Errno.EADDRNOTAVAIL);
        assertThat(sys.bind(stream(), 4, foreign)).isEqualTo(-Errno.EADDRNOTAVAIL);
    }

    @Test
    void aSecondBindFails() {
        int listener = passive();
        assertThat(sys.bind(listener, 4, LOOPBACK)).isEqualTo(0);
        assertThat(sys.bind(listener, 4, LOOPBACK)).isEqualTo(-Errno.EINVAL);
        int stream = stream();
        assertThat(sys.bind(stream, 4, LOOPBACK)).isEqualTo(0);
        assertThat(sys.bind(stream, 4, LOOPBACK)).isEqualTo(-Errno.EINVAL);
    }

    @Test
    void reusedPortsAreShared() {
        int first = passive();
        assertThat(sys.setOption(first, SocketOption.REUSE_PORT, 1)).isEqualTo(0);
        listen(first, LOOPBACK);
        int second = passive();
        assertThat(sys.setOption(second, SocketOption.REUSE_PORT, 1)).isEqualTo(0);
        listen(second, localAddress(first));
    }

    @Test
    void theBacklogIsKept() {
        int listener = passive();
        sys.bind(listener, 4, LOOPBACK);
        sys.listen(listener, 1);
        int waiting = 0;
        for (int i = 0; i < 10; i++) {
            int client = stream();
            sys.connect(client, 4, localAddress(listener));
            if (sys.remoteAddress(client, address) == -Errno.ENOTCONN) {
                assertThat(sys.option(client, SocketOption.ERROR)).isEqualTo(0);
                waiting++;
            }
        }
        assertThat(waiting).isBetween(1, 9);
    }

    @Test
    void acceptWithoutAConnectionIsEagain() {
        assertThat(sys.accept(listener(), address)).isEqualTo(-Errno.EAGAIN);
    }

    @Test
    void acceptNeedsAListener() {
        assertThat(sys.accept(stream(), address)).isEqualTo(-Errno.EINVAL);
        assertThat(sys.accept(passive(), address)).isEqualTo(-Errno.EINVAL);
        assertThat(sys.listen(stream(), 1)).isEqualTo(-Errno.EOPNOTSUPP);
    }

    // Connect.

    @Test
    void aRefusedConnectTellsOnce() {
        SockAddr nobody = freePort();
        int client = stream();
        int result = sys.connect(client, 4, nobody);
        if (result == -Errno.EINPROGRESS) {
            long deadline = System.nanoTime() + 10_000_000_000L;
            do {
                assertThat(sys.remoteAddress(client, address)).isEqualTo(-Errno.ENOTCONN);
                result = -sys.option(client, SocketOption.ERROR);
            } while (result == 0 && System.nanoTime() < deadline);
            assertThat(sys.option(client, SocketOption.ERROR)).isEqualTo(0);
        }
        assertThat(result).isEqualTo(-Errno.ECONNREFUSED);
        assertThat(sys.remoteAddress(client, address)).isEqualTo(-Errno.ENOTCONN);
        assertThat(sys.close(client)).isEqualTo(0);
    }

    @Test
    void aSecondConnectFails() {
        int listener = listener();
        int client = connected(listener);
        assertThat(sys.connect(client, 4, localAddress(listener))).isEqualTo(-Errno.EISCONN);
        assertThat(sys.connect(listener, 4, localAddress(listener))).isEqualTo(-Errno.EISCONN);
    }

    @Test
    void anAddressOfTheOtherVersionFailsTheConnect() {
        SockAddr six = new SockAddr(0, 1, 6, 1, 0);
        assertThat(sys.connect(stream(), 4, six)).isEqualTo(-Errno.EAFNOSUPPORT);
    }

    // Transfers.

    @Test
    void bytesOfEverySegmentArrive() {
        Pair pair = pair();
        try (Arena arena = Arena.ofConfined()) {
            byte[] text = "heddle".getBytes(StandardCharsets.US_ASCII);
            MemorySegment heap = MemorySegment.ofArray(text);
            MemorySegment direct = arena.allocate(6).copyFrom(heap);
            List<MemorySegment> sources = List.of(heap, heap.asReadOnly(), direct, direct.asReadOnly());
            for (MemorySegment source : sources) {
                // "edd", from the middle of what it is sent from into the middle of what it is read to
                assertThat(sys.send(pair.left, source.asSlice(1), 0, 3, false)).isEqualTo(3);
                byte[] got = new byte[6];
                MemorySegment target = MemorySegment.ofArray(got).asSlice(2, 4);
                assertThat(recvReady(pair.right, target, 4)).isEqualTo(3);
                assertThat(got).containsExactly(0, 0, 'e', 'd', 'd', 0);

                sys.send(pair.left, source, 0, 6, true);
                MemorySegment room = arena.allocate(6);
                assertThat(recvReady(pair.right, room.asSlice(1), 2)).isEqualTo(2);
                assertThat(room.toArray(ValueLayout.JAVA_BYTE)).containsExactly(0, 'h', 'e', 0, 0, 0);
                assertThat(recvReady(pair.right, room, 6)).isEqualTo(4);
                assertThat(room.toArray(ValueLayout.JAVA_BYTE)).containsExactly('d', 'd', 'l', 'e', 0, 0);
            }
        }
    }

    @Test
    void vectorsAreGatheredAndScattered() {
        Pair pair = pair();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment[] sources = {
                arena.allocateFrom("one"),
                arena.allocateFrom("three"),
                arena.allocate(5).fill((byte) 9)
            };
            assertThat(sys.writev(pair.left, sources, 2, false)).isEqualTo(10);
            MemorySegment[] targets = {arena.allocate(4), arena.allocate(2), arena.allocate(7)};
            awaitReadable(pair.right);
            assertThat(sys.readv(pair.right, targets, 3)).isEqualTo(10);
            assertThat(targets[0].getString(0)).isEqualTo("one");
            assertThat(targets[1].toArray(ValueLayout.JAVA_BYTE)).containsExactly('t', 'h');
            assertThat(targets[2].getString(0)).isEqualTo("ree");
            assertThat(sys.readv(pair.right, targets, 3)).isEqualTo(-Errno.EAGAIN);
            sys.close(pair.left);
            awaitReadable(pair.right);
            assertThat(sys.readv(pair.right, targets, 3)).isEqualTo(0);
        }
    }

    @Test
    void nothingToReadIsEagainAndTheEndIsZero() {
        Pair pair = pair();
        MemorySegment room = MemorySegment.ofArray(new byte[8]);
        assertThat(sys.recv(pair.right, room, 0, 8)).isEqualTo(-Errno.EAGAIN);
        assertThat(sys.recv(pair.right, room, 0, 0)).isEqualTo(0);
        sys.close(pair.left);
        assertThat(recvReady(pair.right, room, 8)).isEqualTo(0);
        assertThat(recvReady(pair.right, room, 8)).isEqualTo(0);
    }

    @Test
    void aFullBufferIsEagainAndNoByteIsLost() {
        Pair pair = pair();
        MemorySegment chunk = MemorySegment.ofArray(new byte[Syscalls.TRANSFER_BYTES_MAX]);
        long sent = 0;
        int n;
        while ((n = sys.send(pair.left, chunk, 0, Syscalls.TRANSFER_BYTES_MAX, false)) > 0) {
            sent += n;
        }
        assertThat(n).isEqualTo(-Errno.EAGAIN);
        assertThat(sys.send(pair.left, chunk, 0, 0, false)).isEqualTo(0);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment[] vector = {arena.allocate(9), arena.allocate(9)};
            long vectored; // an acknowledgement that came meanwhile may have made some room
            while ((vectored = sys.writev(pair.left, vector, 2, false)) > 0) {
                sent += vectored;
            }
            assertThat(vectored).isEqualTo(-Errno.EAGAIN);
        }
        sys.shutdown(pair.left, Syscalls.SHUT_WR);
        long received = 0;
        while ((n = recvReady(pair.right, chunk, Syscalls.TRANSFER_BYTES_MAX)) > 0) {
            received += n;
        }
        assertThat(n).isEqualTo(0);
        assertThat(received).isEqualTo(sent);
    }

    @Test
    void transfersNeedAConnection() {
        MemorySegment buffer = MemorySegment.ofArray(new byte[1]);
        for (int fd : new int[] {stream(), listener()}) {
            assertThat(sys.recv(fd, buffer, 0, 1)).isEqualTo(-Errno.ENOTCONN);
            assertThat(sys.send(fd, buffer, 0, 1, false)).isEqualTo(-Errno.ENOTCONN);
            assertThat(sys.shutdown(fd, Syscalls.SHUT_WR)).isEqualTo(-Errno.ENOTCONN);
            assertThat(sys.remoteAddress(fd, address)).isEqualTo(-Errno.ENOTCONN);
        }
    }

    @Test
    void aResetEndsReadsAndWrites() {
        Pair pair = pair();
        MemorySegment buffer = MemorySegment.ofArray(new byte[1]);
        assertThat(sys.setOption(pair.left, SocketOption.LINGER, 0)).isEqualTo(0);
        sys.close(pair.left); // with RST; socket(7), SO_LINGER
        assertThat(recvReady(pair.right, buffer, 1)).isEqualTo(-Errno.ECONNRESET);
        assertThat(sys.send(pair.right, buffer, 0, 1, false)).isEqualTo(-Errno.EPIPE);
    }

    @Test
    void aWriteToOneWhoIsGoneFails() {
        Pair pair = pair();
        MemorySegment buffer = MemorySegment.ofArray(new byte[1]);
        sys.send(pair.right, buffer, 0, 1, false);
        awaitReadable(pair.left);
        sys.close(pair.left); // with a byte unread, so by RST; RFC 1122 4.2.2.13
        int n = eventually(() -> sys.send(pair.right, buffer, 0, 1, false), 1);
        assertThat(n).isIn(-Errno.ECONNRESET, -Errno.EPIPE);
        assertThat(sys.send(pair.right, buffer, 0, 1, false)).isEqualTo(-Errno.EPIPE);
    }

    // Half-close.

    @Test
    void halfCloseForWritingIsTheEndForThePeerAlone() {
        Pair pair = pair();
        MemorySegment buffer = MemorySegment.ofArray(new byte[] {7});
        assertThat(sys.shutdown(pair.left, Syscalls.SHUT_WR)).isEqualTo(0);
        assertThat(sys.shutdown(pair.left, Syscalls.SHUT_WR)).isEqualTo(0);
        assertThat(recvReady(pair.right, buffer, 1)).isEqualTo(0);
        assertThat(sys.send(pair.left, buffer, 0, 1, false)).isEqualTo(-Errno.EPIPE);
        MemorySegment[] vector = {buffer};
        assertThat(sys.writev(pair.left, vector, 1, false)).isEqualTo(-Errno.EPIPE);
        assertThat(sys.send(pair.right, buffer, 0, 1, false)).isEqualTo(1);
        assertThat(recvReady(pair.left, buffer, 1)).isEqualTo(1);
    }

    @Test
    void halfCloseForReadingEndsReads() {
        Pair pair = pair();
        MemorySegment buffer = MemorySegment.ofArray(new byte[] {7});
        assertThat(sys.shutdown(pair.left, Syscalls.SHUT_RD)).isEqualTo(0);
        assertThat(sys.recv(pair.left, buffer, 0, 1)).isEqualTo(0);
        assertThat(sys.send(pair.left, buffer, 0, 1, false)).isEqualTo(1);
    }

    // Options.

    @Test
    void optionsReadBackAsTheyWereSet() {
        int fd = stream();
        for (SocketOption flag : List.of(
                SocketOption.REUSE_ADDRESS, SocketOption.REUSE_PORT, SocketOption.KEEP_ALIVE, SocketOption.NO_DELAY)) {
            for (int value : new int[] {1, 0}) {
                assertThat(sys.setOption(fd, flag, value)).as("%s", flag).isEqualTo(0);
                assertThat(sys.option(fd, flag)).as("%s", flag).isEqualTo(value);
            }
        }
        for (SocketOption number :
                List.of(SocketOption.KEEP_IDLE, SocketOption.KEEP_INTERVAL, SocketOption.KEEP_COUNT)) {
            assertThat(sys.setOption(fd, number, 11)).as("%s", number).isEqualTo(0);
            assertThat(sys.option(fd, number)).as("%s", number).isEqualTo(11);
        }
        assertThat(sys.setOption(fd, SocketOption.SEND_BUFFER, 9000)).isEqualTo(0);
        assertThat(sys.option(fd, SocketOption.SEND_BUFFER)).isGreaterThanOrEqualTo(9000);
        assertThat(sys.setOption(fd, SocketOption.RECEIVE_BUFFER, 9000)).isEqualTo(0);
        assertThat(sys.option(fd, SocketOption.RECEIVE_BUFFER)).isGreaterThanOrEqualTo(9000);
    }

    @Test
    void lingerIsOffOrATime() {
        int fd = stream();
        assertThat(sys.option(fd, SocketOption.LINGER)).isEqualTo(-1);
        for (int seconds : new int[] {0, 3}) {
            assertThat(sys.setOption(fd, SocketOption.LINGER, seconds)).isEqualTo(0);
            assertThat(sys.option(fd, SocketOption.LINGER)).isEqualTo(seconds);
        }
        assertThat(sys.setOption(fd, SocketOption.LINGER, -1)).isEqualTo(0);
        assertThat(sys.option(fd, SocketOption.LINGER)).isEqualTo(-1);
    }

    @Test
    void version6IsNeverAlone() {
        int six = opened(sys.socket(6, true));
        assertThat(sys.setOption(six, SocketOption.V6_ONLY, 0)).isEqualTo(0);
        assertThat(sys.setOption(six, SocketOption.V6_ONLY, 1)).isEqualTo(-Errno.ENOPROTOOPT);
        assertThat(sys.option(six, SocketOption.V6_ONLY)).isEqualTo(0);
        assertThat(sys.setOption(stream(), SocketOption.V6_ONLY, 0)).isEqualTo(-Errno.ENOPROTOOPT);
        assertThat(sys.option(stream(), SocketOption.V6_ONLY)).isEqualTo(-Errno.ENOPROTOOPT);
    }

    @Test
    void whatIsNoOptionHereIsEnoprotoopt() {
        assertThat(sys.setOption(stream(), SocketOption.ERROR, 0)).isEqualTo(-Errno.ENOPROTOOPT);
        // Why accepted connections cannot have them from their listener.
        assertThat(sys.inheritsOptions()).isFalse();
        int listener = passive();
        assertThat(sys.setOption(listener, SocketOption.NO_DELAY, 1)).isEqualTo(-Errno.ENOPROTOOPT);
        assertThat(sys.setOption(listener, SocketOption.KEEP_ALIVE, 1)).isEqualTo(-Errno.ENOPROTOOPT);
        assertThat(sys.option(listener, SocketOption.NO_DELAY)).isEqualTo(-Errno.ENOPROTOOPT);
    }

    @Test
    void aValueOutOfRangeIsEinval() {
        assertThat(sys.setOption(stream(), SocketOption.SEND_BUFFER, -1)).isEqualTo(-Errno.EINVAL);
    }

    @Test
    void rawOptionsAreThoseOfLinux() {
        int fd = stream();
        int[] value = new int[1];
        int[][] flags = {{1, 2}, {1, 9}, {1, 15}, {6, 1}};
        for (int[] flag : flags) {
            assertThat(sys.setRawOption(fd, flag[0], flag[1], 1)).as("%s", flag).isEqualTo(0);
            assertThat(sys.rawOption(fd, flag[0], flag[1], value))
                    .as("%s", flag)
                    .isEqualTo(0);
            assertThat(value[0]).as("%s", flag).isEqualTo(1);
        }
        assertThat(sys.option(fd, SocketOption.NO_DELAY)).isEqualTo(1);
        assertThat(sys.option(fd, SocketOption.KEEP_ALIVE)).isEqualTo(1);
        assertThat(sys.setRawOption(fd, 6, 4, 21)).isEqualTo(0);
        assertThat(sys.setRawOption(fd, 6, 5, 22)).isEqualTo(0);
        assertThat(sys.setRawOption(fd, 6, 6, 23)).isEqualTo(0);
        assertThat(sys.option(fd, SocketOption.KEEP_IDLE)).isEqualTo(21);
        assertThat(sys.option(fd, SocketOption.KEEP_INTERVAL)).isEqualTo(22);
        assertThat(sys.option(fd, SocketOption.KEEP_COUNT)).isEqualTo(23);
        assertThat(sys.rawOption(fd, 1, 7, value)).isEqualTo(0);
        assertThat(value[0]).isEqualTo(sys.option(fd, SocketOption.SEND_BUFFER));
        assertThat(sys.rawOption(fd, 1, 8, value)).isEqualTo(0);
        assertThat(value[0]).isEqualTo(sys.option(fd, SocketOption.RECEIVE_BUFFER));
        assertThat(sys.rawOption(fd, 1, 4, value)).isEqualTo(0);
        assertThat(value[0]).isEqualTo(0);
        assertThat(sys.setRawOption(fd, 1, 13, 0)).isEqualTo(-Errno.ENOPROTOOPT);
        assertThat(sys.rawOption(fd, 6, 23, value)).isEqualTo(-Errno.ENOPROTOOPT);
        assertThat(sys.rawOption(fd, 0, 1, value)).isEqualTo(-Errno.ENOPROTOOPT);
    }

    // Interrupts.

    @Test
    void anInterruptedThreadHarmsNoChannel() throws InterruptedException {
        for (Thread.Builder kind : List.of(Thread.ofPlatform(), Thread.ofVirtual())) {
            Throwable[] failure = new Throwable[1];
            Thread thread = kind.unstarted(() -> {
                Thread.currentThread().interrupt();
                Pair pair = pair();
                MemorySegment buffer = MemorySegment.ofArray(new byte[1]);
                MemorySegment[] vector = {buffer};
                assertThat(sys.recv(pair.left, buffer, 0, 1)).isEqualTo(-Errno.EAGAIN);
                assertThat(sys.send(pair.right, buffer, 0, 1, false)).isEqualTo(1);
                assertThat(recvReady(pair.left, buffer, 1)).isEqualTo(1);
                assertThat(sys.writev(pair.left, vector, 1, false)).isEqualTo(1);
                assertThat(eventually(() -> (int) sys.readv(pair.right, vector, 1), -Errno.EAGAIN))
                        .isEqualTo(1);
                assertThat(sys.accept(pair.listener, address)).isEqualTo(-Errno.EAGAIN);
                assertThat(sys.setOption(pair.left, SocketOption.NO_DELAY, 1)).isEqualTo(0);
                assertThat(sys.shutdown(pair.left, Syscalls.SHUT_WR)).isEqualTo(0);
                assertThat(Thread.interrupted()).isTrue();
                assertThat(remoteAddress(pair.left)).isEqualTo(localAddress(pair.right));
                assertThat(connected(pair.listener)).isNotNegative();
            });
            thread.setUncaughtExceptionHandler((_, thrown) -> failure[0] = thrown);
            thread.start();
            thread.join();
            assertThat(failure[0]).as("%s", thread).isNull();
        }
    }

    // Helpers.

    /** Two ends of a connection, and where it was made. */
    private record Pair(int left, int right, int listener) {}

    private Pair pair() {
        int listener = listener();
        int left = connected(listener);
        return new Pair(left, accept(listener), listener);
    }

    private int opened(int fd) {
        assertThat(fd).isNotNegative();
        opened.add(fd);
        return fd;
    }

    private int stream() {
        return opened(sys.socket(4, false));
    }

    private int passive() {
        return opened(sys.socket(4, true));
    }

    private int listener() {
        int fd = passive();
        listen(fd, LOOPBACK);
        return fd;
    }

    private void listen(int fd, SockAddr where) {
        assertThat(sys.bind(fd, 4, where)).isEqualTo(0);
        assertThat(sys.listen(fd, 0)).isEqualTo(0);
    }

    private int connected(int listener) {
        int fd = stream();
        connect(fd, localAddress(listener));
        return fd;
    }

    private void connect(int fd, SockAddr to) {
        assertThat(sys.connect(fd, 4, to)).isIn(0, -Errno.EINPROGRESS);
        assertThat(eventually(() -> sys.remoteAddress(fd, address), -Errno.ENOTCONN))
                .isEqualTo(0);
    }

    private int accept(int listener) {
        return opened(eventually(() -> sys.accept(listener, address), -Errno.EAGAIN));
    }

    private int recvReady(int fd, MemorySegment buffer, int length) {
        return eventually(() -> sys.recv(fd, buffer, 0, length), -Errno.EAGAIN);
    }

    /** Waits for data or the end without taking them. */
    private void awaitReadable(int fd) {
        try (Selector selector = Selector.open()) {
            sys.find(fd).channel().register(selector, SelectionKey.OP_READ);
            assertThat(selector.select(10_000)).isEqualTo(1);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** The first other answer than {@code notYet}; that itself after ten seconds. */
    private static int eventually(IntSupplier call, int notYet) {
        long deadline = System.nanoTime() + 10_000_000_000L;
        int result = call.getAsInt();
        while (result == notYet && System.nanoTime() < deadline) {
            Thread.yield();
            result = call.getAsInt();
        }
        return result;
    }

    private SockAddr localAddress(int fd) {
        SockAddr[] local = new SockAddr[1];
        assertThat(sys.localAddress(fd, local)).isEqualTo(0);
        return local[0];
    }

    private SockAddr remoteAddress(int fd) {
        SockAddr[] remote = new SockAddr[1];
        assertThat(sys.remoteAddress(fd, remote)).isEqualTo(0);
        return remote[0];
    }

    private SockAddr freePort() {
        int fd = listener();
        SockAddr free = localAddress(fd);
        sys.close(fd);
        return free;
    }
}
