package heddle.gateway;

import heddle.frame.FrameException;
import heddle.frame.FrameLimits;
import heddle.frame.FrameReader;
import heddle.net.Conn;
import heddle.net.ConnClosedException;
import heddle.net.Deadline;
import heddle.net.DeadlineExceededException;
import heddle.net.NetError;
import heddle.server.Session;
import heddle.time.Clock;
import heddle.tls.TlsException;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// One client. Its connection's thread is in [#run] and is the only one that reads; [Answers] has what is written.
///
///     NEW         waits for the client to introduce itself, until the end of handshakeTimeout
///     INTRODUCED  reads submits, which go to the sink, and heartbeats
///     FINISHING   reads no more; waits for the sink, then for the writer of the acks, for drainTimeout at most each
///     LINGERING   half-closed; reads on without looking
///     ENDED       run() has returned or thrown, and its caller closes the connection; what is settled now gets no ack
///
///     NEW             -> INTRODUCED  introduce()     a name that is well-formed, and what Guest wants of it
///     NEW, INTRODUCED -> FINISHING   readRequests()  the client has half-closed
///     NEW, INTRODUCED -> FINISHING   readRequests()  the client made a mistake, or was silent for too long
///     NEW, INTRODUCED -> FINISHING   readRequests()  drained, or stopped by an answer: what was read is handled
///     FINISHING       -> LINGERING   run()           all is answered, and the client may still send
///     FINISHING       -> ENDED       run()           the client has half-closed, or not all was answered in time
///     LINGERING       -> ENDED       linger()        the client has closed; or its 2 s are over
///     who reads       -> ENDED       reading fails: the client reset the connection, or somebody closed it
///
/// A session that was drained lingers until the server's own bound.
///
/// Who closes it while run() goes on: the thread that writes, when an ack cannot be written; the server, when its bound
/// is over; an operator; whoever changes the access, by [Guest], if it is no longer allowed. What is read or begun then
/// is not taken.
///
/// LINGERING is there since a close with unread data would be a reset that takes the last acks along (RFC 9293, section
/// 3.10.4, and what Linux makes of RFC 2525, section 2.17).
///
/// The read deadline is the [FrameReader]'s up to FINISHING, and the lingering's from then on. [#drain], from any
/// thread, moves it too, but not in LINGERING, which it would cut short: endLock sees to that.
///
/// An answer that stops the reading: a resume that failed, a submit once after another connection has resumed the name,
/// a plain submit whose commit is in doubt, which gets no ack.
///
/// Bounds: those of [Answers] and [Guest]. At a bound the connection is not read.
final class GatewaySession implements Session {

    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

    /** How long the client's close is waited for after a failure of its own. */
    private static final Duration LINGER = Duration.ofSeconds(2);

    /** Who waits for a turn looks so often whether the connection is there, and whether the bounds are the same. */
    private static final long LOOK_AGAIN_NANOS = Duration.ofSeconds(1).toNanos();

    private static final VarHandle SUBMITS;
    private static final VarHandle LAST_SEQUENCE;

