package heddle.tls;

import heddle.net.CallInterruptedException;
import heddle.net.Conn;
import heddle.net.ConnClosedException;
import heddle.net.DeadlineExceededException;
import heddle.net.NetError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * What goes out over the connection below a {@link TlsConn}: wraps records and hands them over. Used by who has the
 * turn of writing, or that of the handshake.
 *
 * <p>While {@code rest} is there nothing else is written: it is what the connection below has not taken yet of a
 * record, or of a flight of the handshake, and null between two.
 */
final class TlsOutput {

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    /** Records in the engine that the peer has asked for: more are sent at once, fewer go with the next write. */
    private static final int UNANSWERED = 8;

    private final Conn transport;
    private final SSLEngine engine;
    private final RecordBuffers buffers;
    private final TlsState state;

    // Of who has the turn.
    private @Nullable ByteBuffer rest;
    private boolean notified;

    /** Written by who reads; nulled by who has sent, who may race: it is a bound, no count. */
    private volatile int unanswered;

    TlsOutput(Conn transport, SSLEngine engine, RecordBuffers buffers, TlsState state) {
        this.transport = transport;
        this.engine = engine;
        this.buffers = buffers;
        this.state = state;
    }

    int heldBytes() {
        ByteBuffer held = rest;
        return held == null ? 0 : held.capacity();
    }

    // A call's bytes.

    long write(ByteBuffer[] from, int offset, int length) throws IOException {
        long taken = 0;
        int[] starts = new int[length];
        state.checkWriting(0);
        while (Records.remaining(from, offset, length) > 0) {
            IOException over = state.over(Op.WRITE);
            if (over != null) {
                throw NetError.counted(over, taken);
            }
            for (int i = 0; i < length; i++) {
                starts[i] = from[offset + i].position();
            }
            ByteBuffer record = buffers.take();
            SSLEngineResult result;
            try {
                result = engine.wrap(from, offset, length, record);
            } catch (SSLException failed) {
                buffers.give(record);
                throw NetError.counted(state.fail(state.failures.of(failed, "write")), taken);
            }
            if (!record.flip().hasRemaining()) {
                buffers.give(record);
                if (result.getHandshakeStatus() == HandshakeStatus.FINISHED) {
                    continue; // The engine wanted to say just that.
                }
                state.checkWriting(taken);
                throw NetError.counted(
                        state.failures.reset("the peer has ended the connection, and TLS 1.2 has no half-close"),
                        taken);
            }
            unanswered = 0;
            rest = record;
            IOException cut = sendRest();
            if (cut == null) {
                taken += result.bytesConsumed();
            } else if (rest != null && !(cut instanceof ConnClosedException)) {
                return goesOn(cut, taken + result.bytesConsumed(), Records.remaining(from, offset, length) == 0);
            } else {
                // The record will not arrive in full, so none of it counts.
                for (int i = 0; i < length; i++) {
                    from[offset + i].position(starts[i]);
                }
                throw NetError.counted(cut, taken);
            }
        }
        return taken;
    }

    /** What a write returns or throws whose record was cut, and goes on in the background. */
    private static long goesOn(IOException cut, long taken, boolean all) throws IOException {
        if (!all) {
            throw NetError.counted(cut, taken);
        }
        if (cut instanceof CallInterruptedException) {
            // All bytes were taken: this call has not been ended, the next wait will be.
            Thread.currentThread().interrupt();
        }
        return taken;
    }

    /** Hands {@code rest} over: null when that is done, else what cut it. There is no rest if nothing can go on. */
    private @Nullable IOException sendRest() {
        ByteBuffer record = Objects.requireNonNull(rest);
        while (record.hasRemaining()) {
            try {
                transport.write(record);
            } catch (DeadlineExceededException late) {
                IOException over = state.over(Op.WRITE);
                if (over != null) {
                    return over;
                }
            } catch (CallInterruptedException interrupted) {
                return state.failures.interrupted(Op.WRITE);
            } catch (IOException below) {
                IOException failure = state.isClosed() ? state.failures.closed(Op.WRITE.label) : below;
                fail(failure);
                return failure;
            }
        }
        dropRest();
        return null;
    }

