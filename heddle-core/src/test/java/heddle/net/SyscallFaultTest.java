package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.internal.socket.Errno;
import heddle.internal.trace.Counter;
import heddle.testing.Await;
import heddle.testing.Behaviour;
import heddle.testing.Counted;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// For k = 1, 2, ... the k-th system call of a session fails, once with each errno, until a session goes through with
/// no call left to fail. A failure either does not show, where Heddle knows what to do, or comes up once as an
/// exception of the right shape. The step is then done again, as nothing was lost, and the session ends as if nothing
/// had happened.
///
/// What the kernel really answers, by the man pages and net/ of Linux 6.18; any other pair must do no harm either:
///
///     socket       EMFILE ENFILE ENOBUFS ENOMEM
///     connect      EAGAIN (no local port left; on unix, the backlog is full) EINTR ENOBUFS ENOMEM
///     accept4      EAGAIN EINTR EMFILE ENFILE ENOBUFS ENOMEM ECONNABORTED
///     read, readv  EAGAIN EINTR ECONNRESET ENOMEM ENOTCONN
///     write(v)     EAGAIN EINTR ECONNRESET ENOBUFS ENOMEM ENOTCONN EPIPE
///     shutdown     ENOTCONN
///     setsockopt   ENOBUFS ENOMEM
///     getsockname, getpeername  ENOBUFS; the latter also ENOTCONN
///     epoll_ctl    ENOMEM ENOSPC
///     close        EINTR EIO; the descriptor is gone all the same
///     poll         ENOMEM
///     unlink       ENOMEM
///     bind         ENOMEM on unix
///     listen, getsockopt(SO_ERROR)  none of these
@Ways
class SyscallFaultTest {

    private static final String[] NETWORKS = {"tcp", "unix"};
    private static final int BUFFER_BYTES = 70_000;
    private static final byte[] SMALL = Streams.random(1, 1);
    private static final byte[] GATHERED = Streams.random(3_000, 2);
    private static final byte[] LARGE = Streams.random(5 * BUFFER_BYTES, 3);
    private static final byte[] GOODBYE = Streams.random(10, 4);

    /**
     * What the calling thread is doing, as {@link NetError#op} names it, but for gathering writes and waits without a
     * buffer.
     */
    private static final ThreadLocal<String> OP = ThreadLocal.withInitial(() -> "");

    /** A call that was made to fail. */
    private record Strike(String network, String op, String call, int errno) {

        /** Whether Heddle is to deal with it alone: a failure that is told up would be wrong. */
        boolean mustNotShow() {
            return switch (call) {
                case "close", "unlink" -> true; // It is gone: nothing is left to do for anybody.
                case "setsockopt" -> op.equals("set") ? errno == Errno.EINTR : true; // best effort
                case "getsockname" -> !op.equals("listen");
                case "accept4", "read", "readv", "write", "writev" -> errno == Errno.EINTR || errno == Errno.EAGAIN;
                case "poll", "connect", "shutdown" -> errno == Errno.EINTR;
                case "getpeername" -> errno == Errno.EINTR || errno == Errno.ENOTCONN;
                default -> false;
            };
        }

        /** Whether it must be told up. */
        boolean mustShow() {
            return !mustNotShow() && errno != Errno.EINTR && errno != Errno.EAGAIN;
        }

        /** Whether a dial that it ends has connected by then. */
        boolean comesAfterConnect() {
            return op.equals("dial")
                    && Set.of("getpeername", "getsockopt", "epoll_ctl").contains(call);
        }

        /** What {@link NetError#op} must be. */
        String toldOp() {
            return switch (op) {
                case "writev" -> "write";
                case "poll" -> "read";
                default -> op;
            };
        }

        /** The name in the text: that of the whole where there are several, or where a wait could not begin. */
        String name() {
            if (op.equals("writev") || op.equals("poll")) {
                return op; // of which a piece on the heap is a write
            }
            return switch (call) {
                case "readv" -> "read";
                case "listen" -> // by which the JDK binds Unix sockets
                    network.equals("unix") && !Networks.hasKernelNames() ? "bind" : call;
                case "epoll_ctl" ->
                    switch (op) {
                        case "accept" -> "accept4";
                        case "dial" -> "connect";
                        default -> op;
                    };
                case "getpeername", "getsockopt" -> "connect"; // They ask how that went.
                default -> call;
            };
        }
    }

