package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import heddle.internal.poll.Inbox;
import heddle.internal.poll.Registration;
import heddle.internal.sched.Scheduler;
import heddle.testing.Await;
import heddle.testing.Task;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What only way uring can do wrong. */
@Timeout(120)
class UringTest {

    private static final int TIMES = 200;

    /** More than it takes to read without the ring. */
    private static final int LONG = 6_000;

    /** Bytes that fill more than the 16 buffers after which a receive is given up. */
    private static final int ALL_OF_A_STREAM = 17 * (16 << 10);

    /** Streams that take all buffers. */
    private static final int MORE_THAN_FIT = (16 << 10) / 16 + 76;

    private Heddle heddle;

    @BeforeEach
    void start() throws IOException {
        start(Heddle.builder());
    }

    private void start(Heddle.Builder builder) throws IOException {
        heddle = builder.way(Way.URING).parallelism(1).start();
        assumeTrue(heddle.way() == Way.URING, heddle.describe());
    }

    /** On a busy machine each carrier may seem stuck, and what the next one finds under way it cancels. */
    private void handNothingOff() throws IOException {
        heddle.close();
        start(Heddle.builder().handOff(Duration.ofMinutes(1)));
    }

    @AfterEach
    void end() {
        heddle.close();
    }

    private ConnPair pair() throws Exception {
        return ConnPair.tcp(heddle.listenConfig(), heddle.dialer(), "127.0.0.1:0");
    }

    private <T> T here(Callable<T> body) throws Exception {
        return Task.on(heddle.ofVirtual(), body).result();
    }

    private void here(Task.Action body) throws Exception {
        Task.run(heddle.ofVirtual(), body).result();
    }

    /** Waits a moment for what does not come: from then on the ring receives for {@code conn}. */
    private static Inbox receive(Conn conn) throws IOException {
        Inbox inbox = null;
        while (inbox == null) { // The time may be up before the wait begins.
            conn.setReadDeadline(Streams.inMillis(1));
            assertThrows(DeadlineExceededException.class, () -> conn.read(new byte[1]));
            inbox = Parked.descriptor(conn).registration().inbox();
        }
        conn.setReadDeadline(Deadline.NONE);
        return inbox;
    }

    @Test
    void bytesThatComeAfterADeadlineAreTheNextReads() throws Exception {
        try (ConnPair pair = pair()) {
            here(() -> {
                for (int i = 0; i < TIMES; i++) {
                    receive(pair.right());
                    byte[] sent = Streams.random(100, i);
                    pair.left().write(sent);
                    assertThat(Streams.readExactly(pair.right(), 100)).isEqualTo(sent);
                }
            });
        }
    }

    /** The deadline passes while the bytes come. */
    @Test
    void raceOfDeadlineAndBytesLosesNone() throws Exception {
        race((conn, _) -> conn.setReadDeadline(Deadline.PAST));
    }

    @Test
    void raceOfInterruptAndBytesLosesNone() throws Exception {
        race((_, reader) -> reader.interrupt());
    }

    @FunctionalInterface
    private interface Disturbance {
        void disturb(Conn conn, Thread reader) throws IOException;
    }

    private void race(Disturbance disturbance) throws Exception {
        race(10, disturbance);
        race(LONG, disturbance); // Which a reader that waits leaves to recv(2).
    }

    private void race(int length, Disturbance disturbance) throws Exception {
        try (ConnPair pair = pair()) {
            byte[] sent = Streams.random(TIMES * length, 1);
            Task<byte[]> reader = Task.on(heddle.ofVirtual(), () -> {
                byte[] got = new byte[sent.length];
                int at = 0;
                while (at < got.length) {
                    try {
                        at += pair.right().read(got, at, got.length - at);
                    } catch (InterruptedIOException again) {
                        pair.right().setReadDeadline(Deadline.NONE);
                    }
                }
                return got;
            });
            for (int i = 0; i < TIMES; i++) {
                int at = i * length;
                Task<Integer> writer =
                        Task.on(heddle.ofVirtual(), () -> pair.left().write(sent, at, length));
                disturbance.disturb(pair.right(), reader.thread());
                writer.result();
            }
            assertThat(reader.result()).isEqualTo(sent);
        }
    }

    /** Close, while the ring receives and the peer writes: nothing hangs, and the number is free. */
    @Test
    void closeWhileBytesComeEndsBoth() throws Exception {
        for (int i = 0; i < TIMES; i++) {
            ConnPair pair = pair();
            Task<Void> reader = Task.run(heddle.ofVirtual(), () -> Streams.readUntilClosed(pair.right()));
            Task<Void> writer = Task.run(heddle.ofVirtual(), () -> Streams.writeUntilClosed(pair.left()));
            if (i % 2 == 0) {
                pair.right().close();
                pair.left().close();
            } else {
                here(pair::close);
            }
            reader.result();
            writer.result();
        }
    }

    /** A peer sees the end at once: nothing of the ring keeps the socket. */
    @Test
    void closeOfWhoReceivesIsSeenByThePeer() throws Exception {
        for (int i = 0; i < 20; i++) {
            try (ConnPair pair = pair()) {
                here(() -> receive(pair.right()));
                pair.right().close();
                assertThat(here(() -> pair.left().read(new byte[1]))).isEqualTo(-1);
            }
        }
    }

