package heddle.tls;

import heddle.net.CallInterruptedException;
import heddle.net.Conn;
import heddle.net.Deadline;
import heddle.net.DeadlineExceededException;
import heddle.net.NetError;
import java.io.IOException;
import java.time.Duration;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;

/**
 * The handshake of a {@link TlsConn}: by whichever calls need it, one after the other; what one has begun the next goes
 * on with. Who has the turn of it both unwraps and wraps, as nobody reads or writes before it is done.
 */
final class Handshake {

    private final Conn transport;
    private final SSLEngine engine;
    private final TlsState state;
    private final TlsInput input;
    private final TlsOutput output;
    private final Duration timeout;
    private final Duration refusalTimeout;
    private final boolean client;

    // Of who has the turn.
    private boolean begun;
    private long begunMillis;

    Handshake(Conn transport, SSLEngine engine, TlsConfig config, TlsState state, TlsInput input, TlsOutput output) {
        this.transport = transport;
        this.engine = engine;
        this.state = state;
        this.input = input;
        this.output = output;
        this.timeout = config.handshakeTimeout();
        this.refusalTimeout = config.closeTimeout();
        this.client = engine.getUseClientMode();
    }

    /** Shakes hands within the bounds of {@code op}, which has its own turn, unless that is done. */
    TlsSession establish(Op op) throws IOException {
        TlsSession done = state.session;
        if (done != null && op != Op.HANDSHAKE) {
            return done;
        }
        state.beginShaking(op);
        try {
            done = state.session;
            return done != null ? done : shake(op);
        } finally {
            state.endShaking();
        }
    }

    private TlsSession shake(Op op) throws IOException {
        state.checkReading();
        state.shake(op, timeout);
        while (true) {
            try {
                return agree();
            } catch (DeadlineExceededException late) {
                IOException over = state.over(op);
                if (over != null) {
                    throw over;
                }
                if (state.isShakeExpired()) {
                    throw state.fail(state.failures.handshakeTimeout(timeout, late));
                }
            } catch (CallInterruptedException interrupted) {
                throw state.failures.interrupted(op);
            } catch (SSLException failed) {
                refuse();
                throw state.fail(state.failures.of(failed, "handshake"));
            } catch (IOException below) {
                throw state.isClosed() ? state.failures.closed(op.label) : NetError.counted(below, 0);
            }
        }
    }

    /** Goes on until it is done. */
    private TlsSession agree() throws IOException {
        if (!begun) {
            engine.beginHandshake();
            begun = true;
            begunMillis = System.currentTimeMillis();
        }
        while (true) {
            switch (engine.getHandshakeStatus()) {
                case NEED_TASK -> runTasks(engine);
                case NEED_WRAP -> {
                    if (isBeyond()) {
                        return agreed();
                    }
                    output.addToFlight();
                }
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
                    output.flushForAnswer();
                    if (input.step(Records.NO_BUFFERS, 0, 0) < 0 || state.inboundDone) {
                        throw state.failures.of(
                                TlsException.Reason.TRUNCATED,
                                "handshake",
                                "the peer ended the connection within the handshake; its log may say why");
                    }
                }
                case NOT_HANDSHAKING, FINISHED -> {
                    return agreed();
                }
            }
        }
    }

    /**
     * Whether what the engine wants to send is no part of the handshake: a server's ticket, which goes out in front of
     * the first write. To wait here until the peer takes it may be for ever, as it may never read.
     */
    private boolean isBeyond() {
        return !client
                && !engine.isInboundDone() // Else it is an alert.
                && engine.getHandshakeSession() == null
                && engine.getSession().getProtocol().equals(TlsContext.NEWEST);
    }

    private TlsSession agreed() throws IOException {
        output.flush();
        TlsSession agreed = TlsSession.of(engine);
        state.session = agreed;
        if (state.hasReadEnded()) {
            transport.closeRead();
        }
        return agreed;
    }

    /** Runs what the engine has put off, on this thread. */
    static void runTasks(SSLEngine engine) {
        Runnable task;
        while ((task = engine.getDelegatedTask()) != null) {
            task.run();
        }
    }

    /** Tells the peer why, if it takes that soon. */
    private void refuse() {
        try {
            transport.setWriteDeadline(
                    Deadline.after(refusalTimeout, transport.runtime().clock()));
            while (output.hasAnswer()) {
                output.addToFlight();
                output.flush();
            }
        } catch (CallInterruptedException interrupted) {
            // The failure that is told comes first.
            Thread.currentThread().interrupt();
        } catch (IOException unheard) {
            // It is gone.
        }
    }

    /** Whether it took up an earlier session, which is as old as its first handshake; for tests. */
    boolean isResumed() {
        return engine.getSession().getCreationTime() < begunMillis;
    }
}
