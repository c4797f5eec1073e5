package heddle.net;

import heddle.internal.fd.Descriptor;
import heddle.internal.fd.Result;
import heddle.internal.sys.SockAddr;
import heddle.internal.sys.SocketOption;
import heddle.internal.sys.Syscalls;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Objects;

/** A connection of TCP. Thread-safe as {@link Conn} says. */
public final class TcpConn implements Conn {

    private final Descriptor descriptor;
    private final String network;
    private final SockAddr local;
    private final SockAddr remote;

    TcpConn(Descriptor descriptor, String network, SockAddr local, SockAddr remote) {
        this.descriptor = descriptor;
        this.network = network;
        this.local = local;
        this.remote = remote;
        descriptor.describe(this);
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        return read(segment(buffer, offset, length), length);
    }

    @Override
    public int read(ByteBuffer buffer) throws IOException {
        int n = read(MemorySegment.ofBuffer(writable(buffer)), buffer.remaining());
        if (n > 0) {
            buffer.position(buffer.position() + n);
        }
        return n;
    }

    private int read(MemorySegment segment, int length) throws IOException {
        int n = descriptor.read(segment, length);
        return n >= 0 ? n : endOfStream(n);
    }

    @Override
    public long read(ByteBuffer[] buffers, int offset, int length) throws IOException {
        Vector vector = Vector.of(buffers, offset, length);
        for (int i = offset; i < offset + length; i++) {
            writable(buffers[i]);
        }
        if (vector.count() == 0) {
            return read(MemorySegment.NULL, 0);
        }
        long n = descriptor.readVector(vector.segments(), vector.count());
        if (n < 0) {
            return endOfStream((int) n);
        }
        vector.advance(n);
        return n;
    }

