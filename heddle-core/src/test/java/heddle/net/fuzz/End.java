package heddle.net.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.internal.socket.Errno;
import heddle.net.CallInterruptedException;
import heddle.net.Conn;
import heddle.net.ConnClosedException;
import heddle.net.ConnResetException;
import heddle.net.Deadline;
import heddle.net.DeadlineExceededException;
import heddle.net.NetError;
import heddle.net.SocketConn;
import heddle.time.Clock;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One end of a connection as a model: what was begun on it and what was done, so that each outcome of a call can be
 * judged. "Begun" is set before the call that it tells of, "done" after it; so an outcome is allowed if its cause was
 * begun before the end of the call, and due if its cause was done before the start. Any thread.
 */
final class End {

    final Conn conn;
    final DeadlineLog readDeadlines = new DeadlineLog();
    final DeadlineLog writeDeadlines = new DeadlineLog();

    /** Its writers that still write. */
    final AtomicInteger writersLeft = new AtomicInteger();

    private volatile boolean closeBegun;
    private volatile boolean closeDone;
    private volatile boolean closeReadBegun;
    private volatile boolean closeWriteBegun;
    private volatile boolean closeWriteDone;

    /** A reader has seen the end of the stream, and reading had not been closed here. */
    private volatile boolean sawEnd;

    /** Of a pipe: all is written, and as each write waits for its reader, read too. */
    private volatile boolean writtenAll;

    /** By the thread of the noise alone. */
    private boolean peerSeenClosed;

    /** Deadlines are over: what still ends by one would be a fault. */
    private volatile boolean calm;

    private End peer;

    End(Conn conn) {
        this.conn = conn;
    }

    void peer(End other) {
        peer = other;
    }

    /** A call about to be made. */
    record Call(long startNanos, boolean closed, boolean halfClosed) {}

    Call begin() {
        return new Call(Clock.system().nanos(), closeDone, closeWriteDone);
    }

    boolean isCalm() {
        return calm;
    }

    void calmDown() throws Exception {
        calm = true;
        setDeadline(Deadline.NONE);
    }

    boolean sawEnd() {
        return sawEnd;
    }

    boolean isClosing() {
        return closeBegun;
    }

    void setReadDeadline(Deadline deadline) throws Exception {
        readDeadlines.set(deadline, () -> orClosed(() -> conn.setReadDeadline(deadline)));
    }

    void setWriteDeadline(Deadline deadline) throws Exception {
        writeDeadlines.set(deadline, () -> orClosed(() -> conn.setWriteDeadline(deadline)));
    }

    void setDeadline(Deadline deadline) throws Exception {
        readDeadlines.set(
                deadline, () -> writeDeadlines.set(deadline, () -> orClosed(() -> conn.setDeadline(deadline))));
    }

    /** A call whose result nobody needs. */
    @FunctionalInterface
    interface Setting {
        void apply() throws IOException;
    }

    /** Does {@code setting}, which may find this end closed, or its connection gone. */
    void orClosed(Setting setting) throws IOException {
        boolean closed = closeDone;
        try {
            setting.apply();
            assertThat(closed).as("set after close").isFalse();
        } catch (ConnClosedException e) {
            assertThat(mayBeClosed()).as(e.getMessage()).isTrue();
        } catch (IOException e) {
            // What Linux says of a connection that is over, in both directions or by a reset.
            assertThat(((NetError) e).errno()).as(e.getMessage()).isIn(Errno.ENOTCONN, Errno.EINVAL);
            assertThat(isOver()).as(e.getMessage()).isTrue();
        }
    }

    /**
     * Half-closed and closed for reading: Linux then answers what comes with a reset, and has it too;
     * tcp_rcv_state_process.
     */
    private boolean isShut() {
        return closeReadBegun && closeWriteBegun;
    }

    /** Whether a call may say that this end is closed; a pipe has one state for both. */
    private boolean mayBeClosed() {
        return closeBegun || (isPipe() && peer.closeBegun);
    }

    private boolean isOver() {
        return peer.closeBegun || (peer.closeWriteBegun && closeWriteBegun);
    }

    /** Whether it is in memory: no half-close, no options, and what the one end does the other knows at once. */
    boolean isPipe() {
        return !(conn instanceof SocketConn);
    }

    /** The connection, of which it is known that it is no pipe. */
    SocketConn socket() {
        return (SocketConn) conn;
    }

    /** There is nothing more to write: half-closes, or closes a pipe of which the other end says the same. */
    void endWriting() throws Exception {
        if (!isPipe()) {
            closeWrite();
            return;
        }
        writtenAll = true;
        if (peer.writtenAll) {
            close();
        }
    }

    void closeWrite() throws IOException {
        closeWriteBegun = true;
        orClosed(socket()::closeWrite);
        closeWriteDone = true;
    }

    void closeRead() throws IOException {
        closeReadBegun = true;
        orClosed(socket()::closeRead);
    }

