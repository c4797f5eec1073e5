package heddle.net;

import static heddle.net.Streams.checkUsable;
import static heddle.net.Streams.readExactly;
import static org.assertj.core.api.Assertions.assertThat;

import heddle.testing.Behaviour;
import heddle.testing.Runtimes;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An interrupt ends one call, and nothing else; on threads of each kind. */
@Ways
class InterruptTest {

    /** Who calls. */
    enum Caller {
        HEDDLE,
        JDK,
        PLATFORM;

        <T> Task<T> start(Callable<T> body) {
            return Task.on(
                    switch (this) {
                        case HEDDLE -> Runtimes.current().ofVirtual();
                        case JDK -> Thread.ofVirtual();
                        case PLATFORM -> Thread.ofPlatform();
                    },
                    body);
        }
    }

    private static final int LARGE = 1 << 20;

    @ParameterizedTest
    @EnumSource
    @Behaviour(214)
    void interruptedReadLosesNothing(Caller caller) throws Exception {
        try (var pair = ConnPair.tcp()) {
            var e = interrupted(caller, () -> pair.left().read(new byte[10]));
            assertThat(e)
                    .hasMessage(
                            "read tcp %s->%s: interrupted",
                            pair.left().localAddress(), pair.left().remoteAddress());
            assertThat(e.timeout()).isFalse();
            checkUsable(pair);
        }
    }

    @ParameterizedTest
    @EnumSource
    @Behaviour(214)
    void interruptedWriteTellsHowMuchThePeerGets(Caller caller) throws Exception {
        try (var pair = ConnPair.tcpWithBuffers(20_000)) {
            byte[] all = Streams.random(LARGE, 1);
            var e = interrupted(caller, () -> pair.left().write(all));
            long taken = e.bytesTransferred();
            assertThat(taken).isBetween(1L, LARGE - 1L);
            assertThat(readExactly(pair.right(), (int) taken)).isEqualTo(java.util.Arrays.copyOf(all, (int) taken));
            checkUsable(pair);
        }
    }