    private static ByteBuffer writable(ByteBuffer buffer) {
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
    public int write(byte[] buffer, int offset, int length) throws IOException {
        return (int) written(descriptor.write(segment(buffer, offset, length)), null);
    }

    @Override
    public int write(ByteBuffer buffer) throws IOException {
        long result = descriptor.write(MemorySegment.ofBuffer(buffer));
        buffer.position(buffer.position() + (int) Result.bytes(result));
        return (int) written(result, null);
    }

    @Override
    public long write(ByteBuffer[] buffers, int offset, int length) throws IOException {
        Vector vector = Vector.of(buffers, offset, length);
        return written(descriptor.writeVector(vector.segments(), vector.count()), vector);
    }

    /** The bytes of a write's {@code result}, or its exception; moves the positions of {@code vector}. */
    private long written(long result, @Nullable Vector vector) throws IOException {
        long bytes = Result.bytes(result);
        if (vector != null) {
            vector.advance(bytes);
        }
        int failure = Result.failure(result);
        if (failure != 0) {
            throw failure("write", vector == null ? "write" : "writev", failure, bytes);
        }
        return bytes;
    }

    private static MemorySegment segment(byte[] buffer, int offset, int length) {
        MemorySegment whole = MemorySegment.ofArray(buffer);
        if (offset == 0 && length == buffer.length) {
            return whole;
        }
        Objects.checkFromIndexSize(offset, length, buffer.length);
        return whole.asSlice(offset, length);
    }

    @Override
    public void setDeadline(Deadline deadline) throws IOException {
        setReadDeadline(deadline);
        setWriteDeadline(deadline);
    }

    @Override
    public void setReadDeadline(Deadline deadline) throws IOException {
        if (!descriptor.setReadDeadline(deadline.nanos())) {
            throw failure("set", "", Result.CLOSED, 0);
        }
    }

    @Override
    public void setWriteDeadline(Deadline deadline) throws IOException {
        if (!descriptor.setWriteDeadline(deadline.nanos())) {
            throw failure("set", "", Result.CLOSED, 0);
        }
    }

    /**
     * Ends reading: a reader sees the end of the stream once what has arrived is read. shutdown(2), SHUT_RD; Linux still delivers bytes
     * that come later.
     *
     * @throws ConnClosedException this side closed
     * @throws IOException any other failure, carrying the errno (ENOTCONN)
     */
    public void closeRead() throws IOException {
        check("close", "shutdown", descriptor.shutdown(Syscalls.SHUT_RD));
    }

    /**
     * Half-close: the peer reads to the end of the stream while this side still reads. Own writes fail from here on. shutdown(2), SHUT_WR.
     *
     * @throws ConnClosedException this side closed
     * @throws IOException any other failure, carrying the errno (ENOTCONN)
     */
    public void closeWrite() throws IOException {
        check("close", "shutdown", descriptor.shutdown(Syscalls.SHUT_WR));
    }

    /**
     * What {@link #close} does with bytes that are not sent yet; SO_LINGER, socket(7).
     *
     * @param seconds negative: sends them in the background, the default; 0: drops them and resets the connection; more: waits for them so
     *     long, a wait that holds a platform thread
     * @throws ConnClosedException this side closed
     * @throws IOException any other failure, carrying the errno
     */
    public void setLinger(int seconds) throws IOException {
        setOption(SocketOption.LINGER, seconds);
    }

    /**
     * Whether small writes are sent at once (the default) or gathered until the peer acknowledged; TCP_NODELAY, tcp(7).
     *
     * @param atOnce true to send at once
     * @throws ConnClosedException this side closed
     * @throws IOException any other failure, carrying the errno
     */
    public void setNoDelay(boolean atOnce) throws IOException {
        setOption(SocketOption.NO_DELAY, atOnce ? 1 : 0);
    }

    /**
     * Sets keep-alive; {@link KeepAlive}.
     *
     * @param keepAlive the setting
     * @throws ConnClosedException this side closed
     * @throws IOException any other failure, carrying the errno
     */
    public void setKeepAlive(KeepAlive keepAlive) throws IOException {
        setOption(SocketOption.KEEP_ALIVE, keepAlive.enabled() ? 1 : 0);
        if (keepAlive.enabled()) {
            setUnlessNegative(SocketOption.KEEP_IDLE, keepAlive.idleSeconds());
            setUnlessNegative(SocketOption.KEEP_INTERVAL, keepAlive.intervalSeconds());
            setUnlessNegative(SocketOption.KEEP_COUNT, keepAlive.probes());
        }
    }

    private void setUnlessNegative(SocketOption option, int value) throws IOException {
        if (value >= 0) {
            setOption(option, value);
        }
    }

    /**
     * Size of the kernel's receive buffer, and an end to its automatic sizing; SO_RCVBUF, socket(7).
     *
     * @param bytes the size, which the kernel may round and double
     * @throws ConnClosedException this side closed
     * @throws IOException any other failure, carrying the errno
     */
    public void setReadBuffer(int bytes) throws IOException {
        setOption(SocketOption.RECEIVE_BUFFER, bytes);
    }

    /**
     * Size of the kernel's send buffer, and an end to its automatic sizing; SO_SNDBUF, socket(7).
     *
     * @param bytes the size, which the kernel may round and double
     * @throws ConnClosedException this side closed
     * @throws IOException any other failure, carrying the errno
     */
    public void setWriteBuffer(int bytes) throws IOException {
        setOption(SocketOption.SEND_BUFFER, bytes);
    }

    private void setOption(SocketOption option, int value) throws IOException {
        check("set", "setsockopt", descriptor.setOption(option, value));
    }

    private void check(String op, String call, int result) throws IOException {
        if (result < 0) {
            throw failure(op, call, result, 0);
        }
    }

    @Override
    public TcpAddr localAddress() {
        return new TcpAddr(local);
    }

    @Override
    public TcpAddr remoteAddress() {
        return new TcpAddr(remote);
    }

    @Override
    public boolean isOpen() {
        return !descriptor.isClosed();
    }

    @Override
    public void close() throws IOException {
        descriptor.close();
    }

    @Override
    public InputStream inputStream() {
        return new ConnInputStream(this);
    }

    @Override
    public OutputStream outputStream() {
        return new ConnOutputStream(this);
    }

    private IOException failure(String op, String call, int result, long bytes) {
        return Failures.because(
                descriptor,
                Failures.of(op, network, localAddress(), remoteAddress(), call, result, bytes));
    }

    Descriptor descriptor() {
        return descriptor;
    }

    /** {@code tcp 127.0.0.1:1->127.0.0.1:2}. */
    @Override
    public String toString() {
        return network + " " + localAddress() + "->" + remoteAddress();
    }
}
