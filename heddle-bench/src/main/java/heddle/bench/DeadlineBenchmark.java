package heddle.bench;

import heddle.net.Conn;
import heddle.net.Deadline;
import heddle.net.Listener;
import heddle.net.Net;

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

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * Moving the read deadline of a connection that nobody reads, as a server does before each read; against reading the clock, which is
 * part of it, and against Go's SetReadDeadline (src/go/deadline_test.go).
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
        value = 2,
        jvmArgsAppend = {
            "--enable-native-access=ALL-UNNAMED",
            "--add-opens=java.base/java.lang=ALL-UNNAMED"
        })
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class DeadlineBenchmark {

    private static final long HOUR_NANOS = TimeUnit.HOURS.toNanos(1);

    private Listener listener;
    private Conn conn;

    /** Connects. */
    @Setup
    public void connect() throws IOException {
        listener = Net.listen("tcp", "127.0.0.1:0");
        conn = Net.dial("tcp", listener.address().toString());
    }

    /** Closes. */
    @TearDown
    public void close() throws IOException {
        conn.close();
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
}
