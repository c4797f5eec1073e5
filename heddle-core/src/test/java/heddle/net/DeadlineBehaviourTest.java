package heddle.net;

import static heddle.net.Streams.echo;
import static heddle.net.Streams.inMillis;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import heddle.internal.poll.ReadinessSlot;
import heddle.testing.Await;
import heddle.testing.Behaviour;
import heddle.testing.ForkedJvm;
import heddle.testing.Runtimes;
import heddle.testing.Task;
import heddle.testing.Ways;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Deadlines of all lengths, moved at all times. */
@Ways
class DeadlineBehaviourTest {

    @FunctionalInterface
    private interface Expiring {
        /** Sets the deadline and calls what must fail at it. */
        void call(Deadline deadline) throws Exception;
    }

    @Test
    @Behaviour(24)
    void readNeverTimesOutEarlyAndOnceNotLate() throws Exception {
        try (var pair = ConnPair.tcp()) {
            fluctuate(deadline -> {
                pair.left().setReadDeadline(deadline);
                pair.left().read(new byte[256]);
            });
        }
    }

    @Test
    @Behaviour(26)
    void writeNeverTimesOutEarlyAndOnceNotLate() throws Exception {
        try (var pair = ConnPair.tcpWithBuffers(20_000)) {
            fluctuate(deadline -> {
                pair.left().setWriteDeadline(deadline);
                Streams.writeForEver(pair.left(), new byte[100_000]);
            });
        }
    }

    /** Tries ever longer times, until one ends no more than a tenth late: on a busy machine that takes some. */
    private static void fluctuate(Expiring expiring) {
        long lateNanos = 0;
        for (int millis = 1; millis <= 4_096; millis *= 2) {
            long wanted = TimeUnit.MILLISECONDS.toNanos(millis);
            long startNanos = System.nanoTime();
            Deadline deadline = inMillis(millis);
            assertThrows(DeadlineExceededException.class, () -> expiring.call(deadline));
            lateNanos = System.nanoTime() - startNanos - wanted;
            assertThat(lateNanos).as("after the deadline").isNotNegative();
            if (lateNanos < wanted / 10) {
                return;
            }
        }
        throw new AssertionError("even 4 s ended " + lateNanos + " ns late");
    }

    @Test
    @Behaviour(27)
    void deadlinesOfAllLengthsEndTheRead() throws Exception {
        readWithDeadlinesOfAllLengths();
    }

    private static void readWithDeadlinesOfAllLengths() throws Exception {
        long[] micros = {1, 5, 25, 250, 500, 1_000, 5_000, 100_000, 250_000, 500_000, 1_000_000};
        List<Task<Void>> readers = new ArrayList<>();
        for (int run = 0; run < 3; run++) {
            for (long nanos : new long[] {1, 2, 5, 50, 100, 200, 500, 750}) {
                readers.add(Task.run(() -> readUntil(nanos)));
            }
            for (long each : micros) {
                readers.add(Task.run(() -> readUntil(TimeUnit.MICROSECONDS.toNanos(each))));
            }
        }
        for (Task<Void> reader : readers) {
            reader.result();
        }
    }

    /** Reads from a silent peer: a timeout, no end of stream, and not early. */
    private static void readUntil(long nanos) throws Exception {
        try (var pair = ConnPair.tcp()) {
            long startNanos = System.nanoTime();
            pair.left().setReadDeadline(Deadline.afterNanos(nanos));
            assertThrows(
                    DeadlineExceededException.class,
                    () -> pair.left().inputStream().readAllBytes());
            assertThat(System.nanoTime() - startNanos).isGreaterThanOrEqualTo(nanos);
        }
    }

    @Tag("thorough")
    @Test
    @Behaviour({28, 29})
    void deadlinesOfAllLengthsEndTheReadOnOneProcessorAndOnFour() throws Exception {
        List<ForkedJvm> jvms = new ArrayList<>();
        for (int processors : new int[] {1, 4}) {
            jvms.add(ForkedJvm.start(
                    OnItsOwn.class,
                    List.of(
                            "-Dheddle.parallelism=" + processors,
                            "-Djdk.virtualThreadScheduler.parallelism=" + processors,
                            "-XX:ActiveProcessorCount=" + processors)));
        }
        for (ForkedJvm jvm : jvms) {
            assertThat(jvm.output()).contains("all ended");
        }
    }

    /** The same without JUnit, which takes longer to start than this. */
    static final class OnItsOwn {
        public static void main(String[] args) throws Exception {
            readWithDeadlinesOfAllLengths();
            System.out.println("all ended");
        }
    }

