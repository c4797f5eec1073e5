package heddle.gateway.log;

import heddle.time.Clock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The log alone, each commit synced: rate, processor time, and what it writes, by the size of a batch. Started by hand:
 * {@code LogBench FOLDER SECONDS BATCH...}, with an r behind a batch for a reader beside it; messages have 256 bytes.
 * Bytes are those handed to write(2), by the kernel's count ({@code /proc/self/io}), zeros written ahead included.
 * Figures and machine are in docs/performance.md.
 */
final class LogBench {

    private static final int PAYLOAD_BYTES = 256;

    private LogBench() {}

    public static void main(String[] args) throws IOException {
        Path folder = Path.of(args[0]);
        double seconds = Double.parseDouble(args[1]);
        var options = new LogOptions("log", true, 64 << 20, Long.MAX_VALUE, 1L << 30, null, Clock.system());
        try (var log = new LogWriter(folder, options, new Disk());
                var reader = new LogReader(folder, true)) {
            log.upkeep().start();
            run(log, 1000, 0.5); // for the compiler
            for (int i = 2; i < args.length; i++) {
                boolean reads = args[i].endsWith("r");
                int batch = Integer.parseInt(reads ? args[i].substring(0, args[i].length() - 1) : args[i]);
                if (!reads) {
                    System.out.println(run(log, batch, seconds));
                    continue;
                }
                var done = new boolean[1];
                var read = new AtomicLong();
                reader.seek(log.last());
                var reading = Thread.ofPlatform().start(() -> read(reader, read, done));
                System.out.println(run(log, batch, seconds) + ", with a reader");
                done[0] = true;
                reading.interrupt();
                try {
                    reading.join();
                } catch (InterruptedException e) {
                    return;
                }
                System.out.println("         it has read " + read);
            }
        }
    }

    private static void read(LogReader reader, AtomicLong count, boolean[] done) {
        var visitor = new LogVisitor() {
            @Override
            public void message(long number, long millis, String client, long sequence, byte[] payload) {
                count.incrementAndGet();
            }

            @Override
            public void gap(long first, long last, String why) {
                throw new AssertionError(first + " to " + last + ": " + why);
            }
        };
        try {
            while (!done[0] && !Thread.currentThread().isInterrupted()) {
                if (reader.read(visitor, 4096, 1 << 20) == 0) {
                    // Real time: as a follower does, which has nothing to wait for.
                    Thread.sleep(1);
                }
            }
        } catch (IOException | InterruptedException end) {
            // The end.
        }
    }

    private static String run(LogWriter log, int size, double seconds) throws IOException {
        List<Logs.Message> batch = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            batch.add(new Logs.Message("client-" + i % 64, 0, new byte[PAYLOAD_BYTES]));
        }
        long cpu = cpuNanos();
        long bytes = writtenBytes();
        long begin = System.nanoTime();
        long end = begin + (long) (seconds * 1e9);
        long commits = 0;
        while (System.nanoTime() < end) {
            log.commit(batch, 1);
            commits++;
        }
        double messages = commits * (double) size;
        double took = (System.nanoTime() - begin) / 1e9;
        return "batch %5d: %9.0f msg/s, %6.0f commits/s, %7.2f us CPU/msg, %6.0f bytes/msg"
                .formatted(
                        size,
                        messages / took,
                        commits / took,
                        (cpuNanos() - cpu) / 1e3 / messages,
                        (writtenBytes() - bytes) / messages)
                .toString();
    }

    private static long cpuNanos() {
        return ProcessHandle.current().info().totalCpuDuration().orElseThrow().toNanos();
    }

    private static long writtenBytes() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/io"))) {
            if (line.toLowerCase(Locale.ROOT).startsWith("wchar: ")) {
                return Long.parseLong(line.substring("wchar: ".length()));
            }
        }
        throw new IOException("/proc/self/io tells no wchar");
    }
}