    /** RFC 1122, 4.2.2.13, also where the kernel has handed the bytes over and so knows of none. */
    @Test
    void closeWithBytesThatTheRingReceivedResetsThePeer() throws Exception {
        for (int i = 0; i < 20; i++) {
            try (ConnPair pair = pair()) {
                Inbox inbox = here(() -> receive(pair.right()));
                here(() -> pair.left().write(new byte[1]));
                Await.until("the ring has received it", () -> inbox.unread() > 0);
                pair.right().close();
                here(() ->
                        assertThrows(ConnResetException.class, () -> pair.left().read(new byte[1])));
            }
        }
    }

    /** Who is not read has a bounded share of the buffers, and loses nothing. */
    @Test
    void connectionThatIsNotReadGivesUpItsReceive() throws Exception {
        handNothingOff();
        try (ConnPair pair = pair()) {
            Inbox inbox = here(() -> receive(pair.right()));
            byte[] sent = Streams.random(4 << 20, 3);
            Task<Integer> writer = Task.on(heddle.ofVirtual(), () -> pair.left().write(sent));
            Await.until("the receive is given up", () -> !inbox.isReceiving());
            assertThat(inbox.unread()).isGreaterThanOrEqualTo(16);
            assertThat(here(() -> Streams.readExactly(pair.right(), sent.length)))
                    .isEqualTo(sent);
            assertThat(writer.result()).isEqualTo(sent.length);
            here(() -> Streams.roundTrip(echoing(pair)));
        }
    }

    /** What is long is not copied once more. */
    @Test
    void longMessagesAreReadWithoutTheRing() throws Exception {
        handNothingOff();
        try (ConnPair pair = pair()) {
            Registration registration = Parked.descriptor(pair.right()).registration();
            exchange(pair, 10, () -> registration.inbox() != null);
            exchange(pair, LONG, () -> registration.inbox() == null);
            var left = new AtomicInteger(TIMES / 2);
            exchange(pair, 10, () -> left.getAndDecrement() == 0);
            assertThat(registration.inbox()).isNull();
        }
    }

    /** Messages of {@code length} bytes, each of which its reader waits for, until {@code done}. */
    private void exchange(ConnPair pair, int length, BooleanSupplier done) throws Exception {
        for (int i = 0; !done.getAsBoolean(); i++) {
            assertThat(i).as("messages of %d bytes", length).isLessThan(TIMES);
            Task<byte[]> reader = Task.on(heddle.ofVirtual(), () -> Streams.readExactly(pair.right(), length));
            Parked.awaitReader(pair.right());
            byte[] sent = Streams.random(length, i);
            here(() -> pair.left().write(sent));
            assertThat(reader.result()).isEqualTo(sent);
        }
    }

    private Conn echoing(ConnPair pair) {
        heddle.ofVirtual().start(() -> {
            try {
                Streams.echo(pair.right());
            } catch (IOException closed) {
                throw new AssertionError(closed);
            }
        });
        return pair.left();
    }

    /** More connections lie unread than there are buffers: the others still are read, and so are they. */
    @Tag("thorough")
    @Test
    void connectionsThatTakeAllBuffersStarveNobody() throws Exception {
        handNothingOff();
        List<ConnPair> pairs = new ArrayList<>();
        try {
            byte[] sent = Streams.random(ALL_OF_A_STREAM, 5);
            List<Inbox> inboxes = new ArrayList<>();
            for (int i = 0; i < MORE_THAN_FIT; i++) {
                ConnPair pair = pair();
                pairs.add(pair);
                inboxes.add(here(() -> receive(pair.right())));
            }
            for (ConnPair pair : pairs) {
                here(() -> pair.left().write(sent));
            }
            Await.until(
                    "the last one finds no buffer",
                    () -> !inboxes.getLast().isReceiving() && inboxes.getLast().unread() == 0);
            try (ConnPair another = pair()) {
                here(() -> Streams.roundTrip(echoing(another)));
            }
            for (ConnPair pair : pairs) {
                assertThat(here(() -> Streams.readExactly(pair.right(), sent.length)))
                        .isEqualTo(sent);
            }
        } finally {
            for (ConnPair pair : pairs) {
                pair.close();
            }
        }
    }

