package heddle.net.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.net.Deadline;
import heddle.net.DeadlineExceededException;
import java.io.IOException;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/** A thread that reads from one end of a connection, or writes to it, and may be interrupted at any time. */
final class Worker {

    private final End end;
    private final Random random;
    private final AtomicInteger interruptsSent = new AtomicInteger();

    /** By this worker's thread alone. */
    private int interruptsSeen;

    private volatile Thread thread;

    Worker(End end, Random random) {
        this.end = end;
        this.random = random;
    }

    /** Interrupts it, if it has begun. Any thread. */
    void interrupt() {
        Thread running = thread;
        if (running != null) {
            interruptsSent.incrementAndGet(); // First, as it may be seen at once.
            running.interrupt();
        }
    }

    /** A call of this worker's ended by an interrupt: by one that was sent, and with the status cleared. */
    void wasInterrupted(String text) {
        interruptsSeen++;
        boolean status = Thread.currentThread().isInterrupted();
        int sent = interruptsSent.get();
        assertThat(interruptsSeen).as(text).isLessThanOrEqualTo(sent);
        if (interruptsSeen == sent) {
            assertThat(status)
                    .as("interrupt status after the call that it ended")
                    .isFalse();
        }
    }

    /** Reads until nothing more will come. */
    void read(Flow flow, int reader) throws Exception {
        thread = Thread.currentThread();
        while (true) {
            if (random.nextInt(8) == 0) {
                awaitReadable();
            }
            int asked = flow.size(random, Long.MAX_VALUE);
            End.Call call = end.begin();
            try {
                byte[] bytes = Transfers.read(end.conn, asked, random);
                end.judgeRead(call, asked, bytes);
                if (bytes == null) {
                    return;
                }
                flow.gave(reader, asked, bytes);
            } catch (IOException failure) {
                if (!end.judgeFailure(call, false, failure, this)) {
                    return;
                }
                if (end.isCalm() || random.nextBoolean()) {
                    end.setReadDeadline(end.isCalm() ? Deadline.NONE : Noise.deadline(random));
                }
            }
        }
    }

    /** What ends this early ends the read that follows too, or is over. */
    private void awaitReadable() {
        Deadline own = random.nextInt(3) == 0 ? Noise.deadline(random) : Deadline.NONE;
        End.Call call = end.begin();
        try {
            end.conn.awaitReadable(own);
            end.judgeReadable(call);
        } catch (IOException failure) {
            if (!own.hasPassed() || !(failure instanceof DeadlineExceededException)) {
                end.judgeFailure(call, false, failure, this);
            }
        }
    }

    /** Writes {@code total} bytes, or until nothing more can be written; the last writer says so. */
    void write(Flow flow, int writer, int total) throws Exception {
        thread = Thread.currentThread();
        long done = 0;
        boolean goesOn = true;
        while (goesOn && done < total) {
            int count = flow.size(random, total - done);
            End.Call call = end.begin();
            var written = Transfers.write(end.conn, Content.of(flow.stream(writer), done, count), random);
            if (written.bytes() > 0) {
                flow.tookFrom(writer, written.bytes());
                done += written.bytes();
            }
            if (written.failure() == null) {
                end.judgeWrite(call, count);
            } else {
                long bytesMax = flow.hasPartialWrites() ? Math.max(0L, count - 1L) : 0L;
                assertThat(written.bytes()).isBetween(0L, bytesMax);
                goesOn = end.judgeFailure(call, true, written.failure(), this);
                if (goesOn && (end.isCalm() || random.nextBoolean())) {
                    end.setWriteDeadline(end.isCalm() ? Deadline.NONE : Noise.deadline(random));
                }
            }
        }
        if (end.writersLeft.decrementAndGet() == 0 && !end.isClosing()) {
            end.endWriting();
        }
    }
}
