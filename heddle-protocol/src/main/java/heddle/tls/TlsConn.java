package heddle.tls;

import heddle.net.Addr;
import heddle.net.CallInterruptedException;
import heddle.net.Conn;
import heddle.net.ConnClosedException;
import heddle.net.ConnResetException;
import heddle.net.Deadline;
import heddle.net.DeadlineExceededException;
import heddle.net.Errno;
import heddle.net.Heddle;
import heddle.net.NetError;
import heddle.net.Taker;
import heddle.time.Clock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
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
 * States: not established, established; and beside these failed for reading, failed for writing, reading ended, writing
 * ended, closed. All but the first move under the lock, and none moves back.
 *
 * <ol>
 *   <li>Who has the turn of {@code reading} alone unwraps, who has that of {@code writing} alone wraps and writes to
 *       the connection below, unless the handshake is not done: then who has that of {@code shaking} does both.
 *   <li>The lock is never held over a call that may wait.
 *   <li>While {@code rest} is there nothing else is written.
 *   <li>An idle connection holds no buffer: {@code cipherIn} is part of a record, {@code plainIn} the rest of one that
 *       the caller had no room for, {@code rest} of one that the peer has not taken.
 * </ol>
 *
 * <p>A long file: handshake, reading, writing and the end share one engine, and each step of it may ask for a step of
 * another. In parts, each would need the state of all.
 */
public final class TlsConn implements Conn {

    /** Who calls, and so which deadlines bound it. */
    private enum Op {
        READ("read"),
        WRITE("write"),
        HANDSHAKE("handshake"),
        /** The thread that brings a record to its end. */
        REST("write"),
        CLOSE("close");

        private final String label;

        Op(String label) {
            this.label = label;
        }
    }

    /** As the JDK names it. */
    static final String NEWEST = "TLSv1.3";

    private static final ByteBuffer[] NO_BUFFERS = {};
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
    private static final int HEADER_BYTES = 5;

    /** Of a record of any version, RFC 5246, 6.2.3. */
    private static final int RECORD_BYTES_MAX = HEADER_BYTES + (16 << 10) + 2048;

    /** Above that, room for two records is made at once: more of them are coming. */
    private static final int BULK_BYTES = 8 << 10;

    /** Types of records: change_cipher_spec, alert, handshake, application_data. */
    private static final int TYPE_MIN = 20;

    private static final int CIPHER_CHANGE_BYTES = HEADER_BYTES + 1;
    private static final int TYPE_HANDSHAKE = 22;
    private static final int TYPE_MAX = 23;
    private static final int MAJOR_VERSION = 3;

    /** Records in a row that bring the application nothing, as in Go. */
    private static final int USELESS_MAX = 32;

    /** Records in the engine that a peer has asked for: from so many on they are sent, with more it has failed. */
    private static final int UNANSWERED = 8;

    private static final int UNANSWERED_MAX = 1000;

    /** What a peer may still send while a refusal is on its way to it. */
    private static final int DRAIN_BYTES_MAX = 256 << 10;

    private final Conn transport;
    private final SSLEngine engine;
    private final RecordBuffers buffers;
    private final Clock clock;
    private final Duration handshakeTimeout;
    private final Duration closeTimeout;
    private final boolean client;

    private final ReentrantLock lock = new ReentrantLock();

    // Guarded by lock.
    private final Turn reading;
    private final Turn writing;
    private final Turn shaking;
    private Deadline readDeadline = Deadline.NONE;
    private Deadline writeDeadline = Deadline.NONE;
    /** Of the one call that has the turn of reading. */
    private Deadline readBound = Deadline.NONE;

    private @Nullable Deadline shakeDeadline;
    private Deadline closeDeadline = Deadline.NONE;
    private @Nullable Op shaker;
    private boolean resting;
    private boolean closing;

    // Written under lock, read by any thread.
    private volatile boolean closed;
    private volatile boolean readEnded;
    private volatile boolean writeEnded;
    private volatile boolean inboundDone;
    private volatile @Nullable IOException readFailure;
    private volatile @Nullable IOException writeFailure;

    /** Null until the handshake is done. Written by who has the turn of shaking, read by any thread. */
    private volatile @Nullable TlsSession session;

