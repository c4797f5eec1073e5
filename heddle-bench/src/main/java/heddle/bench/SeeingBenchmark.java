package heddle.bench;

import heddle.internal.trace.Counter;
import heddle.internal.trace.Tally;
import heddle.internal.trace.Trace;
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
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What being seen costs a wait: the coarse clock, a counter and the question for the recorder once each; and a poll:
 * the tally three or four times. Beside them what was not taken: the system's clock.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class SeeingBenchmark {

    private final Trace trace = new Trace();
    private Tally tally;

    /** Of the benchmark alone. */
    public SeeingBenchmark() {}

    /** A clock that ticks, and a tally. */
    @Setup
    public void setUp() {
        tally = trace.counters().tally();
        trace.ticks().tick(System.nanoTime());
        trace.recorder().start();
    }

    /** Of each wait. */
    @Benchmark
    public long coarseClock() {
        return trace.ticks().nanos();
    }

    /** Rejected: what the coarse clock saves. */
    @Benchmark
    public long systemClock() {
        return System.nanoTime();
    }

    /** Of each wait. */
    @Benchmark
    public void counter() {
        trace.counters().add(Counter.PARKS, 1);
    }

    /** Of waits on two carriers at once. */
    @Benchmark
    @Threads(2)
    public void counterOfTwo() {
        trace.counters().add(Counter.PARKS, 1);
    }

    /** Of each poll. */
    @Benchmark
    public void tally() {
        tally.add(Counter.POLLS, 1);
    }

    /** Of each wait, twice: when it begins and when it ends. */
    @Benchmark
    public boolean recorderOff() {
        return trace.recorder().recordsParks();
    }
}
