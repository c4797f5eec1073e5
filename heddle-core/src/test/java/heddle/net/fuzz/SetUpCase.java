package heddle.net.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.trace.Counter;
import heddle.net.CallInterruptedException;
import heddle.net.Conn;
import heddle.net.ConnClosedException;
import heddle.net.ConnRefusedException;
import heddle.net.ConnResetException;
import heddle.net.Deadline;
import heddle.net.DeadlineExceededException;
import heddle.net.Dialer;
import heddle.net.ListenConfig;
import heddle.net.Listener;
import heddle.testing.Await;
import heddle.testing.Counted;
import heddle.testing.Runtimes;
import heddle.testing.Task;
import heddle.time.Clock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * One listener, several threads that accept and several that dial, with deadlines, interrupts and closes. Each
 * connection carries a number one way and its complement back: one that was dialed is accepted at most once, and,
 * unless the listener was closed meanwhile, exactly once. Once it is closed, its port may be another process's.
 */
final class SetUpCase implements FuzzTest.Case {

    private static final int MESSAGE_BYTES = Long.BYTES + Integer.BYTES;

    private final Random random;
    private final boolean closesEarly;

    /** Tells this case's messages from those of others that run at the same time. */
    private final long mark = ProcessHandle.current().pid() << 40 ^ System.nanoTime();

    private final DeadlineLog deadlines = new DeadlineLog();
    private final Set<Integer> accepted = ConcurrentHashMap.newKeySet();
    private final AtomicInteger dials = new AtomicInteger();
    private final AtomicInteger interruptsSent = new AtomicInteger();
    private final AtomicInteger interruptsSeen = new AtomicInteger();
    private volatile boolean closing;

    SetUpCase(long seed) {
        random = new Random(seed);
        closesEarly = random.nextInt(3) == 0;
    }

    @Override
    public void run() throws Exception {
        long before = Counted.value(Counter.DESCRIPTORS);
        List<Task<Void>> dialers = new ArrayList<>();
        List<Task<Void>> all = new ArrayList<>();
        // A full backlog makes Linux drop the request, which comes again after a second.
        ListenConfig config = Runtimes.listenConfig();
        if (random.nextInt(20) == 0) {
            config = config.backlog(2);
        }
        Listener listener = config.listen("tcp", "127.0.0.1:0");
        try {
            for (int i = 1 + random.nextInt(3); i > 0; i--) {
                Random own = new Random(random.nextLong());
                all.add(start(() -> acceptAll(listener, own)));
            }
            for (int i = 1 + random.nextInt(4); i > 0; i--) {
                Random own = new Random(random.nextLong());
                dialers.add(start(() -> dialSome(listener.address().toString(), own)));
            }
            Random own = new Random(random.nextLong());
            List<Task<Void>> victims = new ArrayList<>(all);
            victims.addAll(dialers);
            all.add(start(() -> disturb(listener, victims, own)));
            await(dialers);
            for (Task<Void> dialer : dialers) {
                dialer.result();
            }
            await(all.subList(all.size() - 1, all.size()));
            closing = true;
            listener.close();
            await(all);
            for (Task<Void> one : all) {
                one.result();
            }
        } finally {
            listener.close();
        }
        assertThat(Counted.value(Counter.DESCRIPTORS)).as("descriptors").isEqualTo(before);
    }

    @Override
    public String toString() {
        return closesEarly ? "the listener closes early" : "the listener closes last";
    }

    private Task<Void> start(Task.Action body) {
        return Task.on(StreamCase.threads(random), () -> {
            body.run();
            return null;
        });
    }

    private static void await(List<Task<Void>> tasks) throws Exception {
        Await.until(Runtimes.current()::dump, () -> tasks.stream().allMatch(Task::isDone));
    }

    private void disturb(Listener listener, List<Task<Void>> victims, Random own) throws Exception {
        for (int i = own.nextInt(40); i > 0; i--) {
            LockSupport.parkNanos(own.nextInt(300_000));
            if (own.nextBoolean()) {
                interruptsSent.incrementAndGet();
                victims.get(own.nextInt(victims.size())).thread().interrupt();
            } else {
                setDeadline(listener, Noise.deadline(own));
            }
        }
        if (closesEarly) {
            closing = true;
            listener.close();
        } else {
            setDeadline(listener, Deadline.NONE);
        }
    }

