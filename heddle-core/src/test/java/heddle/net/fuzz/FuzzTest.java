package heddle.net.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import heddle.testing.Ways;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Random sequences of all public operations, by several threads at each end, against a model of what each may come to.
 * A failure names the seed of its case; -Dtest.fuzz.seed=N repeats that case alone, the same sequence for each thread,
 * until the time is over. -Dtest.fuzz.seconds sets how long, for each of the two kinds of case; the soak tier runs ten
 * minutes in all.
 */
@Ways
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class FuzzTest {

    private static final long SECONDS = Long.getLong("test.fuzz.seconds", 3);

    /** What a seed makes; its text tells of which kind it is. */
    interface Case {
        void run() throws Exception;
    }

    @Test
    void whatIsReadIsWhatWasWritten() throws Exception {
        repeat(StreamCase::new);
    }

    @Test
    @Tag("thorough")
    void whatIsDialedIsAcceptedOnce() throws Exception {
        repeat(SetUpCase::new);
    }

    private static void repeat(LongFunction<Case> cases) throws Exception {
        // It loads AssertJ too, which may take a busy machine longer than a case is given.
        assertThat(SECONDS).as("seconds to run").isPositive();
        Long only = Long.getLong("test.fuzz.seed");
        Random seeds = new Random();
        long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        int count = 0;
        do {
            long seed = only != null ? only : seeds.nextLong();
            Case one = cases.apply(seed);
            try {
                one.run();
            } catch (Exception | AssertionError failed) {
                throw new AssertionError("-Dtest.fuzz.seed=" + seed + ": " + one, failed);
            }
            count++;
        } while (System.nanoTime() < endNanos);
        System.out.println("fuzz: " + count + " cases");
    }
}
