package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.testing.Await;
import heddle.testing.Behaviour;
import heddle.testing.Runtimes;
import heddle.testing.Task;
import heddle.testing.Ways;
import org.junit.jupiter.api.Test;

/**
 * Whatever a call waits for, its virtual thread leaves its carrier meanwhile. A carrier that is held would be missed by
 * nobody for long where processors are handed over, so the thread itself is asked.
 */
@Ways
class UnmountedTest {

    /**
     * A thread names its carrier in its text as long as it has one: {@code
     * VirtualThread[#22]/runnable@heddle-carrier-1}.
     */
    private static void awaitUnmounted(Task<?> task) throws Exception {
        Parked.await(task.thread());
        Await.until(
                () -> "no carrier for " + task.thread(),
                () -> task.thread().toString().indexOf('@') < 0);
    }

    @Test
    @Behaviour(218)
    void readerAndWhoQueuesBehindIt() throws Exception {
        try (var pair = ConnPair.tcp()) {
            Task<Integer> reader = Task.start(() -> pair.left().read(new byte[1]));
            awaitUnmounted(reader);
            Task<Integer> queued = Task.start(() -> pair.left().read(new byte[1]));
            Parked.awaitQueuedReaders(pair.left(), 1);
            awaitUnmounted(queued);
            pair.right().write(new byte[2]);
            assertThat(reader.result()).isEqualTo(1);
            assertThat(queued.result()).isEqualTo(1);
        }
    }

    @Test
    @Behaviour(218)
    void readerWithADeadline() throws Exception {
        try (var pair = ConnPair.tcp()) {
            pair.left().setReadDeadline(Deadline.afterNanos(3_600_000_000_000L));
            Task<Integer> reader = Task.start(() -> pair.left().read(new byte[1]));
            awaitUnmounted(reader);
            pair.right().write(new byte[1]);
            assertThat(reader.result()).isEqualTo(1);
        }
    }

    @Test
    @Behaviour(218)
    void writerAndWhoQueuesBehindIt() throws Exception {
        try (var pair = ConnPair.tcpWithBuffers(20_000)) {
            Task<Void> writer = Task.run(() -> pair.left().write(new byte[1_000_000]));
            Parked.awaitWriter(pair.left());
            awaitUnmounted(writer);
            Task<Void> queued = Task.run(() -> pair.left().write(new byte[1]));
            Parked.awaitQueuedWriters(pair.left(), 1);
            awaitUnmounted(queued);
            Streams.readExactly(pair.right(), 1_000_001);
            writer.result();
            queued.result();
        }
    }

    @Test
    @Behaviour(218)
    void acceptor() throws Exception {
        try (Listener listener = Runtimes.listen("tcp", "127.0.0.1:0")) {
            Task<Conn> acceptor = Task.start(listener::accept);
            awaitUnmounted(acceptor);
            Runtimes.dial("tcp", listener.address().toString()).close();
            acceptor.result().close();
        }
    }

    @Test
    @Behaviour(218)
    void dialer() throws Exception {
        try (var backlog = new FullBacklog()) {
            Task<Conn> dialer = Task.start(() -> Runtimes.dial("tcp", backlog.address()));
            awaitUnmounted(dialer);
            dialer.thread().interrupt();
            dialer.failure(CallInterruptedException.class);
        }
    }
}