    static {
        try {
            var lookup = MethodHandles.lookup();
            SUBMITS = lookup.findVarHandle(GatewaySession.class, "submits", long.class);
            LAST_SEQUENCE = lookup.findVarHandle(GatewaySession.class, "lastSequence", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Conn conn;
    private final Sink sink;
    private final GatewayOptions options;
    private final Counters counters;
    private final FrameReader reader;
    private final Answers answers;
    private final Guest guest;
    private final Deadline introduceBy;

    /** Null in NEW. Written by the connection's thread. */
    private volatile @Nullable String name;

    private final ReentrantLock endLock = new ReentrantLock();

    /** LINGERING. Guarded by endLock. */
    private boolean lingering;

    /** Written by any thread, before it takes endLock; read by the connection's. */
    private volatile boolean draining;

    /** Nothing more is to be read; likewise. */
    private volatile boolean stopped;

    /** What resume has begun, or tried to. For the connection's thread. */
    private @Nullable Sequence sequence;

    /** Of the last read, not counted yet. For the connection's thread. */
    private int frames;

    // Both written by the connection's thread, opaque, and read by whoever looks.
    private long submits;
    private long lastSequence;

    /** The last failure of the client's own; empty if there was none. Written by the threads that read and write. */
    private volatile String lastError = "";

    /** Waits for a turn; null before the session runs. Written by the connection's thread, unparked by who stops it. */
    private volatile @Nullable Thread running;

    GatewaySession(
            Conn conn,
            FrameLimits limits,
            Sink sink,
            GatewayOptions options,
            Counters counters,
            Guest guest,
            Deadline introduceBy) {
        this.conn = conn;
        this.sink = sink;
        this.options = options;
        this.counters = counters;
        this.reader = new FrameReader(conn, limits, options.idleTimeout, options.stallTimeout);
        this.guest = guest;
        this.introduceBy = introduceBy;
        this.answers = new Answers(
                conn, options, counters, guest, () -> name == null ? "" : name, this::writeFailed, this::stopReading);
    }

    @Override
    public void run() throws IOException, InterruptedException {
        running = Thread.currentThread();
        Flight.opened(guest.id(), conn.remoteAddress());
        String reason = "fault";
        try {
            boolean orderly = readRequests();
            reason = orderly ? draining ? "drained" : stopped ? "stopped by an answer" : "end of stream" : lastError;
            boolean answered = answers.finish(options.drainTimeout);
            if (answered && (!orderly || stopped)) {
                linger();
            }
        } catch (IOException e) {
            reason = lastError.isEmpty() ? String.valueOf(e.getMessage()) : lastError;
            throw e;
        } finally {
            countFrames();
            Flight.closed(guest.id(), conn.remoteAddress(), name, reason, submits);
            if (sequence != null) {
                sink.end(sequence);
            }
        }
    }

    /** Serves until the end of the stream, a stop, or a failure of the client's, the only one that returns false. */
    private boolean readRequests() throws IOException, InterruptedException {
        reader.setDeadline(introduceBy);
        try {
            while (next()) {
                if (!handle(reader.buffer(), reader.offset(), reader.length())) {
                    return false;
                }
            }
            return true;
        } catch (FrameException e) {
            rejected(
                    switch (e.kind()) {
                        case TOO_SHORT -> Counter.ERROR_TOO_SHORT;
                        case TOO_LONG -> Counter.ERROR_TOO_LONG;
                        case TRUNCATED -> Counter.ERROR_TRUNCATED;
                    },
                    e.getMessage() + guess(e));
        } catch (DeadlineExceededException e) {
            var timeout = name == null
                    ? Counter.TIMEOUT_HANDSHAKE
                    : reader.midFrame() ? Counter.TIMEOUT_STALL : Counter.TIMEOUT_IDLE;
            rejected(timeout, null);
        } catch (TlsException e) {
            rejected(Admission.counterOf(e), e.getMessage());
        }
        return false;
    }

    /** What it may be instead of a frame: somebody at the wrong port reads that, and not a size that is no size. */
    private String guess(FrameException failure) {
        if (name != null || failure.kind() == FrameException.Kind.TRUNCATED) {
            return "";
        }
        int header = reader.offset() - FrameLimits.HEADER_BYTES;
        String guess = Arrival.name((int) INT.get(reader.buffer(), header));
        return guess == null
                ? ""
                : "; it looks like " + guess + ", but this port speaks Heddle's own protocol, docs/server.md";
    }

    private boolean next() throws IOException, InterruptedException {
        if (!reader.ready()) { // once a read, not once a frame
            answers.awaitRoom();
            answers.reads();
            countFrames();
        }
        boolean read = reader.next();
        if (read) {
            frames++;
            if (!conn.isOpen()) {
                throw closed(); // What came before the close is not taken either, here or in the layers below.
            }
        }
        return read;
    }

    private void countFrames() {
        counters.add(Counter.FRAMES, frames);
        frames = 0;
    }

    private ConnClosedException closed() {
        var local = conn.localAddress();
        return new ConnClosedException(
                new NetError.Details("read", local.network(), local, conn.remoteAddress(), 0, false, 0),
                "use of closed network connection");
    }

    /** False if the connection is to be closed. */
    private boolean handle(byte[] buffer, int offset, int length) throws InterruptedException {
        byte command = buffer[offset + Packets.COMMAND];
        long id = Packets.id(buffer, offset);
        int rest = offset + Packets.REST;
        int restBytes = length - Packets.REST;
        if (command == Command.CONN) {
            return conn(id, buffer, rest, restBytes);
        }
        if (name == null) {
            return reject(Counter.ERROR_NOT_INTRODUCED, null, command, id, Result.NOT_ALLOWED);
        }
        return switch (command) {
            case Command.SUBMIT -> {
                submit(id, buffer, rest, restBytes);
                yield true;
            }
            case Command.SUBMIT_ONCE -> submitOnce(id, buffer, rest, restBytes);
            case Command.RESUME -> resume(name, id, restBytes);
            default -> {
                var why = "unknown command 0x" + Integer.toHexString(command & 0xff);
                yield reject(Counter.ERROR_UNKNOWN_COMMAND, why, command, id, Result.MALFORMED);
            }
        };
    }

    /** Answers a mistake in a request other than conn, by the ack of its command. False. */
    private boolean reject(Counter counter, @Nullable String why, byte command, long id, int result) {
        rejected(counter, why);
        switch (command) {
            case Command.RESUME -> answers.refuseResume(id, result);
            case Command.SUBMIT_ONCE -> answers.send(Command.SUBMIT_ONCE_ACK, id, result);
            default -> answers.send(Command.SUBMIT_ACK, id, result);
        }
        return false;
    }

    private boolean conn(long id, byte[] buffer, int offset, int length) {
        int result = Result.SUCCESS;
        if (name != null) {
            counters.increment(Counter.HEARTBEATS);
        } else {
            result = introduce(Introduction.decode(buffer, offset, length));
        }
        answers.send(Command.CONN_ACK, id, result);
        return result == Result.SUCCESS;
    }

    private int introduce(Introduction introduction) {
        if (introduction.name() == null) {
            rejected(Counter.ERROR_MALFORMED_NAME, null);
            return Result.MALFORMED;
        }
        var refusal = guest.introduce(introduction.name(), introduction.token());
        if (refusal != null) {
            rejected(refusal.counter(), null);
            return refusal.result();
        }
        name = introduction.name();
        reader.setDeadline(Deadline.NONE);
        counters.increment(Counter.INTRODUCED);
        return Result.SUCCESS;
    }

    private void submit(long id, byte[] buffer, int offset, int length) throws InterruptedException {
        begin(length);
        int result = Result.NOT_STORED;
        try {
            if (conn.isOpen()) { // it may have been closed while this waited
                result = sink.offer(answers, id, buffer, offset, length);
            }
        } finally { // whatever was thrown, the sink has not taken it
            if (result != Result.SUCCESS) {
                answers.settled(id, result);
                answers.flush();
            }
        }
    }

    /** Counts a message, waits for its turn, then for room. */
    private void begin(int bytes) throws InterruptedException {
        counters.increment(Counter.SUBMITS);
        counters.add(Counter.SUBMIT_BYTES, bytes);
        SUBMITS.setOpaque(this, submits + 1);
        var turns = guest.turns();
        long wait = guest.turnNanos(turns);
        if (wait > 0) {
            counters.increment(Counter.LIMITED_MESSAGES);
            awaitTurn(turns, wait);
        }
        answers.begin(bytes);
    }

    /** What was read before a stop is handled without a turn. A change of the limits, and a close, end the wait. */
    private void awaitTurn(Reception.Turns asked, long nanos) throws InterruptedException {
        Clock clock = conn.runtime().clock();
        var turns = asked;
        long until = clock.after(nanos);
        while (!stopped && conn.isOpen() && !clock.hasPassed(until)) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            clock.parkUntil(this, Math.min(until, clock.after(LOOK_AGAIN_NANOS)));
            if (!turns.equals(guest.turns())) {
                turns = guest.turns();
                until = clock.after(guest.turnNanos(turns));
            }
        }
    }

    private boolean resume(String client, long id, int restBytes) throws InterruptedException {
        if (sequence != null || restBytes > 0) {
            var why = restBytes > 0 ? "a resume of " + restBytes + " bytes too many" : "a second resume";
            return reject(Counter.ERROR_MALFORMED, why, Command.RESUME, id, Result.MALFORMED);
        }
        var begun = new Sequence(client, answers.once());
        sequence = begun;
        answers.beginResume();
        int result = Result.NOT_STORED;
        try {
            if (conn.isOpen()) {
                result = sink.resume(begun, id);
            }
        } finally {
            if (result != Result.SUCCESS) {
                answers.once().resumed(id, result, 0);
                answers.flush();
            }
        }
        return true;
    }

    private boolean submitOnce(long number, byte[] buffer, int offset, int length) throws InterruptedException {
        var begun = sequence;
        if (begun == null) {
            return reject(Counter.ERROR_NOT_RESUMED, null, Command.SUBMIT_ONCE, number, Result.NOT_ALLOWED);
        }
        if (number == 0) {
            return reject(
                    Counter.ERROR_MALFORMED,
                    "a submit once with the number 0",
                    Command.SUBMIT_ONCE,
                    number,
                    Result.MALFORMED);
        }
        begin(length);
        LAST_SEQUENCE.setOpaque(this, number);
        int result = Result.NOT_STORED;
        try {
            if (conn.isOpen()) {
                result = sink.offerOnce(begun, number, buffer, offset, length);
            }
        } finally {
            if (result != Result.SUCCESS) {
                answers.once().settled(number, result);
                answers.flush();
            }
        }
        return true;
    }

    /** Counts a failure of the client's, and logs it with its address. Null if no more is to be said of it. */
    private void rejected(Counter counter, @Nullable String why) {
        String text = why == null ? counter.label() : why;
        lastError = text;
        guest.refused(counter, text);
    }

    private void writeFailed(IOException cause) {
        if (cause instanceof DeadlineExceededException) {
            rejected(Counter.TIMEOUT_WRITE, null);
        }
        close(); // ends a read that waits for a client that no longer hears
    }

    /** How it is. Any thread. */
    ClientStatus status() {
        String introduced = name;
        String refusal = answers.lastRefusal();
        return new ClientStatus(
                guest.id(),
                conn.remoteAddress().toString(),
                introduced == null ? "" : introduced,
                guest.since(),
                (long) SUBMITS.getOpaque(this),
                answers.inFlight(),
                (long) LAST_SEQUENCE.getOpaque(this),
                lastError.isEmpty() ? refusal : lastError);
    }

    /** Closes the connection at once, as an operator asks. What it has sent and was taken is kept. Any thread. */
    void closeByOperator() {
        rejected(Counter.CLOSED_BY_OPERATOR, null);
        close();
    }

    private void close() {
        Conns.close(conn);
        LockSupport.unpark(running); // it may wait for a turn
    }

    /**
     * Half-closes, then reads without looking until the client closes too: until the server's own bound when it stops.
     */
    private void linger() throws IOException {
        byte[] ignored = new byte[1024];
        try {
            conn.closeWrite();
            setLingering();
            while (conn.read(ignored) > 0) {
                // Not answered, so the client knows that it was not taken.
            }
        } catch (DeadlineExceededException | ConnClosedException e) {
            // Its time is up.
        }
    }

    private void setLingering() throws IOException {
        endLock.lock();
        try {
            lingering = true;
            conn.setReadDeadline(draining ? Deadline.NONE : Deadline.after(LINGER));
        } finally {
            endLock.unlock();
        }
    }

    @Override
    public void drain() {
        draining = true;
        stopReading();
    }

    /** From any thread, without waiting. */
    private void stopReading() {
        stopped = true;
        LockSupport.unpark(running);
        endLock.lock();
        try {
            if (!lingering) {
                reader.stop();
            }
        } catch (IOException closed) {
            // It has come to its end by itself.
        } finally {
            endLock.unlock();
        }
    }
}
