package heddle.internal.fd;

import heddle.internal.jdk.Memory;
import heddle.internal.sys.Syscalls;
import java.lang.foreign.MemorySegment;

/** Several segments as one transfer's: which of them go into one call, and what is left of them after it. */
final class Buffers {

    /** Longest array that every JVM makes, where a packet needs one. */
    static final int ARRAY_BYTES_MAX = Integer.MAX_VALUE - 8;

    private Buffers() {}

    /** Bytes of {@code count} segments. */
    static long bytes(MemorySegment[] buffers, int from, int count) {
        long bytes = 0;
        for (int i = from; i < from + count; i++) {
            bytes += buffers[i].byteSize();
        }
        return bytes;
    }

    /** All of the first {@code count} as one, copied. */
    static MemorySegment joined(MemorySegment[] buffers, int count) {
        MemorySegment whole = MemorySegment.ofArray(new byte[(int) bytes(buffers, 0, count)]);
        long at = 0;
        for (int i = 0; i < count; i++) {
            MemorySegment.copy(buffers[i], 0, whole, at, buffers[i].byteSize());
            at += buffers[i].byteSize();
        }
        return whole;
    }

    /** Copies the first {@code bytes} of {@code whole} into the segments, in their order. */
    static void spread(MemorySegment whole, long bytes, MemorySegment[] buffers) {
        long at = 0;
        for (int i = 0; at < bytes; i++) {
            long part = Math.min(buffers[i].byteSize(), bytes - at);
            MemorySegment.copy(whole, at, buffers[i], 0, part);
            at += part;
        }
    }

    /**
     * How many segments from {@code at} on go into one call: a run of native ones of a bounded size, or a single one.
     * The memory of a run must not move, and only the collector may free it: the foreign-function API keeps an arena
     * open during a call for the segments that it is given itself, not for addresses inside of one.
     */
    static int nativeRun(MemorySegment[] buffers, int at, int count) {
        int end = at;
        long bytes = 0;
        while (end < count
                && end - at < Syscalls.VECTORS_MAX
                && Memory.isNativeAndCollected(buffers[end])
                && (bytes += buffers[end].byteSize()) <= Syscalls.TRANSFER_BYTES_MAX) {
            end++;
        }
        return Math.max(end - at, 1);
    }

    /** Moves what is not written yet to the front; how many segments that is. */
    static int dropWritten(MemorySegment[] buffers, int count, long written) {
        int at = 0;
        long rest = written;
        while (at < count && rest >= buffers[at].byteSize()) {
            rest -= buffers[at++].byteSize();
        }
        System.arraycopy(buffers, at, buffers, 0, count - at);
        if (rest > 0) {
            buffers[0] = buffers[0].asSlice(rest);
        }
        return count - at;
    }
}