    // Of who reads, or shakes hands.
    private @Nullable ByteBuffer cipherIn;
    private @Nullable ByteBuffer plainIn;
    private int produced;
    private int useless;

    /** Written by who reads; nulled by who has sent, who may race: it is a bound, no count. */
    private volatile int unanswered;

    // Of who shakes hands.
    private boolean begun;
    private long begunMillis;

    // Of who writes, or shakes hands. Between two records null.
    private @Nullable ByteBuffer rest;
    private boolean notified;

    TlsConn(Conn transport, SSLEngine engine, TlsConfig config, RecordBuffers buffers) {
        this.transport = transport;
        this.engine = engine;
        this.buffers = buffers;
        this.clock = transport.runtime().clock();
        this.handshakeTimeout = config.handshakeTimeout();
        this.closeTimeout = config.closeTimeout();
        this.client = engine.getUseClientMode();
        this.reading = new Turn(lock, clock);
        this.writing = new Turn(lock, clock);
        this.shaking = new Turn(lock, clock);
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
        return establish(Op.HANDSHAKE);
    }

    /**
     * What the handshake agreed on.
     *
     * @return that; null before the handshake is done
     */
    @SuppressWarnings("exports") // An annotation, which users need not have: docs/decisions/0004.
    public @Nullable TlsSession session() {
        return session;
    }

    /** Bytes of the buffers that it holds now; for tests. */
    int heldBytes() {
        int bytes = 0;
        for (ByteBuffer held : new ByteBuffer[] {cipherIn, plainIn, rest}) {
            bytes += held == null ? 0 : held.capacity();
        }
        return bytes;
    }

    /** Whether the handshake took up an earlier session, which is as old as its first handshake; for tests. */
    boolean isResumed() {
        return engine.getSession().getCreationTime() < begunMillis;
    }

    // Turns and deadlines.

    /** A call that waits for its turn. */
    private Turn.Check waiting(Op op, Deadline bound) {
        return new Turn.Check() {
            @Override
            public void check() throws IOException {
                IOException over = over(op, bound);
                if (over != null) {
                    throw over;
                }
            }

            @Override
            public Deadline limit() {
                return TlsConn.this.limit(op).earlier(bound);
            }

            @Override
            public IOException interrupted() {
                return TlsConn.this.interrupted(op);
            }
        };
    }

