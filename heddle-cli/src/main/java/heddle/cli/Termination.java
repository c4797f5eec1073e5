package heddle.cli;

import heddle.net.Heddle;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
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
    private static final Object IGNORED = ignored();

    private final CountDownLatch ended = new CountDownLatch(1);
    private final AtomicBoolean signalled = new AtomicBoolean();

    /** Written and read by who started the command. */
    private boolean hangUpIgnored;

    Termination() {
        // One that is ignored, as SIGINT by a job in the background, stays so.
        boolean _ = hear("TERM", this::signalled);
        boolean _ = hear("INT", this::signalled);
    }

    /** At SIGHUP runs {@code other} and goes on, unless the terminal is gone in which a person started the command. */
    void hearHangUp(Runnable other) {
        boolean watched = Terminal.isWatched();
        hangUpIgnored = !hear("HUP", () -> hungUp(watched, other));
    }

    /** Whether {@link #hearHangUp} was in vain, as it is under nohup. */
    boolean ignoresHangUp() {
        return hangUpIgnored;
    }

    private void hungUp(boolean watched, Runnable other) {
        try {
            if (watched && !Terminal.stdoutIsTerminal()) {
                ended.countDown();
                return;
            }
        } catch (IOException e) {
            // No process to ask by, so nobody knows; a server that goes on does the least harm.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        other.run();
    }

    /**
     * At each such signal runs {@code action}.
     *
     * @return false if the process was started to ignore the signal: the JVM then leaves it ignored
     */
    private static boolean hear(String signal, Runnable action) {
        Object before = Signals.register(signal, action);
        if (before == null) {
            throw new IllegalStateException("this JVM lets nobody hear SIG" + signal);
        }
        return !IGNORED.equals(before);
    }

    /** What the JVM says had a signal that is ignored. By its name, as javac warns of its type and of no other way. */
    private static Object ignored() {
        try {
            return Class.forName("sun.misc.SignalHandler").getField("SIG_IGN").get(null);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this JVM lets nobody hear signals", e);
        }
    }

    private void signalled() {
        if (signalled.getAndSet(true)) {
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
        private final CountDownLatch over = new CountDownLatch(1);
        private final Thread thread;
        private volatile @Nullable Throwable failure;

        private Running(Thread.Builder builder, Work work) {
            this.work = work;
            this.thread = builder.unstarted(this::run);
        }

        private void run() {
            try {
                work.run();
            } catch (Throwable e) { // an Error too ends the command, and not with exit code 0
                failure = e;
            } finally {
                over.countDown();
                ended.countDown();
            }
        }

        boolean isOver() {
            return over.getCount() == 0;
        }

        /** Interrupts the work, and waits until it has ended by itself. */
        void interrupt() throws InterruptedException {
            thread.interrupt();
            over.await();
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
        return start(Heddle.shared().ofVirtual().name(name), work);
    }

    /** Runs {@code work} on a thread of {@code builder}. */
    Running start(Thread.Builder builder, Work work) {
        var running = new Running(builder, work);
        running.thread.start();
        return running;
    }

    /** Ends the command in order, as a signal does. Any thread. */
    void end() {
        ended.countDown();
    }

    /** Waits for the end. False if it has not come in time. */
    boolean await(Duration bound) throws InterruptedException {
        return ended.await(bound.toNanos(), TimeUnit.NANOSECONDS);
    }

    void await() throws InterruptedException {
        ended.await();
    }
}
