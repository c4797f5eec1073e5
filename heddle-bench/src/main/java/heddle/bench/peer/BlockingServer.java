package heddle.bench.peer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;

/**
 * The roles as straight loops, a virtual thread for each connection. Subclasses say whose sockets and whose threads.
 */
abstract class BlockingServer {

    private static final long DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long TASK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    /** As many connections may wait to be accepted. */
    static final int BACKLOG = 4096;

    private final Arguments arguments;

    BlockingServer(Arguments arguments) {
        this.arguments = arguments;
    }

    /** Takes the next connection. */
    abstract Link accept() throws IOException;

    /** Starts a virtual thread of the scheduler that is measured. */
    abstract Thread start(Runnable task);

    /** Serves until the process ends. */
    final void run() throws InterruptedException {
        switch (arguments.role()) {
            case BUSY -> compute(arguments.processors(), 0);
            case TASKS -> compute(2 * arguments.processors(), TASK_NANOS);
            default -> {}
        }
        start(this::acceptAll).join();
    }

    private void acceptAll() {
        while (true) {
            try {
                Link link = accept();
                if (arguments.role() == Role.RELAY) {
                    Link target = accept();
                    start(() -> relay(link, target));
                } else {
                    start(() -> serve(link));
                }
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private static void relay(Link from, Link to) {
        try (from;
                to) {
            from.passTo(to);
        } catch (IOException gone) {
            // As below.
        }
    }

    private void serve(Link link) {
        try (link) {
            switch (arguments.role()) {
                case ECHO, BUSY, TASKS -> echo(link);
                case DEADLINE -> echoInTime(link);
                case UP -> up(link);
                case DOWN -> down(link);
                case WRITERS -> write(link);
                case RELAY -> throw new AssertionError("a relay joins two");
            }
        } catch (IOException gone) {
            // The load generator closes when it has measured enough.
        }
    }

    private static void echo(Link link) throws IOException {
        boolean more = true;
        while (more) {
            more = link.echo();
        }
    }

    private static void echoInTime(Link link) throws IOException {
        link.allowNanos(DEADLINE_NANOS);
        while (link.echo()) {
            link.allowNanos(DEADLINE_NANOS);
        }
    }

    private static void up(Link link) throws IOException {
        long total = 0;
        int n;
        while ((n = link.read()) >= 0) {
            total += n;
        }
        link.write(ByteBuffer.allocate(Long.BYTES).putLong(total).array());
    }

    private static void down(Link link) throws IOException {
        byte[] block = Wire.block();
        link.read();
        while (true) {
            link.write(block);
        }
    }

    private void write(Link link) {
        Thread[] writers = new Thread[Wire.WRITERS];
        for (int w = 0; w < writers.length; w++) {
            int writer = w;
            writers[w] = start(() -> writeMessages(link, writer));
        }
        for (Thread writer : writers) {
            try {
                writer.join();
            } catch (InterruptedException nobodyDoes) {
                throw new IllegalStateException(nobodyDoes);
            }
        }
    }

    private static void writeMessages(Link link, int writer) {
        byte[] message = Wire.message(writer);
        try {
            for (int number = 0; ; number++) {
                Wire.number(message, writer, number);
                link.writeTogether(message);
            }
        } catch (IOException gone) {
            // As above.
        }
    }

    private void compute(int threads, long taskNanos) {
        for (int i = 0; i < threads; i++) {
            start(() -> {
                while (true) {
                    long beganNanos = System.nanoTime();
                    while (taskNanos == 0 || System.nanoTime() - beganNanos < taskNanos) {
                        Thread.onSpinWait();
                    }
                    Thread.yield();
                }
            });
        }
    }
}