    @ParameterizedTest
    @EnumSource
    @Behaviour(214)
    void interruptedAcceptLeavesTheListener(Caller caller) throws Exception {
        try (Listener listener = Runtimes.listen("tcp", "127.0.0.1:0")) {
            var e = interrupted(caller, listener::accept);
            assertThat(e).hasMessage("accept tcp " + listener.address() + ": interrupted");
            try (Conn dialed = Runtimes.dial("tcp", listener.address().toString());
                    Conn accepted = listener.accept()) {
                assertThat(accepted.remoteAddress()).isEqualTo(dialed.localAddress());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    @Behaviour({66, 214})
    void interruptedDialLeaksNothing(Caller caller) throws Exception {
        try (var full = new FullBacklog()) {
            interrupted(caller, () -> Runtimes.dial("tcp", full.address()));
        }
    }

    /** The failure of {@code call}, which is interrupted once it waits; its thread's status is cleared. */
    private static CallInterruptedException interrupted(Caller caller, Callable<?> call) throws Exception {
        var status = new AtomicBoolean(true);
        Task<?> task = caller.start(() -> {
            try {
                return call.call();
            } finally {
                status.set(Thread.currentThread().isInterrupted());
            }
        });
        Parked.await(task.thread());
        task.thread().interrupt();
        var e = task.failure(CallInterruptedException.class);
        assertThat(status).as("interrupt status").isFalse();
        return e;
    }

    @ParameterizedTest
    @EnumSource
    @Behaviour(214)
    void interruptedInTheQueueLeavesTheHolderAndTheOthers(Caller caller) throws Exception {
        try (var pair = ConnPair.tcpWithBuffers(20_000)) {
            Conn conn = pair.left();
            Task<byte[]> reader = caller.start(() -> readExactly(conn, 1));
            Parked.awaitReader(conn);
            Task<Integer> writer = caller.start(() -> conn.write(new byte[LARGE]));
            Parked.awaitWriter(conn);
            Task<Integer> queuedReader = caller.start(() -> conn.read(new byte[1]));
            Task<Integer> queuedWriter = caller.start(() -> conn.write(new byte[1]));
            Parked.awaitQueuedReaders(conn, 1);
            Parked.awaitQueuedWriters(conn, 1);
            Parked.await(queuedReader.thread());
            Parked.await(queuedWriter.thread());

            queuedReader.thread().interrupt();
            queuedWriter.thread().interrupt();
            queuedReader.failure(CallInterruptedException.class);
            assertThat(queuedWriter.failure(CallInterruptedException.class).bytesTransferred())
                    .isZero();

            pair.right().write(new byte[] {5});
            assertThat(reader.result()).containsExactly(5);
            assertThat(readExactly(pair.right(), LARGE)).hasSize(LARGE);
            assertThat(writer.result()).isEqualTo(LARGE);
            checkUsable(pair);
        }
    }

    @ParameterizedTest
    @EnumSource
    @Behaviour(214)
    void interruptedBeforeACallThatNeedNotWaitIsKept(Caller caller) throws Exception {
        try (var pair = ConnPair.tcp();
                Listener listener = Runtimes.listen("tcp", "127.0.0.1:0")) {
            pair.right().write(new byte[] {1, 2});
            Task<Boolean> task = caller.start(() -> {
                Thread.currentThread().interrupt();
                assertThat(pair.left().write(new byte[] {3})).isEqualTo(1);
                assertThat(pair.left().read(new byte[1])).isEqualTo(1);
                pair.left().setDeadline(Deadline.NONE);
                Runtimes.dial("tcp", listener.address().toString()).close();
                listener.accept().close();
                pair.left().close();
                return Thread.currentThread().isInterrupted();
            });
            assertThat(task.result()).as("interrupt status").isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    @Behaviour(214)
    void interruptedBeforeACallThatMustWaitEndsIt(Caller caller) throws Exception {
        try (var pair = ConnPair.tcp()) {
            Task<Integer> task = caller.start(() -> {
                Thread.currentThread().interrupt();
                return pair.left().read(new byte[1]);
            });
            task.failure(CallInterruptedException.class);
            checkUsable(pair);
        }
    }

    /** Either the data or the interrupt wins; what loses is still there. */
    @Test
    @Behaviour(214)
    void interruptThatRacesWithDataLosesNeither() throws Exception {
        try (var pair = ConnPair.tcp()) {
            for (int i = 0; i < 500; i++) {
                Task<Integer> reader = Task.start(() -> {
                    try {
                        return pair.left().read(new byte[1]);
                    } catch (CallInterruptedException e) {
                        assertThat(Thread.currentThread().isInterrupted()).isFalse();
                        return 0;
                    }
                });
                if (i % 2 == 0) {
                    Parked.await(reader.thread());
                }
                Task<Void> interrupter = Task.run(() -> reader.thread().interrupt());
                pair.right().write(new byte[1]);
                if (reader.result() == 0) {
                    assertThat(readExactly(pair.left(), 1)).hasSize(1);
                }
                interrupter.result();
            }
            checkUsable(pair);
        }
    }

    /**
     * Ten threads write numbered packets and are interrupted all the time; what failed is written again from where it
     * stopped.
     */
    @Test
    @Behaviour(214)
    void interruptedWritersCanGoOnExactlyWhereTheyStopped() throws Exception {
        try (var pair = ConnPair.tcpWithBuffers(20_000)) {
            byte[] all = Streams.random(8 << 20, 2);
            var done = new AtomicBoolean();
            Task<Integer> writer = Task.start(() -> {
                int interrupts = 0;
                for (int at = 0; at < all.length; ) {
                    try {
                        at += pair.left().write(all, at, Math.min(100_000, all.length - at));
                    } catch (CallInterruptedException e) {
                        at += (int) e.bytesTransferred();
                        interrupts++;
                    }
                }
                done.set(true);
                Thread.interrupted();
                pair.left().close();
                return interrupts;
            });
            Task<Void> interrupter = Task.run(() -> {
                while (!done.get()) {
                    writer.thread().interrupt();
                    // Real time: an interrupt shall come at any moment of a write.
                    Thread.sleep(1);
                }
            });
            assertThat(Streams.readToEnd(pair.right())).isEqualTo(all);
            assertThat(writer.result()).as("interrupts").isNotNegative();
            interrupter.result();
        }
    }

    @Test
    @Behaviour(214)
    void manyParkedThreadsAreInterruptedEachForItself() throws Exception {
        List<ConnPair> pairs = new ArrayList<>();
        List<Task<Integer>> readers = new ArrayList<>();
        try {
            for (int i = 0; i < 50; i++) {
                ConnPair pair = ConnPair.tcp();
                pairs.add(pair);
                readers.add(Task.start(() -> pair.left().read(new byte[1])));
            }
            for (int i = 0; i < 50; i += 2) {
                Parked.await(readers.get(i).thread());
                readers.get(i).thread().interrupt();
                readers.get(i).failure(CallInterruptedException.class);
            }
            for (int i = 1; i < 50; i += 2) {
                pairs.get(i).right().write(new byte[1]);
                assertThat(readers.get(i).result()).isEqualTo(1);
            }
        } finally {
            for (ConnPair pair : pairs) {
                pair.close();
            }
        }
    }
}
