package heddle.internal.jdk;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The virtual threads of this JVM, from the JDK's own register of threads, as no public method lists them and the JDK's
 * dump of all threads, which does, may crash a JVM whose threads mount and unmount meanwhile (JDK-8364343, in JDK 25).
 * Whoever opens java.lang to this code lets it see the register too.
 *
 * <p>Seen in JDK 25. In one that keeps them elsewhere {@link #probe} answers with a reason.
 */
public final class LiveThreads {

    /** The threads, or why they cannot be seen; exactly one of the two is there. */
    public record Probe(@Nullable LiveThreads threads, String reason) {}

    private static final String PACKAGE = "jdk.internal.vm";

    private final MethodHandle root;
    private final MethodHandle threads;
    private final MethodHandle children;
    private final MethodHandle carrier;

    private LiveThreads(MethodHandle root, MethodHandle threads, MethodHandle children, MethodHandle carrier) {
        this.root = root;
        this.threads = threads;
        this.children = children;
        this.carrier = carrier;
    }

    /** Looks for the members, and whether the register is kept. */
    public static Probe probe() {
        return probe("ThreadContainers");
    }

    static Probe probe(String register) {
        try {
            MethodHandles.Lookup here = MethodHandles.lookup();
            exportTo(here);
            Class<?> containers = Class.forName(PACKAGE + "." + register);
            Class<?> container = Class.forName(PACKAGE + ".ThreadContainer");
            boolean kept =
                    (boolean) here.findStatic(containers, "trackAllThreads", MethodType.methodType(boolean.class))
                            .invokeExact();
            if (!kept) {
                return new Probe(null, "this JVM runs with -Djdk.trackAllThreads=false");
            }
            MethodType stream = MethodType.methodType(Stream.class);
            MethodType streamOfAny = MethodType.methodType(Stream.class, Object.class);
            Class<?> virtualThread = Class.forName("java.lang.VirtualThread");
            return new Probe(
                    new LiveThreads(
                            here.findStatic(containers, "root", MethodType.methodType(container))
                                    .asType(MethodType.methodType(Object.class)),
                            here.findVirtual(container, "threads", stream).asType(streamOfAny),
                            here.findVirtual(container, "children", stream).asType(streamOfAny),
                            MethodHandles.privateLookupIn(virtualThread, here)
                                    .findGetter(virtualThread, "carrierThread", Thread.class)
                                    .asType(MethodType.methodType(Thread.class, Thread.class))),
                    "");
        } catch (IllegalAccessException closed) {
            return new Probe(
                    null, "--add-opens java.base/java.lang=" + VirtualThreads.target() + " would let it see them");
        } catch (Throwable changed) {
            return new Probe(null, "this JDK keeps them elsewhere: " + changed.getMessage());
        }
    }

    /** What {@code --add-exports java.base/jdk.internal.vm} does, without asking users for one more flag. */
    private static void exportTo(MethodHandles.Lookup here) throws Throwable {
        MethodHandles.privateLookupIn(Module.class, here)
                .findVirtual(
                        Module.class, "implAddExports", MethodType.methodType(void.class, String.class, Module.class))
                .invokeExact(
                        Object.class.getModule(), PACKAGE, here.lookupClass().getModule());
    }

    /** Shows each virtual thread to {@code visitor}; weakly consistent. Any thread. */
    public void forEachVirtual(Consumer<Thread> visitor) {
        try {
            visit((Object) root.invokeExact(), visitor);
        } catch (Throwable t) {
            throw new AssertionError("the JDK's register of threads threw", t);
        }
    }

    private void visit(Object container, Consumer<Thread> visitor) throws Throwable {
        var inside = (Stream<?>) threads.invokeExact(container);
        inside.map(Thread.class::cast).filter(Thread::isVirtual).forEach(visitor);
        for (Object child : ((Stream<?>) children.invokeExact(container)).toList()) {
            visit(child, visitor);
        }
    }

    /** The thread that carries {@code virtual} now; null if none does, or if it is a platform thread in disguise. */
    public @Nullable Thread carrierOf(Thread virtual) {
        try {
            return (Thread) carrier.invokeExact(virtual);
        } catch (ClassCastException bound) {
            return null; // ThreadBuilders.BoundVirtualThread, where there are no continuations
        } catch (Throwable t) {
            throw new AssertionError("VirtualThread.carrierThread cannot be read", t);
        }
    }
}
