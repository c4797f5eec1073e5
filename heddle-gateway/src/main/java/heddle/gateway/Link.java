package heddle.gateway;

import heddle.frame.FrameLimits;
import heddle.frame.FrameReader;
import heddle.frame.FrameWriter;
import heddle.net.Conn;
import heddle.net.Deadline;
import heddle.net.DeadlineExceededException;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a {@link Client}, introduced. Any thread sends; one virtual thread stays in {@link #readAcks}, to
 * the end of the stream, whatever becomes of the writing meanwhile.
 */
final class Link {

    private static final int ACK_FRAME_BYTES = FrameLimits.HEADER_BYTES + Packets.ACK_BYTES;
    private static final FrameLimits ACK_LIMITS = new FrameLimits(ACK_FRAME_BYTES, ACK_FRAME_BYTES);

    /** The conn's; submits count from 1. */
    private static final long CONN_ID = 0;

    private final Client client;
    private final String address;
    private final Conn conn;
    private final FrameReader reader;
    private final FrameWriter writer;

    /** The first of the two ends to fail. Written by the writing thread, read by the reading one. */
    private volatile @Nullable IOException writeFailure;

    private Link(Client client, String address, Conn conn, ClientOptions options) {
        this.client = client;
        this.address = address;
        this.conn = conn;
        this.reader = new FrameReader(conn, ACK_LIMITS, options.ackTimeout, options.ackTimeout);
        // No bound here: the client's window is one.
        this.writer = new FrameWriter(conn, Integer.MAX_VALUE, options.ackTimeout, this::writeFailed);
    }

    /** Connects to {@code address} and introduces the client. */
    static Link open(Client client, String address, ClientOptions options, byte[] introduction) throws IOException {
        var deadline = Deadline.after(options.connectTimeout, options.runtime.clock());
        var conn = options.runtime.dialer().deadline(deadline).dial("tcp", address);
        try {
            var link = new Link(client, address, conn, options);
            link.introduce(introduction, deadline);
            return link;
        } catch (IOException | RuntimeException e) {
            conn.close();
            throw e;
        }
    }

    private void introduce(byte[] introduction, Deadline deadline) throws IOException {
        writer.send(new Packets.Request(Command.CONN, CONN_ID, introduction, 0, introduction.length));
        reader.setDeadline(deadline);
        if (!next(deadline::hasPassed)) {
            throw new EOFException("conn " + address + ": the server closed the connection");
        }
        if (reader.buffer()[reader.offset() + Packets.COMMAND] != Command.CONN_ACK) {
            throw new IOException("conn " + address + ": the answer is not a conn ack");
        }
        int result = result();
        if (result != Result.SUCCESS) {
            throw new RefusedException(address, result);
        }
        reader.setDeadline(Deadline.NONE);
    }

    private int result() {
        return reader.buffer()[reader.offset() + Packets.REST] & 0xff;
    }

    void send(long id, byte[] source, int offset, int length) {
        writer.send(new Packets.Request(Command.SUBMIT, id, source, offset, length));
    }

    /** Sends on the next {@link #flush}. */
    void add(long id, byte[] payload) {
        writer.add(new Packets.Request(Command.SUBMIT, id, payload, 0, payload.length));
    }

    void flush() {
        writer.flush();
    }

    /** Passes each read's acks to the client, until the stream ends; then tells it that, and why. */
    void readAcks() {
        var acks = new Acks();
        IOException cause;
        try {
            while (next(client::isOverdue)) {
                do {
                    acks.add(Packets.id(reader.buffer(), reader.offset()), result());
                } while (!acks.isFull() && reader.ready() && reader.next());
                client.acked(acks);
                acks.clear();
            }
            cause = new EOFException("the server at " + address + " closed the connection");
        } catch (IOException e) {
            cause = e;
        } catch (RuntimeException e) {
            cause = new IOException("the outcome threw " + e, e); // else nobody would ever be told of the end
        }
        // Before the close, which fails a write that is under way.
        var first = writeFailure;
        close();
        client.ended(first != null ? first : cause);
    }

    /** The next frame; silence ends the link only when {@code overdue}, or when nothing can be asked any more. */
    private boolean next(BooleanSupplier overdue) throws IOException {
        while (true) {
            try {
                return reader.next();
            } catch (DeadlineExceededException e) {
                if (overdue.getAsBoolean() || writeFailure != null) {
                    throw e;
                }
            }
        }
    }

    private void writeFailed(IOException cause) {
        writeFailure = cause;
        // Ask for the end of the stream: acks may lie before it, so the reading goes on.
        halfClose();
    }

    /** Waits until all is with the kernel, then half-closes. */
    void finish(Duration bound) throws InterruptedException {
        if (writer.awaitWritten(bound)) {
            halfClose();
        }
    }

    private void halfClose() {
        try {
            conn.closeWrite();
        } catch (IOException e) {
            // The connection has ended already; the reading finds out.
        }
    }

    void close() {
        try {
            conn.close();
        } catch (IOException e) {
            // The descriptor is gone all the same; close(2).
        }
    }
}
