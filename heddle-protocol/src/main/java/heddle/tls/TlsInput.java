package heddle.tls;

import heddle.net.Conn;
import heddle.net.Taker;
import heddle.tls.TlsException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * What has come over the connection below a {@link TlsConn}: takes records from it and unwraps them. Used by who has
 * the turn of reading, or that of the handshake.
 *
 * <p>While nothing is there it holds no buffer: {@code cipherIn} is part of a record, {@code plainIn} the rest of one
 * that the caller had no room for. A buffer is lent for the time of a step.
 */
final class TlsInput {

    /** Records in a row that bring the application nothing; Go allows 16. */
    private static final int USELESS_MAX = 32;

    /** Records that a peer has asked for and does not take. */
    private static final int UNANSWERED_MAX = 1000;

    private final Conn transport;
    private final SSLEngine engine;
    private final RecordBuffers buffers;
    private final TlsState state;
    private final TlsOutput output;

    // Of who has the turn.
    private @Nullable ByteBuffer cipherIn;
    private @Nullable ByteBuffer plainIn;
    private int produced;
    private int useless;

    TlsInput(Conn transport, SSLEngine engine, RecordBuffers buffers, TlsState state, TlsOutput output) {
        this.transport = transport;
        this.engine = engine;
        this.buffers = buffers;
        this.state = state;
        this.output = output;
    }

    int heldBytes() {
        ByteBuffer cipher = cipherIn;
        ByteBuffer plain = plainIn;
        return (cipher == null ? 0 : cipher.capacity()) + (plain == null ? 0 : plain.capacity());
    }

    /** Whether bytes for the application are there. */
    boolean hasPlain() {
        return plainIn != null;
    }

    /** Moves of these what {@code into} has room for: how many. */
    int take(ByteBuffer[] into, int offset, int length) {
        ByteBuffer plain = Objects.requireNonNull(plainIn);
        int n = Records.move(plain, into, offset, length);
        if (!plain.hasRemaining()) {
            plainIn = null;
        }
        return n;
    }

    /** Lends at most {@code most} of these: how many were taken. */
    int lend(Taker taker, long most) throws IOException {
        ByteBuffer plain = Objects.requireNonNull(plainIn);
        int start = plain.position();
        int end = plain.limit();
        try {
            plain.limit(start + (int) Math.min(most, end - start));
            taker.take(plain);
        } finally {
            plain.limit(end);
            if (!plain.hasRemaining()) {
                plainIn = null;
            }
        }
        return plain.position() - start;
    }

    /**
     * Takes what has come, waiting for it, and unwraps it: bytes put into {@code into}, 0 if there were none for the
     * application or {@link #hasPlain}, -1 at the end of the stream.
     */
    int step(ByteBuffer[] into, int offset, int length) throws IOException {
        ByteBuffer held = cipherIn;
        if (held == null) {
            produced = 0;
            int n = transport.readLent(lent -> {
                produced = unwrap(lent, into, offset, length);
                if (Records.isPart(lent)) {
                    cipherIn = Records.grown(lent);
                    lent.position(lent.limit());
                }
            });
            return n < 0 ? endOfStream() : produced;
        }
        if (!isComplete(held)) {
            held = Records.withRoom(held);
            cipherIn = held;
            int start = held.position();
            held.position(held.limit()).limit(held.capacity());
            int n;
            try {
                n = transport.read(held);
            } finally {
                held.limit(held.position()).position(start);
            }
            if (n < 0) {
                return endOfStream();
            }
        }
        int n = unwrap(held, into, offset, length);
        if (!held.hasRemaining()) {
            cipherIn = null;
        }
        return n;
    }

    private int endOfStream() throws IOException {
        if (state.hasReadEnded() || state.inboundDone || state.session == null) {
            return -1;
        }
        throw state.failures.of(
                Reason.TRUNCATED,
                "read",
                "the stream ended without close_notify" + (cipherIn == null ? "" : ", within a record")
                        + ": bytes may be missing at its end");
    }

    /** Whether a whole record is at the front. Throws at what cannot begin one. */
    private boolean isComplete(ByteBuffer bytes) throws TlsException {
        if (!Records.isRecord(bytes)) {
            throw state.session == null
                    ? state.failures.notTls(bytes)
                    : state.failures.of(Reason.BROKEN, "read", "what arrived is no TLS record");
        }
        return Records.isWhole(bytes);
    }

    /**
     * Unwraps the whole records at the front of {@code from} that {@code into} has room for, one at least. What fails
     * behind a good one is thrown by the next read.
     */
    private int unwrap(ByteBuffer from, ByteBuffer[] into, int offset, int length) throws IOException {
        int done = 0;
        try {
            while (plainIn == null && !state.inboundDone && isComplete(from)) {
                boolean fits = Records.remaining(into, offset, length) >= Records.neededBytes(from);
                if (!fits && done > 0) {
                    break;
                }
                SSLEngineResult result;
                if (fits) {
                    result = unwrapOne(from, into, offset, length);
                    done += result.bytesProduced();
                } else {
                    ByteBuffer plain = buffers.take();
                    try {
                        result = unwrapOne(from, new ByteBuffer[] {plain}, 0, 1);
                        done += deliver(plain.flip(), into, offset, length);
                    } finally {
                        buffers.give(plain);
                    }
                }
                if (result.getStatus() == SSLEngineResult.Status.CLOSED || engine.isInboundDone()) {
                    state.inboundDone = true;
                }
                if (state.session == null) {
                    break; // Who shakes hands looks what is next.
                }
                if (result.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
                    Handshake.runTasks(engine);
                }
                countUseless(result.bytesProduced() == 0);
            }
        } catch (SSLException failed) {
            if (done == 0) {
                throw failed;
            }
            state.fail(state.failures.of(failed, "read"));
        }
        return done;
    }

    /** Unwraps the record at the front of {@code from}. */
    private SSLEngineResult unwrapOne(ByteBuffer from, ByteBuffer[] into, int offset, int length) throws SSLException {
        TlsSession session = state.session;
        // In TLS 1.2 a record of the handshake after it begins another one.
        if (session != null && Records.isHandshake(from) && !session.version().equals(TlsContext.NEWEST)) {
            throw state.failures.of(Reason.RENEGOTIATION, "read", "the peer wants to renegotiate, which is refused");
        }
        int limit = from.limit();
        from.limit(from.position() + Records.neededBytes(from));
        try {
            return engine.unwrap(from, into, offset, length);
        } finally {
            from.limit(limit);
        }
    }

    /** Moves what there is room for, and keeps the rest. */
    private int deliver(ByteBuffer plain, ByteBuffer[] into, int offset, int length) {
        int moved = Records.move(plain, into, offset, length);
        if (plain.hasRemaining()) {
            plainIn = ByteBuffer.allocate(plain.remaining()).put(plain).flip();
        }
        return moved;
    }

    private void countUseless(boolean one) throws TlsException {
        useless = one ? useless + 1 : 0;
        if (useless > USELESS_MAX || (one && output.countAsked() > UNANSWERED_MAX)) {
            throw state.failures.of(
                    Reason.BROKEN,
                    "read",
                    "the peer sends records that bring nothing, or asks for keys and takes no answer");
        }
    }
}
