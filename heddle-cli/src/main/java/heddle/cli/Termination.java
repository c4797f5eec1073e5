package heddle.cli;

import heddle.net.Heddle;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jline.utils.Signals;
import org.jspecify.annotations.Nullable;

/**
 * The end of a command that runs until somebody ends it: SIGTERM, SIGINT, or the failure of its own work. A second
 * signal ends the process at once.
 *
 * <p>A shutdown hook would not do: the JVM's exit code is then the signal's, unless the hook halts it, which leaves the
 * temporary files of libraries behind.
 */
final class Termination {
    private final CountDownLatch ended = new CountDownLatch(1);

    Termination() {
        hear("TERM");
        hear("INT");
    }

    private void hear(String signal) {
        if (Signals.register(signal, this::signalled) == null) {
            throw new IllegalStateException("this JVM lets nobody hear SIG" + signal);
        }
    }

    private void signalled() {
        if (ended.getCount() == 0) {
            Runtime.getRuntime().halt(ExitCodes.FAILURE);
        }
        ended.countDown();
    }

    /** Work that ends the command if it fails. */
    interface Work {
        void run() throws IOException, InterruptedException;
    }

    /** How the work went. */
    final class Running {
        private final Work work;
        private volatile @Nullable Throwable failure;

        private Running(Work work) {
            this.work = work;
        }

        private void run() {
            try {
                work.run();
            } catch (Throwable e) { // an Error too ends the command, and not with exit code 0
                failure = e;
            } finally {
                ended.countDown();
            }
        }

        /** Throws what the work threw, if it did. */
        void check() throws IOException {
            switch (failure) {
                case null -> {}
                case IOException e -> throw e;
                case Throwable e -> throw new IllegalStateException(e);
            }
        }
    }

    /** Runs {@code work} on a virtual thread of its own. */
    Running start(String name, Work work) {
        var running = new Running(work);
        Heddle.shared().ofVirtual().name(name).start(running::run);
        return running;
    }

    /** Waits for the end. False if it has not come in time. */
    boolean await(Duration bound) throws InterruptedException {
        return ended.await(bound.toNanos(), TimeUnit.NANOSECONDS);
    }

    void await() throws InterruptedException {
        ended.await();
    }
}
