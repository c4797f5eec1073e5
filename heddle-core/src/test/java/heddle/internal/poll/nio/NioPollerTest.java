package heddle.internal.poll.nio;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.fd.Descriptor;
import heddle.internal.fd.Descriptors;
import heddle.internal.fd.Result;
import heddle.internal.fd.Traffic;
import heddle.internal.poll.ReadinessSlot;
import heddle.internal.poll.VirtualPollers;
import heddle.internal.poll.Wait;
import heddle.internal.sched.IdlePoll;
import heddle.internal.socket.Errno;
import heddle.internal.socket.SockAddr;
import heddle.internal.socket.SocketOption;
import heddle.internal.sys.Syscalls;
import heddle.internal.sys.nio.NioSyscalls;
import heddle.internal.trace.Trace;
import heddle.testing.Await;
import heddle.time.Clock;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The selector behind real loopback sockets, mostly polled as in earnest, by {@link VirtualPollers}. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // A closer waits uninterruptibly.
class NioPollerTest {

    private static final SockAddr LOOPBACK = SockAddr.ofV4(0x7f000001, 0);

    /** Of this process: a port there that has just been freed is nobody else's. All of 127.0.0.0/8 is this machine. */
    private static final SockAddr OWN_LOOPBACK =
            SockAddr.ofV4(0x7f000001 | (int) (ProcessHandle.current().pid() & 0xffff) << 8, 0);

    private final NioSyscalls sys = new NioSyscalls();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final Trace trace = new Trace();
    private final NioPoller poller = new NioPoller(sys, trace, failure::set);
    private final Descriptors descriptors = new Descriptors(sys, () -> poller, trace, "");
    private final VirtualPollers pollers = new VirtualPollers(List.of(poller));
    private final ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
    private final Queue<Descriptor> opened = new ConcurrentLinkedQueue<>();

    @AfterEach
    @Timeout(60)
    void end() throws Exception {
        pollers.end();
        poller.close();
        opened.forEach(Descriptor::close);
        callers.shutdownNow();
    }

    // Readiness.

    @Test
    void aReaderWaitsForData() throws Exception {
        pollers.start();
        Pair pair = pair();
        Future<Integer> read = read(pair.left);
        write(pair.right, 3);
        assertThat(get(read)).isEqualTo(3);
    }

    @Test
    void aReaderWaitsForTheEnd() throws Exception {
        pollers.start();
        Pair pair = pair();
        Future<Integer> read = read(pair.left);
        pair.right.close();
        assertThat(get(read)).isEqualTo(Result.END_OF_STREAM);
    }

    @Test
    void aReaderWaitsForAReset() throws Exception {
        pollers.start();
        Pair pair = pair();
        Future<Integer> read = read(pair.left);
        pair.right.setOption(SocketOption.LINGER, 0);
        pair.right.close();
        assertThat(get(read)).isEqualTo(-Errno.ECONNRESET);
    }

    @Test
    void aWriterWaitsForRoom() throws Exception {
        pollers.start();
        Pair pair = fullPair();
        Future<Long> written = call(
                () -> pair.left.write(segment(64)), pair.left.registration().write());
        drainUntilDone(pair.right, written);
        assertThat(get(written)).isEqualTo(64);
    }

    @Test
    void anAcceptorWaitsForAConnection() throws Exception {
        pollers.start();
        Descriptor listener = listener(0);
        SockAddr[] peer = new SockAddr[1];
        Future<Integer> accepted =
                call(() -> listener.accept(peer), listener.registration().read());
        Descriptor client = connected(listener);
        assertThat(sys.close(get(accepted))).isEqualTo(0);
        assertThat(peer[0]).isEqualTo(localAddress(client));
    }

    @Test
    void aDialerWaitsForTheHandshake() throws Exception {
        pollers.start();
        Descriptor listener = listener(1);
        List<Descriptor> early = fillBacklog(listener);
        Descriptor client = descriptor(sys.socket(4, false));
        SockAddr there = localAddress(listener);
        Future<Integer> connected =
                call(() -> client.connect(4, there), client.registration().write());
        for (Descriptor each : early) {
            each.close();
        }
        // The kernel repeats the handshake, a second after it was ignored.
        List<Integer> accepted = new ArrayList<>();
        do {
            int fd = sys.accept(listener.registration().fd(), new SockAddr[1]);
            if (fd >= 0) {
                accepted.add(fd);
            }
        } while (!connected.isDone());
        assertThat(get(connected)).isEqualTo(0);
        // The same slot now waits for room, no longer for the handshake.
        assertThat(client.registration().await(client.registration().write())).isEqualTo(Wait.READY);
        assertThat(poller.selector.keys()).allMatch(key -> key.interestOps() == 0);
        accepted.forEach(sys::close);
    }

