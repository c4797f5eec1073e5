package heddle.internal.trace;

import java.time.Duration;
import java.util.function.Supplier;

/** Shows a runtime to management tools, where this JVM has java.management. */
public final class Management {

    /**
     * The platform's MBean server takes 200 ms of computing to start. A program that ends sooner shall not pay for it, nor a server before it
     * serves.
     */
    private static final Duration DELAY = Duration.ofSeconds(1);

    private static final System.Logger LOG = System.getLogger("heddle");

    private Management() {}

    /**
     * What there is to show besides the counters.
     *
     * @param mode which way it runs
     * @param parallelism processors of its own scheduler; 0 without one
     * @param dump makes a {@link Dump}
     */
    public record Source(String mode, int parallelism, Supplier<String> dump) {}

    /** Registers the bean {@code dev.heddle:type=Runtime}, soon and from a thread of its own. */
    public static void register(Source source) {
        if (!Modules.has("java.management")) {
            return;
        }
        Thread registers =
                Thread.ofPlatform()
                        .name("heddle-management")
                        .daemon()
                        .inheritInheritableThreadLocals(false)
                        .unstarted(() -> {
                            try {
                                Thread.sleep(DELAY);
                                RuntimeBean.register(source);
                            } catch (InterruptedException nobodysWish) {
                                // No reference to this thread leaves it, so it is the end of the
                                // JVM or a tool that ends all threads.
                            }
                        });
        try {
            registers.start();
        } catch (OutOfMemoryError noThread) {
            LOG.log(System.Logger.Level.WARNING, "no managed bean, for want of a thread", noThread);
        }
    }
}
