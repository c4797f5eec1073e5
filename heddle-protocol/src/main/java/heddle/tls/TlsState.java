package heddle.tls;

import heddle.net.Conn;
import heddle.net.Deadline;
import heddle.net.NetError;
import heddle.time.Clock;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Who may use a {@link TlsConn}'s engine and the connection below, until when, and what has ended: all that the lock
 * guards. Thread-safe; a method that says "with the lock" is called so.
 *
 * <p>States: not established, established; and beside these failed for reading, failed for writing, reading ended,
 * writing ended, the peer's end read, closed. All but the first move under the lock, and none moves back.
 *
 * <p>The lock is never held over a call that may wait.
 */
final class TlsState {

    final ReentrantLock lock = new ReentrantLock();
    final TlsFailures failures;

    private final Conn transport;
    private final Clock clock;

    // Guarded by lock.
    final TlsTurn reading;
    final TlsTurn writing;
    private final TlsTurn shaking;
    private Deadline readDeadline = Deadline.NONE;
    private Deadline writeDeadline = Deadline.NONE;
    /** Of the one call that has the turn of reading, which alone sets it. */
    private Deadline readBound = Deadline.NONE;

    private @Nullable Op shaker;
    private Deadline shakeDeadline = Deadline.NONE;
    private boolean shaken;
    private Deadline closeDeadline = Deadline.NONE;
    private boolean resting;
    private boolean closing;

    // Written under lock, read by any thread.
    private volatile boolean closed;
    private volatile boolean readEnded;
    private volatile boolean writeEnded;
    private volatile @Nullable IOException readFailure;
    private volatile @Nullable IOException writeFailure;

    /** Written by who has the turn of reading or of the handshake, read by any thread. */
    volatile boolean inboundDone;

    /** Null until the handshake is done. Written by who has the turn of that, read by any thread. */
    volatile @Nullable TlsSession session;

    TlsState(Conn transport, TlsFailures failures) {
        this.transport = transport;
        this.failures = failures;
        this.clock = transport.runtime().clock();
        this.reading = new TlsTurn(lock, clock);
        this.writing = new TlsTurn(lock, clock);
        this.shaking = new TlsTurn(lock, clock);
    }

    boolean isClosed() {
        return closed;
    }

    boolean hasReadEnded() {
        return readEnded;
    }

    boolean hasWriteEnded() {
        return writeEnded;
    }

    @Nullable
    IOException readFailure() {
        return readFailure;
    }

    @Nullable
    IOException writeFailure() {
        return writeFailure;
    }

    // Turns.

    /** Waits for {@code turn}, also until {@code bound}. */
    void begin(TlsTurn turn, Op op, Deadline bound) throws IOException {
        lock.lock();
        try {
            IOException over = over(op, bound);
            if (over != null) {
                throw over;
            }
            if (!turn.tryTake()) {
                turn.take(waiting(op, bound));
            }
        } finally {
            lock.unlock();
        }
    }

    private TlsTurn.Check waiting(Op op, Deadline bound) {
        return new TlsTurn.Check() {
            @Override
            public void check() throws IOException {
                IOException over = over(op, bound);
                if (over != null) {
                    throw over;
                }
            }

            @Override
            public Deadline limit() {
                return TlsState.this.limit(op).earlier(bound);
            }

            @Override
            public IOException interrupted() {
                return failures.interrupted(op);
            }
        };
    }