    @Test
    void bothDirectionsMayBeginToWaitAtOnce() throws Exception {
        pollers.start();
        for (int i = 0; i < 50; i++) {
            Pair pair = fullPair();
            // Neither has waited before, so one of them registers for both.
            Future<Integer> read = callers.submit(() -> pair.left.read(segment(4), 4));
            Future<Long> written = callers.submit(() -> pair.left.write(segment(64)));
            drainUntilDone(pair.right, written);
            assertThat(get(written)).isEqualTo(64);
            write(pair.right, 4);
            assertThat(get(read)).isEqualTo(4);
            pair.left.close();
            pair.right.close();
        }
    }

    @Test
    void whatIsReadyAlreadyIsReportedToEachWait() throws Exception {
        pollers.start();
        Pair pair = pair();
        write(pair.right, 1);
        ReadinessSlot slot = pair.left.registration().read();
        for (int i = 0; i < 100; i++) {
            assertThat(get(callers.submit(() -> pair.left.registration().await(slot))))
                    .isEqualTo(Wait.READY);
        }
        assertThat(pair.left.registration().mustTry()).isFalse();
    }

    @Test
    void aReportTakesTheInterestBack() throws Exception {
        pollers.start();
        Pair pair = pair();
        Future<Integer> read = read(pair.left);
        SelectionKey key = poller.selector.keys().iterator().next();
        // The polling thread takes in what a waiter wants, maybe after that has parked.
        Await.until("interest in reading", () -> key.interestOps() == SelectionKey.OP_READ);
        write(pair.right, 1);
        assertThat(get(read)).isEqualTo(1);
        assertThat(key.interestOps()).isEqualTo(0);
    }

