package heddle.bench;

import heddle.net.Heddle;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Start and end of virtual threads, and their switches, on Heddle's carriers and on the JDK's. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
        value = 2,
        jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "--add-opens=java.base/java.lang=ALL-UNNAMED"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ThreadBenchmark {

    private static final int THREADS = 1000;
    private static final int SWITCHES = 1000;

    /** Whose carriers. */
    @Param({"heddle", "jdk"})
    public String carriers;

    private Thread.Builder.OfVirtual threads() {
        return carriers.equals("heddle") ? Heddle.shared().ofVirtual() : Thread.ofVirtual();
    }

    /** One thread starts the others and waits for each. */
    @Benchmark
    @OperationsPerInvocation(THREADS)
    public void startAndEnd() throws InterruptedException {
        Thread starter = threads().start(() -> {
            Thread[] started = new Thread[THREADS];
            for (int i = 0; i < THREADS; i++) {
                started[i] = threads().start(() -> {});
            }
            for (Thread thread : started) {
                join(thread);
            }
        });
        starter.join();
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** One thread yields to nobody. */
    @Benchmark
    @OperationsPerInvocation(SWITCHES)
    public void yieldToOneself() throws InterruptedException {
        Thread yielding = threads().start(() -> {
            for (int i = 0; i < SWITCHES; i++) {
                Thread.yield();
            }
        });
        yielding.join();
    }

    /** Two threads wake each other in turn. */
    @Benchmark
    @OperationsPerInvocation(SWITCHES)
    public void parkAndUnpark() throws InterruptedException {
        Turn turn = new Turn();
        turn.threads[0] = threads().unstarted(() -> turn.take(0));
        turn.threads[1] = threads().unstarted(() -> turn.take(1));
        turn.threads[0].start();
        turn.threads[1].start();
        turn.threads[0].join();
        turn.threads[1].join();
    }

    /** Whose turn it is, for {@link #parkAndUnpark}. */
    private static final class Turn {

        final Thread[] threads = new Thread[2];
        volatile int whose;

        void take(int mine) {
            for (int i = 0; i < SWITCHES / 2; i++) {
                while (whose != mine) {
                    LockSupport.park();
                }
                whose = 1 - mine;
                LockSupport.unpark(threads[1 - mine]);
            }
        }
    }
}
