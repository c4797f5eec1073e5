package heddle.internal.sched;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.jdk.VirtualThreads;
import heddle.internal.sched.Turns.Count;
import heddle.internal.sched.Turns.SimThread;
import heddle.internal.sched.Turns.Then;
import heddle.internal.trace.Trace;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * No thread runs again and again while another could: the promise of docs/concurrency.md, "Turns", by its numbers.
 * Turns are counted, not time. All tests but the last move the carriers by hand, so each run of them is the same.
 */
@Timeout(120)
class FairnessTest {

    /** Around the turns of a round and the capacity of a queue, and far above. */
    private static final List<Integer> COUNTS = List.of(1, 2, 31, 32, 33, 1000, 4095, 4096, 4097, 10_000);

    /** How often each thread has its turn, about. */
    private static final int TIMES = 12;

    private Turns world = new Turns(1);
    private int threads;

    private SimThread thread(String kind, Then then) {
        threads++;
        return world.new SimThread(kind, then);
    }

    /** Starts a thread that can run again at once, as after Thread.yield. */
    private SimThread startYielding(int at) {
        SimThread yielding = thread("yielding", (self, now) -> world.wake(self, now));
        world.wake(yielding, at);
        return yielding;
    }

    /** Starts one that others than the scheduler's own threads wake, as the JDK does each one that slept. */
    private void startSleeping(int at) {
        world.wake(thread("sleeping", (self, now) -> world.wake(self, Turns.OUTSIDE)), at);
    }

    /** Starts one of two that wake each other. */
    private void startPair(int at) {
        SimThread[] pair = new SimThread[2];
        pair[0] = thread("ping", (self, now) -> world.wake(pair[1], now));
        pair[1] = thread("pong", (self, now) -> world.wake(pair[0], now));
        world.wake(pair[0], at);
    }

    /** Starts one that waits for its connection, on which the next request is there as soon as the last is answered. */
    private void startConnection(int home) {
        world.ready(thread("connection", (self, now) -> world.ready(self, home)), home);
    }

    /** Starts one that waits for a deadline, which is there at once. */
    private void startDeadline(int home) {
        world.due(thread("deadline", (self, now) -> world.due(self, home)), home);
    }

    /** Starts a thread of each kind. */
    private void startOneOfEach(int at) {
        startYielding(at);
        startSleeping(at);
        startPair(at);
        startConnection(at);
        startDeadline(at);
    }

    private static void assertAtMost(int most, Count count) {
        assertThat(count.worst()).as(count.toString()).isLessThanOrEqualTo(most);
    }

    @ParameterizedTest
    @FieldSource("COUNTS")
    void threadsThatYieldTakeTurns(int count) {
        for (int i = 0; i < count; i++) {
            startYielding(0);
        }
        world.turns(TIMES * threads);
        assertAtMost(1, world.sinceRunnable);
    }

    /** They come through the shared queue, while others have the processor's own. */
    @ParameterizedTest
    @FieldSource("COUNTS")
    void threadsFromOutsideTakeTurnsWithThoseThatYield(int count) {
        for (int i = 0; i < count; i++) {
            startYielding(0);
        }
        world.turns(threads);
        for (int i = 0; i < count; i++) {
            startSleeping(Turns.OUTSIDE);
        }
        world.turns(TIMES * threads);
        assertAtMost(1, world.sinceRunnable);
    }

    @ParameterizedTest
    @FieldSource("COUNTS")
    void pairsThatWakeEachOtherTakeTurns(int count) {
        startYielding(0);
        for (int i = 0; i < count; i++) {
            startPair(0);
        }
        world.turns(TIMES * threads);
        assertAtMost(1, world.sinceRunnable);
    }

    /** With connections alone, they do from when the kernel has a request: the kernel's own order is kept. */
    @ParameterizedTest
    @FieldSource("COUNTS")
    void connectionsTakeTurns(int count) {
        for (int i = 0; i < count; i++) {
            startConnection(0);
        }
        world.turns(TIMES * threads);
        assertAtMost(1, world.sinceReady);
    }

    @ParameterizedTest
    @FieldSource("COUNTS")
    void threadsWokenByDeadlinesTakeTurns(int count) {
        startYielding(0);
        for (int i = 0; i < count; i++) {
            startDeadline(0);
        }
        world.turns(TIMES * threads);
        assertAtMost(1, world.sinceRunnable);
    }

