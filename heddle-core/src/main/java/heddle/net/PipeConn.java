package heddle.net;

import heddle.internal.fd.Descriptor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;

/** One end of a {@link Pipe}. */
final class PipeConn implements Conn {

    private final Heddle heddle;
    private final PipeFlow in;
    private final PipeFlow out;

    private volatile boolean closed;

    PipeConn(Heddle heddle, PipeFlow in, PipeFlow out) {
        this.heddle = heddle;
        this.in = in;
        this.out = out;
    }

    @Override
    public long read(ByteBuffer[] buffers, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, buffers.length);
        boolean room = false;
        for (int i = offset; i < offset + length; i++) {
            room |= SocketConn.writable(buffers[i]).hasRemaining();
        }
        if (!room) {
            in.readNothing();
            return 0;
        }
        return in.read(buffers, offset, length, 0);
    }

    @Override
    public int readLent(Taker taker) throws IOException {
        Objects.requireNonNull(taker);
        in.awaitReadable(Deadline.NONE);
        ByteBuffer lent = ByteBuffer.allocate(Descriptor.LENT_BYTES);
        int n = (int) in.read(new ByteBuffer[] {lent}, 0, 1, 0);
        if (n < 0) {
            return n;
        }
        lent.flip();
        try {
            taker.take(lent);
        } finally {
            lent.limit(n);
            in.putBack(lent);
        }
        return lent.position();
    }

    @Override
    public int write(ByteBuffer buffer) throws IOException {
        return write(buffer, 0);
    }

    /** The same after {@code before} bytes, which a failure counts too. */
    int write(ByteBuffer buffer, long before) throws IOException {
        return (int) out.write(new ByteBuffer[] {Objects.requireNonNull(buffer)}, before);
    }

    @Override
    public long transferTo(Conn target, long bytesMax) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(Transfer.pieceBytes(bytesMax));
        long done = 0;
        while (done < bytesMax) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), bytesMax - done));
            if (in.read(new ByteBuffer[] {buffer}, 0, 1, done) < 0) {
                break;
            }
            buffer.flip();
            try {
                Transfer.write(target, buffer, done);
            } finally {
                in.putBack(buffer);
            }
            done += buffer.position();
        }
        return done;
    }

    @Override
    public long write(ByteBuffer[] buffers, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, buffers.length);
        // A copy without nulls: the peer reads from it, and shall not meet this caller's mistakes.
        ByteBuffer[] sources = Arrays.copyOfRange(buffers, offset, offset + length);
        for (ByteBuffer source : sources) {
            Objects.requireNonNull(source);
        }
        return out.write(sources, 0);
    }

    @Override
    public void awaitReadable(Deadline deadline) throws IOException {
        in.awaitReadable(deadline.by(heddle.clock()));
    }

    @Override
    public boolean peerClosed() throws IOException {
        return in.isAtEnd();
    }

    @Override
    public void setDeadline(Deadline deadline) throws IOException {
        setReadDeadline(deadline);
        setWriteDeadline(deadline);
    }

    @Override
    public void setReadDeadline(Deadline deadline) throws IOException {
        if (!in.setReadDeadline(deadline.by(heddle.clock()))) {
            throw PipeFlow.closed("set", 0);
        }
    }

    @Override
    public void setWriteDeadline(Deadline deadline) throws IOException {
        if (!out.setWriteDeadline(deadline.by(heddle.clock()))) {
            throw PipeFlow.closed("set", 0);
        }
    }

    @Override
    public void closeRead() throws IOException {
        checkOpen();
        in.endReading();
    }

    @Override
    public void closeWrite() throws IOException {
        checkOpen();
        out.endWriting();
    }

    private void checkOpen() throws IOException {
        if (closed) {
            throw PipeFlow.closed("close", 0);
        }
    }

    @Override
    public Addr localAddress() {
        return PipeAddr.INSTANCE;
    }

    @Override
    public Addr remoteAddress() {
        return PipeAddr.INSTANCE;
    }

    @Override
    public Heddle runtime() {
        return heddle;
    }

    @Override
    public boolean isOpen() {
        return !closed;
    }

    @Override
    public void close() {
        closed = true;
        in.closeReader();
        out.closeWriter();
    }

    @Override
    public String toString() {
        return "pipe";
    }
}
