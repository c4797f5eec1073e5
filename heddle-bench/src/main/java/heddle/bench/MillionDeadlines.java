package heddle.bench;

import heddle.internal.Platform;
import heddle.internal.poll.Poller;
import heddle.internal.poll.PollerSource;
import heddle.internal.poll.Registration;
import heddle.internal.trace.Counter;
import heddle.net.Conn;
import heddle.net.Heddle;
import heddle.net.Listener;
import heddle.net.Net;
import heddle.time.Clock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * What very many armed deadlines cost: heap for each, the time to arm, move and expire one, and what they cost an echo
 * on the same processors. A deadline is armed while a thread waits with it, so as many virtual threads wait, in the
 * slots of registrations that belong to the processors' own pollers; all is real but the descriptor in the kernel, of
 * which a process may not have a million.
 *
 * <p>Arguments: deadlines (1000000), round trips of an echo (100000). Give it a heap of 6 GiB, and the flags that
 * Heddle's own carriers need.
 */
public final class MillionDeadlines {

    private static final int ECHO_BYTES = 64;

    private final int count;
    private final int roundTrips;
    private final Platform platform = platform();
    private final Registration[] registrations;
    private final Thread[] threads;

    /** The shared runtime's, which tells it to nobody. */
    private static Platform platform() throws ReflectiveOperationException {
        Field platform = Heddle.class.getDeclaredField("platform");
        platform.setAccessible(true);
        return (Platform) platform.get(Heddle.shared());
    }

    private MillionDeadlines(int count, int roundTrips) throws ReflectiveOperationException {
        this.count = count;
        this.roundTrips = roundTrips;
        registrations = new Registration[count];
        threads = new Thread[count];
    }

    /** See the class comment. */
    public static void main(String[] args) throws Exception {
        int count = args.length > 0 ? Integer.parseInt(args[0]) : 1_000_000;
        int roundTrips = args.length > 1 ? Integer.parseInt(args[1]) : 100_000;
        System.out.printf(Locale.ROOT, "%s; %d deadlines%n", Heddle.shared().describe(), count);
        new MillionDeadlines(count, roundTrips).measure();
        System.exit(0);
    }

