package heddle.internal.sys.linux;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Links functions of the C library. Two kinds: {@link #quick} for calls that never block, which skip the thread's state
 * change, hold off safepoints while they run and take heap arrays as they are; {@link #blocking} for the others.
 */
final class Libc {

    private static final Linker LINKER = Linker.nativeLinker();

    private Libc() {}

    /** A function that never blocks. Its first argument is an {@code int[1]} segment that receives errno. */
    @SuppressWarnings("restricted") // The module is granted native access, or this backend is not chosen.
    static MethodHandle quick(String name, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                address(name),
                FunctionDescriptor.of(result, arguments),
                Linker.Option.critical(true),
                Linker.Option.captureCallState("errno"));
    }

    /** The same of one that takes any arguments from index {@code first} on. */
    @SuppressWarnings("restricted")
    static MethodHandle quickVariadic(int first, String name, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                address(name),
                FunctionDescriptor.of(result, arguments),
                Linker.Option.critical(true),
                Linker.Option.captureCallState("errno"),
                Linker.Option.firstVariadicArg(first));
    }

    /** A function that may block and takes any arguments from index {@code first} on. Its first as with the next. */
    @SuppressWarnings("restricted")
    static MethodHandle blockingVariadic(int first, String name, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                address(name),
                FunctionDescriptor.of(result, arguments),
                Linker.Option.captureCallState("errno"),
                Linker.Option.firstVariadicArg(first));
    }

    /** A function that may block. Its first argument is a native segment that receives errno. */
    @SuppressWarnings("restricted")
    static MethodHandle blocking(String name, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                address(name), FunctionDescriptor.of(result, arguments), Linker.Option.captureCallState("errno"));
    }

    static boolean has(String name) {
        return LINKER.defaultLookup().find(name).isPresent();
    }

    private static MemorySegment address(String name) {
        return LINKER.defaultLookup()
                .find(name)
                .orElseThrow(() -> new UnsatisfiedLinkError("the C library has no " + name));
    }

    /**
     * Throws what a handle threw, which is about the memory that it was given: WrongThreadException, or
     * IllegalStateException of a closed arena. Nothing else is allowed by our signatures, so a broken invariant.
     */
    static AssertionError unexpected(Throwable thrown) {
        if (thrown instanceof RuntimeException refused) {
            throw refused;
        }
        return new AssertionError("a downcall threw", thrown);
    }
}