    /** With the lock: what ends a call of {@code op}, or null. Closed comes before ended, that before expired. */
    private @Nullable IOException over(Op op, Deadline bound) {
        if (closed && op != Op.CLOSE && (op != Op.REST || session == null)) {
            return closed(op);
        }
        if (op == Op.WRITE && writeEnded) {
            return reset("this side ended its writing");
        }
        return limit(op).hasPassed() || bound.hasPassed() ? expired(op) : null;
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

    private void begin(Turn turn, Op op, Deadline bound) throws IOException {
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

    private void end(Turn turn) {
        lock.lock();
        try {
            turn.release();
        } finally {
            lock.unlock();
        }
    }

    /** What ends a call of {@code op} that has its turn, or null: its deadline below may have passed and been moved. */
    private @Nullable IOException over(Op op) {
        lock.lock();
        try {
            return over(op, bound(op));
        } finally {
            lock.unlock();
        }
    }

    /** Of a call that has its turn: {@code readBound} is its own. */
    private Deadline bound(Op op) {
        return op == Op.READ ? readBound : Deadline.NONE;
    }

    /** With the lock: gives the connection below the deadlines of those who use it. */
    private void applyDeadlines() {
        Deadline read = readDeadline.earlier(readBound);
        Deadline write = writeDeadline;
        if (shaker != null && shakeDeadline != null) {
            Deadline bound = shaker == Op.READ ? limit(shaker).earlier(readBound) : limit(shaker);
            read = bound.earlier(shakeDeadline);
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

    @Override
    public void setDeadline(Deadline deadline) throws IOException {
        setDeadlines(deadline, true, true);
    }

    @Override
    public void setReadDeadline(Deadline deadline) throws IOException {
        setDeadlines(deadline, true, false);
    }

    @Override
    public void setWriteDeadline(Deadline deadline) throws IOException {
        setDeadlines(deadline, false, true);
    }

    private void setDeadlines(Deadline deadline, boolean ofReads, boolean ofWrites) throws IOException {
        Deadline ours = deadline.by(clock);
        lock.lock();
        try {
            if (closed) {
                throw new ConnClosedException(details("set", 0, false, 0), CLOSED_TEXT);
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

    // The handshake.

    private TlsSession establish(Op op) throws IOException {
        TlsSession done = session;
        if (done != null && op != Op.HANDSHAKE) {
            return done;
        }
        begin(shaking, op, bound(op));
        try {
            done = session;
            return done != null ? done : shake(op);
        } finally {
            end(shaking);
        }
    }

    private TlsSession shake(Op op) throws IOException {
        checkFailure(readFailure, 0);
        lock.lock();
        try {
            if (shakeDeadline == null) {
                shakeDeadline = Deadline.after(handshakeTimeout, clock);
            }
            shaker = op;
            applyDeadlines();
        } finally {
            lock.unlock();
        }
        try {
            while (true) {
                try {
                    return agree();
                } catch (DeadlineExceededException late) {
                    IOException over = over(op);
                    if (over != null) {
                        throw over;
                    }
                    if (shakeDeadline.hasPassed()) {
                        throw failed(new TlsException(
                                TlsException.Reason.HANDSHAKE_TIMEOUT,
                                details("handshake", 0, true, 0),
                                "the peer did not shake hands within " + handshakeTimeout
                                        + "; does it speak TLS on this port?",
                                late));
                    }
                } catch (CallInterruptedException interrupted) {
                    throw interrupted(op);
                } catch (SSLException failed) {
                    refuse();
                    throw failed(told(failed, "handshake"));
                } catch (IOException below) {
                    throw closed ? closed(op) : NetError.counted(below, 0);
                }
            }
        } finally {
            lock.lock();
            try {
                shaker = null;
                applyDeadlines();
            } finally {
                lock.unlock();
            }
        }
    }

    /** Goes on with the handshake until it is done. */
    private TlsSession agree() throws IOException {
        if (!begun) {
            engine.beginHandshake();
            begun = true;
            begunMillis = System.currentTimeMillis();
        }
        while (true) {
            switch (engine.getHandshakeStatus()) {
                case NEED_TASK -> runTasks();
                case NEED_WRAP -> {
                    if (isBeyondHandshake()) {
                        return agreed();
                    }
                    wrapHandshake();
                }
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
                    if (!isCipherChangeAlone(rest)) {
                        flush();
                    }
                    if (step(NO_BUFFERS, 0, 0) < 0 || inboundDone) {
                        throw new TlsException(
                                TlsException.Reason.TRUNCATED,
                                details("handshake", 0, false, 0),
                                "the peer ended the connection within the handshake; its log may say why",
                                null);
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
    private boolean isBeyondHandshake() {
        return !client
                && !engine.isInboundDone() // Else it is an alert.
                && engine.getHandshakeSession() == null
                && engine.getSession().getProtocol().equals(NEWEST);
    }

    private TlsSession agreed() throws IOException {
        flush();
        TlsSession agreed = sessionOf(engine);
        session = agreed;
        if (readEnded) {
            transport.closeRead();
        }
        return agreed;
    }

    /**
     * Whether {@code flight} is nothing but what a TLS 1.3 client sends for the sake of old routers (RFC 8446, D.4): it
     * goes with what follows. The server, which has more to send, may not read yet.
     */
    private static boolean isCipherChangeAlone(@Nullable ByteBuffer flight) {
        return flight != null
                && flight.position() == 0
                && flight.get(0) == TYPE_MIN
                && flight.remaining() == CIPHER_CHANGE_BYTES;
    }

    private void runTasks() {
        Runnable task;
        while ((task = engine.getDelegatedTask()) != null) {
            task.run();
        }
    }

    /** Adds a record to the flight that is to be sent. */
    private void wrapHandshake() throws IOException {
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
    private void flush() throws IOException {
        ByteBuffer flight = rest;
        if (flight != null) {
            while (flight.hasRemaining()) {
                transport.write(flight);
            }
            rest = null;
        }
    }

    /** Tells the peer why, if it takes that soon. */
    private void refuse() {
        try {
            transport.setWriteDeadline(Deadline.after(closeTimeout, clock));
            while (hasAnswer()) {
                wrapHandshake();
                flush();
            }
        } catch (IOException unheard) {
            // It is gone.
        }
    }

    /** What {@code failure} of the engine means, unless that has been said. */
    private TlsException told(SSLException failure, String op) {
        return failure instanceof TlsException told ? told : TlsException.of(failure, details(op, 0, false, 0), client);
    }

    private TlsException failed(TlsException failure) {
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

    /** Throws {@code failure} again, if there is one, for a call of which {@code taken} bytes were taken. */
    private static void checkFailure(@Nullable IOException failure, long taken) throws IOException {
        if (failure instanceof TlsException tls) {
            throw tls.again(taken);
        }
        if (failure != null) {
            throw NetError.counted(failure, taken);
        }
    }

    private TlsSession sessionOf(SSLEngine done) throws SSLException {
        SSLSession agreed = done.getSession();
        List<X509Certificate> peer = new ArrayList<>();
        try {
            for (var certificate : agreed.getPeerCertificates()) {
                if (certificate instanceof X509Certificate x509) {
                    peer.add(x509);
                }
            }
        } catch (SSLPeerUnverifiedException none) {
            // It showed none.
        }
        String name = null;
        if (agreed instanceof ExtendedSSLSession extended) {
            for (SNIServerName asked : extended.getRequestedServerNames()) {
                name = asked instanceof SNIHostName host
                        ? host.getAsciiName()
                        : new String(asked.getEncoded(), StandardCharsets.US_ASCII);
            }
        }
        String protocol = done.getApplicationProtocol();
        return new TlsSession(
                agreed.getProtocol(), agreed.getCipherSuite(), protocol == null ? "" : protocol, name, peer);
    }

    // Reading.

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        return read(ByteBuffer.wrap(buffer, offset, length));
    }

    @Override
    public int read(ByteBuffer buffer) throws IOException {
        return (int) read(new ByteBuffer[] {buffer}, 0, 1);
    }

    @Override
    public long read(ByteBuffer[] into, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, into.length);
        for (int i = offset; i < offset + length; i++) {
            if (into[i].isReadOnly()) {
                throw new IllegalArgumentException("the buffer to read into is read-only");
            }
        }
        if (remaining(into, offset, length) == 0) {
            if (closed) {
                throw closed(Op.READ);
            }
            return 0;
        }
        begin(reading, Op.READ, Deadline.NONE);
        try {
            return readPlain(into, offset, length);
        } finally {
            end(reading);
        }
    }

    /**
     * With the turn: bytes put into {@code into}; with no room there 0 once {@code plainIn} is there; -1 at the end.
     */
    private int readPlain(ByteBuffer[] into, int offset, int length) throws IOException {
        while (true) {
            IOException over = over(Op.READ);
            if (over != null) {
                throw over;
            }
            if (plainIn != null) {
                return takePlain(into, offset, length);
            }
            // Before the handshake anyone can have said so, who is no end of this connection.
            if (inboundDone && session != null) {
                return -1;
            }
            checkFailure(readFailure, 0);
            establish(Op.READ);
            try {
                int n = step(into, offset, length);
                if (n != 0) {
                    return n;
                }
            } catch (DeadlineExceededException late) {
                // Unless it was moved meanwhile, the next round throws.
            } catch (CallInterruptedException interrupted) {
                throw interrupted(Op.READ);
            } catch (SSLException failed) {
                throw failed(told(failed, "read"));
            } catch (IOException below) {
                throw closed ? closed(Op.READ) : NetError.counted(below, 0);
            } finally {
                answer();
            }
        }
    }

    private int takePlain(ByteBuffer[] into, int offset, int length) {
        ByteBuffer plain = Objects.requireNonNull(plainIn);
        int n = move(plain, into, offset, length);
        if (!plain.hasRemaining()) {
            plainIn = null;
        }
        return n;
    }

    private static int move(ByteBuffer from, ByteBuffer[] into, int offset, int length) {
        int moved = 0;
        for (int i = offset; i < offset + length && from.hasRemaining(); i++) {
            int n = Math.min(from.remaining(), into[i].remaining());
            into[i].put(into[i].position(), from, from.position(), n);
            into[i].position(into[i].position() + n);
            from.position(from.position() + n);
            moved += n;
        }
        return moved;
    }

    private static long remaining(ByteBuffer[] all, int offset, int length) {
        long bytes = 0;
        for (int i = offset; i < offset + length; i++) {
            bytes += all[i].remaining();
        }
        return bytes;
    }

    /**
     * Takes what has come, waiting for it, and unwraps it: bytes put into {@code into}, 0 if there were none for the
     * application or {@code plainIn} got them, -1 at the end of the stream.
     */
    private int step(ByteBuffer[] into, int offset, int length) throws IOException {
        ByteBuffer held = cipherIn;
        if (held == null) {
            produced = 0;
            int n = transport.readLent(lent -> {
                produced = unwrap(lent, into, offset, length);
                if (isPart(lent)) {
                    cipherIn = grown(lent);
                    lent.position(lent.limit());
                }
            });
            return n < 0 ? endOfStream() : produced;
        }
        if (!isComplete(held)) {
            if (held.capacity() - held.position() < neededBytes(held)) {
                held = grown(held);
                cipherIn = held;
            }
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
        if (readEnded || inboundDone) {
            return -1;
        }
        if (session == null) {
            return -1;
        }
        throw new TlsException(
                TlsException.Reason.TRUNCATED,
                details("read", 0, false, 0),
                "the stream ended without close_notify" + (cipherIn == null ? "" : ", within a record")
                        + ": bytes may be missing at its end",
                null);
    }

    /** Bytes of the record at the front, as far as its header is there; else of the header. */
    private static int neededBytes(ByteBuffer bytes) {
        return bytes.remaining() < HEADER_BYTES
                ? HEADER_BYTES
                : HEADER_BYTES + Short.toUnsignedInt(bytes.getShort(bytes.position() + 3));
    }

    /** Whether a whole record is at the front. Throws at what cannot begin one. */
    private boolean isComplete(ByteBuffer bytes) throws TlsException {
        if (bytes.hasRemaining() && !isRecord(bytes)) {
            throw notTls(bytes);
        }
        return isWhole(bytes);
    }

    /** Whether a record begins at the front and is not there in full. */
    private static boolean isPart(ByteBuffer bytes) {
        return bytes.hasRemaining() && isRecord(bytes) && !isWhole(bytes);
    }

    /** Whether a record may begin with {@code bytes}, of which there is one at least. */
    private static boolean isRecord(ByteBuffer bytes) {
        int at = bytes.position();
        int type = bytes.get(at);
        return type >= TYPE_MIN
                && type <= TYPE_MAX
                && (bytes.remaining() < 2 || bytes.get(at + 1) == MAJOR_VERSION)
                && neededBytes(bytes) <= RECORD_BYTES_MAX;
    }

    private static boolean isWhole(ByteBuffer bytes) {
        return bytes.remaining() >= HEADER_BYTES && bytes.remaining() >= neededBytes(bytes);
    }

    private TlsException notTls(ByteBuffer bytes) {
        if (session != null) {
            return new TlsException(
                    TlsException.Reason.BROKEN, details("read", 0, false, 0), "what arrived is no TLS record", null);
        }
        byte[] first = new byte[Math.min(bytes.remaining(), 16)];
        bytes.get(bytes.position(), first);
        var shown = new StringBuilder();
        for (byte b : first) {
            shown.append(b >= ' ' && b <= '~' ? (char) b : '.');
        }
        return new TlsException(
                TlsException.Reason.NOT_TLS,
                details("handshake", 0, false, 0),
                "the peer does not speak TLS: it began with \"" + shown + "\"; "
                        + (client ? "dial it without TLS, or another port" : "have it dial with TLS, or another port"),
                null);
    }

    /** A copy of what is left of {@code bytes}, with room for its record. */
    private static ByteBuffer grown(ByteBuffer bytes) {
        int needed = neededBytes(bytes);
        int room = needed > BULK_BYTES ? 2 * RecordBuffers.BYTES : Math.max(needed, bytes.remaining());
        return ByteBuffer.allocate(Math.max(room, bytes.remaining()))
                .put(bytes.duplicate())
                .flip();
    }

    /**
     * Unwraps the whole records at the front of {@code from} that {@code into} has room for, one at least. What fails
     * behind a good one is thrown by the next read.
     */
    private int unwrap(ByteBuffer from, ByteBuffer[] into, int offset, int length) throws IOException {
        int done = 0;
        try {
            while (plainIn == null && !inboundDone && isComplete(from)) {
                boolean fits = remaining(into, offset, length) >= neededBytes(from);
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
                    inboundDone = true;
                }
                if (session == null) {
                    break; // Who shakes hands looks what is next.
                }
                if (result.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
                    runTasks();
                }
                countUseless(result.bytesProduced() == 0);
            }
        } catch (SSLException failed) {
            if (done == 0) {
                throw failed;
            }
            failed(told(failed, "read"));
        }
        return done;
    }

    /** Unwraps the record at the front of {@code from}. */
    private SSLEngineResult unwrapOne(ByteBuffer from, ByteBuffer[] into, int offset, int length) throws SSLException {
        checkNoRenegotiation(from);
        int limit = from.limit();
        from.limit(from.position() + neededBytes(from));
        try {
            return engine.unwrap(from, into, offset, length);
        } finally {
            from.limit(limit);
        }
    }

    private void countUseless(boolean one) throws TlsException {
        useless = one ? useless + 1 : 0;
        if (one && hasAnswer()) {
            int before = unanswered;
            unanswered = before + 1;
        }
        if (useless > USELESS_MAX || unanswered > UNANSWERED_MAX) {
            throw new TlsException(
                    TlsException.Reason.BROKEN,
                    details("read", 0, false, 0),
                    "the peer sends records that bring nothing, or asks for keys and takes no answer",
                    null);
        }
    }

    /** Moves what there is room for, and keeps the rest. */
    private int deliver(ByteBuffer plain, ByteBuffer[] into, int offset, int length) {
        int moved = move(plain, into, offset, length);
        if (plain.hasRemaining()) {
            plainIn = ByteBuffer.allocate(plain.remaining()).put(plain).flip();
        }
        return moved;
    }

    /** In TLS 1.2 a handshake record after the handshake begins another one. */
    private void checkNoRenegotiation(ByteBuffer from) throws TlsException {
        TlsSession done = session;
        if (done != null
                && from.get(from.position()) == TYPE_HANDSHAKE
                && !done.version().equals(NEWEST)) {
            throw new TlsException(
                    TlsException.Reason.RENEGOTIATION,
                    details("read", 0, false, 0),
                    "the peer wants to renegotiate, which is refused",
                    null);
        }
    }

    @Override
    public int readLent(Taker taker) throws IOException {
        Objects.requireNonNull(taker);
        begin(reading, Op.READ, Deadline.NONE);
        try {
            return awaitPlain() ? lend(taker, Integer.MAX_VALUE) : -1;
        } finally {
            end(reading);
        }
    }

    /** With the turn: waits until {@code plainIn} is there; false at the end of the stream. */
    private boolean awaitPlain() throws IOException {
        return readPlain(NO_BUFFERS, 0, 0) == 0;
    }

    /** Lends at most {@code most} bytes of {@code plainIn}: how many were taken. */
    private int lend(Taker taker, long most) throws IOException {
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

    @Override
    public long transferTo(Conn target, long bytesMax) throws IOException {
        if (bytesMax < 0) {
            throw new IllegalArgumentException("bytesMax " + bytesMax + ": want 0 or more");
        }
        long done = 0;
        boolean writes = false;
        begin(reading, Op.READ, Deadline.NONE);
        try {
            while (done < bytesMax) {
                writes = false;
                if (!awaitPlain()) {
                    break;
                }
                writes = true;
                done += lend(target::write, bytesMax - done);
            }
        } catch (IOException failed) {
            long last = writes && failed instanceof NetError error ? error.bytesTransferred() : 0;
            throw NetError.counted(failed, done + last);
        } finally {
            end(reading);
        }
        return done;
    }

    @Override
    public void awaitReadable(Deadline deadline) throws IOException {
        Deadline bound = deadline.by(clock);
        begin(reading, Op.READ, bound);
        try {
            boundReads(bound);
            boolean _ = awaitPlain();
        } catch (TlsException told) {
            // The read will throw it.
        } finally {
            boundReads(Deadline.NONE);
            end(reading);
        }
    }

    private void boundReads(Deadline bound) {
        lock.lock();
        try {
            readBound = bound;
            applyDeadlines();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean peerClosed() throws IOException {
        if (closed) {
            throw closed(Op.READ);
        }
        return inboundDone || readFailure != null || transport.peerClosed();
    }

    // Writing.

    @Override
    public int write(byte[] buffer, int offset, int length) throws IOException {
        return write(ByteBuffer.wrap(buffer, offset, length));
    }

    @Override
    public int write(ByteBuffer buffer) throws IOException {
        return (int) write(new ByteBuffer[] {buffer}, 0, 1);
    }

    @Override
    public long write(ByteBuffer[] from, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, from.length);
        for (int i = offset; i < offset + length; i++) {
            Objects.requireNonNull(from[i]);
        }
        begin(writing, Op.WRITE, Deadline.NONE);
        try {
            establish(Op.WRITE);
            return writePlain(from, offset, length);
        } finally {
            endWriting();
        }
    }

    private long writePlain(ByteBuffer[] from, int offset, int length) throws IOException {
        long taken = 0;
        int[] starts = new int[length];
        checkFailure(writeFailure, 0);
        while (remaining(from, offset, length) > 0) {
            IOException over = over(Op.WRITE);
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
                throw failed(TlsException.of(failed, details("write", 0, false, taken), client));
            }
            if (!record.flip().hasRemaining()) {
                buffers.give(record);
                if (result.getHandshakeStatus() == HandshakeStatus.FINISHED) {
                    continue; // The engine wanted to say just that.
                }
                checkFailure(writeFailure, taken);
                throw NetError.counted(
                        reset("the peer has ended the connection, and TLS 1.2 has no half-close"), taken);
            }
            unanswered = 0;
            rest = record;
            IOException cut = sendRest();
            if (cut == null) {
                taken += result.bytesConsumed();
            } else if (rest != null && !(cut instanceof ConnClosedException)) {
                return goesOn(cut, taken + result.bytesConsumed(), remaining(from, offset, length) == 0);
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
                IOException over = over(Op.WRITE);
                if (over != null) {
                    return over;
                }
            } catch (CallInterruptedException interrupted) {
                return interrupted(Op.WRITE);
            } catch (IOException below) {
                IOException failure = closed ? closed(Op.WRITE) : below;
                dropRest(failure);
                return failure;
            }
        }
        buffers.give(record);
        rest = null;
        return null;
    }

    /** The connection below takes no more: nothing can be written behind part of a record. */
    private void dropRest(IOException failure) {
        ByteBuffer record = rest;
        if (record != null) {
            rest = null;
            buffers.give(record);
        }
        lock.lock();
        try {
            if (writeFailure == null) {
                writeFailure = failure;
            }
        } finally {
            lock.unlock();
        }
    }

    private void endWriting() {
        lock.lock();
        try {
            if (isRestDue()) {
                startRest();
            } else {
                writing.release();
            }
        } finally {
            lock.unlock();
        }
    }

    /** With the lock and the turn of writing: whether something must go out that no caller waits for. */
    private boolean isRestDue() {
        if (closed || (writeFailure != null && !(writeFailure instanceof TlsException))) {
            return false;
        }
        return session == null
                ? writeEnded && writeFailure == null
                : rest != null || (writeEnded && !notified) || isAnswerDue();
    }

    /**
     * Whether something must go out at once: an answer to close_notify in TLS 1.2, or an alert. A ticket and an answer
     * to a key update wait for the next write (RFC 8446, 4.6.3), unless there are many.
     */
    private boolean isAnswerDue() {
        return (inboundDone || readFailure != null || unanswered > UNANSWERED) && hasAnswer();
    }

    private boolean hasAnswer() {
        return engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP && !engine.isOutboundDone();
    }

    /** With the lock and the turn of writing, which the thread that is started gives back. */
    private void startRest() {
        resting = true;
        applyDeadlines();
        boolean started = false;
        try {
            transport.runtime().ofVirtual().name("heddle-tls-rest " + this).start(this::finishRest);
            started = true;
        } finally {
            if (!started) { // The runtime is closed, or there is no memory.
                resting = false;
                writing.release();
            }
        }
    }

    /** Sends what reading has made due, in the background. */
    private void answer() {
        if (session == null || !isAnswerDue()) {
            return;
        }
        lock.lock();
        try {
            // Who has the turn looks when it ends.
            if (writing.tryTake()) {
                endWriting();
            }
        } finally {
            lock.unlock();
        }
    }

    /** On a thread of its own: the rest of a record, answers, close_notify. */
    private void finishRest() {
        try {
            establish(Op.REST);
            sendAllThatIsDue();
            if (engine.isOutboundDone()) {
                transport.closeWrite();
            }
        } catch (IOException failed) {
            dropRest(failed);
        } finally {
            lock.lock();
            try {
                resting = false;
                applyDeadlines();
                endWriting();
            } finally {
                lock.unlock();
            }
        }
    }

    /** With the turn of writing. */
    private void sendAllThatIsDue() throws IOException {
        while (true) {
            ByteBuffer record = rest;
            while (record != null && record.hasRemaining()) {
                try {
                    transport.write(record);
                } catch (DeadlineExceededException late) {
                    if (closed) {
                        throw late;
                    }
                }
            }
            if (record != null) {
                rest = null;
                buffers.give(record);
            }
            if ((writeEnded || closed) && !notified) {
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

    // Ends.

    @Override
    public void closeRead() throws IOException {
        lock.lock();
        try {
            if (closed) {
                throw closed(Op.CLOSE);
            }
            readEnded = true;
        } finally {
            lock.unlock();
        }
        if (session != null) {
            transport.closeRead();
        }
    }

    @Override
    public void closeWrite() throws IOException {
        lock.lock();
        try {
            if (closed) {
                throw closed(Op.CLOSE);
            }
            if (!writeEnded) {
                writeEnded = true;
                writing.wake();
                shaking.wake();
                applyDeadlines();
                // Who has the turn looks when it ends.
                if (writing.tryTake()) {
                    endWriting();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean isOpen() {
        return !closed && transport.isOpen();
    }

    @Override
    public void close() throws IOException {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            closeDeadline = Deadline.after(closeTimeout, clock);
            reading.wake();
            writing.wake();
            shaking.wake();
            applyDeadlines();
        } finally {
            lock.unlock();
        }
        boolean interrupted = Thread.interrupted();
        try {
            if (session != null) {
                sayGoodbye();
            } else if (readFailure instanceof TlsException) {
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
        begin(writing, Op.CLOSE, Deadline.NONE);
        try {
            lock.lock();
            try {
                closing = true;
                applyDeadlines();
            } finally {
                lock.unlock();
            }
            // Behind part of a record, whose write this close has cut, nothing can be said.
            if (rest == null && writeFailure == null) {
                sendAllThatIsDue();
            }
            if (readFailure instanceof TlsException) {
                letRefusalArrive();
            }
        } finally {
            end(writing);
        }
    }

    /** Reads on for a moment: a close with unread bytes resets the connection, and the alert may be lost with it. */
    private void letRefusalArrive() throws IOException {
        transport.closeWrite();
        transport.setReadDeadline(closeDeadline);
        long drained = 0;
        int n;
        while (drained < DRAIN_BYTES_MAX && (n = transport.readLent(all -> all.position(all.limit()))) >= 0) {
            drained += n;
        }
    }

    // Errors and names.

    private static final String CLOSED_TEXT = "use of closed network connection";

    private NetError.Details details(String op, int errno, boolean timeout, long bytes) {
        return new NetError.Details(op, "tls", localAddress(), remoteAddress(), errno, timeout, bytes);
    }

    private ConnClosedException closed(Op op) {
        return new ConnClosedException(details(op.label, 0, false, 0), CLOSED_TEXT);
    }

    private DeadlineExceededException expired(Op op) {
        return new DeadlineExceededException(details(op.label, 0, true, 0), "i/o timeout");
    }

    private CallInterruptedException interrupted(Op op) {
        return new CallInterruptedException(details(op.label, 0, false, 0), "interrupted");
    }

    private ConnResetException reset(String why) {
        return new ConnResetException(details("write", Errno.EPIPE, false, 0), "write: " + why);
    }

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
