package heddle.net;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Objects;

/** The buffers of one scattering or gathering call. */
final class Vector {

    private final ByteBuffer[] buffers;
    private final MemorySegment[] segments;
    private final int count;

    private Vector(ByteBuffer[] buffers, MemorySegment[] segments, int count) {
        this.buffers = buffers;
        this.segments = segments;
        this.count = count;
    }

    /** Those of {@code all} from {@code offset} on that have something remaining. */
    static Vector of(ByteBuffer[] all, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, all.length);
        var buffers = new ByteBuffer[length];
        var segments = new MemorySegment[length];
        int count = 0;
        for (int i = offset; i < offset + length; i++) {
            if (all[i].hasRemaining()) {
                buffers[count] = all[i];
                segments[count++] = MemorySegment.ofBuffer(all[i]);
            }
        }
        return new Vector(buffers, segments, count);
    }

    /** The buffers as the kernel gets them, {@link #count} of them. */
    MemorySegment[] segments() {
        return segments;
    }

    int count() {
        return count;
    }

    /** Moves the positions on by {@code bytes} in all. */
    void advance(long bytes) {
        long left = bytes;
        for (int i = 0; left > 0; i++) {
            int step = (int) Math.min(left, buffers[i].remaining());
            buffers[i].position(buffers[i].position() + step);
            left -= step;
        }
    }
}
