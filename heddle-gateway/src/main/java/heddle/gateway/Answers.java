package heddle.gateway;

import heddle.frame.FrameWriter;
import heddle.net.Conn;
import heddle.time.Clock;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The answering half of a [GatewaySession]: which submits the sink has not settled yet, and the acks on their way to
/// the client.
///
/// A submit, by who has it:
///
///     read      the connection's thread: begin() waits while there are too many
///     in flight the sink, or the connection's thread that offers it to the sink
///     settled   its ack is with the writer, who may drop it
///
///     read      -> in flight  begin()
///     in flight -> settled    settled()  by the sink's writer; what that did not take, by the connection's thread
///
/// The thread `heddle-writer` writes the acks, in the order of [#settled], whoever calls it; nobody who adds one waits
/// for the client.
///
/// When the connection is gone, the sink goes on as before: it stores, settles, and is told nothing. The first ack that
/// cannot be written ends the writing. It and all after it are dropped. They count all the same: what is counted is
/// what became of the message.
///
/// Bounds: `inFlightMax` submits in flight; acks not yet written: [#ACK_BYTES_MAX], one read's worth, and those in
/// flight.
final class Answers implements Receipt {

    /** Acks that are still to be written, from which on the connection is not read. */
    static final int ACK_BYTES_MAX = 64 << 10;

    private final Counters counters;
    private final Clock clock;
    private final FrameWriter writer;
    private final int inFlightMax;
    private final Guest guest;
    private final Supplier<String> name;
    private final Runnable onLast;
    private final Once once = new Once();
    private final AckTimes times;

    /** The last result other than success; empty if there was none. Written by whoever settles, read by any thread. */
    private volatile String lastRefusal = "";

    /**
     * A permit for each submit that may still be in flight. Acquired by the connection's thread, released by whoever
     * settles.
     */
    private final Semaphore room;

    /**
     * Waits for what is in flight; null before the end. Written by the connection's thread, unparked by whoever
     * settles.
     */
    private volatile @Nullable Thread finishing;

    /**
     * Answers over {@code conn}.
     *
     * @param guest the client, whose bytes in flight are counted
     * @param name the client's, once it has introduced itself
     * @param onFailure called once, on the writing thread, when an ack cannot be written
     * @param onLast called by whoever settles, when the connection is to be read no more; must neither wait nor throw
     */
    Answers(
            Conn conn,
            GatewayOptions options,
            Counters counters,
            Guest guest,
            Supplier<String> name,
            Consumer<IOException> onFailure,
            Runnable onLast) {
        this.counters = counters;
        this.guest = guest;
        this.name = name;
        this.onLast = onLast;
        this.clock = conn.runtime().clock();
        this.writer = new FrameWriter(conn, ACK_BYTES_MAX, options.stallTimeout, onFailure);
        this.inFlightMax = options.inFlightMax;
        this.room = new Semaphore(inFlightMax);
        this.times = new AckTimes(counters.histogram(Distribution.ACK_LATENCY), clock);
    }

    /** Waits until few enough acks are unwritten, for whoever is about to read more requests. */
    void awaitRoom() throws InterruptedException {
        writer.awaitRoom();
    }

    /** Answers what is no submit, or none that is in flight. */
    void send(byte command, long id, int result) {
        writer.send(new Packets.Ack(command, id, result));
    }

    /** Refuses a resume. */
    void refuseResume(long id, int result) {
        writer.send(new Packets.ResumeAck(id, result, 0));
    }

    /** The receipt of what is numbered, and of its resume. */
    OnceReceipt once() {
        return once;
    }

    /** What is begun next comes from another read. */
    void reads() {
        times.reads();
    }

    /** A resume is in flight from here on, once few enough are. It must be told as {@link OnceReceipt#resumed}. */
    void beginResume() throws InterruptedException {
        room.acquire();
    }

    /** A submit of {@code bytes} is in flight from here on, once few enough are. It must be {@link #settled}. */
    void begin(int bytes) throws InterruptedException {
        room.acquire();
        guest.begin(bytes);
        times.begins();
    }

    /** How many are in flight. Any thread. */
    int inFlight() {
        return inFlightMax - room.availablePermits();
    }

    /** What became of the last message that was refused; empty if none was. Any thread. */
    String lastRefusal() {
        return lastRefusal;
    }

    @Override
    public String name() {
        return name.get();
    }

    @Override
    public void settled(long id, int result) {
        count(result);
        if (result == Result.IN_DOUBT) {
            // A client of version 1 knows no such result. That there is no ack says the same.
            onLast.run();
        } else {
            writer.add(new Packets.Ack(Command.SUBMIT_ACK, id, result));
        }
        release();
    }

    private void count(int result) {
        times.settled();
        if (result != Result.SUCCESS) {
            lastRefusal = Result.text(result);
        }
        counters.increment(
                switch (result) {
                    case Result.SUCCESS -> Counter.ACKS;
                    case Result.OVERLOADED -> Counter.ACKS_OVERLOADED;
                    case Result.TOO_LARGE -> Counter.ACKS_TOO_LARGE;
                    case Result.OUT_OF_SEQUENCE -> Counter.ACKS_OUT_OF_SEQUENCE;
                    case Result.TAKEN_OVER -> Counter.ACKS_TAKEN_OVER;
                    case Result.IN_DOUBT -> Counter.ACKS_IN_DOUBT;
                    default -> Counter.ACKS_NOT_STORED;
                });
    }

    private void release() {
        // After the ack is with the writer: who has all permits finds all acks there.
        room.release();
        Thread waits = finishing;
        if (waits != null) {
            LockSupport.unpark(waits);
        }
    }

    @Override
    public void flush() {
        long passed = times.flushed();
        if (passed > 0) {
            guest.settled(passed); // once a flush, as each gives to what connections share
        }
        writer.flush();
    }

    private final class Once implements OnceReceipt {

        @Override
        public String name() {
            return name.get();
        }

        @Override
        public Object source() {
            return Answers.this;
        }

        @Override
        public void resumed(long id, int result, long highest) {
            writer.add(new Packets.ResumeAck(id, result, highest));
            if (result == Result.SUCCESS) {
                counters.increment(Counter.RESUMES);
            } else {
                onLast.run();
            }
            release();
        }

        @Override
        public void settled(long number, int result) {
            count(result);
            writer.add(new Packets.Ack(Command.SUBMIT_ONCE_ACK, number, result));
            if (result == Result.TAKEN_OVER) {
                onLast.run();
            }
            release();
        }

        @Override
        public void flush() {
            Answers.this.flush();
        }
    }

    /**
     * Waits until nothing is in flight, then until all acks are with the kernel, each for {@code bound} at most.
     * Whether both came about. Called once, at the end: nothing can begin after it.
     */
    boolean finish(Duration bound) throws InterruptedException {
        boolean settled = awaitSettled(bound);
        boolean written = writer.awaitWritten(bound);
        return settled && written;
    }

    private boolean awaitSettled(Duration bound) throws InterruptedException {
        finishing = Thread.currentThread();
        long untilNanos = clock.after(TimeUnit.NANOSECONDS.convert(bound));
        // Look at the permits after the store above: who released one before it saw nobody to unpark.
        while (!room.tryAcquire(inFlightMax)) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            if (clock.hasPassed(untilNanos)) {
                return false;
            }
            clock.parkUntil(this, untilNanos);
        }
        return true;
    }
}
