package heddle.bench;

import heddle.net.Conn;
import heddle.net.Deadline;
import heddle.net.Heddle;
import heddle.net.Listener;
import heddle.net.Net;
import java.io.File;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Moving the read deadline: of a connection that nobody reads, as a server does before each read, and of one whose
 * reader waits; against reading the clock, which is part of it, and against Go's SetReadDeadline
 * (src/main/go/deadline_test.go). Behaviour 33.
 *
 * <p>As a program it runs these benchmarks, and Go's after them if there is a {@code go} on the path. Argument: where
 * Go's source is (heddle-bench/src/main/go, right for who starts it in the root of the project).
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
        value = 2,
        jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "--add-opens=java.base/java.lang=ALL-UNNAMED"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class DeadlineBenchmark {

    private static final long HOUR_NANOS = TimeUnit.HOURS.toNanos(1);

    private Listener listener;
    private Conn conn;
    private Conn awaited;
    private Thread reader;

    /** Runs the benchmarks, then Go's. */
    public static void main(String[] args) throws Exception {
        String include = "\\." + DeadlineBenchmark.class.getSimpleName() + "\\.";
        new Runner(new OptionsBuilder().include(include).build()).run();
        String folder = args.length > 0 ? args[0] : "heddle-bench/src/main/go";
        try {
            new ProcessBuilder("go", "test", "-bench", ".", "-count", "5", "deadline_test.go")
                    .directory(new File(folder))
                    .inheritIO()
                    .start()
                    .waitFor();
        } catch (IOException noGo) {
            System.out.println("Go was not measured: " + noGo.getMessage());
        }
    }

    /** Connects. */
    @Setup
    public void connect() throws IOException {
        listener = Net.listen("tcp", "127.0.0.1:0");
        conn = Net.dial("tcp", listener.address().toString());
        awaited = Net.dial("tcp", listener.address().toString());
        awaited.setReadDeadline(Deadline.afterNanos(HOUR_NANOS));
        reader = Heddle.shared().ofVirtual().start(() -> read(awaited));
        while (reader.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
    }

    private static void read(Conn conn) {
        try {
            conn.read(new byte[1]);
        } catch (IOException closed) {
            // The end of the benchmark.
        }
    }

    /** Closes. */
    @TearDown
    public void close() throws IOException, InterruptedException {
        conn.close();
        awaited.close();
        reader.join();
        listener.close();
    }

    /** What every deadline needs: the clock. */
    @Benchmark
    public long clockAlone() {
        return System.nanoTime();
    }

    /** The clock and the store. */
    @Benchmark
    public void moveReadDeadline() throws IOException {
        conn.setReadDeadline(Deadline.afterNanos(HOUR_NANOS));
    }

    /** The clock, the store, and a look at the timer, which is armed for an earlier instant. */
    @Benchmark
    public void moveDeadlineOfWaitingReader() throws IOException {
        awaited.setReadDeadline(Deadline.afterNanos(HOUR_NANOS));
    }
}
