package heddle.internal.jdk;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** Who frees a segment's memory, which the JDK's classes tell and its API does not. */
public final class Memory {

    /** The scope of direct buffers that are no arena's. */
    private static final Class<?> COLLECTED =
            MemorySegment.ofBuffer(ByteBuffer.allocateDirect(0)).scope().getClass();

    private Memory() {}

    /**
     * Whether the memory of {@code segment} does not move, and only the collector frees it. Were the JDK to change its
     * classes, the answer would be no, which costs speed alone.
     */
    public static boolean isNativeAndCollected(MemorySegment segment) {
        return segment.isNative() && segment.scope().getClass() == COLLECTED;
    }
}
