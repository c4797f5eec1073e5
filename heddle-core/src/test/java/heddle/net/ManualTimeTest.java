package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import heddle.internal.trace.Counter;
import heddle.testing.Await;
import heddle.testing.Counted;
import heddle.testing.Task;
import heddle.time.ManualClock;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A runtime whose deadlines go by a clock that the test moves: nothing here waits for time to pass. */
@Timeout(60)
class ManualTimeTest {

    private static final Duration HOUR = Duration.ofHours(1);

    private final ManualClock clock = new ManualClock();

    private Heddle start(Way way) throws IOException {
        return Heddle.builder().way(way).parallelism(2).clock(clock).start();
    }

    private static ConnPair tcp(Heddle heddle) throws Exception {
        return ConnPair.tcp(heddle.listenConfig(), heddle.dialer(), "127.0.0.1:0");
    }

    @ParameterizedTest
    @EnumSource
    void readsAndWritesExpireWhenTheClockIsMoved(Way way) throws Exception {
        try (Heddle heddle = start(way);
                ConnPair pair = tcp(heddle).withBuffers(20_000)) {
            pair.left().setDeadline(Deadline.after(HOUR, clock));
            Task<Integer> reader = Task.on(heddle.ofVirtual(), () -> pair.left().read(new byte[1]));
            Task<Integer> writer = Task.on(heddle.ofVirtual(), () -> pair.left().write(new byte[8 << 20]));
            Parked.awaitReader(pair.left());
            Parked.awaitWriter(pair.left());
            clock.advance(HOUR.minusNanos(1));
            assertThat(reader.isDone()).isFalse();
            assertThat(writer.isDone()).isFalse();
            clock.advance(Duration.ofNanos(1));
            assertThat(reader.failure(DeadlineExceededException.class).timeout())
                    .isTrue();
            assertThat(writer.failure(DeadlineExceededException.class).bytesTransferred())
                    .isPositive();
            // A deadline ends a call, not the connection.
            pair.left().setDeadline(Deadline.NONE);
            pair.right().write(new byte[1]);
            assertThat(pair.left().read(new byte[1])).isEqualTo(1);
        }
    }

    /** One of the system's clock is as far away by the runtime's. */
    @ParameterizedTest
    @EnumSource
    void deadlineOfAnotherClockIsConverted(Way way) throws Exception {
        try (Heddle heddle = start(way);
                ConnPair pair = tcp(heddle)) {
            pair.left().setReadDeadline(Deadline.after(HOUR));
            Task<Integer> reader = Task.on(heddle.ofVirtual(), () -> pair.left().read(new byte[1]));
            Parked.awaitReader(pair.left());
            clock.advance(HOUR);
            reader.failure(DeadlineExceededException.class);
        }
    }

    @ParameterizedTest
    @EnumSource
    void acceptExpires(Way way) throws Exception {
        try (Heddle heddle = start(way);
                Listener listener = heddle.listenConfig().listen("tcp", "127.0.0.1:0")) {
            listener.setDeadline(Deadline.after(HOUR, heddle.clock()));
            Task<Conn> acceptor = Task.on(heddle.ofVirtual(), listener::accept);
            Parked.awaitAcceptor(listener);
            clock.advance(HOUR);
            acceptor.failure(DeadlineExceededException.class);
        }
    }

    /** The clock moves at any instant of a wait's beginning. */
    @ParameterizedTest
    @EnumSource
    void noDeadlineIsSleptThrough(Way way) throws Exception {
        try (Heddle heddle = start(way);
                ConnPair pair = tcp(heddle)) {
            for (int round = 0; round < 500; round++) {
                pair.left().setReadDeadline(Deadline.after(HOUR, clock));
                Task<Integer> reader =
                        Task.on(heddle.ofVirtual(), () -> pair.left().read(new byte[1]));
                clock.advance(HOUR);
                reader.failure(DeadlineExceededException.class);
            }
        }
    }

    @Test
    void pipeExpires() throws Exception {
        try (Heddle heddle = start(Way.NIO);
                Pipe pipe = heddle.pipe()) {
            pipe.left().setReadDeadline(Deadline.after(HOUR));
            Task<Integer> reader = Task.on(heddle.ofVirtual(), () -> pipe.left().read(new byte[1]));
            Await.until("it waits", () -> clock.waiting() == 1);
            clock.advance(HOUR);
            reader.failure(DeadlineExceededException.class);
        }
    }

    @Test
    void lookupExpires() throws Exception {
        var answer = new CountDownLatch(1);
        try (Heddle heddle = start(Way.NIO)) {
            var resolver = new Resolver(
                    _ -> {
                        awaitUninterruptibly(answer);
                        return new InetAddress[] {InetAddress.getLoopbackAddress()};
                    },
                    heddle.life());
            Task<InetAddress[]> lookup = Task.on(
                    heddle.ofVirtual(), () -> resolver.lookup("dial", "tcp", "slow", Deadline.after(HOUR, clock)));
            Await.until("it waits", () -> clock.waiting() == 1);
            clock.advance(HOUR);
            lookup.failure(DeadlineExceededException.class);
            answer.countDown();
            resolver.close();
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        boolean interrupted = false;
        while (true) {
            try {
                latch.await();
                break;
            } catch (InterruptedException later) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** The time for a dial is over before it begins. */
    @Test
    void dialsTimeGoesByTheClock() throws Exception {
        try (Heddle heddle = start(Way.CARRIERS)) {
            Dialer dialer = heddle.dialer().deadline(Deadline.after(HOUR, clock));
            clock.advance(HOUR);
            assertThrows(DeadlineExceededException.class, () -> dialer.dial("tcp", "127.0.0.1:1"));
            assertThat(Counted.value(heddle, Counter.DESCRIPTORS)).isZero();
        }
    }

    @Test
    void earlierOfTwoClocksIsTheOneThatIsLessFarAway() {
        Deadline soon = Deadline.after(Duration.ofMinutes(1), clock);
        Deadline late = Deadline.after(HOUR);
        assertThat(soon.earlier(late)).isSameAs(soon);
        assertThat(late.earlier(soon)).isSameAs(soon);
        assertThat(late.earlier(Deadline.NONE)).isSameAs(late);
        assertThat(Deadline.PAST.earlier(late)).isSameAs(Deadline.PAST);
        assertThat(late.earlier(Deadline.PAST)).isSameAs(Deadline.PAST);
    }
}
