package heddle.tls;

import heddle.net.Addr;
import heddle.net.CallInterruptedException;
import heddle.net.Conn;
import heddle.net.ConnClosedException;
import heddle.net.ConnResetException;
import heddle.net.Deadline;
import heddle.net.DeadlineExceededException;
import heddle.net.Heddle;
import heddle.net.NetError;
import heddle.net.Taker;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * TLS over a connection, which is this one's from then on. Keeps all that {@link Conn} promises; thread-safe as that
 * says. What is its own:
 *
 * <ul>
 *   <li><b>Handshake</b>: by {@link #handshake}, or by the first call that reads or writes, on its thread. A deadline
 *       or an interrupt ends that call, and the next one goes on with the handshake. {@link TlsConfig#handshakeTimeout}
 *       bounds it in all.
 *   <li><b>Counts</b> are of the application's bytes. A record once encrypted goes out in full, so its bytes count as
 *       taken. Where a deadline or an interrupt cuts it, a thread of its own hands over the rest, and later writes wait
 *       for that. A write whose last record is cut so returns as if it were done. {@link NetError#bytesTransferred} of
 *       another one is that of some records, of 16 KiB at most each; whoever goes on from there sends each byte once.
 *       After a reset or a close only records that were handed over in full count.
 *   <li><b>End of the stream</b> is the peer's close_notify. Without that a read throws {@link TlsException}, {@link
 *       TlsException.Reason#TRUNCATED}.
 *   <li>{@link #closeWrite} sends close_notify, in the background, and half-closes the connection below. In TLS 1.3 the
 *       peer's writes go on. In TLS 1.2 they end: a peer that has got close_notify must answer it and drop what it has
 *       not sent yet (RFC 5246, 7.2.1); its writes then throw {@link ConnResetException}.
 *   <li>{@link #close} hands over close_notify, for {@link TlsConfig#closeTimeout} at most, unless a write is cut by
 *       it. A TLS 1.3 server sends tickets after the handshake: a client that never reads should end as {@link
 *       Conn#close} says, by closeWrite and reading to the end, or the kernel may reset the connection.
 *   <li>{@link #peerClosed} knows close_notify once it was read, else what the connection below knows.
 * </ul>
 *
 * It brings together what each has a file of its own: {@code TlsState}, who may do what until when; {@code Handshake};
 * {@code TlsInput} and {@code TlsOutput}, the records of either direction. All share one engine:
 *
 * <ol>
 *   <li>Who has the turn of reading alone unwraps, who has that of writing alone wraps and writes to the connection
 *       below, unless the handshake is not done: then who has that of the handshake does both.
 *   <li>A turn of reading or writing comes before that of the handshake, and any turn before the lock.
 *   <li>What no caller waits for (the rest of a record, close_notify, an alert, answers to the peer) is sent by a
 *       thread of its own, which has the turn of writing meanwhile. Whoever gives that turn back looks what is due.
 *   <li>An idle connection holds no buffer.
 * </ol>
 */
public final class TlsConn implements Conn {

    /** What a peer may still send while a refusal is on its way to it. */
    private static final int DRAIN_BYTES_MAX = 256 << 10;

    private final Conn transport;
    private final SSLEngine engine;
    private final Duration closeTimeout;
    private final TlsFailures failures;
    private final TlsState state;
    private final TlsOutput output;
    private final TlsInput input;
    private final Handshake handshake;

    TlsConn(Conn transport, SSLEngine engine, TlsConfig config, RecordBuffers buffers) {
        this.transport = transport;
        this.engine = engine;
        this.closeTimeout = config.closeTimeout();
        this.failures = new TlsFailures(transport, engine.getUseClientMode());
        this.state = new TlsState(transport, failures);
        this.output = new TlsOutput(transport, engine, buffers, state);
        this.input = new TlsInput(transport, engine, buffers, state, output);
        this.handshake = new Handshake(transport, engine, config, state, input, output);
    }

    /**
     * Shakes hands, unless that is done. Both deadlines bound it.
     *
     * @return what was agreed on
     * @throws TlsException the peer does not speak TLS, or not so, or is not believed
     * @throws DeadlineExceededException one of the two deadlines passed; a later call goes on
     * @throws CallInterruptedException the thread was interrupted while it would have to wait; a later call goes on
     * @throws ConnClosedException this side closed, before the call or during it
     * @throws IOException a failure of the connection below
     */
    public TlsSession handshake() throws IOException {
        return handshake.establish(Op.HANDSHAKE);
    }

    /**
     * What the handshake agreed on.
     *
     * @return that; null before the handshake is done
     */
    @SuppressWarnings("exports") // An annotation, which users need not have: docs/decisions/0004.
    public @Nullable TlsSession session() {
        return state.session;
    }

    /** Bytes of the buffers that it holds now; for tests. */
    int heldBytes() {
        return input.heldBytes() + output.heldBytes();
    }

    /** Whether the handshake took up an earlier session; for tests. */
    boolean isResumed() {
        return handshake.isResumed();
    }

    @Override
    public void setDeadline(Deadline deadline) throws IOException {
        state.setDeadlines(deadline, true, true);
    }

    @Override
    public void setReadDeadline(Deadline deadline) throws IOException {
        state.setDeadlines(deadline, true, false);
    }

    @Override
    public void setWriteDeadline(Deadline deadline) throws IOException {
        state.setDeadlines(deadline, false, true);
    }

    // Reading.

    @Override
    public long read(ByteBuffer[] into, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, into.length);
        for (int i = offset; i < offset + length; i++) {
            if (into[i].isReadOnly()) {
                throw new IllegalArgumentException("the buffer to read into is read-only");
            }
        }
        if (Records.remaining(into, offset, length) == 0) {
            if (state.isClosed()) {
                throw failures.closed(Op.READ.label);
            }
            return 0;
        }
        state.begin(state.reading, Op.READ, Deadline.NONE);
        try {
            return readPlain(into, offset, length);
        } finally {
            state.end(state.reading);
        }
    }

    /**
     * With the turn: bytes put into {@code into}; with no room there 0 once {@code input} has some; -1 at the end.
     */
    private int readPlain(ByteBuffer[] into, int offset, int length) throws IOException {
        while (true) {
            IOException over = state.over(Op.READ);
            if (over != null) {
                throw over;
            }
            if (input.hasPlain()) {
                return input.take(into, offset, length);
            }
            // Before the handshake anyone can have said so, who is no end of this connection.
            if (state.inboundDone && state.session != null) {
                return -1;
            }
            state.checkReading();
            handshake.establish(Op.READ);
            try {
                int n = input.step(into, offset, length);
                if (n != 0) {
                    return n;
                }
            } catch (DeadlineExceededException late) {
                // Unless it was moved meanwhile, the next round throws.
            } catch (CallInterruptedException interrupted) {
                throw failures.interrupted(Op.READ);
            } catch (SSLException failed) {
                throw state.fail(failures.of(failed, "read"));
            } catch (IOException below) {
                throw state.isClosed() ? failures.closed(Op.READ.label) : NetError.counted(below, 0);
            } finally {
                answer();
            }
        }
    }

    @Override
    public int readLent(Taker taker) throws IOException {
        Objects.requireNonNull(taker);
        state.begin(state.reading, Op.READ, Deadline.NONE);
        try {
            return awaitPlain() ? input.lend(taker, Integer.MAX_VALUE) : -1;
        } finally {
            state.end(state.reading);
        }
    }

    /** With the turn: waits until {@code input} has bytes; false at the end of the stream. */
    private boolean awaitPlain() throws IOException {
        return readPlain(Records.NO_BUFFERS, 0, 0) == 0;
    }

    @Override
    public long transferTo(Conn target, long bytesMax) throws IOException {
        if (bytesMax < 0) {
            throw new IllegalArgumentException("bytesMax " + bytesMax + ": want 0 or more");
        }
        long done = 0;
        boolean writes = false;
        state.begin(state.reading, Op.READ, Deadline.NONE);
        try {
            while (done < bytesMax) {
                writes = false;
                if (!awaitPlain()) {
                    break;
                }
                writes = true;
                done += input.lend(target::write, bytesMax - done);
            }
        } catch (IOException failed) {
            long last = writes && failed instanceof NetError error ? error.bytesTransferred() : 0;
            throw NetError.counted(failed, done + last);
        } finally {
            state.end(state.reading);
        }
        return done;
    }

    @Override
    public void awaitReadable(Deadline deadline) throws IOException {
        Deadline bound = deadline.by(runtime().clock());
        state.begin(state.reading, Op.READ, bound);
        try {
            state.boundReads(bound);
            boolean _ = awaitPlain();
        } catch (TlsException told) {
            // The read will throw it.
        } finally {
            state.boundReads(Deadline.NONE);
            state.end(state.reading);
        }
    }

    @Override
    public boolean peerClosed() throws IOException {
        if (state.isClosed()) {
            throw failures.closed(Op.READ.label);
        }
        return state.inboundDone || state.readFailure() != null || transport.peerClosed();
    }

    // Writing.

    @Override
    public long write(ByteBuffer[] from, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, from.length);
        for (int i = offset; i < offset + length; i++) {
            Objects.requireNonNull(from[i]);
        }
        state.begin(state.writing, Op.WRITE, Deadline.NONE);
        try {
            handshake.establish(Op.WRITE);
            return output.write(from, offset, length);
        } finally {
            endWriting();
        }
    }

    private void endWriting() {
        state.lock.lock();
        try {
            if (output.isRestDue()) {
                startRest();
            } else {
                state.writing.release();
            }
        } finally {
            state.lock.unlock();
        }
    }

    /** With the lock: whoever has the turn of writing looks what is due when that ends; if nobody has, this does. */
    private void lookWhatIsDue() {
        if (state.writing.tryTake()) {
            endWriting();
        }
    }

    /** With the lock and the turn of writing, which the thread that is started gives back. */
    private void startRest() {
        state.rest(true);
        boolean started = false;
        try {
            transport.runtime().ofVirtual().name("heddle-tls-rest " + this).start(this::finishRest);
            started = true;
        } finally {
            if (!started) { // The runtime is closed, or there is no memory.
                state.rest(false);
                state.writing.release();
            }
        }
    }

    /** Sends what reading has made due, in the background. */
    private void answer() {
        if (state.session == null || !output.isAnswerDue()) {
            return;
        }
        state.lock.lock();
        try {
            lookWhatIsDue();
        } finally {
            state.lock.unlock();
        }
    }

    /** On a thread of its own: the rest of a record, answers, close_notify. */
    private void finishRest() {
        try {
            handshake.establish(Op.REST);
            output.sendAllThatIsDue();
            if (engine.isOutboundDone()) {
                transport.closeWrite();
            }
        } catch (IOException failed) {
            output.fail(failed);
        } finally {
            state.lock.lock();
            try {
                state.rest(false);
                endWriting();
            } finally {
                state.lock.unlock();
            }
        }
    }

    // Ends.

    @Override
    public void closeRead() throws IOException {
        state.endReads();
        if (state.session != null) {
            transport.closeRead();
        }
    }

    @Override
    public void closeWrite() throws IOException {
        state.lock.lock();
        try {
            if (state.endWrites()) {
                lookWhatIsDue();
            }
        } finally {
            state.lock.unlock();
        }
    }

    @Override
    public boolean isOpen() {
        return !state.isClosed() && transport.isOpen();
    }

    @Override
    public void close() throws IOException {
        if (!state.close(closeTimeout)) {
            return;
        }
        boolean interrupted = Thread.interrupted();
        try {
            if (state.session != null) {
                sayGoodbye();
            } else if (state.readFailure() instanceof TlsException) {
                letRefusalArrive();
            }
        } catch (CallInterruptedException now) {
            interrupted = true;
        } catch (IOException unheard) {
            // The peer is told by the end of the stream alone.
        } finally {
            transport.close();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void sayGoodbye() throws IOException {
        state.begin(state.writing, Op.CLOSE, Deadline.NONE);
        try {
            state.beginClosing();
            // Behind part of a record, whose write this close has cut, nothing can be said.
            if (output.isWhole()) {
                output.sendAllThatIsDue();
            }
            if (state.readFailure() instanceof TlsException) {
                letRefusalArrive();
            }
        } finally {
            state.end(state.writing);
        }
    }

    /** Reads on for a moment: a close with unread bytes resets the connection, and the alert may be lost with it. */
    private void letRefusalArrive() throws IOException {
        transport.closeWrite();
        transport.setReadDeadline(state.closeDeadline());
        long drained = 0;
        int n;
        while (drained < DRAIN_BYTES_MAX && (n = transport.readLent(all -> all.position(all.limit()))) >= 0) {
            drained += n;
        }
    }

    // Names.

    @Override
    public Addr localAddress() {
        return transport.localAddress();
    }

    @Override
    public Addr remoteAddress() {
        return transport.remoteAddress();
    }

    @Override
    public Heddle runtime() {
        return transport.runtime();
    }

    /** {@code tls over tcp 127.0.0.1:1->127.0.0.1:2}. */
    @Override
    public String toString() {
        return "tls over " + transport;
    }
}
