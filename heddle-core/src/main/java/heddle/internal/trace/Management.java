package heddle.internal.trace;

import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Shows a runtime to management tools, where this JVM has java.management. */
public final class Management {

    /**
     * The platform's MBean server takes 200 ms of computing to start. A program that ends sooner shall not pay for it,
     * nor a server before it serves.
     */
    private static final Duration DELAY = Duration.ofSeconds(1);

    private static final System.Logger LOG = System.getLogger("heddle");

    private final String name;
    private final Source source;

    /** Registers the bean and ends; null where there is no java.management. By who starts and stops the runtime. */
    private @Nullable Thread registers;

    /** Takes the bean out. Written by the thread above before it ends, read by who has joined it. */
    private Runnable unregister = () -> {};

    /**
     * What there is to show.
     *
     * @param way which way it runs
     * @param parallelism processors of its own scheduler; 0 without one
     * @param dump makes a {@link Dump}
     */
    public record Source(String way, int parallelism, Counters counters, Supplier<String> dump) {}

    /** Of {@code source}, by the object name {@code name}. */
    public Management(String name, Source source) {
        this.name = name;
        this.source = source;
    }

    /** Registers the bean, soon and from a thread of its own. */
    public void start() {
        if (!Modules.has("java.management")) {
            return;
        }
        Thread thread = Thread.ofPlatform()
                .name("heddle-management")
                .daemon()
                .inheritInheritableThreadLocals(false)
                .unstarted(() -> {
                    try {
                        Thread.sleep(DELAY);
                        unregister = RuntimeBean.register(name, source);
                    } catch (InterruptedException stopped) {
                        // The runtime, the JVM or a tool that ends all threads: nobody will look.
                    }
                });
        try {
            thread.start();
            registers = thread;
        } catch (OutOfMemoryError noThread) {
            LOG.log(System.Logger.Level.WARNING, "no managed bean, for want of a thread", noThread);
        }
    }

    /** Takes the bean out again. */
    public void stop() throws InterruptedException {
        Thread thread = registers;
        if (thread != null) {
            thread.interrupt();
            thread.join();
            unregister.run();
            registers = null;
        }
    }
}