    /** Filters of containers answer EPERM to a call that they do not know, where a kernel says ENOSYS. */
    @Tag("thorough")
    @Test
    void deadlinesComeWhereTheirSystemCallIsNotPermitted() throws Exception {
        List<String> strace = List.of(
                "strace",
                "-f",
                "--seccomp-bpf",
                "-qq",
                "-o/dev/null",
                "-etrace=epoll_pwait2",
                "-einject=epoll_pwait2:error=EPERM");
        assumeTrue(ForkedJvm.canStartBy(strace), "needs strace, and leave to use it");
        assertThat(ForkedJvm.startBy(strace, OnItsOwn.class, List.of()).output())
                .contains("all ended");
    }

    @Test
    @Behaviour(30)
    void deadlineRenewedForEachByteNeverFires() throws Exception {
        try (var pair = ConnPair.tcp()) {
            Task<Void> server = Task.run(() -> {
                byte[] one = new byte[1];
                while (true) {
                    pair.right().setReadDeadline(inHours(1));
                    if (pair.right().read(one) < 0) {
                        return;
                    }
                    pair.right().setWriteDeadline(inHours(1));
                    pair.right().write(one);
                }
            });
            byte[] one = new byte[1];
            for (int i = 0; i < 1_000; i++) {
                one[0] = (byte) i;
                pair.left().write(one);
                assertThat(pair.left().read(one)).isEqualTo(1);
                assertThat(one[0]).isEqualTo((byte) i);
            }
            pair.left().close();
            server.result();
        }
    }

    @Test
    @Behaviour(31)
    void deadlinesTwoMicrosecondsAheadRaceWithReadsAndWrites() throws Exception {
        try (var pair = ConnPair.tcp()) {
            Task<Void> peer = Task.run(() -> echo(pair.right()));
            Task<Void> setter = Task.run(() -> {
                for (int i = 0; i < 1_000; i++) {
                    pair.left().setDeadline(Deadline.afterNanos(2_000));
                }
            });
            Task<Void> reader = Task.run(() -> attempt(1_000, () -> pair.left().read(new byte[1])));
            Task<Void> writer = Task.run(() -> attempt(1_000, () -> pair.left().write(new byte[1])));
            setter.result();
            reader.result();
            writer.result();
            pair.left().close();
            peer.result();
        }
    }

    private static void attempt(int times, Task.Action call) throws Exception {
        for (int i = 0; i < times; i++) {
            try {
                call.run();
            } catch (DeadlineExceededException e) {
                assertThat(e.timeout()).isTrue();
            }
        }
    }

    @Test
    @Behaviour(32)
    void everEarlierDeadlinesFromManyThreadsHarmNobody() throws Exception {
        List<Task<Void>> tasks = new ArrayList<>();
        for (int thread = 0; thread < 8; thread++) {
            tasks.add(Task.run(() -> {
                List<ConnPair> pairs = new ArrayList<>();
                List<Task<Integer>> readers = new ArrayList<>();
                try {
                    for (int i = 0; i < 10; i++) {
                        ConnPair pair = ConnPair.tcp();
                        pairs.add(pair);
                        readers.add(Task.start(() -> pair.left().read(new byte[1])));
                    }
                    for (int round = 0; round < 100; round++) {
                        for (ConnPair pair : pairs) {
                            pair.left().setReadDeadline(inSeconds(2 * 3_600 - 10 * round));
                            pair.left().setWriteDeadline(inSeconds(3_600 - 10 * round));
                        }
                    }
                    for (int i = 0; i < 10; i++) {
                        pairs.get(i).right().write(new byte[1]);
                        assertThat(readers.get(i).result()).isEqualTo(1);
                    }
                } finally {
                    for (ConnPair pair : pairs) {
                        pair.close();
                    }
                }
            }));
        }
        for (Task<Void> task : tasks) {
            task.result();
        }
    }

    /** Moved on and on while the timer for the first place fires: the read ends at the last one only. */
    @Test
    @Behaviour(210)
    void deadlineMovedOnWhileItsTimerFiresEndsNothing() throws Exception {
        try (var pair = ConnPair.tcp()) {
            pair.left().setReadDeadline(inMillis(5));
            Task<Integer> reader = Task.start(() -> pair.left().read(new byte[1]));
            for (int i = 0; i < 50; i++) {
                // Real time: the timer fires on another thread, between two steps of ours.
                Thread.sleep(1);
                pair.left().setReadDeadline(inMillis(2_000));
                if (reader.isDone()) {
                    // The machine was so busy that the first deadline came before we moved it.
                    reader.failure(DeadlineExceededException.class);
                    return;
                }
            }
            pair.right().write(new byte[1]);
            assertThat(reader.result()).isEqualTo(1);
        }
    }