    /**
     * Lets the k-th call fail; and the first getpeername, as where a handshake takes its time: else nothing would wait
     * for it.
     */
    private static final class KthCall implements FaultySyscalls.Plan {

        private final String network;
        private final int k;
        private final int errno;
        private final AtomicBoolean near = new AtomicBoolean();
        private final AtomicInteger calls = new AtomicInteger();
        private volatile Strike strike;

        KthCall(String network, int k, int errno) {
            this.network = network;
            this.k = k;
            this.errno = errno;
        }

        @Override
        public int errno(String call, int fd) {
            if (call.equals("getpeername") && !near.getAndSet(true)) {
                return Errno.ENOTCONN;
            }
            if (calls.incrementAndGet() != k) {
                return 0;
            }
            strike = new Strike(network, OP.get(), call, errno);
            return errno;
        }
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                Errno.ENOMEM,
                Errno.EACCES,
                Errno.EMFILE,
                Errno.ENFILE,
                Errno.EINTR,
                Errno.EAGAIN,
                Errno.ECONNRESET,
                Errno.EPIPE,
                Errno.ENOBUFS,
                Errno.ENOTCONN
            })
    @Behaviour(136)
    @Tag("thorough")
    void sessionSurvivesTheFailureOfAnyCall(int errno) throws Exception {
        for (String network : NETWORKS) {
            try (var faulty = new FaultySyscalls((_, _) -> 0)) {
                int k = 1;
                while (strikes(faulty, network, new KthCall(network, k, errno))) {
                    k++;
                }
                assertThat(k).as("calls of a session").isGreaterThan(25);
            }
        }
    }

    /** Whether a call was made to fail in a session with {@code plan}. */
    private static boolean strikes(FaultySyscalls faulty, String network, KthCall plan) throws Exception {
        Session session;
        try (var path = new SocketPath()) {
            String wanted = network.equals("tcp") ? "127.0.0.1:0" : path.toString();
            session = new Session(faulty.heddle(), network, wanted, plan);
            faulty.plan(plan);
            session.run();
        } catch (Exception | AssertionError failed) {
            throw new AssertionError("call " + plan.k + " failed: " + plan.strike, failed);
        }
        assertThat(Counted.value(faulty.heddle(), Counter.DESCRIPTORS))
                .as("descriptors, %s", plan.strike)
                .isZero();
        check(session.failures, plan.strike);
        return plan.strike != null;
    }

    private static void check(List<Failure> failures, Strike strike) {
        if (failures.isEmpty()) {
            assertThat(strike == null || !strike.mustShow())
                    .as("told: %s", strike)
                    .isTrue();
            return;
        }
        assertThat(strike.mustNotShow())
                .as("dealt with: %s, but got %s", strike, failures)
                .isFalse();
        IOException failure = failures.getFirst().exception;
        assertThat(failure)
                .hasMessage("%s: %s: %s", failures.getFirst().prefix, strike.name(), Errno.text(strike.errno));
        NetError error = (NetError) failure;
        assertThat(error.op()).isEqualTo(strike.toldOp());
        assertThat(error.errno()).isEqualTo(strike.errno);
        assertThat(error.timeout()).isFalse();
        assertThat(failure).isInstanceOf(typeOf(strike));
    }

    private static Class<?> typeOf(Strike strike) {
        if (strike.errno == Errno.ECONNRESET || strike.errno == Errno.EPIPE) {
            return ConnResetException.class;
        }
        if (strike.errno == Errno.EACCES && strike.name().equals("bind")) {
            return BindFailedException.class;
        }
        return strike.op.equals("dial") ? DialException.class : NetException.class;
    }

    /** A failure, and how its text must begin. */
    private record Failure(String prefix, IOException exception) {}

    /** Listen, dial, accept, echoes of all kinds, half-close, close: on a thread for each side. */
    private static final class Session {

        private final Heddle heddle;
        private final String network;
        private final String wanted;
        private final KthCall plan;
        private final List<Failure> failures = new CopyOnWriteArrayList<>();
        private final ConcurrentLinkedQueue<Closeable> opened = new ConcurrentLinkedQueue<>();
        private final CompletableFuture<Listener> listening = new CompletableFuture<>();
        private final CompletableFuture<SocketConn> accepted = new CompletableFuture<>();
        private final CompletableFuture<SocketConn> dialed = new CompletableFuture<>();

        /**
         * The first dial failed when its connection stood, which the listener has in its queue. Set before {@link
         * #dialed}.
         */
        private volatile boolean dialAbandoned;

        Session(Heddle heddle, String network, String wanted, KthCall plan) {
            this.heddle = heddle;
            this.network = network;
            this.wanted = wanted;
            this.plan = plan;
        }

        void run() throws Exception {
            List<Task<Void>> sides = List.of(
                    Task.run(heddle.ofVirtual(), () -> closingIfItFails(this::serve)),
                    Task.run(heddle.ofVirtual(), () -> closingIfItFails(this::talk)));
            try {
                Await.until(
                        () -> "the end of the session with " + plan.strike + "\n" + heddle.dump(),
                        () -> sides.stream().allMatch(Task::isDone));
            } finally {
                closeAll();
            }
            for (Task<Void> side : sides) {
                side.result();
            }
        }

        /** So that the other side ends too. */
        private void closingIfItFails(Task.Action side) throws Exception {
            boolean done = false;
            try {
                side.run();
                done = true;
            } finally {
                if (!done) {
                    closeAll();
                }
            }
        }

        private void closeAll() throws IOException {
            var gone = new IOException("the other side failed");
            listening.completeExceptionally(gone);
            accepted.completeExceptionally(gone);
            dialed.completeExceptionally(gone);
            for (Closeable one : opened) {
                one.close();
            }
        }

        private void serve() throws Exception {
            Listener listener = step(
                    "listen",
                    "listen " + network + " " + wanted,
                    () -> heddle.listenConfig().listen(network, wanted));
            opened.add(listener);
            listening.complete(listener);
            SocketConn first = accept(listener);
            dialed.get();
            SocketConn conn = dialAbandoned ? accept(listener) : first;
            accepted.complete(conn);
            setBuffers(conn);
            step("poll", "read " + conn, () -> conn.awaitReadable(Deadline.NONE));
            byte[] small = readArray(conn, SMALL.length);
            Parked.awaitReader(dialed.get());
            writeArray(conn, small);
            writeGathered(conn, readScattered(conn, GATHERED.length));
            writeArray(conn, readArray(conn, LARGE.length));
            assertThat(step("read", "read " + conn, () -> conn.read(new byte[1])))
                    .isEqualTo(-1);
            writeArray(conn, GOODBYE);
            step("close", "", conn::close);
            step("close", "", listener::close);
        }

        private void talk() throws Exception {
            Listener listener = listening.get();
            Parked.awaitAcceptor(listener);
            String address = listener.address().toString();
            SocketConn conn = step("dial", "dial " + network + " " + address, () -> {
                dialAbandoned = plan.strike != null && plan.strike.comesAfterConnect();
                return heddle.dialer().dial(network, address);
            });
            opened.add(conn);
            dialed.complete(conn);
            setBuffers(conn);
            Parked.awaitReader(accepted.get());
            writeArray(conn, SMALL);
            assertThat(readArray(conn, SMALL.length)).isEqualTo(SMALL);
            writeGathered(conn, GATHERED);
            assertThat(readScattered(conn, GATHERED.length)).isEqualTo(GATHERED);
            writeArray(conn, LARGE);
            assertThat(readArray(conn, LARGE.length)).isEqualTo(LARGE);
            step("close", "close " + conn, conn::closeWrite);
            assertThat(readArray(conn, GOODBYE.length)).isEqualTo(GOODBYE);
            assertThat(step("read", "read " + conn, () -> conn.read(new byte[1])))
                    .isEqualTo(-1);
            step("close", "", conn::close);
        }

        private SocketConn accept(Listener listener) throws Exception {
            SocketConn conn =
                    (SocketConn) step("accept", "accept " + network + " " + listener.address(), listener::accept);
            opened.add(conn);
            return conn;
        }

        private void setBuffers(SocketConn conn) throws Exception {
            step("set", "set " + conn, () -> conn.setReadBuffer(BUFFER_BYTES));
            step("set", "set " + conn, () -> conn.setWriteBuffer(BUFFER_BYTES));
        }

        private void writeArray(SocketConn conn, byte[] bytes) {
            OP.set("write");
            int done = 0;
            while (done < bytes.length) {
                try {
                    done += conn.write(bytes, done, bytes.length - done);
                } catch (IOException failed) {
                    note("write " + conn, failed);
                    done += (int) ((NetError) failed).bytesTransferred();
                }
            }
        }

        /** By send(2), for the piece on the heap, and writev(2). */
        private void writeGathered(SocketConn conn, byte[] bytes) {
            ByteBuffer all = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
            ByteBuffer[] pieces = {
                ByteBuffer.wrap(bytes, 0, 1_000), all.slice(1_000, 1_000), all.slice(2_000, bytes.length - 2_000)
            };
            OP.set("writev");
            while (pieces[2].hasRemaining()) {
                try {
                    conn.write(pieces);
                } catch (IOException failed) {
                    note("write " + conn, failed);
                }
            }
        }

        private byte[] readArray(SocketConn conn, int count) throws Exception {
            byte[] bytes = new byte[count];
            for (int done = 0; done < count; ) {
                int at = done;
                int n = step("read", "read " + conn, () -> conn.read(bytes, at, count - at));
                assertThat(n).isPositive();
                done += n;
            }
            return bytes;
        }

        /** By recv(2), for the piece on the heap, and readv(2). */
        private byte[] readScattered(SocketConn conn, int count) throws Exception {
            ByteBuffer first = ByteBuffer.allocate(500);
            ByteBuffer rest = ByteBuffer.allocateDirect(count - 500);
            ByteBuffer[] pieces = {first, rest.slice(0, 700), rest.slice(700, count - 1_200)};
            while (pieces[2].hasRemaining()) {
                long n = step("read", "read " + conn, () -> conn.read(pieces));
                assertThat(n).isPositive();
            }
            byte[] bytes = new byte[count];
            first.flip().get(bytes, 0, 500);
            rest.get(bytes, 500, count - 500);
            return bytes;
        }

        private void step(String op, String prefix, Task.Action body) throws Exception {
            step(op, prefix, () -> {
                body.run();
                return 0;
            });
        }

        /** Does {@code body}, and if it fails once more: a failed call has done nothing. */
        private <T> T step(String op, String prefix, Callable<T> body) throws Exception {
            OP.set(op);
            try {
                return body.call();
            } catch (IOException failed) {
                note(prefix, failed);
                return body.call();
            }
        }

        private void note(String prefix, IOException failed) {
            failures.add(new Failure(prefix, failed));
            if (failures.size() > 1) {
                throw new UncheckedIOException("a second failure, of one call", failed);
            }
        }
    }

    /** A connection that was reset while it was queued is none: accept(2), "Error handling". */
    @Test
    @Behaviour(39)
    void acceptPassesOverConnectionsThatWereAborted() throws Exception {
        var aborted = new AtomicInteger(3);
        try (var faulty = new FaultySyscalls(
                        (call, _) -> call.equals("accept4") && aborted.getAndDecrement() > 0 ? Errno.ECONNABORTED : 0);
                Listener listener = faulty.heddle().listenConfig().listen("tcp", "127.0.0.1:0");
                Conn dialed =
                        faulty.heddle().dialer().dial("tcp", listener.address().toString());
                Conn accepted = listener.accept()) {
            assertThat(aborted).hasNonPositiveValue();
            assertThat(accepted.remoteAddress()).isEqualTo(dialed.localAddress());
        }
    }

    /** As the kernel answers a fast open whose cookie is gone: the handshake has begun, without the data. */
    @ParameterizedTest
    @ValueSource(strings = {"write", "writev"})
    void writeGoesOnWhenTheHandshakeThatItBeganIsDone(String call) throws Exception {
        var answers = new AtomicInteger(2);
        try (var faulty = new FaultySyscalls(
                        (made, _) -> made.equals(call) && answers.getAndDecrement() > 0 ? Errno.EINPROGRESS : 0);
                ConnPair pair = faulty.tcp()) {
            ByteBuffer[] buffers = {ByteBuffer.allocateDirect(1), ByteBuffer.allocateDirect(2)};
            long written = call.equals("write")
                    ? pair.left().write(buffers[1])
                    : pair.left().write(buffers);
            assertThat(answers).hasNonPositiveValue();
            assertThat(Streams.readExactly(pair.right(), (int) written)).hasSize(call.equals("write") ? 2 : 3);
        }
    }

    /** Its deadline passes during the second piece: the third is not begun, whatever room there is. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Behaviour({21, 217})
    void deadlineEndsALargeWriteThatNeverHasToWait(boolean gathering) throws Exception {
        var pieces = new AtomicInteger();
        var writer = new CompletableFuture<Conn>();
        try (var faulty = new FaultySyscalls((call, _) -> {
                    if (call.equals("write") && pieces.incrementAndGet() == 2) {
                        try {
                            writer.join().setWriteDeadline(Deadline.PAST);
                        } catch (IOException closed) {
                            throw new UncheckedIOException(closed);
                        }
                    }
                    return 0;
                });
                ConnPair pair = faulty.tcp()) {
            writer.complete(pair.left());
            ByteBuffer[] buffers = new ByteBuffer[3];
            Arrays.setAll(buffers, _ -> ByteBuffer.allocate(1_000));
            var e = assertThrows(DeadlineExceededException.class, () -> {
                if (gathering) {
                    pair.left().write(buffers);
                } else {
                    pair.left().write(new byte[3 << 16]);
                }
            });
            assertThat(pieces).hasValue(2);
            int sent = (int) e.bytesTransferred();
            assertThat(sent).isBetween(1, gathering ? 2_000 : 2 << 16);
            assertThat(buffers[2].hasRemaining()).isTrue();
            assertThat(Streams.readExactly(pair.right(), sent)).hasSize(sent);
        }
    }

    @Test
    void portThatCannotBeSharedFailsTheListenThatAskedForThat() throws Exception {
        try (var faulty = new FaultySyscalls((call, _) -> call.equals("setsockopt") ? Errno.EOPNOTSUPP : 0)) {
            ListenConfig plain = faulty.heddle().listenConfig();
            plain.listen("tcp", "127.0.0.1:0").close();
            ListenConfig config = plain.reusePort(true);
            var e = assertThrows(NetException.class, () -> config.listen("tcp", "127.0.0.1:0"));
            assertThat(e).hasMessage("listen tcp 127.0.0.1:0: setsockopt SO_REUSEPORT: operation not" + " supported");
        }
    }

    /** Each of them may pass: the connection stays queued for the next accept. */
    @ParameterizedTest
    @ValueSource(ints = {Errno.EMFILE, Errno.ENFILE, Errno.ENOBUFS, Errno.ENOMEM})
    void acceptThatFailsLeavesTheConnectionQueued(int errno) throws Exception {
        var failed = new AtomicBoolean();
        try (var faulty =
                        new FaultySyscalls((call, _) -> call.equals("accept4") && !failed.getAndSet(true) ? errno : 0);
                Listener listener = faulty.heddle().listenConfig().listen("tcp", "127.0.0.1:0");
                Conn dialed =
                        faulty.heddle().dialer().dial("tcp", listener.address().toString())) {
            assertThat(assertThrows(NetException.class, listener::accept).errno())
                    .isEqualTo(errno);
            try (Conn accepted = listener.accept()) {
                assertThat(accepted.remoteAddress()).isEqualTo(dialed.localAddress());
            }
        }
    }
}