    private void measure() throws Exception {
        try (Echo echo = new Echo()) {
            echo.measure("warming up", roundTrips);
            echo.measure("nobody waits", roundTrips);
            long before = heapBytes();
            startWaiting();
            long waiting = heapBytes();
            print("thread and slot, no deadline", (waiting - before) / count + " bytes each");
            echo.measure("all wait, no deadline", roundTrips);

            long hourNanos = Clock.system().after(TimeUnit.HOURS.toNanos(1));
            timed("armed, an hour ahead", () -> moveAll(hourNanos, 1));
            print("its deadline", (heapBytes() - waiting) / count + " bytes each");
            echo.measure("all wait with a deadline", roundTrips);

            timed("moved later, a store", () -> moveAll(2 * hourNanos, 1));
            timed("moved earlier, a heap's place", () -> moveAll(hourNanos / 2, -1));

            long soonNanos = Clock.system().after(TimeUnit.SECONDS.toNanos(10));
            timed("moved to 10 s ahead", () -> moveAll(soonNanos, 0));
            Histogram meanwhile = new Histogram(TimeUnit.MINUTES.toNanos(10), 3);
            Thread client = Heddle.shared().ofVirtual().start(() -> echo.untilEnded(threads, meanwhile));
            Thread.sleep(TimeUnit.NANOSECONDS.toMillis(
                    Math.max(0, soonNanos - Clock.system().nanos())));
            long beganNanos = System.nanoTime();
            for (Thread thread : threads) {
                thread.join();
            }
            client.join();
            print(
                    "all expire at one instant",
                    String.format(
                            Locale.ROOT,
                            "%d ms until the last has ended, an echo meanwhile took %.1f ms at most",
                            TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - beganNanos),
                            meanwhile.getMaxValue() / 1e6));
            echo.measure("all gone", roundTrips);
        }
    }

    private void startWaiting() throws Exception {
        Field poller = Registration.class.getDeclaredField("poller");
        poller.setAccessible(true);
        PollerSource pollers = platform.descriptors().pollers();
        long parks = platform.trace().counters().value(Counter.PARKS);
        for (int i = 0; i < count; i++) {
            var registration = new Registration(Integer.MAX_VALUE, pollers, platform.trace());
            Poller processors = pollers.current(); // Each in turn, for this thread.
            poller.set(registration, processors); // In the place of register().
            registrations[i] = registration;
            threads[i] = Heddle.shared().ofVirtual().start(() -> registration.await(registration.read()));
        }
        while (platform.trace().counters().value(Counter.PARKS) - parks < count) {
            Thread.sleep(1);
        }
    }

    private interface Step {
        void run() throws Exception;
    }

    /**
     * By this thread, and until the processors have done their part: how long it takes, and processor time of the
     * process.
     */
    private void timed(String what, Step step) throws Exception {
        long beforeCpu = cpuNanos();
        long before = System.nanoTime();
        step.run();
        long nanos = System.nanoTime() - before;
        Thread.sleep(2_000); // The pollers place what was pushed.
        print(
                what,
                String.format(
                        Locale.ROOT,
                        "%.0f ns each for the mover, %.0f ns of processor time in all",
                        (double) nanos / count,
                        (double) (cpuNanos() - beforeCpu) / count));
    }

    /** The i-th to {@code i * step} nanoseconds after {@code nanos}. */
    private void moveAll(long nanos, long step) {
        for (int i = 0; i < count; i++) {
            registrations[i].setDeadline(registrations[i].read(), nanos + i * step);
        }
    }

    private static long heapBytes() {
        System.gc();
        Runtime heap = Runtime.getRuntime();
        return heap.totalMemory() - heap.freeMemory();
    }

    private static long cpuNanos() {
        return ProcessHandle.current().info().totalCpuDuration().orElseThrow().toNanos();
    }

    private static void print(String what, String text) {
        System.out.printf(Locale.ROOT, "  %-32s %s%n", what, text);
    }

    /** A connection with an echo at its other end, both on Heddle's threads. */
    private static final class Echo implements AutoCloseable {

        private final Listener listener = Net.listen("tcp", "127.0.0.1:0");
        private final Conn client = Net.dial("tcp", listener.address().toString());
        private final Conn server = listener.accept();
        private final byte[] buffer = new byte[ECHO_BYTES];

        Echo() throws IOException {
            Heddle.shared().ofVirtual().start(this::serve);
        }

        private void serve() {
            byte[] received = new byte[ECHO_BYTES];
            try {
                int n;
                while ((n = server.read(received)) > 0) {
                    server.write(received, 0, n);
                }
            } catch (IOException closed) {
                // The end.
            }
        }

        private void roundTrip(Histogram nanos) {
            long before = System.nanoTime();
            try {
                client.write(buffer);
                if (client.read(buffer) != ECHO_BYTES) {
                    throw new IllegalStateException("half an echo");
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            nanos.recordValue(System.nanoTime() - before);
        }

        void measure(String when, int roundTrips) throws InterruptedException {
            Histogram nanos = new Histogram(TimeUnit.MINUTES.toNanos(10), 3);
            long beforeCpu = cpuNanos();
            Thread thread = Heddle.shared().ofVirtual().start(() -> {
                for (int i = 0; i < roundTrips; i++) {
                    roundTrip(nanos);
                }
            });
            thread.join();
            print(
                    "echo, " + when,
                    String.format(
                            Locale.ROOT,
                            "p50 %.1f us, p99 %.1f us, %.1f us of processor time each",
                            nanos.getValueAtPercentile(50) / 1e3,
                            nanos.getValueAtPercentile(99) / 1e3,
                            (cpuNanos() - beforeCpu) / 1e3 / roundTrips));
        }

        void untilEnded(Thread[] threads, Histogram nanos) {
            while (threads[0].isAlive() || threads[threads.length - 1].isAlive()) {
                roundTrip(nanos);
            }
        }

        @Override
        public void close() throws IOException {
            client.close();
            server.close();
            listener.close();
        }
    }
}
