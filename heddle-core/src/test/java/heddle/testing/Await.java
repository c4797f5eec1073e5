package heddle.testing;

import java.time.Duration;
import java.util.function.Supplier;

/** Waits until a state is seen, however long the machine takes for it, within a bound that only a failure reaches. */
public final class Await {

    /** How many times slower this machine is than one that the tests are made for: more than 1 under emulation. */
    public static final int SLOWNESS = Integer.getInteger("test.slowness", 1);

    /** Longer than any wait on a busy machine, shorter than a test's own limit, so that this tells what is missing. */
    static final Duration LIMIT = Duration.ofSeconds(30L * SLOWNESS);

    private Await() {}

    /** Whether the state is there. */
    @FunctionalInterface
    public interface Condition {
        boolean holds() throws Exception;
    }

    /** Returns once {@code condition} holds; fails, naming {@code what}, if it does not come about. */
    public static void until(String what, Condition condition) throws Exception {
        until(LIMIT, () -> what, condition);
    }

    /** The same with a text that tells the state at the end. */
    public static void until(Supplier<String> what, Condition condition) throws Exception {
        until(LIMIT, what, condition);
    }

    static void until(Duration limit, Supplier<String> what, Condition condition) throws Exception {
        long endNanos = System.nanoTime() + limit.toNanos();
        for (int look = 0; !condition.holds(); look++) {
            if (System.nanoTime() - endNanos > 0) {
                throw new AssertionError("not seen within " + limit + ": " + what.get());
            }
            if (look < 10) {
                Thread.yield();
            } else {
                // Real time: this is how tests wait for a state.
                Thread.sleep(1);
            }
        }
    }
}