    void end(TlsTurn turn) {
        lock.lock();
        try {
            turn.release();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the turn of the handshake, within the bounds of {@code op}, which has its own turn already. */
    void beginShaking(Op op) throws IOException {
        begin(shaking, op, bound(op));
    }

    /** With that turn: the connection below gets {@code op}'s deadlines, and that of the handshake, which now runs. */
    void shake(Op op, Duration timeout) {
        lock.lock();
        try {
            if (!shaken) {
                shaken = true;
                shakeDeadline = Deadline.after(timeout, clock);
            }
            shaker = op;
            applyDeadlines();
        } finally {
            lock.unlock();
        }
    }

    boolean isShakeExpired() {
        lock.lock();
        try {
            return shakeDeadline.hasPassed();
        } finally {
            lock.unlock();
        }
    }

    void endShaking() {
        lock.lock();
        try {
            shaker = null;
            applyDeadlines();
            shaking.release();
        } finally {
            lock.unlock();
        }
    }

    // Deadlines.

    /** What ends a call of {@code op} that has its turn, or null: its deadline below may have passed and been moved. */
    @Nullable
    IOException over(Op op) {
        lock.lock();
        try {
            return over(op, bound(op));
        } finally {
            lock.unlock();
        }
    }

    /** With the lock: what ends a call of {@code op}, or null. Closed comes before ended, that before expired. */
    private @Nullable IOException over(Op op, Deadline bound) {
        if (closed && op != Op.CLOSE && (op != Op.REST || session == null)) {
            return failures.closed(op.label);
        }
        if (op == Op.WRITE && writeEnded) {
            return failures.reset("this side ended its writing");
        }
        return limit(op).hasPassed() || bound.hasPassed() ? failures.expired(op) : null;
    }

    /** With the lock. */
    private Deadline limit(Op op) {
        return switch (op) {
            case READ -> readDeadline;
            case WRITE -> writeDeadline;
            case HANDSHAKE -> readDeadline.earlier(writeDeadline);
            case REST, CLOSE -> closeDeadline;
        };
    }

    /** Of a call that has its turn: what bounds it beside its limit. */
    private Deadline bound(Op op) {
        return op == Op.READ ? readBound : Deadline.NONE;
    }

    /** Bounds the call that has the turn of reading, and that is the caller's. */
    void boundReads(Deadline bound) {
        lock.lock();
        try {
            readBound = bound;
            applyDeadlines();
        } finally {
            lock.unlock();
        }
    }

    void setDeadlines(Deadline deadline, boolean ofReads, boolean ofWrites) throws IOException {
        Deadline ours = deadline.by(clock);
        lock.lock();
        try {
            if (closed) {
                throw failures.closed("set");
            }
            if (ofReads) {
                readDeadline = ours;
                reading.wake();
            }
            if (ofWrites) {
                writeDeadline = ours;
                writing.wake();
            }
            shaking.wake();
            applyDeadlines();
        } finally {
            lock.unlock();
        }
    }

    /** With the lock: gives the connection below the deadlines of those who use it. */
    private void applyDeadlines() {
        Deadline read = readDeadline.earlier(readBound);
        Deadline write = writeDeadline;
        if (shaker != null) {
            read = limit(shaker).earlier(bound(shaker)).earlier(shakeDeadline);
            write = writeEnded && shaker == Op.WRITE ? Deadline.PAST : read;
        } else if (resting) {
            write = Deadline.NONE;
        } else if (writeEnded) {
            write = Deadline.PAST;
        }
        if (closed) {
            read = Deadline.PAST;
            write = resting || closing ? closeDeadline : Deadline.PAST;
        }
        try {
            transport.setReadDeadline(read);
            transport.setWriteDeadline(write);
        } catch (IOException gone) {
            // Closed below: whoever reads or writes is told.
        }
    }

    /** With the lock and the turn of writing: a thread of no caller writes, or has ended. */
    void rest(boolean now) {
        resting = now;
        applyDeadlines();
    }

    // Failures and ends.

    TlsException fail(TlsException failure) {
        lock.lock();
        try {
            if (readFailure == null) {
                readFailure = failure;
            }
            if (writeFailure == null) {
                writeFailure = failure;
            }
        } finally {
            lock.unlock();
        }
        return failure;
    }

    void failWriting(IOException failure) {
        lock.lock();
        try {
            if (writeFailure == null) {
                writeFailure = failure;
            }
        } finally {
            lock.unlock();
        }
    }

    /** Throws what reading has failed with, if it has. */
    void checkReading() throws IOException {
        check(readFailure, 0);
    }

    /** Throws what writing has failed with, if it has, for a call of which {@code taken} bytes were taken. */
    void checkWriting(long taken) throws IOException {
        check(writeFailure, taken);
    }

    private static void check(@Nullable IOException failure, long taken) throws IOException {
        if (failure instanceof TlsException tls) {
            throw tls.again(taken);
        }
        if (failure != null) {
            throw NetError.counted(failure, taken);
        }
    }

    void endReads() throws IOException {
        lock.lock();
        try {
            if (closed) {
                throw failures.closed(Op.CLOSE.label);
            }
            readEnded = true;
        } finally {
            lock.unlock();
        }
    }

    /** With the lock: whether this call has ended writing. */
    boolean endWrites() throws IOException {
        if (closed) {
            throw failures.closed(Op.CLOSE.label);
        }
        if (writeEnded) {
            return false;
        }
        writeEnded = true;
        writing.wake();
        shaking.wake();
        applyDeadlines();
        return true;
    }

    /** Ends all calls: whether this one has. What is still due may take {@code timeout}. */
    boolean close(Duration timeout) {
        lock.lock();
        try {
            if (closed) {
                return false;
            }
            closed = true;
            closeDeadline = Deadline.after(timeout, clock);
            reading.wake();
            writing.wake();
            shaking.wake();
            applyDeadlines();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** With the turn of writing: who closes writes, until {@link #closeDeadline}. */
    void beginClosing() {
        lock.lock();
        try {
            closing = true;
            applyDeadlines();
        } finally {
            lock.unlock();
        }
    }

    Deadline closeDeadline() {
        lock.lock();
        try {
            return closeDeadline;
        } finally {
            lock.unlock();
        }
    }
}