    /** More than the ring takes at a time ask for a receive, and write, in one round. */
    @Test
    void moreRequestsThanFitAreServed() throws Exception {
        int count = 1_500;
        List<ConnPair> pairs = new ArrayList<>();
        try {
            List<Task<Inbox>> receives = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                ConnPair pair = pair();
                pairs.add(pair);
                receives.add(Task.on(heddle.ofVirtual(), () -> receive(pair.left()))); // Else its writes go alone.
            }
            for (Task<Inbox> each : receives) {
                each.result();
            }
            here(() -> {
                var done = new AtomicInteger();
                for (ConnPair pair : pairs) {
                    Task.run(heddle.ofVirtual(), () -> Streams.echo(pair.right()));
                    Task.run(heddle.ofVirtual(), () -> {
                        Streams.roundTrip(pair.left());
                        done.incrementAndGet();
                    });
                }
                Await.until(() -> "all are answered, got " + done + "\n" + heddle.dump(), () -> done.get() == count);
            });
        } finally {
            for (ConnPair pair : pairs) {
                pair.close();
            }
        }
    }

    /** A write that goes together with others' says exactly how much the kernel took. */
    @Test
    @Tag("thorough")
    void partialWritesOfABatchAreExact() throws Exception {
        List<Task<Long>> writers = new ArrayList<>();
        List<ConnPair> pairs = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) {
                pairs.add(pair().withBuffers(16 << 10));
            }
            for (ConnPair pair : pairs) {
                here(() -> receive(pair.left())); // Else its writes go alone.
                pair.left().setWriteDeadline(Streams.inMillis(100));
                writers.add(Task.on(heddle.ofVirtual(), () -> {
                    byte[] piece = new byte[1_500];
                    long sent = 0;
                    while (true) {
                        try {
                            sent += pair.left().write(piece);
                        } catch (DeadlineExceededException full) {
                            return sent + full.bytesTransferred();
                        }
                    }
                }));
            }
            for (int i = 0; i < pairs.size(); i++) {
                long sent = writers.get(i).result();
                ConnPair pair = pairs.get(i);
                pair.left().close();
                assertThat(here(() -> Streams.readToEnd(pair.right()))).hasSize((int) sent);
            }
        } finally {
            for (ConnPair pair : pairs) {
                pair.close();
            }
        }
    }

    /** The carrier that asked for the receive computes for longer than the hand-off takes. */
    @Test
    void connectionsOfACarrierThatIsStuckAreAnswered() throws Exception {
        Scheduler scheduler = Objects.requireNonNull(Insides.of(heddle).scheduler());
        try (ConnPair pair = pair()) {
            Conn conn = echoing(pair);
            here(() -> Streams.roundTrip(conn));
            for (int round = 0; round < 3; round++) {
                int before = scheduler.handOffs();
                var stuck = new AtomicBoolean(true);
                var begun = new CountDownLatch(1);
                Task<Void> loop = Task.run(heddle.ofVirtual(), () -> {
                    begun.countDown();
                    while (stuck.get()) {
                        Thread.onSpinWait();
                    }
                });
                begun.await();
                for (int i = 0; i < 20; i++) {
                    here(() -> Streams.roundTrip(conn));
                }
                assertThat(scheduler.handOffs()).isGreaterThan(before);
                assertThat(loop.isDone()).isFalse();
                stuck.set(false);
                loop.result();
            }
            here(() -> Streams.roundTrip(conn));
        }
    }

    /** What a carrier asked for is cancelled by the kernel when it ends. */
    @Test
    @Tag("thorough")
    void connectionsOutliveTheCarrierThatReceivedForThem() throws Exception {
        Scheduler scheduler = Objects.requireNonNull(Insides.of(heddle).scheduler());
        try (ConnPair pair = pair()) {
            Conn conn = echoing(pair);
            here(() -> Streams.roundTrip(conn));
            here(() -> {
                int before = scheduler.handOffs();
                while (scheduler.handOffs() == before) {
                    Thread.onSpinWait();
                }
            });
            Await.until("the first carrier has ended", () -> scheduler.carriers() == 1);
            here(() -> Streams.roundTrip(conn));
        }
    }

    @Test
    void splicingTakesWhatWasReceivedBefore() throws Exception {
        try (ConnPair from = pair();
                ConnPair to = pair()) {
            here(() -> receive(from.right()));
            byte[] sent = Streams.random(300_000, 9);
            Task<Void> writer = Task.run(heddle.ofVirtual(), () -> {
                from.left().write(sent);
                from.left().closeWrite();
            });
            Inbox inbox = Objects.requireNonNull(
                    Parked.descriptor(from.right()).registration().inbox());
            Await.until("something was received", () -> inbox.unread() > 0);
            Task<Long> relay = Task.on(heddle.ofVirtual(), () -> from.right().transferTo(to.left()));
            assertThat(here(() -> Streams.readExactly(to.right(), sent.length))).isEqualTo(sent);
            assertThat(relay.result()).isEqualTo(sent.length);
            writer.result();
        }
    }

    @Tag("thorough")
    @Test
    void allBuffersComeBack() throws Exception {
        for (int i = 0; i < MORE_THAN_FIT; i++) {
            try (ConnPair pair = pair()) {
                Inbox inbox = here(() -> receive(pair.right()));
                here(() -> pair.left().write(new byte[ALL_OF_A_STREAM]));
                Await.until("it takes all that it may", () -> !inbox.isReceiving());
            }
        }
        try (ConnPair pair = pair()) {
            Inbox inbox = here(() -> receive(pair.right()));
            here(() -> pair.left().write(new byte[1]));
            Await.until("there is a buffer", () -> inbox.unread() == 1);
        }
        assertThat(heddle.describe()).isEqualTo("io_uring, carriers of its own (1)");
    }
}
