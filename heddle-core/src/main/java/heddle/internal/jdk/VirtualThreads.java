package heddle.internal.jdk;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * What Heddle needs of the JDK beyond its API to run: virtual threads on a scheduler of our own, and the carrier of the
 * current thread. The members that it asks for are not public, and are found by their shape: a JDK that changed them
 * makes {@link #probe} answer with a reason, and Heddle runs on the JDK's scheduler.
 *
 * Seen with the same shape in JDK 25 to 28.
 */
public final class VirtualThreads {

    /** The virtual threads, or why there are none on carriers of our own; exactly one of the two is there. */
    public record Probe(@Nullable VirtualThreads threads, String reason) {}

    private static final String CURRENT_CARRIER = "currentCarrierThread";

    private final MethodHandle newBuilder;

    /** A constant, so that the compiler sees through it: it is asked for with each call and each wake-up. */
    private static final class CurrentCarrier {

        static final MethodHandle HANDLE;

        static {
            try {
                HANDLE = currentCarrier(CURRENT_CARRIER);
            } catch (ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e); // The probe has found it.
            }
        }
    }

    private VirtualThreads(MethodHandle newBuilder) {
        this.newBuilder = newBuilder;
    }

    /** Looks for the members, and tries whether a thread's builder comes out. */
    public static Probe probe() {
        return probe("java.lang.ThreadBuilders$VirtualThreadBuilder", CURRENT_CARRIER);
    }

    static Probe probe(String builderClass, String carrierMethod) {
        try {
            Class<?> builder = Class.forName(builderClass);
            MethodHandle newBuilder = MethodHandles.privateLookupIn(builder, MethodHandles.lookup())
                    .findConstructor(builder, MethodType.methodType(void.class, Executor.class))
                    .asType(MethodType.methodType(Thread.Builder.OfVirtual.class, Executor.class));
            currentCarrier(carrierMethod);
            var threads = new VirtualThreads(newBuilder);
            threads.builder(Runnable::run);
            return new Probe(threads, "");
        } catch (IllegalAccessException closed) {
            return new Probe(null, Flags.missingForCarriers());
        } catch (ReflectiveOperationException changed) {
            return new Probe(null, "this JDK has no virtual threads on another scheduler: " + changed.getMessage());
        } catch (UnsupportedOperationException bound) {
            // s390x, or -XX:-VMContinuations: ThreadBuilders.BoundVirtualThread.
            return new Probe(null, "this JVM has no continuations, so each virtual thread is a platform thread");
        }
    }

    private static MethodHandle currentCarrier(String method) throws ReflectiveOperationException {
        return MethodHandles.privateLookupIn(Thread.class, MethodHandles.lookup())
                .findStatic(Thread.class, method, MethodType.methodType(Thread.class));
    }

    /**
     * Starts the JDK's own poller. Its threads inherit the scheduler of whoever starts it, for the life of the JVM: on
     * our carriers they would poll java.net's sockets there; a platform thread's are the JDK's. A virtual thread of the
     * JDK's would do too, had it a carrier for sure: all may be held by threads that wait, in a class's initialisation
     * for instance, for this very start.
     */
    public static void keepJdkPollerOff() {
        Thread starter = Thread.ofPlatform().name("heddle-start").daemon().start(() -> {
            try {
                Class.forName("sun.nio.ch.Poller");
            } catch (ClassNotFoundException renamed) {
                // Nothing to keep off then; java.net works wherever its poller runs.
            }
        });
        boolean interrupted = false;
        while (starter.isAlive()) {
            try {
                starter.join();
            } catch (InterruptedException later) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** What a flag must name to mean this code: its module, or everything on the class path. */
    public static String target() {
        String module = VirtualThreads.class.getModule().getName();
        return module == null ? "ALL-UNNAMED" : module;
    }

    /** A builder of virtual threads whose continuations run wherever {@code scheduler} runs what it is given. */
    public Thread.Builder.OfVirtual builder(Executor scheduler) {
        try {
            return (Thread.Builder.OfVirtual) newBuilder.invokeExact(scheduler);
        } catch (UnsupportedOperationException bound) {
            throw bound; // The constructor's own, seen by the probe.
        } catch (Throwable t) {
            throw new AssertionError("the constructor of virtual threads threw", t);
        }
    }

    /** The platform thread that carries the current thread; itself if that is a platform thread. */
    public Thread currentCarrier() {
        try {
            return (Thread) CurrentCarrier.HANDLE.invokeExact();
        } catch (Throwable t) {
            throw new AssertionError("Thread.currentCarrierThread threw", t);
        }
    }
}
