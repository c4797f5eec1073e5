package heddle.gateway;

import heddle.frame.FrameException;
import heddle.frame.FrameLimits;
import heddle.frame.FrameReader;
import heddle.frame.FrameWriter;
import heddle.net.Conn;
import heddle.net.Deadline;
import heddle.net.DeadlineExceededException;
import heddle.tls.TlsConn;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a {@link Client}, introduced, and resumed if the client sends once. Any thread sends; one virtual
 * thread stays in {@link #readAcks}, to the end of the stream, whatever becomes of the writing meanwhile.
 */
final class Link {

    private static final int ACK_FRAME_BYTES = FrameLimits.HEADER_BYTES + Packets.ACK_BYTES;
    private static final FrameLimits ACK_LIMITS = new FrameLimits(ACK_FRAME_BYTES, ACK_FRAME_BYTES);
    private static final FrameLimits ONCE_ACK_LIMITS =
            new FrameLimits(ACK_FRAME_BYTES, FrameLimits.HEADER_BYTES + Packets.RESUME_ACK_BYTES);
    private static final byte[] NOTHING = {};

    /** The conn's, and the resume's; submits count from 1. */
    private static final long CONN_ID = 0;

    private final Client client;
    private final String address;
    private final Conn conn;
    private final FrameReader reader;
    private final FrameWriter writer;
    private final boolean once;

    /** Of a link that sends once: what the resume told. Written before the link is shared. */
    private long highest;

    /** The first of the two ends to fail. Written by the writing thread, read by the reading one. */
    private volatile @Nullable IOException writeFailure;

    private Link(Client client, String address, Conn conn, ClientOptions options) {
        this.client = client;
        this.address = address;
        this.conn = conn;
        this.once = options.once;
        this.reader =
                new FrameReader(conn, once ? ONCE_ACK_LIMITS : ACK_LIMITS, options.ackTimeout, options.ackTimeout);
        // No bound here: the client's window is one.
        this.writer = new FrameWriter(conn, Integer.MAX_VALUE, options.ackTimeout, this::writeFailed);
    }

    /** Connects to {@code address} and introduces the client, by {@code deadline}. */
    static Link open(Client client, String address, ClientOptions options, byte[] introduction, Deadline deadline)
            throws IOException {
        var dialer = options.runtime.dialer().deadline(deadline);
        if (options.mayChooseServer()) {
            dialer = dialer.shuffled();
        }
        var tls = options.tls;
        Conn conn = tls == null
                ? dialer.dial("tcp", address)
                : tls.dialer(dialer).deadline(deadline).dial("tcp", address);
        try {
            var link = new Link(client, address, conn, options);
            link.introduce(introduction, deadline);
            if (options.once) {
                link.resume(deadline);
            }
            link.reader.setDeadline(Deadline.NONE);
            return link;
        } catch (IOException | RuntimeException e) {
            conn.close();
            throw e;
        }
    }

    private void introduce(byte[] introduction, Deadline deadline) throws IOException {
        writer.send(new Packets.Request(Command.CONN, CONN_ID, introduction, 0, introduction.length));
        reader.setDeadline(deadline);
        String remark = conn instanceof TlsConn || !client.isNew() ? "" : "; does it want TLS?";
        boolean answered;
        try {
            answered = next(deadline::hasPassed);
        } catch (FrameException e) {
            throw new IOException("conn " + address + ": what the server sends is no conn ack" + remark, e);
        }
        if (!answered) {
            throw new EOFException("conn " + address + ": the server closed the connection" + remark);
        }
        if (reader.buffer()[reader.offset() + Packets.COMMAND] != Command.CONN_ACK) {
            throw new IOException("conn " + address + ": the answer is not a conn ack");
        }
        int result = result();
        if (result != Result.SUCCESS) {
            throw new RefusedException(address, result);
        }
    }

    private void resume(Deadline deadline) throws IOException {
        writer.send(new Packets.Request(Command.RESUME, CONN_ID, NOTHING, 0, 0));
        if (!next(deadline::hasPassed)) {
            throw new EOFException("resume " + address + ": the server closed the connection");
        }
        byte command = reader.buffer()[reader.offset() + Packets.COMMAND];
        int result = result();
        if (command == Command.SUBMIT_ACK && result == Result.MALFORMED) {
            throw new RefusedException(
                    "resume",
                    address,
                    result,
                    "the server speaks version 1 of the protocol, which cannot keep messages exactly once");
        }
        if (command != Command.RESUME_ACK || reader.length() != Packets.RESUME_ACK_BYTES) {
            throw new IOException("resume " + address + ": the answer is not a resume ack");
        }
        if (result != Result.SUCCESS) {
            throw new RefusedException("resume", address, result, Result.text(result));
        }
        highest = (long) Packets.LONG.get(reader.buffer(), reader.offset() + Packets.HIGHEST);
    }

    String address() {
        return address;
    }

    /** The highest number that is kept for the client's name; 0 for a link that does not send once. */
    long highest() {
        return highest;
    }

    private int result() {
        return reader.buffer()[reader.offset() + Packets.REST] & 0xff;
    }

    void send(long id, byte[] source, int offset, int length) {
        writer.send(new Packets.Request(command(), id, source, offset, length));
    }

    /** Sends on the next {@link #flush}. */
    void add(long id, byte[] payload) {
        writer.add(new Packets.Request(command(), id, payload, 0, payload.length));
    }

    private byte command() {
        return once ? Command.SUBMIT_ONCE : Command.SUBMIT;
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
                    checkAck();
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

    private void checkAck() throws IOException {
        byte command = reader.buffer()[reader.offset() + Packets.COMMAND];
        if (once && (command != Command.SUBMIT_ONCE_ACK || reader.length() != Packets.ACK_BYTES)) {
            throw new IOException(
                    "answer 0x" + Integer.toHexString(command & 0xff) + " from " + address + " is no submit once ack");
        }
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

    /**
     * Whether acks come after the half-close. In TLS 1.2 the server drops what it has not sent by then; RFC 5246,
     * 7.2.1.
     */
    boolean hasHalfClose() {
        var session = conn instanceof TlsConn tls ? tls.session() : null;
        return session == null || !session.version().equals("TLSv1.2");
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
