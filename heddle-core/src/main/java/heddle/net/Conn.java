package heddle.net;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.ScatteringByteChannel;

/**
 * A stream connection. The calls block, but only the calling thread: on a virtual thread of {@link Heddle#ofVirtual}
 * nothing else is held meanwhile.
 *
 * <p>All methods may be called from any thread at any time. A reader and a writer never wait for each other; several
 * readers (or several writers) take turns, and each write call is atomic among the writers however many system calls it
 * takes. Another thread's write may come between two calls.
 *
 * <p>What ends a call early, and what is left:
 *
 * <ul>
 *   <li>a deadline that passed: {@link DeadlineExceededException}; the connection goes on once the deadline is moved;
 *   <li>an interrupt of the calling thread while it would have to wait: {@link CallInterruptedException}, the thread's
 *       interrupt status is cleared; the connection goes on;
 *   <li>{@link #close} from any thread: {@link ConnClosedException};
 *   <li>the peer's reset: {@link ConnResetException} of the first call that meets it; the kernel tells it once, so
 *       reads after a write that threw it end with -1.
 * </ul>
 *
 * Each of them is a {@link NetError}, whose {@link NetError#bytesTransferred} says how many bytes of a failed write the
 * kernel took.
 *
 * <p>Buffers may be of any kind. If the arena of one is closed during the call, or belongs to another thread, the call
 * throws the JDK's IllegalStateException or WrongThreadException. How many bytes were transferred is then unknown.
 *
 * <p>A connection may be the target of {@link java.nio.channels.FileChannel#transferTo}. When one of its writes fails,
 * the JDK does not count what that write had sent: whoever resumes from the count sends those bytes twice. Where that
 * matters, read the file into a buffer and write the buffer, whose position is exact.
 */
public interface Conn extends ScatteringByteChannel, GatheringByteChannel {

    /**
     * Reads at least one byte into {@code buffer}, waiting until some arrive; never waits to fill it.
     *
     * @param buffer where the bytes go; not kept after return
     * @param offset index of the first byte
     * @param length how many bytes at most; 0 returns 0 at once, without a look at the deadline
     * @return bytes read, 1 or more; -1 at the end of the stream, and again on each later call
     * @throws DeadlineExceededException the read deadline passed, even if data is ready; nothing is lost
     * @throws CallInterruptedException the thread was interrupted while it would have to wait; nothing is lost
     * @throws ConnClosedException this side closed, before the call or during it
     * @throws ConnResetException the peer reset the connection
     * @throws IOException any other failure, carrying the errno; recv(2)
     */
    default int read(byte[] buffer, int offset, int length) throws IOException {
        return read(ByteBuffer.wrap(buffer, offset, length));
    }

    /**
     * {@link #read(byte[], int, int)} into the whole of {@code buffer}.
     *
     * @param buffer where the bytes go
     * @return as there
     * @throws IOException as there
     */
    default int read(byte[] buffer) throws IOException {
        return read(buffer, 0, buffer.length);
    }