    /** The connection below takes no more: nothing can be written behind part of a record. */
    void fail(IOException failure) {
        dropRest();
        state.failWriting(failure);
    }

    private void dropRest() {
        ByteBuffer record = rest;
        if (record != null) {
            rest = null;
            buffers.give(record);
        }
    }

    // Flights of the handshake.

    /** Adds a record to what is to be sent. */
    void addToFlight() throws IOException {
        ByteBuffer record = buffers.take();
        try {
            SSLEngineResult result = engine.wrap(NOTHING, record);
            record.flip();
            if (!record.hasRemaining() && result.getStatus() != SSLEngineResult.Status.OK) {
                throw new SSLException("no handshake record: " + result);
            }
            ByteBuffer before = rest;
            int bytes = before == null ? 0 : before.remaining();
            ByteBuffer all = ByteBuffer.allocate(bytes + record.remaining());
            if (before != null) {
                all.put(before);
            }
            rest = all.put(record).flip();
        } finally {
            buffers.give(record);
        }
    }

    /** Sends the flight. */
    void flush() throws IOException {
        ByteBuffer flight = rest;
        if (flight != null) {
            while (flight.hasRemaining()) {
                transport.write(flight);
            }
            rest = null;
        }
    }

    /** The same before a wait for the peer, unless it has nothing to answer. */
    void flushForAnswer() throws IOException {
        if (!Records.isCipherChangeAlone(rest)) {
            flush();
        }
    }

    // What no caller waits for.

    /** One more record that brought nothing: how many the engine has to answer, as far as is known. */
    int countAsked() {
        int asked = unanswered;
        if (hasAnswer()) {
            asked++;
            unanswered = asked;
        }
        return asked;
    }

    boolean hasAnswer() {
        return engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP && !engine.isOutboundDone();
    }

    /**
     * Whether something must go out at once: an answer to close_notify in TLS 1.2, or an alert. A ticket and an answer
     * to a key update wait for the next write (RFC 8446, 4.6.3), unless there are many.
     */
    boolean isAnswerDue() {
        return (state.inboundDone || state.readFailure() != null || unanswered > UNANSWERED) && hasAnswer();
    }

    /** With the lock and the turn of writing: whether something must go out that no caller waits for. */
    boolean isRestDue() {
        IOException failure = state.writeFailure();
        if (state.isClosed() || (failure != null && !(failure instanceof TlsException))) {
            return false;
        }
        return state.session == null
                ? state.hasWriteEnded() && failure == null
                : rest != null || (state.hasWriteEnded() && !notified) || isAnswerDue();
    }

    /** Whether it is between two records, and may go on. */
    boolean isWhole() {
        return rest == null && state.writeFailure() == null;
    }

    /** The rest of a record, close_notify if writing has ended, and what the engine has to say beside it. */
    void sendAllThatIsDue() throws IOException {
        while (true) {
            ByteBuffer record = rest;
            while (record != null && record.hasRemaining()) {
                try {
                    transport.write(record);
                } catch (DeadlineExceededException late) {
                    if (state.isClosed()) {
                        throw late;
                    }
                }
            }
            dropRest();
            if ((state.hasWriteEnded() || state.isClosed()) && !notified) {
                notified = true;
                engine.closeOutbound();
            }
            if (!hasAnswer()) {
                unanswered = 0;
                return;
            }
            record = buffers.take();
            rest = record;
            SSLEngineResult result = engine.wrap(NOTHING, record);
            if (!record.flip().hasRemaining() && result.getHandshakeStatus() != HandshakeStatus.FINISHED) {
                throw new SSLException("nothing to send, but due: " + result);
            }
        }
    }
}
