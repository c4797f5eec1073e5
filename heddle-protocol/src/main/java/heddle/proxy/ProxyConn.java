package heddle.proxy;

import heddle.net.Addr;
import heddle.net.CallInterruptedException;
import heddle.net.Conn;
import heddle.net.Deadline;
import heddle.net.Heddle;
import heddle.net.NetError;
import heddle.net.Taker;
import heddle.net.TcpAddr;
import heddle.proxy.ProxyException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// A connection whose beginning is looked at: a proxy's must be a header, which is taken away; another one's must be
/// none. Keeps all that [Conn] promises; thread-safe as that says.
///
///     BEGINNING  nothing is decided yet
///     HELD       no header. A few bytes that might have been one were read, and are read again
///     PASSED     this is the connection below, with the client's address
///     FAILED     the beginning is wrong: each read throws it
///
///     BEGINNING -> PASSED  pass()    the header is complete; or this is no proxy's, and begins like no header; or the
///                                    stream has ended in front of its first byte
///     BEGINNING -> HELD    pass()    not a proxy's, and decided by the second piece or a later one
///     BEGINNING -> FAILED  pass()
///     HELD      -> PASSED  a read    the held bytes are through
///
/// The first call that reads looks at the beginning, on its thread, as long as its deadline allows; a later call goes
/// on. [#readHeader] does that alone. A server that speaks first calls it first: writes do not wait for a header.
/// Nothing bounds the time but deadlines.
///
/// The state moves under the lock, which one who reads holds over its read while the state is not PASSED.
public final class ProxyConn implements Conn {

    private static final int NOT_HELD = -2;

    private final Conn transport;
    private final boolean expected;
    private final ReentrantLock lock = new ReentrantLock();

    /** PASSED. Written under the lock. */
    private volatile boolean passed;

    /** FAILED. Written under the lock. */
    private volatile @Nullable ProxyException failure;

    /** What the header says. Written under the lock, before PASSED. */
    private volatile @Nullable TcpAddr client;

    private volatile @Nullable TcpAddr destination;

    /** Of reads. */
    private volatile Deadline readDeadline = Deadline.NONE;

    // Guarded by lock.
    private @Nullable ProxyHeader header;

    /** What was read of a beginning that may be a header, which must not be. */
    private @Nullable ByteBuffer seen;

    /** HELD: the rest of it. */
    private ByteBuffer held = ByteBuffer.allocate(0);

    /**
     * A connection over another one, of which nothing was read.
     *
     * @param transport the connection below, which is this one's from then on
     * @param expected whether it must begin with a header, else it must not
     */
    public ProxyConn(Conn transport, boolean expected) {
        this.transport = transport;
        this.expected = expected;
    }

    /**
     * Whether it is a proxy's, and so must begin with a header.
     *
     * @return true if so
     */
    public boolean isExpected() {
        return expected;
    }

    /**
     * Waits until the beginning is decided; from then on {@link #remoteAddress} is the client's. Of a connection that
     * must not have a header this waits for its first bytes.
     *
     * @throws ProxyException the beginning is not what it must be
     * @throws heddle.net.DeadlineExceededException the read deadline passed; a later call goes on
     * @throws CallInterruptedException the thread was interrupted while it would have to wait; a later call goes on
     * @throws IOException as a read
     */
    public void readHeader() throws IOException {
        if (!passed) {
            lock();
            try {
                pass();
            } finally {
                lock.unlock();
            }
        }
    }

    private void lock() throws IOException {
        try {
            lock.lockInterruptibly();
        } catch (InterruptedException e) {
            throw new CallInterruptedException(details(), "interrupted");
        }
    }

    private NetError.Details details() {
        var local = transport.localAddress();
        return new NetError.Details("read", local.network(), local, transport.remoteAddress(), 0, false, 0);
    }

    /** With the lock: leaves BEGINNING. */
    private void pass() throws IOException {
        var failed = failure;
        if (failed != null) {
            throw failed.again();
        }
        if (!passed && !held.hasRemaining()) {
            if (expected) {
                passHeader();
            } else {
                passStranger();
            }
        }
    }

    private void passHeader() throws IOException {
        var taken = header == null ? new ProxyHeader() : header;
        header = taken;
        boolean[] complete = new boolean[1];
        try {
            do {
                int n = transport.readLent(lent -> complete[0] = take(taken, lent));
                if (n < 0 && taken.isEmpty()) {
                    passed = true; // a health check that only looks whether somebody is there
                    return;
                }
                if (n < 0) {
                    throw new ProxyException(Reason.TRUNCATED, details(), "the stream ended within the PROXY header");
                }
            } while (!complete[0]);
        } catch (ProxyException e) {
            failure = e;
            throw e;
        }
        header = null;
        client = taken.source();
        destination = taken.destination();
        passed = true;
    }

    private boolean take(ProxyHeader taken, ByteBuffer lent) throws ProxyException {
        try {
            return taken.take(lent);
        } catch (ProxyHeader.Wrong e) {
            throw new ProxyException(e.reason, details(), String.valueOf(e.getMessage()));
        }
    }

    /** Of what begins like no header nothing is taken, unless it comes in pieces of a few bytes. */
    private void passStranger() throws IOException {
        var begun = seen == null ? ByteBuffer.allocate(ProxyHeader.SIGNATURE.length) : seen;
        seen = begun;
        boolean[] decided = new boolean[1];
        try {
            do {
                int n = transport.readLent(lent -> decided[0] = look(begun, lent));
                decided[0] |= n < 0;
            } while (!decided[0]);
        } catch (ProxyException e) {
            failure = e;
            throw e;
        }
        seen = null;
        held = begun.flip();
        passed = !held.hasRemaining();
    }