    /**
     * Two threads, a timer and no step in common: the deadline comes some microseconds after the reader begins, is
     * moved on by another thread some microseconds after that one saw it begin, and then a byte comes. Each read ends,
     * and by its deadline only if that was not moved before it came. -Dtest.rounds: 1,000; the soak tier does a
     * million.
     */
    @Test
    @Behaviour(210)
    void deadlineMovedWhileItsTimerFiresLosesNoReader() throws Exception {
        int rounds = Integer.getInteger("test.rounds", 1_000);
        long seed = System.nanoTime();
        AtomicInteger round = new AtomicInteger();
        AtomicLong movedNanos = new AtomicLong();
        try (var pair = ConnPair.tcp()) {
            Task<Integer> reader = Task.start(() -> {
                Random random = new Random(seed);
                int late = 0;
                byte[] one = new byte[1];
                for (int i = 1; i <= rounds; i++) {
                    movedNanos.set(0);
                    long wait = 1L + random.nextInt(60_000);
                    long earliest = System.nanoTime() + wait;
                    pair.left().setReadDeadline(Deadline.afterNanos(wait));
                    round.set(i);
                    try {
                        pair.left().read(one);
                    } catch (DeadlineExceededException e) {
                        long moved = movedNanos.get();
                        assertThat(moved == 0 || moved - earliest > 0)
                                .as("moved in time, and came all the same; seed %d", seed)
                                .isTrue();
                        late++;
                        pair.left().setReadDeadline(Deadline.NONE);
                        pair.left().read(one);
                    }
                    assertThat(one[0]).isEqualTo((byte) i);
                }
                return late;
            });
            Task<Void> mover = Task.run(() -> {
                Random random = new Random(~seed);
                for (int i = 1; i <= rounds; i++) {
                    while (round.get() < i) {
                        Thread.yield();
                    }
                    long untilNanos = System.nanoTime() + random.nextInt(60_000);
                    while (System.nanoTime() - untilNanos < 0) {
                        Thread.onSpinWait();
                    }
                    pair.left().setReadDeadline(inHours(1));
                    movedNanos.set(System.nanoTime());
                    pair.right().write(new byte[] {(byte) i});
                }
            });
            assertThat(reader.result()).as("reads that ended by the deadline").isBetween(1, rounds - 1);
            mover.result();
        }
    }

    /** A timer armed late must not wait for an earlier, longer sleep of the poller. */
    @Test
    void deadlineMovedFromHoursToMillisecondsEndsTheRead() throws Exception {
        try (var other = ConnPair.tcp();
                var pair = ConnPair.tcp()) {
            other.left().setReadDeadline(inHours(1));
            Task<Integer> sleeper = Task.start(() -> other.left().read(new byte[1]));
            Parked.await(sleeper.thread());
            for (int i = 0; i < 20; i++) {
                pair.left().setReadDeadline(inHours(2));
                Task<Integer> reader = Task.start(() -> pair.left().read(new byte[1]));
                Parked.await(reader.thread());
                pair.left().setReadDeadline(inMillis(3));
                reader.failure(DeadlineExceededException.class);
            }
            other.left().close();
            sleeper.failure(ConnClosedException.class);
        }
    }

    /** What the poller told of data that came after a short read must outlive a read whose deadline has passed. */
    @Test
    @Behaviour({7, 18})
    void expiredReadLeavesDataThatCameAfterAShortRead() throws Exception {
        try (var pair = ConnPair.tcp()) {
            Task<Integer> reader = Task.start(() -> pair.left().read(new byte[10]));
            Parked.awaitReader(pair.left());
            pair.right().write(new byte[] {1});
            assertThat(reader.result()).isEqualTo(1);
            pair.right().write(new byte[] {2});
            if (Runtimes.current().way() != Way.NIO) { // Which tells waiters alone.
                ReadinessSlot slot =
                        Parked.descriptor(pair.left()).registration().read();
                Await.until("the poller has told", slot::isReady);
            }
            pair.left().setReadDeadline(Deadline.PAST);
            assertThrows(DeadlineExceededException.class, () -> pair.left().read(new byte[10]));
            pair.left().setReadDeadline(inSeconds(30));
            assertThat(pair.left().read(new byte[10])).isEqualTo(1);
        }
    }

    private static Deadline inHours(long hours) {
        return inSeconds(TimeUnit.HOURS.toSeconds(hours));
    }

    private static Deadline inSeconds(long seconds) {
        return Deadline.afterNanos(TimeUnit.SECONDS.toNanos(seconds));
    }
}
