package heddle.internal.sys.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Native memory for the time of one call: where the C library leaves errno, and what a short transfer goes through.
 *
 * <p>Memory that is there already needs no object to name it. An array would need two, a segment and its session; the
 * compiler often leaves them away, and often does not: docs/performance.md, "Allocation". To copy a few bytes costs
 * less. A carrier has one of its own; other threads take one of a {@link Pool}.
 *
 * <p>Ordering: {@code busy} is stored by who has taken this alone, or changed by a compare-and-set; who gives it back
 * stores it after the last use of the memory. A virtual thread may go on upon another carrier between the two, if a
 * class has to be loaded in the call.
 */
public final class CallMemory {

    /** What is longer better goes without the copy. To copy so many bytes takes about as long as to name them. */
    static final int COPIED_MAX = 512;

    /**
     * How long {@link #bytes} is: who reads offers more room than there are bytes to come. No longer, as after a short
     * message there may come a long one.
     */
    static final int BYTES = 16 << 10;

    /** A line of the caches. */
    private static final int LINE_BYTES = 64;

    private static final VarHandle BUSY;

    static {
        try {
            BUSY = MethodHandles.lookup().findVarHandle(CallMemory.class, "busy", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Receives errno. */
    final MemorySegment errno;

    /** {@link #BYTES} of room. */
    final MemorySegment bytes;

    private boolean busy;

    /** Makes one, free. */
    public CallMemory() {
        MemorySegment both = Arena.ofAuto().allocate(LINE_BYTES + BYTES, LINE_BYTES);
        errno = both.asSlice(0, JAVA_INT.byteSize());
        bytes = both.asSlice(LINE_BYTES, BYTES);
    }

    /** What a call that answered {@code n} came to: the same, or -errno. */
    long result(long n) {
        return n < 0 ? -errno.get(JAVA_INT, 0) : n;
    }

    /** Takes this if it is free. By the one platform thread whose own it is. */
    private boolean takeOwn() {
        if ((boolean) BUSY.getAcquire(this)) {
            return false;
        }
        busy = true;
        return true;
    }

    /** The same, by any thread. */
    private boolean take() {
        return BUSY.compareAndSet(this, false, true);
    }

    /** The call is over. By who took this. */
    void giveBack() {
        BUSY.setRelease(this, false);
    }

    /** Has one for each thread that makes calls. Any thread. */
    static final class Pool {

        private final Supplier<@Nullable CallMemory> own;

        /** For threads without one of their own, who look first at a place by their number. */
        private final AtomicReferenceArray<CallMemory> others;

        private final int mask;

        /**
         * Makes one.
         *
         * @param own that of the platform thread that runs the caller; null if it has none
         */
        Pool(Supplier<@Nullable CallMemory> own) {
            this.own = own;
            int places = Integer.highestOneBit(Runtime.getRuntime().availableProcessors()) * 2;
            mask = places - 1;
            others = new AtomicReferenceArray<>(places);
        }

        /** One that nobody else has until it is given back. */
        CallMemory take() {
            CallMemory memory = own.get();
            return memory != null && memory.takeOwn() ? memory : takeOther();
        }

        private CallMemory takeOther() {
            int first = (int) Thread.currentThread().threadId();
            for (int i = 0; i <= mask; i++) {
                int place = (first + i) & mask;
                CallMemory memory = others.get(place);
                if (memory == null) {
                    others.compareAndSet(place, null, new CallMemory());
                    memory = others.get(place);
                }
                if (memory.take()) {
                    return memory;
                }
            }
            return new CallMemory(); // More callers at a time than processors: the collector gets it back.
        }
    }
}