    private void setDeadline(Listener listener, Deadline deadline) throws Exception {
        deadlines.set(deadline, () -> listener.setDeadline(deadline));
    }

    private void acceptAll(Listener listener, Random own) throws Exception {
        while (true) {
            long startNanos = Clock.system().nanos();
            boolean closed = closing;
            try (Conn conn = listener.accept()) {
                assertThat(deadlines.mustExpire(startNanos, Clock.system().nanos()))
                        .as("accepted although the deadline had passed")
                        .isFalse();
                answer(conn);
            } catch (ConnClosedException e) {
                assertThat(closing).as(e.getMessage()).isTrue();
                return;
            } catch (DeadlineExceededException e) {
                assertThat(e.getMessage()).startsWith("accept tcp ");
                assertThat(deadlines.mayExpire(startNanos, Clock.system().nanos()))
                        .as("a deadline for " + e.getMessage())
                        .isTrue();
                if (!closed && own.nextBoolean()) {
                    try {
                        setDeadline(listener, Deadline.NONE);
                    } catch (ConnClosedException e2) {
                        assertThat(closing).as(e2.getMessage()).isTrue();
                    }
                }
            } catch (CallInterruptedException e) {
                noteInterrupt(e);
            }
        }
    }

    private void noteInterrupt(CallInterruptedException e) {
        assertThat(interruptsSeen.incrementAndGet()).as(e.getMessage()).isLessThanOrEqualTo(interruptsSent.get());
    }

    /** Answers the number that comes, unless the dialer gave up, or wanted somebody else who had this port before. */
    private void answer(Conn conn) throws IOException {
        ByteBuffer message = ByteBuffer.allocate(MESSAGE_BYTES);
        try {
            if (readAll(conn, message) && message.flip().getLong() == mark) {
                int id = message.getInt();
                assertThat(accepted.add(id)).as("accepted twice").isTrue();
                writeAll(conn, message(~id));
            }
        } catch (ConnResetException e) {
            assertThat(e.getMessage()).contains(" tcp ");
        }
    }

    private void dialSome(String address, Random own) throws IOException {
        for (int i = 1 + own.nextInt(10); i > 0; i--) {
            int id = dials.incrementAndGet();
            Dialer dialer = Runtimes.dialer();
            Deadline end = Deadline.NONE;
            if (own.nextInt(3) == 0) {
                end = Noise.deadline(own);
                dialer = dialer.deadline(end);
            }
            try (Conn conn = dialer.dial("tcp", address)) {
                ask(conn, id);
            } catch (DeadlineExceededException e) {
                assertThat(e.getMessage()).isEqualTo("dial tcp " + address + ": i/o timeout");
                assertThat(end.hasPassed()).isTrue();
            } catch (CallInterruptedException e) {
                noteInterrupt(e);
            } catch (ConnRefusedException | ConnResetException e) {
                assertThat(closing).as(e.getMessage()).isTrue();
            }
        }
    }

    private void ask(Conn conn, int id) throws IOException {
        writeAll(conn, message(id));
        ByteBuffer answer = ByteBuffer.allocate(MESSAGE_BYTES);
        boolean answered = readAll(conn, answer) && answer.flip().equals(message(~id));
        assertThat(answered || closing).as("an answer").isTrue();
        if (answered) {
            assertThat(accepted).contains(id);
        }
    }

    private ByteBuffer message(int number) {
        return ByteBuffer.allocate(MESSAGE_BYTES).putLong(mark).putInt(number).flip();
    }

    private boolean readAll(Conn conn, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            try {
                if (conn.read(buffer) < 0) {
                    return false;
                }
            } catch (CallInterruptedException e) {
                noteInterrupt(e);
            }
        }
        return true;
    }

    private void writeAll(Conn conn, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            try {
                conn.write(buffer);
            } catch (CallInterruptedException e) {
                noteInterrupt(e);
            }
        }
    }
}