    /**
     * Fills {@code buffer} from its position to its limit, waiting for as many bytes as that needs. One read call after
     * the other: other readers may take bytes in between. The position says after a failure how many bytes came, so the
     * call may be repeated.
     *
     * @param buffer where the bytes go; no other thread may use it meanwhile; full already: returns at once
     * @throws EOFException the stream ended before the buffer was full; the position says how many bytes came
     * @throws IOException as for {@link #read(byte[], int, int)}
     */
    default void readFully(ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            if (read(buffer) < 0) {
                throw new EOFException("read " + this + ": end of stream, " + buffer.remaining() + " bytes short");
            }
        }
    }

    /**
     * {@link #readFully(ByteBuffer)} of the whole of {@code buffer}. How many bytes came before a failure is not told:
     * where a deadline or an interrupt may end the call and the connection goes on, use a ByteBuffer, whose position
     * tells it.
     *
     * @param buffer where the bytes go
     * @throws EOFException the stream ended before the buffer was full
     * @throws IOException as for {@link #read(byte[], int, int)}
     */
    default void readFully(byte[] buffer) throws IOException {
        readFully(ByteBuffer.wrap(buffer));
    }

    /**
     * {@link #read(byte[], int, int)} into {@code buffer}, heap or direct, from its position to its limit; moves the
     * position.
     *
     * @param buffer where the bytes go; no other thread may use it meanwhile
     */
    @Override
    default int read(ByteBuffer buffer) throws IOException {
        return (int) read(new ByteBuffer[] {buffer}, 0, 1);
    }

    /**
     * Reads at least one byte, filling the buffers in their order; a run of direct buffers, but for those of arenas,
     * goes to the kernel as one readv(2).
     *
     * @return bytes read, 1 or more; 0 if no buffer has room; -1 at the end of the stream
     */
    @Override
    long read(ByteBuffer[] buffers, int offset, int length) throws IOException;

    @Override
    default long read(ByteBuffer[] buffers) throws IOException {
        return read(buffers, 0, buffers.length);
    }

    /**
     * Writes all {@code length} bytes, waiting while the kernel's buffer is full.
     *
     * @param buffer the bytes; must not change before the call returns
     * @param offset index of the first byte
     * @param length how many
     * @return {@code length}
     * @throws DeadlineExceededException the write deadline passed; {@link NetError#bytesTransferred} bytes are with the
     *     kernel
     * @throws CallInterruptedException the thread was interrupted while it would have to wait; count likewise
     * @throws ConnClosedException this side closed, before the call or during it; count likewise
     * @throws ConnResetException the peer reset or is gone (ECONNRESET, EPIPE); count likewise, of which the peer may
     *     have lost any part
     * @throws IOException any other failure, carrying the errno; send(2)
     */
    default int write(byte[] buffer, int offset, int length) throws IOException {
        return write(ByteBuffer.wrap(buffer, offset, length));
    }

    /**
     * {@link #write(byte[], int, int)} of the whole of {@code buffer}.
     *
     * @param buffer the bytes
     * @return its length
     * @throws IOException as there
     */
    default int write(byte[] buffer) throws IOException {
        return write(buffer, 0, buffer.length);
    }

    /**
     * {@link #write(byte[], int, int)} of {@code buffer}, heap or direct, from its position to its limit. The position
     * moves by what the kernel took, after a failure too.
     */
    @Override
    default int write(ByteBuffer buffer) throws IOException {
        return (int) write(new ByteBuffer[] {buffer}, 0, 1);
    }

    /**
     * Writes all buffers in their order as one call, atomic among the writers. Runs of direct buffers go to the kernel
     * as writev(2); a buffer of the heap or of an arena goes by a system call of its own, marked as continued, since an
     * iovec cannot name memory that moves or may be freed. Positions move by what the kernel took, after a failure too.
     */
    @Override
    long write(ByteBuffer[] buffers, int offset, int length) throws IOException;

    @Override
    default long write(ByteBuffer[] buffers) throws IOException {
        return write(buffers, 0, buffers.length);
    }

    /**
     * Reads at least one byte into a buffer that is lent while {@code taker} runs, so that a connection that waits
     * holds none: for servers of many connections of which few speak at a time. Allocates nothing once it is compiled.
     *
     * <pre>{@code
     * while (conn.readLent(conn::write) >= 0) {} // an echo
     * }</pre>
     *
     * What {@code taker} leaves in the buffer, also if it throws, is what the next read gets: at once, so who needs
     * more than came must take what came. It is one call among the readers until {@code taker} returns. So {@code
     * taker} must not read this connection; it may write, and take its time. The buffer has 16 KiB; of a packet, what
     * is longer than that is lost.
     *
     * @param taker called once, on this thread; not at the end of the stream
     * @return bytes taken, 0 or more; -1 at the end of the stream, and again on each later call
     * @throws DeadlineExceededException the read deadline passed, even if data is ready; nothing is lost
     * @throws CallInterruptedException the thread was interrupted while it would have to wait; nothing is lost
     * @throws ConnClosedException this side closed, before the call or while it waited
     * @throws ConnResetException the peer reset the connection
     * @throws IOException any other failure, carrying the errno, recv(2); or what {@code taker} threw
     */
    int readLent(Taker taker) throws IOException;

    /**
     * Copies all that comes to {@code target} until the stream ends; {@link #transferTo(Conn, long)}.
     *
     * @param target where the bytes go
     * @return bytes copied
     * @throws IOException as there
     */
    default long transferTo(Conn target) throws IOException {
        return transferTo(target, Long.MAX_VALUE);
    }

    /**
     * Copies what comes to {@code target}, until the stream ends or {@code bytesMax} are copied. Between two sockets of
     * Linux the bytes stay in the kernel; splice(2). It is one call among the readers of this connection. Each piece of
     * at most 256 KiB is one call among the writers of the target. This connection's read deadline bounds each wait for
     * bytes, the target's write deadline each piece. The end of the stream is not passed on: {@link #closeWrite} of the
     * target does that.
     *
     * <p>Whatever ends it early, connections of Heddle lose nothing: {@link NetError#bytesTransferred} says how many
     * bytes the target took. What was taken from here and not by the target is what the next read of this connection
     * gets.
     *
     * <p>What other implementations inherit reads into a buffer and writes that: bytes that a failed write did not take
     * are lost, and the exception counts those of this write alone.
     *
     * @param target where the bytes go; this connection itself for an echo
     * @param bytesMax 0 or more
     * @return bytes copied; less than {@code bytesMax} if the stream ended
     * @throws IOException as for {@link #read(byte[], int, int)} of this connection and {@link #write(byte[], int,
     *     int)} of the target; its text says which
     */
    default long transferTo(Conn target, long bytesMax) throws IOException {
        byte[] buffer = new byte[Transfer.pieceBytes(bytesMax)];
        long done = 0;
        while (done < bytesMax) {
            int n = read(buffer, 0, (int) Math.min(buffer.length, bytesMax - done));
            if (n < 0) {
                break;
            }
            Transfer.write(target, ByteBuffer.wrap(buffer, 0, n), done);
            done += n;
        }
        return done;
    }

    /**
     * Waits until a read need not wait: for bytes, the end of the stream, or an error that the read will throw. It
     * reads nothing and needs no buffer, so a connection can be idle without one. It takes its turn among the readers:
     * it waits while another thread reads. Once it has returned, another reader may take what is there first.
     *
     * @param deadline how long to wait at most, {@link Deadline#NONE} for no limit; the read deadline bounds it too
     * @throws DeadlineExceededException one of the two deadlines passed, even if data is ready
     * @throws CallInterruptedException the thread was interrupted while it would have to wait
     * @throws ConnClosedException this side closed, before the call or during it
     * @throws IOException any other failure, carrying the errno; poll(2)
     */
    void awaitReadable(Deadline deadline) throws IOException;

    /**
     * Whether the peer is known to have closed: it ended its stream, reset the connection or hung up, or the system
     * gave it up. Also after this side ended its own reading. Never waits, takes nothing away; no system call once the
     * poller has seen it, else one.
     *
     * <p>False means that nothing of the kind has arrived yet, not that the peer is there: a request sent now may still
     * fail. In {@link heddle.net##ways way nio} it is false, too, while unread bytes are in front of the end, or
     * another thread reads.
     *
     * @return true if so, and from then on
     * @throws ConnClosedException this side closed
     * @throws IOException any other failure, carrying the errno; poll(2)
     */
    boolean peerClosed() throws IOException;

    /**
     * Sets the deadline of reads and of writes, pending and future.
     *
     * @param deadline the instant, {@link Deadline#NONE} for none; one in the past ends pending calls at once
     * @throws ConnClosedException this side closed
     */
    void setDeadline(Deadline deadline) throws IOException;

    /**
     * Sets the deadline of reads, pending and future. Costs a store unless a reader waits.
     *
     * @param deadline as in {@link #setDeadline}
     * @throws ConnClosedException this side closed
     */
    void setReadDeadline(Deadline deadline) throws IOException;

    /**
     * Sets the deadline of writes, pending and future. Costs a store unless a writer waits.
     *
     * @param deadline as in {@link #setDeadline}
     * @throws ConnClosedException this side closed
     */
    void setWriteDeadline(Deadline deadline) throws IOException;

    /**
     * Ends reading: a reader gets what has arrived, then the end of the stream. What the peer writes later is lost:
     * over TCP it is dropped or, on Linux, still delivered; over a {@link Pipe} the peer's write fails with {@link
     * ConnResetException}. Where Heddle runs on NIO, what has arrived and is not read is lost too. shutdown(2),
     * SHUT_RD.
     *
     * @throws ConnClosedException this side closed
     * @throws IOException any other failure, carrying the errno (ENOTCONN)
     */
    void closeRead() throws IOException;

    /**
     * Half-close: the peer reads to the end of the stream while this side still reads. Own writes, pending and future,
     * fail with {@link ConnResetException}. shutdown(2), SHUT_WR.
     *
     * @throws ConnClosedException this side closed
     * @throws IOException any other failure, carrying the errno (ENOTCONN)
     */
    void closeWrite() throws IOException;

    /**
     * This end's address; still known after close.
     *
     * @return the address
     */
    Addr localAddress();

    /**
     * The peer's address; still known after close.
     *
     * @return the address
     */
    Addr remoteAddress();

    /**
     * The runtime that it belongs to: threads of its {@link Heddle#ofVirtual} serve it at the least cost.
     *
     * @return the runtime; {@link Heddle#shared} unless the implementation says otherwise
     */
    default Heddle runtime() {
        return Heddle.shared();
    }

    /** False once {@link #close} was called by anybody. */
    @Override
    boolean isOpen();

    /**
     * Closes the connection: wakes whoever waits in it, and returns when the descriptor is closed and its port free
     * again. What was written is still sent, in the background (unless linger says otherwise), if all that has arrived
     * was read: else Linux resets the connection, and the peer may lose what it has not read yet (RFC 1122, 4.2.2.13).
     * So where the peer may still send, end with {@link #closeWrite}, read to the end of the stream, and close then. A
     * second close does nothing, as {@link java.nio.channels.Channel#close} wants it.
     */
    @Override
    void close() throws IOException;

    /**
     * The connection as a stream; {@link InputStream#close} closes the connection.
     *
     * @return a view without a buffer of its own
     */
    default InputStream inputStream() {
        return new ConnInputStream(this);
    }

    /**
     * The connection as a stream, each write passed on at once; {@link OutputStream#close} closes the connection.
     *
     * @return a view without a buffer of its own
     */
    default OutputStream outputStream() {
        return new ConnOutputStream(this);
    }
}