    void close() throws Exception {
        closeBegun = true;
        conn.close();
        closeDone = true;
        assertThat(conn.isOpen()).isFalse();
    }

    /** Judges a read that got {@code bytes}, null for the end of the stream. */
    void judgeRead(Call call, int asked, byte[] bytes) {
        assertThat(call.closed).as("read after close").isFalse();
        if (asked > 0 && !isEndOfPipe()) {
            checkNotDue(call, readDeadlines, "read");
        }
        if (bytes == null) {
            assertThat(peer.closeWriteBegun || peer.closeBegun || closeReadBegun)
                    .as("end of stream of a peer that goes on")
                    .isTrue();
            sawEnd |= !closeReadBegun;
        }
    }

    /** Judges the news that there is something to read. */
    void judgeReadable(Call call) {
        assertThat(call.closed).as("readable after close").isFalse();
        if (!isEndOfPipe()) {
            checkNotDue(call, readDeadlines, "readable");
        }
    }

    /** Where the end of the stream comes before the deadline. */
    private boolean isEndOfPipe() {
        return isPipe() && peer.closeBegun;
    }

    /** Looks whether the peer has closed: true for a reason, and then for good. */
    void lookAtPeer() throws IOException {
        boolean before = peerSeenClosed;
        orClosed(() -> {
            boolean closed = conn.peerClosed();
            assertThat(closed || !before).as("the peer stays closed").isTrue();
            assertThat(!closed || peer.closeWriteBegun || peer.closeBegun || closeReadBegun)
                    .as("closed: a peer that goes on")
                    .isTrue();
            peerSeenClosed |= closed;
        });
    }

    /** Judges a write that succeeded. */
    void judgeWrite(Call call, int bytes) {
        assertThat(call.closed).as("write after close").isFalse();
        assertThat(call.halfClosed && bytes > 0).as("write after half-close").isFalse();
        checkNotDue(call, writeDeadlines, "write");
    }

    private static void checkNotDue(Call call, DeadlineLog deadlines, String op) {
        assertThat(deadlines.mustExpire(call.startNanos, Clock.system().nanos()))
                .as(op + " although its deadline had passed")
                .isFalse();
    }

    /** Judges the failure of a read or a write by {@code worker}: whether it may go on. */
    boolean judgeFailure(Call call, boolean write, IOException failure, Worker worker) {
        String text = failure.getMessage();
        NetError error = (NetError) failure;
        assertThat(text)
                .startsWith(
                        isPipe() && failure instanceof ConnClosedException
                                ? "io: read/write on closed pipe"
                                : (write ? "write " : "read ") + conn + ": ");
        assertThat(error.op()).isEqualTo(write ? "write" : "read");
        assertThat(error.source()).isEqualTo(isPipe() ? null : conn.localAddress());
        assertThat(error.address()).isEqualTo(isPipe() ? null : conn.remoteAddress());
        if (!write) {
            assertThat(error.bytesTransferred()).isZero();
        }
        assertThat(error.timeout()).isEqualTo(failure instanceof DeadlineExceededException);
        return switch (failure) {
            case ConnClosedException _ -> {
                assertThat(write ? mayBeClosed() : closeBegun).as(text).isTrue();
                yield false;
            }
            case ConnResetException _ -> {
                assertThat(peer.closeBegun
                                || isShut()
                                || peer.isShut()
                                || (write && (closeWriteBegun || peer.closeReadBegun)))
                        .as(text)
                        .isTrue();
                assertThat(error.errno()).isIn(Errno.ECONNRESET, Errno.EPIPE);
                yield false;
            }
            case DeadlineExceededException _ -> {
                DeadlineLog deadlines = write ? writeDeadlines : readDeadlines;
                assertThat(deadlines.mayExpire(call.startNanos, Clock.system().nanos()))
                        .as("a deadline for " + text)
                        .isTrue();
                yield true;
            }
            case CallInterruptedException _ -> {
                worker.wasInterrupted(text);
                yield true;
            }
            default -> throw new AssertionError("an error that nothing explains", failure);
        };
    }

    /** Once closed, each call says so. */
    void checkClosed() throws Exception {
        List<Setting> calls = new ArrayList<>(List.of(
                () -> conn.read(new byte[1]),
                () -> conn.read(new byte[0]),
                () -> conn.write(new byte[1]),
                () -> conn.write(new byte[0]),
                () -> conn.setDeadline(Deadline.NONE)));
        if (!isPipe()) {
            calls.add(socket()::closeWrite);
            calls.add(socket()::closeRead);
            calls.add(() -> socket().setReadBuffer(10_000));
        }
        for (Setting call : calls) {
            try {
                call.apply();
            } catch (ConnClosedException closed) {
                continue;
            }
            throw new AssertionError("a call that succeeds after close");
        }
        conn.close();
    }
}