    @Test
    void manyConnectionsEcho() throws Exception {
        pollers.start();
        Descriptor listener = listener(0);
        int connections = 100;
        Future<?> server = callers.submit(() -> {
            for (int i = 0; i < connections; i++) {
                SockAddr[] peer = new SockAddr[1];
                Descriptor one = descriptors.open(listener.accept(peer), Traffic.BYTES);
                callers.execute(() -> echo(one));
            }
        });
        List<Future<Integer>> rounds = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            rounds.add(callers.submit(() -> {
                Descriptor one = connected(listener);
                int done = 0;
                while (done < 100 && one.write(segment(64)) == 64) {
                    int n = 0;
                    while (n < 64) {
                        n += one.read(segment(64), 64 - n);
                    }
                    done++;
                }
                one.close();
                return done;
            }));
        }
        for (Future<Integer> each : rounds) {
            assertThat(get(each)).isEqualTo(100);
        }
        get(server);
    }

    private void echo(Descriptor one) {
        MemorySegment room = segment(64);
        int n;
        while ((n = one.read(room, 64)) > 0) {
            one.write(room.asSlice(0, n));
        }
        one.close();
    }

    // Deadlines and interrupts.

    @Test
    void aWaitEndsAtItsDeadlineAndTheNextIsServed() throws Exception {
        pollers.start();
        Pair pair = pair();
        pair.left.setReadDeadline(Clock.system().after(TimeUnit.MILLISECONDS.toNanos(20)));
        assertThat(pair.left.read(segment(1), 1)).isEqualTo(Result.EXPIRED);
        pair.left.setReadDeadline(Clock.NONE);
        // The interest of the wait that expired is there still.
        Future<Integer> read = read(pair.left);
        write(pair.right, 1);
        assertThat(get(read)).isEqualTo(1);
    }

    @Test
    void aDeadlineMovedCloserEndsTheWait() throws Exception {
        pollers.start();
        Pair pair = pair();
        pair.left.setReadDeadline(Clock.system().after(Duration.ofDays(1).toNanos()));
        Future<Integer> read = read(pair.left);
        pair.left.setReadDeadline(Clock.system().after(1));
        assertThat(get(read)).isEqualTo(Result.EXPIRED);
    }

    @Test
    void anInterruptEndsTheWaitAlone() throws Exception {
        pollers.start();
        Pair pair = pair();
        AtomicReference<Thread> reader = new AtomicReference<>();
        Future<Integer> read = call(
                () -> {
                    reader.set(Thread.currentThread());
                    return pair.left.read(segment(1), 1);
                },
                pair.left.registration().read());
        reader.get().interrupt();
        assertThat(get(read)).isEqualTo(Result.INTERRUPTED);
        write(pair.right, 1);
        assertThat(pair.left.read(segment(1), 1)).isEqualTo(1);
    }

    @Test
    void anInterruptOfThePollingThreadPasses() throws Exception {
        Set<Thread> others = pollingThreads();
        pollers.start();
        Thread sleeps = pollingThreads().stream()
                .filter(thread -> !others.contains(thread))
                .findFirst()
                .orElseThrow();
        Pair pair = pair();
        Future<Integer> read = read(pair.left);
        sleeps.interrupt();
        Await.until("the status is cleared", () -> !sleeps.isInterrupted());
        write(pair.right, 1);
        assertThat(get(read)).isEqualTo(1);
    }

    /** The platform threads of all runtimes in this JVM. */
    private static Set<Thread> pollingThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("heddle-poller"))
                .collect(Collectors.toSet());
    }

    // Wake-ups.

    @Test
    void aWakeUpEndsTheNextPoll() {
        poller.wakeUp();
        poller.wakeUp();
        poller.poll(IdlePoll.FOREVER);
        poller.wakeUp();
        poller.poll(0);
        poller.wakeUp();
        poller.poll(IdlePoll.FOREVER);
    }

    @Test
    void aWakeUpEndsThePollUnderWay() throws Exception {
        AtomicInteger polls = new AtomicInteger();
        Thread polling = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < 1000; i++) {
                poller.poll(IdlePoll.FOREVER);
                polls.incrementAndGet();
            }
        });
        for (int i = 0; i < 1000; i++) {
            int wanted = i + 1;
            poller.wakeUp();
            Await.until("poll " + wanted + " has ended", () -> polls.get() >= wanted);
        }
        polling.join();
    }

    @Test
    void aTimeToWaitIsRoundedUp() {
        poller.select(0);
        for (int i = 0; i < 20; i++) {
            long before = System.nanoTime();
            poller.select(500_000); // down would be to 0, for ever
            poller.select(1_500_000);
            assertThat(System.nanoTime() - before).isGreaterThanOrEqualTo(2_000_000);
        }
    }

    // Leaving.

    @Test
    void closeFreesThePortAtOnce() throws Exception {
        pollers.start();
        SockAddr where = OWN_LOOPBACK;
        for (int i = 0; i < 200; i++) {
            int fd = sys.socket(4, true);
            assertThat(sys.bind(fd, 4, where)).as("bind %d", i).isEqualTo(0);
            assertThat(sys.listen(fd, 0)).as("listen %d", i).isEqualTo(0);
            Descriptor listener = descriptor(fd);
            where = localAddress(listener);
            Future<Integer> accepted = call(
                    () -> listener.accept(new SockAddr[1]),
                    listener.registration().read());
            listener.close();
            assertThat(get(accepted)).isEqualTo(Result.CLOSED);
        }
    }

    @Test
    void manyCloseAtOnce() throws Exception {
        pollers.start();
        for (int round = 0; round < 20; round++) {
            List<Descriptor> listeners = new ArrayList<>();
            List<Future<Integer>> waits = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                Descriptor listener = listenerAt(OWN_LOOPBACK);
                listeners.add(listener);
                waits.add(call(
                        () -> listener.accept(new SockAddr[1]),
                        listener.registration().read()));
            }
            List<SockAddr> names = listeners.stream().map(this::localAddress).toList();
            List<Future<Boolean>> closes =
                    listeners.stream().map(each -> callers.submit(each::close)).toList();
            for (Future<Boolean> each : closes) {
                assertThat(get(each)).isTrue();
            }
            for (Future<Integer> each : waits) {
                assertThat(get(each)).isEqualTo(Result.CLOSED);
            }
            for (SockAddr name : names) {
                int fd = sys.socket(4, true);
                assertThat(sys.bind(fd, 4, name)).isEqualTo(0);
                sys.close(fd);
            }
        }
        assertThat(poller.selector.keys()).isEmpty();
    }

    @Test
    void aCloserKeepsItsInterruptStatus() throws Exception {
        pollers.start();
        Descriptor listener = listener(0);
        Future<Integer> accepted = call(
                () -> listener.accept(new SockAddr[1]), listener.registration().read());
        SockAddr where = localAddress(listener);
        Thread.currentThread().interrupt();
        listener.close();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(get(accepted)).isEqualTo(Result.CLOSED);
        assertThat(localAddress(listenerAt(where))).isEqualTo(where);
    }

    @Test
    void theFailedConnectOfARegisteredSocketLeavesToo() throws Exception {
        pollers.start();
        Descriptor listener = listener(1);
        fillBacklog(listener);
        Descriptor client = descriptor(sys.socket(4, false));
        SockAddr there = localAddress(listener);
        Future<Integer> connected =
                call(() -> client.connect(4, there), client.registration().write());
        listener.close();
        try (Socket holdsThePort = new Socket()) { // Else another process may come to listen there.
            holdsThePort.setReuseAddress(true);
            holdsThePort.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), there.port()));
            // The kernel repeats the handshake, a second after it was ignored, and finds nobody.
            assertThat(get(connected)).isEqualTo(-Errno.ECONNREFUSED);
        }
        assertThat(client.close()).isTrue();
        assertThat(poller.selector.keys()).isEmpty();
    }

    @Test
    void thePollingThreadMayCloseItself() throws Exception {
        Pair pair = pair();
        Future<Integer> read = read(pair.left);
        write(pair.right, 1);
        Await.until("the read is done", () -> {
            poller.poll(0);
            return read.isDone();
        });
        assertThat(poller.selector.keys()).hasSize(1);
        assertThat(pair.left.close()).isTrue();
        assertThat(poller.selector.keys()).isEmpty();
    }

    @Test
    void whoWaitsToLeaveIsLetGoByTheEnd() throws Exception {
        Pair pair = pair();
        Future<Integer> read = read(pair.left);
        SelectionKey key = poller.selector.keys().iterator().next();
        Future<Boolean> close = callers.submit(() -> pair.left.close());
        Await.until("the key is cancelled", () -> !key.isValid());
        poller.close();
        assertThat(get(close)).isTrue();
        assertThat(get(read)).isEqualTo(Result.CLOSED);
    }

    @Test
    void afterTheEndNobodyWaits() throws Exception {
        pollers.start();
        Pair pair = pair();
        Future<Integer> read = read(pair.left);
        write(pair.right, 1);
        assertThat(get(read)).isEqualTo(1);
        pollers.end();
        poller.close();
        assertThat(pair.left.read(segment(1), 1)).isEqualTo(-Errno.EIO);
        assertThat(pair.right.read(segment(1), 1)).isEqualTo(-Errno.EIO);
        assertThat(pair.left.close()).isTrue();
        assertThat(pair.right.close()).isTrue();
    }

    // A failure of the poller.

    @Test
    void aDyingPollerEndsAllWaits() throws Exception {
        pollers.start();
        Pair pair = pair();
        Future<Integer> read = read(pair.left);
        Descriptor listener = listener(0);
        Future<Integer> accepted = call(
                () -> listener.accept(new SockAddr[1]), listener.registration().read());
        SockAddr where = localAddress(listener);

        Pipe foreign = Pipe.open(); // Its key has nothing of ours attached: an invariant is broken.
        foreign.source().configureBlocking(false);
        foreign.source().register(poller.selector, SelectionKey.OP_READ);
        foreign.sink().close();
        poller.wakeUp();

        assertThat(get(read)).isEqualTo(-Errno.EIO);
        assertThat(get(accepted)).isEqualTo(-Errno.EIO);
        Await.until("it is told", () -> failure.get() != null);
        assertThat(failure.get()).isInstanceOf(NullPointerException.class);
        assertThat(poller.failure()).isSameAs(failure.get());
        // Waits to come fail at once, of new descriptors too; closing works.
        assertThat(pair.left.read(segment(1), 1)).isEqualTo(-Errno.EIO);
        assertThat(pair.right.read(segment(1), 1)).isEqualTo(-Errno.EIO);
        assertThat(pair.left.close()).isTrue();
        assertThat(listener.close()).isTrue();
        assertThat(localAddress(listenerAt(where))).isEqualTo(where);
        foreign.source().close();
    }

    @Test
    void aDeadPollerLetsLeaversGo() throws Exception {
        Pair pair = pair();
        Future<Integer> read = read(pair.left);
        SelectionKey key = poller.selector.keys().iterator().next();
        Future<Boolean> close = callers.submit(() -> pair.left.close());
        Await.until("the key is cancelled", () -> !key.isValid());
        // Dies in the select that would have served the leaver.
        poller.selector.close();
        poller.poll(0);
        assertThat(failure.get()).isInstanceOf(ClosedSelectorException.class);
        assertThat(get(close)).isTrue();
        assertThat(get(read)).isEqualTo(Result.CLOSED);
    }

    // Helpers.

    private record Pair(Descriptor left, Descriptor right) {}

    private Pair pair() throws Exception {
        Descriptor listener = listener(0);
        Descriptor left = connected(listener);
        int number = listener.registration().fd();
        int[] accepted = {-Errno.EAGAIN};
        Await.until("a connection to accept", () -> {
            accepted[0] = sys.accept(number, new SockAddr[1]);
            return accepted[0] != -Errno.EAGAIN;
        });
        listener.close();
        return new Pair(left, descriptor(accepted[0]));
    }

    /** A pair of which the left end buffers little, and has no more room for now. */
    private Pair fullPair() throws Exception {
        Pair pair = pair();
        assertThat(pair.left.setOption(SocketOption.SEND_BUFFER, 8192)).isEqualTo(0);
        MemorySegment chunk = segment(Syscalls.TRANSFER_BYTES_MAX);
        int fd = pair.left.registration().fd();
        while (sys.send(fd, chunk, 0, (int) chunk.byteSize(), false) != -Errno.EAGAIN) {
            // more
        }
        return pair;
    }

    private Descriptor descriptor(int fd) {
        assertThat(fd).isNotNegative();
        Descriptor made = descriptors.open(fd, Traffic.BYTES);
        opened.add(made);
        return made;
    }

    private Descriptor listener(int backlog) {
        return listenerAt(LOOPBACK, backlog);
    }

    private Descriptor listenerAt(SockAddr where) {
        return listenerAt(where, 0);
    }

    private Descriptor listenerAt(SockAddr where, int backlog) {
        int fd = sys.socket(4, true);
        assertThat(sys.bind(fd, 4, where)).isEqualTo(0);
        assertThat(sys.listen(fd, backlog)).isEqualTo(0);
        return descriptor(fd);
    }

    /** Connects without the poller, which may not run. */
    private Descriptor connected(Descriptor listener) throws Exception {
        int fd = sys.socket(4, false);
        assertThat(sys.connect(fd, 4, localAddress(listener))).isIn(0, -Errno.EINPROGRESS);
        Await.until("connected", () -> sys.remoteAddress(fd, new SockAddr[1]) == 0);
        return descriptor(fd);
    }

    /** Connects until a handshake is ignored. */
    private List<Descriptor> fillBacklog(Descriptor listener) throws Exception {
        List<Descriptor> clients = new ArrayList<>();
        SockAddr there = localAddress(listener);
        int result;
        do {
            int fd = sys.socket(4, false);
            clients.add(descriptor(fd));
            sys.connect(fd, 4, there);
            result = sys.remoteAddress(fd, new SockAddr[1]);
        } while (result == 0);
        return clients;
    }

    private SockAddr localAddress(Descriptor descriptor) {
        SockAddr[] name = new SockAddr[1];
        assertThat(descriptor.localAddress(name)).isEqualTo(0);
        return name[0];
    }

    private static MemorySegment segment(int bytes) {
        return MemorySegment.ofArray(new byte[bytes]);
    }

    private void drainUntilDone(Descriptor from, Future<?> writer) throws Exception {
        MemorySegment room = segment(Syscalls.TRANSFER_BYTES_MAX);
        int fd = from.registration().fd();
        Await.until("the writer has found room", () -> {
            while (sys.recv(fd, room, 0, (int) room.byteSize()) > 0) {
                // more
            }
            return writer.isDone();
        });
    }

    private static void write(Descriptor to, int bytes) {
        assertThat(to.write(segment(bytes))).isEqualTo(bytes);
    }

    private Future<Integer> read(Descriptor from) throws Exception {
        return call(() -> from.read(segment(64), 64), from.registration().read());
    }

    /** Begins {@code call} and returns once it waits in {@code slot}. */
    private <T> Future<T> call(Callable<T> call, ReadinessSlot slot) throws Exception {
        Future<T> future = callers.submit(call);
        Await.until("the call waits", () -> {
            Thread waiter = slot.waiter();
            boolean waits = waiter != null && waiter.getState() == Thread.State.WAITING;
            return waits || future.isDone();
        });
        return future;
    }

    private static <T> T get(Future<T> future) throws Exception {
        return future.get(30, TimeUnit.SECONDS);
    }
}