    /** One turn overflows the queue many times over. */
    @ParameterizedTest
    @FieldSource("COUNTS")
    void threadThatWakesManyTakesTurnsWithThem(int count) {
        List<SimThread> woken = new ArrayList<>();
        AtomicInteger asleep = new AtomicInteger(count);
        for (int i = 0; i < count; i++) {
            woken.add(thread("woken", (self, now) -> asleep.incrementAndGet()));
        }
        Then wakeAll = (self, now) -> {
            if (asleep.get() == count) {
                asleep.set(0);
                woken.forEach(one -> world.wake(one, now));
            }
            world.wake(self, now);
        };
        world.wake(thread("waking", wakeAll), 0);
        startYielding(0);
        world.turns(TIMES * threads);
        assertAtMost(1, world.sinceRunnable);
        assertThat(woken).allMatch(one -> one.ran() > 1);
    }

    @ParameterizedTest
    @FieldSource("COUNTS")
    void threadsOfAllKindsTakeTurns(int count) {
        for (int i = 0; i < count; i++) {
            startOneOfEach(0);
        }
        world.turns(TIMES * threads);
        assertAtMost(1, world.sinceRunnable);
    }

    @ParameterizedTest
    @FieldSource("COUNTS")
    void pollsThatAreDueInTheMiddleOfRoundsChangeNothing(int count) {
        for (int i = 0; i < count; i++) {
            startOneOfEach(0);
        }
        world.wake(
                thread("asking", (self, now) -> {
                    world.ask(now);
                    world.wake(self, now);
                }),
                0);
        world.turns(TIMES * threads);
        assertAtMost(1, world.sinceRunnable);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void pollerThatIsDueIsPolledBeforeTheNextTurn(boolean due) {
        for (int i = 0; i < 100; i++) {
            startYielding(0);
        }
        world.turns(1);
        SimThread connection = thread("connection", (self, now) -> {});
        world.ready(connection, 0);
        if (due) {
            world.ask(0);
        }
        world.turns(101);
        // The other hundred had theirs since. Without, the poll has come with the end of their round.
        assertThat(connection.ran()).isEqualTo(due ? 1 : 0);
    }

    /** Each turn of the listener's thread takes a hundred connections from the backlog, which is never empty. */
    @ParameterizedTest
    @FieldSource("COUNTS")
    void listenerUnderAFloodLeavesConnectionsTheirTurns(int count) {
        startListener(100);
        for (int i = 0; i < count; i++) {
            startConnection(0);
        }
        world.turns(TIMES * (threads + 100));
        assertAtMost(1, world.sinceRunnable);
        assertAtMost(Scheduler.ROUND_TURNS, world.sinceReady);
    }

    @ParameterizedTest
    @FieldSource("COUNTS")
    void busyConnectionsLeaveAListenerItsTurn(int count) {
        for (int i = 0; i < count; i++) {
            startConnection(0);
        }
        world.turns(2 * threads);
        SimThread listener = startListener(1);
        world.turns(TIMES * threads);
        assertThat(listener.ran()).isGreaterThanOrEqualTo(TIMES / 2);
        assertAtMost(2, world.sinceReady);
    }

    /**
     * Starts one that waits for connections, and for each {@code accepts} starts a thread, which answers once and ends.
     */
    private SimThread startListener(int accepts) {
        SimThread listener = thread("listener", (self, now) -> {
            for (int i = 0; i < accepts; i++) {
                world.wake(world.new SimThread("accepted", (one, at) -> {}), now);
            }
            world.ready(self, 0);
        });
        world.ready(listener, 0);
        return listener;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 31})
    void connectionWaitsForOneRoundAtMost(int busy) {
        for (int connections : COUNTS) {
            world = new Turns(1);
            startBusy(busy, connections);
            assertAtMost(Scheduler.ROUND_TURNS + 1, world.sinceReady);
        }
    }

    /** A round is a turn of each then. */
    @ParameterizedTest
    @ValueSource(ints = {33, 300, 3000})
    void noneRunsThriceWhileAConnectionIsReadyBesideMany(int busy) {
        for (int connections : COUNTS) {
            world = new Turns(1);
            startBusy(busy, connections);
            assertAtMost(2, world.sinceReady);
        }
    }

