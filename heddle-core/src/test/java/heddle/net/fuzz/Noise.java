package heddle.net.fuzz;

import heddle.net.Deadline;
import heddle.net.KeepAlive;
import heddle.net.TcpConn;
import heddle.testing.Runtimes;
import heddle.testing.Task;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Everything that happens to one end besides reading and writing: deadlines, interrupts, options, looks, and its end.
 */
final class Noise {

    /** How the end ends. */
    enum Ending {
        /** When both sides have written all. */
        GRACEFUL,
        /** It half-closes while it writes. */
        HALF_CLOSE,
        /** It closes while everything goes on. */
        CLOSE,
        /** Likewise, from several threads. */
        CLOSE_TWICE,
        /** Likewise, after it stopped reading. */
        CLOSE_READ_CLOSE,
        /** Likewise, by a reset. */
        RESET;

        /** Whether the other side may miss something. */
        boolean isAbrupt() {
            return this != GRACEFUL && this != HALF_CLOSE;
        }

        /** Whether a pipe can end so. */
        boolean isOfPipes() {
            return this == GRACEFUL || this == CLOSE || this == CLOSE_TWICE;
        }
    }

    private final End end;
    private final List<Worker> workers;
    private final Ending ending;
    private final Random random;
    private final int steps;

    Noise(End end, List<Worker> workers, Ending ending, Random random, int steps) {
        this.end = end;
        this.workers = workers;
        this.ending = ending;
        this.random = random;
        this.steps = steps;
    }

    void make() throws Exception {
        for (int i = 0; i < steps && !end.isClosing(); i++) {
            pause();
            step();
        }
        switch (ending) {
            case GRACEFUL -> {}
            case HALF_CLOSE -> end.closeWrite();
            case CLOSE -> end.close();
            case CLOSE_TWICE -> {
                Task<Void> other = Task.run(end::close);
                end.close();
                other.result();
            }
            case CLOSE_READ_CLOSE -> {
                end.closeRead();
                pause();
                end.close();
            }
            case RESET -> {
                if (end.conn instanceof TcpConn tcp) {
                    end.orClosed(() -> tcp.setLinger(Duration.ZERO));
                }
                end.close();
            }
        }
        end.calmDown();
    }

    private void pause() {
        switch (random.nextInt(8)) {
            case 0, 1 -> Thread.yield();
            case 2 -> LockSupport.parkNanos(1 + random.nextInt(2_000_000));
            case 3 -> {
                long untilNanos = System.nanoTime() + random.nextInt(100_000);
                while (System.nanoTime() < untilNanos) {
                    Thread.onSpinWait();
                }
            }
            default -> LockSupport.parkNanos(1 + random.nextInt(100_000));
        }
    }

    private void step() throws Exception {
        switch (random.nextInt(12)) {
            case 0, 1 -> end.setReadDeadline(deadline(random));
            case 2, 3 -> end.setWriteDeadline(deadline(random));
            case 4, 5 -> end.setDeadline(deadline(random));
            case 6, 7, 8 -> workers.get(random.nextInt(workers.size())).interrupt();
            case 9 -> option();
            case 10 -> look();
            default -> end.setDeadline(Deadline.NONE);
        }
    }

    private void option() throws Exception {
        if (end.isPipe()) {
            return;
        }
        int bytes = 20_000 + random.nextInt(100_000);
        switch (random.nextInt(4)) {
            case 0 -> end.orClosed(() -> end.socket().setReadBuffer(bytes));
            case 1 -> end.orClosed(() -> end.socket().setWriteBuffer(bytes));
            case 2 -> {
                if (end.conn instanceof TcpConn tcp) {
                    boolean atOnce = random.nextBoolean();
                    end.orClosed(() -> tcp.setNoDelay(atOnce));
                }
            }
            default -> {
                if (end.conn instanceof TcpConn tcp) {
                    // Shorter than a case may last: a reset may be lost, see KeepAlive.
                    end.orClosed(() -> tcp.setKeepAlive(KeepAlive.every(Duration.ofSeconds(5))));
                }
            }
        }
    }

    private void look() throws Exception {
        end.lookAtPeer();
        String text = end.isPipe() ? "pipe" : end.conn.localAddress() + "->" + end.conn.remoteAddress();
        if (!end.conn.toString().endsWith(text)) {
            throw new AssertionError(end.conn + ", but the addresses are " + text);
        }
        if (random.nextInt(20) == 0 && Runtimes.current().dump().isEmpty()) {
            throw new AssertionError("no dump");
        }
    }

    /** None, past, near in all sizes, far. */
    static Deadline deadline(Random random) {
        return switch (random.nextInt(8)) {
            case 0 -> Deadline.NONE;
            case 1 -> Deadline.PAST;
            case 2 -> Deadline.afterNanos(1 + random.nextInt(1_000));
            case 3, 4 -> Deadline.afterNanos(1 + random.nextInt(200_000));
            case 5 -> Deadline.afterNanos(1 + random.nextInt(5_000_000));
            case 6 -> Deadline.afterNanos(TimeUnit.HOURS.toNanos(1 + random.nextInt(10)));
            default -> Deadline.afterNanos(Long.MAX_VALUE - random.nextInt(10));
        };
    }
}