    /** Whether it is decided; else all of it was taken. */
    private boolean look(ByteBuffer seen, ByteBuffer lent) throws ProxyException {
        var both = ByteBuffer.allocate(ProxyHeader.SIGNATURE.length);
        both.put(seen.duplicate().flip());
        int more = Math.min(both.remaining(), lent.remaining());
        both.put(lent.duplicate().limit(lent.position() + more)).flip();
        int same = ProxyHeader.beginning(both);
        if (same > 0 && ProxyHeader.isWhole(both.get(0), same)) {
            throw new ProxyException(
                    Reason.STRANGER, details(), "a PROXY header from an address that is not one of the proxies'");
        }
        if (same < both.remaining()) {
            return true;
        }
        seen.put(lent);
        return false;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        if (!passed && length > 0) {
            long n = readHeld(ByteBuffer.wrap(buffer, offset, length));
            if (n != NOT_HELD) {
                return (int) n;
            }
        }
        return transport.read(buffer, offset, length);
    }

    @Override
    public int read(ByteBuffer buffer) throws IOException {
        if (!passed && buffer.hasRemaining()) {
            long n = readHeld(buffer);
            if (n != NOT_HELD) {
                return (int) n;
            }
        }
        return transport.read(buffer);
    }

    @Override
    public long read(ByteBuffer[] buffers, int offset, int length) throws IOException {
        if (!passed) {
            for (int i = offset; i < offset + length; i++) {
                if (buffers[i].hasRemaining()) {
                    long n = readHeld(buffers[i]);
                    if (n != NOT_HELD) {
                        return n;
                    }
                    break;
                }
            }
        }
        return transport.read(buffers, offset, length);
    }

    /** Reads what is held; {@link #NOT_HELD} if nothing is, and PASSED. */
    private long readHeld(ByteBuffer into) throws IOException {
        lock();
        try {
            pass();
            if (passed) {
                return NOT_HELD;
            }
            checkReadable();
            int n = Math.min(held.remaining(), into.remaining());
            into.put(held.slice(held.position(), n));
            held.position(held.position() + n);
            passed = !held.hasRemaining();
            return n;
        } finally {
            lock.unlock();
        }
    }

    /** Throws what a read would that finds something: a deadline that passed, or a close. */
    private void checkReadable() throws IOException {
        if (readDeadline.hasPassed() || !transport.isOpen()) {
            transport.awaitReadable(Deadline.NONE);
        }
    }

    @Override
    public int readLent(Taker taker) throws IOException {
        if (!passed) {
            lock();
            try {
                pass();
                if (!passed) {
                    checkReadable();
                    int before = held.position();
                    try {
                        taker.take(held);
                    } finally {
                        passed = !held.hasRemaining();
                    }
                    return held.position() - before;
                }
            } finally {
                lock.unlock();
            }
        }
        return transport.readLent(taker);
    }

    @Override
    public long transferTo(Conn target, long bytesMax) throws IOException {
        readHeader();
        return passed ? transport.transferTo(target, bytesMax) : Conn.super.transferTo(target, bytesMax);
    }

    @Override
    public void awaitReadable(Deadline deadline) throws IOException {
        if (!passed) {
            lock();
            try {
                if (!held.hasRemaining()) {
                    passWithin(deadline);
                }
                if (!passed) {
                    checkReadable();
                    return;
                }
            } finally {
                lock.unlock();
            }
        }
        transport.awaitReadable(deadline);
    }

    /** {@link #pass}, whose first piece is waited for until {@code deadline} at most. */
    private void passWithin(Deadline deadline) throws IOException {
        if (failure == null) {
            transport.awaitReadable(deadline);
        }
        pass();
    }

    @Override
    public int write(byte[] buffer, int offset, int length) throws IOException {
        return transport.write(buffer, offset, length);
    }

    @Override
    public int write(ByteBuffer buffer) throws IOException {
        return transport.write(buffer);
    }

    @Override
    public long write(ByteBuffer[] buffers, int offset, int length) throws IOException {
        return transport.write(buffers, offset, length);
    }

    @Override
    public boolean peerClosed() throws IOException {
        return transport.peerClosed();
    }

    @Override
    public void setDeadline(Deadline deadline) throws IOException {
        readDeadline = deadline;
        transport.setDeadline(deadline);
    }

    @Override
    public void setReadDeadline(Deadline deadline) throws IOException {
        readDeadline = deadline;
        transport.setReadDeadline(deadline);
    }

    @Override
    public void setWriteDeadline(Deadline deadline) throws IOException {
        transport.setWriteDeadline(deadline);
    }

    @Override
    public void closeRead() throws IOException {
        transport.closeRead();
    }

    @Override
    public void closeWrite() throws IOException {
        transport.closeWrite();
    }

    @Override
    public Addr localAddress() {
        return transport.localAddress();
    }

    /** The client's address once the header was read and tells of one; else that of who connected. */
    @Override
    public Addr remoteAddress() {
        var told = client;
        return told == null ? transport.remoteAddress() : told;
    }

    /**
     * Who connected: the proxy, or the client itself.
     *
     * @return the address
     */
    public Addr peerAddress() {
        return transport.remoteAddress();
    }

    /**
     * To whom the client connected, as the header says.
     *
     * @return the address; null before the header was read, and if it tells of none
     */
    @SuppressWarnings("exports") // An annotation, which users need not have: docs/decisions/0004.
    public @Nullable Addr destination() {
        return destination;
    }

    @Override
    public Heddle runtime() {
        return transport.runtime();
    }

    @Override
    public boolean isOpen() {
        return transport.isOpen();
    }

    @Override
    public void close() throws IOException {
        transport.close();
    }

    /** {@code proxy over} and the connection below. */
    @Override
    public String toString() {
        return "proxy over " + transport;
    }
}