    private void startBusy(int busy, int connections) {
        threads = 0;
        for (int i = 0; i < busy; i++) {
            startYielding(0);
        }
        world.turns(2 * threads);
        for (int i = 0; i < connections; i++) {
            startConnection(0);
        }
        world.turns(TIMES * threads);
    }

    /** However unequally fast the processors are, and wherever the threads come from. */
    @ParameterizedTest
    @FieldSource("COUNTS")
    @Tag("thorough")
    void severalProcessorsLeaveNoThreadWaiting(int count) {
        for (int processors = 2; processors <= 4; processors++) {
            for (int seed = 0; seed < (count < 1000 ? 30 : 2); seed++) {
                world = new Turns(processors);
                threads = 0;
                var random = new Random(seed);
                for (int i = 0; i < count; i++) {
                    startAny(processors, random);
                }
                world.turns(Math.max(20_000, TIMES * threads), random);
                assertThat(world.sinceRunnable.worst())
                        .as("%d processors, seed %d: %s", processors, seed, world.sinceRunnable)
                        .isLessThanOrEqualTo(runsAtMost(processors));
            }
        }
    }

    /**
     * Of one thread, while another waits: those of each other processor's rounds, and the one that it had before it.
     */
    private static int runsAtMost(int processors) {
        return (processors - 1) * processors * (Scheduler.ROUND_TURNS + 1) + 1;
    }

    private void startAny(int processors, Random random) {
        int at = random.nextInt(processors);
        switch (random.nextInt(5)) {
            case 0 -> startYielding(at);
            case 1 -> startSleeping(at);
            case 2 -> startPair(at);
            case 3 -> startConnection(at);
            default -> startDeadline(at);
        }
    }

    /** The other has work of its own all the time, and nothing else but a hand-off, after 10 ms, would help. */
    @Test
    void queueOfAProcessorThatIsStuckIsTakenByTheOther() {
        List<SimThread> waiting = startBehindOneThatIsStuck();
        startYielding(1);
        for (int i = 0; i < 2 * Scheduler.ROUND_TURNS + waiting.size() + 1; i++) {
            world.turn(1);
        }
        assertThat(waiting).allMatch(thread -> thread.ran() > 0);
        assertAtMost(runsAtMost(2), world.sinceRunnable);
    }

    @Test
    void queueOfAProcessorThatIsStuckIsStolenByOneWithoutWork() {
        List<SimThread> waiting = startBehindOneThatIsStuck();
        for (int i = 0; i < 3 * waiting.size(); i++) {
            world.turn(1);
        }
        assertThat(waiting).allMatch(thread -> thread.ran() > 0);
        assertAtMost(runsAtMost(2), world.sinceRunnable);
    }

    /** On the first of two processors; the turn of the first thread does not end. */
    private List<SimThread> startBehindOneThatIsStuck() {
        world = new Turns(2);
        startYielding(0);
        world.turn(0);
        List<SimThread> waiting = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            waiting.add(startYielding(0));
        }
        return waiting;
    }

    /** Real threads on a real carrier: the turns come in rounds, in which each thread has one. */
    @Test
    void virtualThreadsTakeTurns() throws Exception {
        int count = 1000;
        int rounds = 50;
        var scheduler = new Scheduler(
                VirtualThreads.probe().threads(),
                List.of(new QueuePoll()),
                new Scheduler.Limits(TimeUnit.HOURS.toNanos(1), 1, 1, 0),
                new Trace(),
                Throwable::printStackTrace);
        scheduler.start();
        var ready = new AtomicInteger();
        var turns = new AtomicInteger();
        var wrong = new AtomicInteger();
        List<Thread> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(scheduler.ofVirtual().start(() -> {
                ready.incrementAndGet();
                while (ready.get() < count) {
                    Thread.yield();
                }
                for (int round = 0; round < rounds; round++) {
                    if (turns.getAndIncrement() / count != round) {
                        wrong.incrementAndGet();
                    }
                    Thread.yield();
                }
            }));
        }
        for (Thread thread : all) {
            thread.join();
        }
        scheduler.stop();
        assertThat(wrong).as("turns that came too early or too late").hasValue(0);
    }
}
