package heddle.net;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.sched.Scheduler;
import heddle.internal.trace.Counter;
import heddle.testing.Await;
import heddle.testing.Counted;
import heddle.testing.Runtimes;
import heddle.testing.Task;
import heddle.testing.ThreadDump;
import heddle.testing.Ways;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Everything at once: echoes of all sizes, short deadlines, interrupts, closes from other threads, loops and lingering
 * closes that hold a carrier. Afterwards every thread has ended, every echo was right, each wait that was begun was
 * ended, no carrier is missing, and descriptors and (what Leaks checks of each test class) threads are back to the
 * start. The last line printed says so.
 *
 * <p>-Dtest.soak.seconds sets how long (3), -Dtest.soak.seed what happens (the time); the soak tier runs ten minutes,
 * {@code mvn verify -Psoak -pl heddle-core}.
 */
@Ways
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class SoakTest {

    private static final long SECONDS = Long.getLong("test.soak.seconds", 3);
    private final long seed = Long.getLong("test.soak.seed", System.nanoTime());
    private static final int CLIENTS = 32;
    private static final int MESSAGE_BYTES_MAX = 100_000;
    private static final long LONG_SECONDS = 60;
    private static final long HOLD_NANOS = TimeUnit.MILLISECONDS.toNanos(15);

    private final long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    private final Set<Conn> open = ConcurrentHashMap.newKeySet();
    private final LongAdder echoes = new LongAdder();
    private final LongAdder timeouts = new LongAdder();
    private final LongAdder interrupts = new LongAdder();
    private final LongAdder closed = new LongAdder();
    private final LongAdder sessionsStarted = new LongAdder();
    private final Map<Counter, Long> before = new EnumMap<>(Counter.class);

    SoakTest() {
        for (Counter counter : Counter.values()) {
            before.put(counter, Counted.value(counter));
        }
    }

    private long more(Counter counter) {
        return Counted.value(counter) - before.get(counter);
    }

    @Test
    @Tag("thorough")
    void nothingIsLost() throws Exception {
        Listener listener = Runtimes.listen("tcp", "127.0.0.1:0");
        try {
            Task<List<Task<Void>>> server = Task.start(() -> serve(listener));
            List<Task<Void>> clients = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                Random random = new Random(seed + i);
                clients.add(Task.run(() -> talk(listener.address().toString(), random)));
            }
            Task<Void> vandal = Task.run(() -> disturb(clients, new Random(seed - 1)));
            for (Task<Void> client : clients) {
                client.result();
            }
            vandal.result();
            listener.close();
            for (Task<Void> session : server.result()) {
                session.result();
            }
        } finally {
            listener.close();
        }
        System.out.printf(
                "soak of %d s, %s, seed %d: %s echoes, %s deadlines, %s interrupts, %s closes, %d" + " hand-offs%n",
                SECONDS,
                Runtimes.current().describe(),
                seed,
                echoes,
                timeouts,
                interrupts,
                closed,
                more(Counter.HAND_OFFS));
        assertThat(open).isEmpty();
        assertThat(echoes.sum()).isPositive();
        assertThat(closed.sum()).isPositive();
        Scheduler scheduler = Insides.of(Runtimes.current()).scheduler();
        assertThat(more(Counter.HAND_OFFS) > 0).isEqualTo(scheduler != null);
        awaitBalance(scheduler);
    }

    private long waiting() {
        return more(Counter.PARKS) - more(Counter.WAKES) - more(Counter.EXPIRED) - more(Counter.GIVEN_UP);
    }

    /** What is counted soon after it happened may still be missing. */
    private void awaitBalance(@Nullable Scheduler scheduler) throws Exception {
        Await.until(() -> "as many waits ended as began, got " + waiting() + " left", () -> waiting() == 0);
        Await.until(
                () -> "all sockets closed, got " + more(Counter.DESCRIPTORS) + " left",
                () -> more(Counter.DESCRIPTORS) == 0);
        System.out.printf(
                "afterwards: all of %d clients and %s sessions ended; of %d waits %d ended by"
                        + " readiness, %d by deadline, %d otherwise; 0 sockets left%n",
                CLIENTS,
                sessionsStarted,
                more(Counter.PARKS),
                more(Counter.WAKES),
                more(Counter.EXPIRED),
                more(Counter.GIVEN_UP));
        if (scheduler == null) {
            return;
        }
        int most = scheduler.carriers();
        if (SECONDS >= LONG_SECONDS) { // As long as this a soak has time to see spares retire.
            Await.until(
                    () -> "one carrier a processor, got " + scheduler.carriers(),
                    () -> scheduler.carriers() == scheduler.parallelism());
        }
        Await.until(
                "all carriers without a processor are spare",
                () -> Counted.value(Counter.CARRIERS) - Counted.value(Counter.SPARES) == scheduler.parallelism());
        System.out.printf(
                "carriers: %d at the end of the load, %d now, %d of them spare%n",
                most, scheduler.carriers(), Counted.value(Counter.SPARES));
    }

    private List<Task<Void>> serve(Listener listener) throws IOException {
        List<Task<Void>> sessions = new ArrayList<>();
        Random random = new Random(seed);
        try {
            while (true) {
                Conn conn = listener.accept();
                sessions.removeIf(SoakTest::isOver);
                long sessionSeed = random.nextLong();
                sessionsStarted.increment();
                sessions.add(Task.run(() -> echo(conn, new Random(sessionSeed))));
            }
        } catch (ConnClosedException over) {
            return sessions;
        }
    }

    private static boolean isOver(Task<Void> session) {
        if (!session.isDone()) {
            return false;
        }
        try {
            session.result();
        } catch (Exception e) {
            throw new AssertionError("a session failed", e);
        }
        return true;
    }

    private static void echo(Conn conn, Random random) throws IOException {
        byte[] buffer = new byte[1 + random.nextInt(32_768)];
        try (conn) {
            int n;
            while ((n = conn.read(buffer)) >= 0) {
                if (random.nextInt(500) == 0) {
                    hold(); // The carrier; its processor is handed to another.
                }
                conn.write(buffer, 0, n);
            }
        } catch (ConnResetException | ConnClosedException gone) {
            // The client closed with an answer under way.
        }
    }

    private static void hold() {
        long untilNanos = System.nanoTime() + HOLD_NANOS;
        while (System.nanoTime() < untilNanos) {
            Thread.onSpinWait();
        }
    }

    private void talk(String address, Random random) throws Exception {
        while (System.nanoTime() < endNanos) {
            Conn conn;
            try {
                conn = Runtimes.dial("tcp", address);
            } catch (CallInterruptedException disturbed) {
                interrupts.increment();
                continue;
            }
            open.add(conn);
            try (conn) {
                // An echo of two bytes at a time, as some sessions are, takes long for a long message.
                for (int i = random.nextInt(50); i >= 0 && System.nanoTime() < endNanos; i--) {
                    exchange(conn, random);
                }
                if (random.nextInt(4) == 0) {
                    ((TcpConn) conn).setLinger(Duration.ofSeconds(1)); // Its close gives the processor away at once.
                }
            } catch (ConnClosedException disturbed) {
                closed.increment();
            } finally {
                open.remove(conn);
            }
        }
        Thread.interrupted(); // One that came after the last call.
    }

    /** Sends a message, and reads as much back, through all deadlines and interrupts. */
    private void exchange(Conn conn, Random random) throws Exception {
        byte[] message = new byte[1 + random.nextInt(random.nextBoolean() ? 100 : MESSAGE_BYTES_MAX)];
        random.nextBytes(message);
        long writerSeed = random.nextLong();
        Task<Void> writer = Task.run(() -> writeAll(conn, message, new Random(writerSeed)));
        try {
            byte[] answer = new byte[message.length];
            readAll(conn, answer, random);
            assertThat(answer).isEqualTo(message);
            echoes.increment();
        } finally {
            awaitEnd(writer);
        }
    }

    /**
     * Waits for {@code writer}, whatever comes; it ends early only if the connection was closed, which the reader saw
     * too.
     */
    private void awaitEnd(Task<Void> writer) throws Exception {
        while (true) {
            try {
                writer.result();
                return;
            } catch (InterruptedException disturbed) {
                interrupts.increment();
            } catch (ConnClosedException disturbed) {
                return;
            }
        }
    }

    private void readAll(Conn conn, byte[] buffer, Random random) throws IOException {
        int done = 0;
        while (done < buffer.length) {
            try {
                conn.setReadDeadline(deadline(random));
                int n = conn.read(buffer, done, 1 + random.nextInt(buffer.length - done));
                if (n < 0) {
                    throw new AssertionError("the stream ended in the middle, seed " + seed);
                }
                done += n;
            } catch (DeadlineExceededException late) {
                assertThat(late.bytesTransferred()).isZero();
                timeouts.increment();
            } catch (CallInterruptedException disturbed) {
                interrupts.increment();
            }
        }
    }

    private void writeAll(Conn conn, byte[] bytes, Random random) throws IOException {
        int done = 0;
        while (done < bytes.length) {
            try {
                conn.setWriteDeadline(deadline(random));
                done += conn.write(bytes, done, bytes.length - done);
            } catch (DeadlineExceededException late) {
                done += (int) late.bytesTransferred();
                timeouts.increment();
            } catch (CallInterruptedException disturbed) {
                done += (int) disturbed.bytesTransferred();
                interrupts.increment();
            }
        }
    }

    private static Deadline deadline(Random random) {
        return switch (random.nextInt(10)) {
            case 0 -> Deadline.afterNanos(1 + random.nextInt(200_000));
            case 1, 2 -> Deadline.NONE;
            default -> Deadline.afterNanos(TimeUnit.MILLISECONDS.toNanos(1 + random.nextInt(50)));
        };
    }

    /** Interrupts clients and closes their connections, one at a time, until the end. */
    private void disturb(List<Task<Void>> clients, Random random) throws Exception {
        while (System.nanoTime() < endNanos) {
            // Real time: the pace of disturbances.
            Thread.sleep(1 + random.nextInt(5));
            if (random.nextInt(4) == 0) {
                for (Conn conn : open) {
                    conn.close();
                    break;
                }
            } else {
                clients.get(random.nextInt(clients.size())).thread().interrupt();
            }
        }
        // An interrupt may still come to a client that waits for its writer: let it be over.
        Await.until(
                () -> "all clients have ended\n" + Runtimes.current().dump() + ThreadDump.take(),
                () -> clients.stream().allMatch(Task::isDone));
    }
}
