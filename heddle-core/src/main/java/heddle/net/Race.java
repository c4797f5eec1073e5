package heddle.net;

import heddle.internal.socket.SockAddr;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Dials several addresses of one host at a time, for the first connection that stands: Happy Eyeballs, RFC 8305 section
 * 5. The attempts run on virtual threads of Heddle's, one each; the dialing thread, of whatever kind, starts them and
 * waits.
 *
 * <p>The next address is tried when the delay has passed since the last one was, or at once when an attempt fails. The
 * first connection ends the race: the other attempts are interrupted, and one that succeeds nevertheless closes its
 * connection. If all fail, the first address's failure is the race's, the others are its suppressed ones. Which
 * attempts there are at a time is bounded by the addresses.
 *
 * <p>1. A connection is either returned or closed. 2. When {@link #run} throws, no attempt runs any more; when it
 * returns, those that lost may still be closing.
 *
 * <p>Ordering: an attempt puts its outcome into the queue, then reads {@code over}; the dialing thread sets over, then
 * empties the queue. So one of the two closes a connection that came too late.
 */
final class Race {

    /** RFC 8305 section 8: the recommended delay. */
    static final Duration DELAY_DEFAULT = Duration.ofMillis(250);

    /** The least that it allows. */
    static final Duration DELAY_MIN = Duration.ofMillis(10);

    /** Connects to one address; ended by an interrupt. */
    @FunctionalInterface
    interface Attempt {
        TcpConn connect(SockAddr address) throws IOException;
    }

    /** How an attempt ended: one of the two is there. */
    private record Outcome(
            int index, @Nullable TcpConn conn, @Nullable Throwable failure) {}

    private final Heddle heddle;
    private final List<SockAddr> addresses;
    private final Duration delay;
    private final Deadline end;
    private final Attempt attempt;

    /** At most one an attempt. */
    private final ConcurrentLinkedQueue<Outcome> outcomes = new ConcurrentLinkedQueue<>();

    private final ReentrantLock lock = new ReentrantLock();

    /** There is an outcome more. */
    private final Condition arrived = lock.newCondition();

    /** Of the attempts that were started, in the order of the addresses; the dialing thread's. */
    private final List<Thread> threads = new ArrayList<>();

    /** By address; the dialing thread's. */
    private final @Nullable IOException[] failures;

    /** Whether nobody waits for connections any more. Written by the dialing thread. */
    private volatile boolean over;

    /**
     * A race that is yet to {@link #run}.
     *
     * @param heddle whose threads attempt
     * @param addresses at least one, in the order to try them
     * @param delay time from one attempt to the next
     * @param end after which no attempt is started; the attempts end by themselves then
     */
    Race(Heddle heddle, List<SockAddr> addresses, Duration delay, Deadline end, Attempt attempt) {
        this.heddle = heddle;
        this.addresses = addresses;
        this.delay = delay;
        this.end = end;
        this.attempt = attempt;
        this.failures = new IOException[addresses.size()];
    }

    /**
     * The addresses in the order to try them: families alternate, beginning with the first one's, each in the order
     * that the resolver gave it; RFC 8305 section 4 with a "First Address Family Count" of 1.
     */
    static List<SockAddr> interleaved(List<SockAddr> addresses) {
        List<SockAddr> first = new ArrayList<>();
        List<SockAddr> other = new ArrayList<>();
        for (SockAddr address : addresses) {
            boolean likeFirst = address.version() == addresses.getFirst().version();
            (likeFirst ? first : other).add(address);
        }
        List<SockAddr> order = new ArrayList<>();
        Iterator<SockAddr> others = other.iterator();
        for (SockAddr address : first) {
            order.add(address);
            if (others.hasNext()) {
                order.add(others.next());
            }
        }
        others.forEachRemaining(order::add);
        return order;
    }

    /**
     * Runs it.
     *
     * @return the first connection that stands
     * @throws InterruptedException the calling thread was interrupted
     * @throws IOException all failed; see the class comment
     */
    TcpConn run() throws IOException, InterruptedException {
        boolean won = false;
        heddle.life().beginWait("dial wait", addresses.getFirst());
        try {
            TcpConn winner = firstOf();
            won = true;
            return winner;
        } finally {
            heddle.life().endWait();
            end(won);
        }
    }

    private TcpConn firstOf() throws IOException, InterruptedException {
        int running = start();
        while (true) {
            Outcome outcome = next();
            if (outcome == null) {
                running += start();
                continue;
            }
            if (outcome.conn != null) {
                return outcome.conn;
            }
            running--;
            failures[outcome.index] = ioException(outcome.failure);
            if (mayStart()) {
                running += start();
            } else if (running == 0) {
                throw failure();
            }
        }
    }

    private boolean mayStart() {
        return threads.size() < addresses.size() && !end.hasPassed();
    }

    /** Starts the next attempt: 1. */
    private int start() {
        int index = threads.size();
        SockAddr address = addresses.get(index);
        threads.add(
                heddle.ofVirtual().name("heddle-dial " + new TcpAddr(address)).start(() -> attempt(index, address)));
        return 1;
    }

    private void attempt(int index, SockAddr address) {
        Outcome outcome;
        try {
            outcome = new Outcome(index, attempt.connect(address), null);
        } catch (Throwable failure) {
            outcome = new Outcome(index, null, failure); // The dialing thread throws it.
        }
        outcomes.add(outcome);
        lock.lock();
        try {
            arrived.signal();
        } finally {
            lock.unlock();
        }
        // Look only now: the dialing thread that set this before the line above left it to us.
        if (over) {
            closeLate();
        }
    }

    /** The next attempt that ends; null once it is time to start another. */
    private @Nullable Outcome next() throws InterruptedException {
        Deadline nextStart = mayStart() ? Deadline.after(delay, heddle.clock()) : Deadline.NONE;
        lock.lockInterruptibly();
        try {
            Outcome outcome = outcomes.poll();
            while (outcome == null && !nextStart.hasPassed()) {
                nextStart.await(lock, arrived);
                outcome = outcomes.poll();
            }
            return outcome;
        } finally {
            lock.unlock();
        }
    }

    /** The failure of an attempt. A hook's defect is not one: it ends the race. */
    private static IOException ioException(@Nullable Throwable failure) {
        return switch (failure) {
            case IOException failed -> failed;
            case RuntimeException defect -> throw defect;
            case Error defect -> throw defect;
            case null, default -> throw new AssertionError("an attempt threw", failure);
        };
    }

    private IOException failure() {
        IOException first = null;
        for (IOException failure : failures) {
            if (failure == null) {
                break; // Not tried, since time was over.
            }
            if (first == null) {
                first = failure;
            } else {
                first.addSuppressed(failure);
            }
        }
        if (first == null) {
            throw new AssertionError("no attempt failed of " + addresses);
        }
        return first;
    }

    /** Ends the attempts that still run; after a failure, waits for their last. */
    private void end(boolean won) {
        over = true;
        closeLate();
        threads.forEach(Thread::interrupt);
        if (!won) {
            threads.forEach(Race::join);
            closeLate();
        }
    }

    private void closeLate() {
        for (Outcome late = outcomes.poll(); late != null; late = outcomes.poll()) {
            if (late.conn != null) {
                late.conn.descriptor().close();
            }
        }
    }

    /** Waits for the end of {@code thread}; an interrupt is put off. */
    private static void join(Thread thread) {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException later) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
