package heddle.net;

import heddle.internal.fd.Descriptor;
import heddle.internal.fd.Result;
import heddle.internal.fd.Transferred;
import heddle.internal.socket.SocketOption;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * A connection over a socket of the system, whatever its network: what {@link Conn} has, and half-close and the
 * kernel's buffers. Thread-safe as {@link Conn} says.
 */
public abstract sealed class SocketConn implements Conn permits TcpConn, UnixConn {

    private final Heddle heddle;
    private final Descriptor descriptor;
    private final String network;

    SocketConn(Heddle heddle, Descriptor descriptor, String network) {
        this.heddle = heddle;
        this.descriptor = descriptor;
        this.network = network;
        descriptor.describe(this);
    }

    @Override
    public final int read(byte[] buffer, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, buffer.length);
        int n = descriptor.read(buffer, offset, length);
        return n >= 0 ? n : endOfStream(n);
    }

    @Override
    public final int read(ByteBuffer buffer) throws IOException {
        int length = writable(buffer).remaining();
        int n = buffer.hasArray()
                ? descriptor.read(buffer.array(), buffer.arrayOffset() + buffer.position(), length)
                : descriptor.read(MemorySegment.ofBuffer(buffer), length);
        if (n > 0) {
            buffer.position(buffer.position() + n);
        }
        return n >= 0 ? n : endOfStream(n);
    }

    @Override
    public final long read(ByteBuffer[] buffers, int offset, int length) throws IOException {
        Vector vector = Vector.of(buffers, offset, length);
        for (int i = offset; i < offset + length; i++) {
            writable(buffers[i]);
        }
        if (vector.count() == 0) {
            int n = descriptor.read(MemorySegment.NULL, 0);
            return n >= 0 ? n : endOfStream(n);
        }
        long n = descriptor.readVector(vector.segments(), vector.count());
        if (n < 0) {
            return endOfStream((int) n);
        }
        vector.advance(n);
        return n;
    }

    @Override
    public final int readLent(Taker taker) throws IOException {
        Objects.requireNonNull(taker);
        int n = descriptor.borrow();
        if (n < 0) {
            return endOfStream(n);
        }
        int taken;
        try {
            taker.take(descriptor.lent());
        } finally {
            taken = descriptor.giveBack();
        }
        return taken;
    }

    static ByteBuffer writable(ByteBuffer buffer) {
        if (buffer.isReadOnly()) {
            throw new IllegalArgumentException("the buffer to read into is read-only");
        }
        return buffer;
    }

    /** -1, or the exception of {@code result}. */
    private int endOfStream(int result) throws IOException {
        if (result == Result.END_OF_STREAM) {
            return -1;
        }
        throw failure("read", "read", result, 0);
    }

    @Override
    public final int write(byte[] buffer, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, buffer.length);
        return (int) written("write", descriptor.write(buffer, offset, length), 0);
    }

    @Override
    public final int write(ByteBuffer buffer) throws IOException {
        return write(buffer, 0);
    }

    /** The same after {@code before} bytes, which a failure counts too. */
    final int write(ByteBuffer buffer, long before) throws IOException {
        long result = buffer.hasArray()
                ? descriptor.write(buffer.array(), buffer.arrayOffset() + buffer.position(), buffer.remaining())
                : descriptor.write(MemorySegment.ofBuffer(buffer));
        buffer.position(buffer.position() + (int) Result.bytes(result));
        return (int) written("write", result, before);
    }

    @Override
    public final long transferTo(Conn target, long bytesMax) throws IOException {
        Transfer.check(bytesMax);
        Transferred outcome =
                target instanceof SocketConn socket ? descriptor.spliceTo(socket.descriptor, bytesMax) : null;
        if (outcome == null) {
            return copyTo(target, bytesMax);
        }
        if (outcome.failure() == 0) {
            return outcome.bytes();
        }
        throw outcome.byTarget()
                ? ((SocketConn) target).failure("write", "splice", outcome.failure(), outcome.bytes())
                : failure("read", "splice", outcome.failure(), outcome.bytes());
    }

    /** Through a buffer. */
    private long copyTo(Conn target, long bytesMax) throws IOException {
        long[] done = new long[1];
        IOException[] failed = new IOException[1];
        Transferred outcome = descriptor.transferTo(
                piece -> {
                    try {
                        Transfer.write(target, piece, done[0]);
                    } catch (IOException ended) {
                        failed[0] = ended;
                    }
                    done[0] += piece.position();
                    return failed[0] == null;
                },
                bytesMax);
        if (failed[0] != null) {
            throw failed[0];
        }
        if (outcome.failure() != 0) {
            throw failure("read", "read", outcome.failure(), outcome.bytes());
        }
        return outcome.bytes();
    }

    @Override
    public final long write(ByteBuffer[] buffers, int offset, int length) throws IOException {
        Vector vector = Vector.of(buffers, offset, length);
        long result = descriptor.writeVector(vector.segments(), vector.count());
        vector.advance(Result.bytes(result));
        return written("writev", result, 0);
    }

    /** The bytes of a write's {@code result}, or its exception, which counts {@code before} bytes too. */
    private long written(String call, long result, long before) throws IOException {
        long bytes = Result.bytes(result);
        int failure = Result.failure(result);
        if (failure != 0) {
            throw failure("write", call, failure, before + bytes);
        }
        return bytes;
    }

    @Override
    public final void setDeadline(Deadline deadline) throws IOException {
        setReadDeadline(deadline);
        setWriteDeadline(deadline);
    }

    @Override
    public final void setReadDeadline(Deadline deadline) throws IOException {
        if (!descriptor.setReadDeadline(deadline.nanosBy(heddle.clock()))) {
            throw failure("set", "", Result.CLOSED, 0);
        }
    }

    @Override
    public final void setWriteDeadline(Deadline deadline) throws IOException {
        if (!descriptor.setWriteDeadline(deadline.nanosBy(heddle.clock()))) {
            throw failure("set", "", Result.CLOSED, 0);
        }
    }

    @Override
    public final void closeRead() throws IOException {
        check("close", "shutdown", descriptor.shutdownRead());
    }

    @Override
    public final void closeWrite() throws IOException {
        check("close", "shutdown", descriptor.shutdownWrite());
    }

    /**
     * Size of the kernel's receive buffer, and an end to its automatic sizing; SO_RCVBUF, socket(7).
     *
     * @param bytes the size, which the kernel may round and double
     * @throws ConnClosedException this side closed
     * @throws IOException any other failure, carrying the errno
     */
    public final void setReadBuffer(int bytes) throws IOException {
        setOption(SocketOption.RECEIVE_BUFFER, bytes);
    }

    /**
     * Size of the kernel's send buffer, and an end to its automatic sizing; SO_SNDBUF, socket(7).
     *
     * @param bytes the size, which the kernel may round and double
     * @throws ConnClosedException this side closed
     * @throws IOException any other failure, carrying the errno
     */
    public final void setWriteBuffer(int bytes) throws IOException {
        setOption(SocketOption.SEND_BUFFER, bytes);
    }

    final void setOption(SocketOption option, int value) throws IOException {
        check("set", "setsockopt", descriptor.setOption(option, value));
    }

    final void check(String op, String call, int result) throws IOException {
        if (result < 0) {
            throw failure(op, call, result, 0);
        }
    }

    @Override
    public final void awaitReadable(Deadline deadline) throws IOException {
        check("read", "poll", descriptor.awaitReadable(deadline.nanosBy(heddle.clock())));
    }

    @Override
    public final boolean peerClosed() throws IOException {
        int closed = descriptor.peerClosed();
        check("read", "poll", closed);
        return closed == 1;
    }

    @Override
    public final Heddle runtime() {
        return heddle;
    }

    @Override
    public final boolean isOpen() {
        return !descriptor.isClosed();
    }

    @Override
    public final void close() throws IOException {
        descriptor.close();
    }

    private IOException failure(String op, String call, int result, long bytes) {
        return Failures.because(
                descriptor,
                Failures.of(
                        op, network, localAddress(), remoteAddress(), call, result, bytes, descriptor.remark(result)));
    }

    final Descriptor descriptor() {
        return descriptor;
    }

    /** {@code tcp 127.0.0.1:1->127.0.0.1:2}. */
    @Override
    public final String toString() {
        return network + " " + localAddress() + "->" + remoteAddress();
    }
}
