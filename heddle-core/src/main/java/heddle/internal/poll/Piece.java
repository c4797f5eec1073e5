package heddle.internal.poll;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * One buffer of a ring's pool, and what the kernel left in it. It is the kernel's, then of the {@link Inbox} that it
 * came for, then on its way back.
 */
public final class Piece {

    /** The number by which the kernel knows it. */
    public final int id;

    final MemorySegment pool;
    final long address;
    int from;
    int end;

    /** Next in the stack that it is in: of an inbox, or of those that go back. */
    @Nullable
    Piece next;

    /** The buffer of number {@code id}, at {@code address} in {@code pool}. */
    public Piece(int id, MemorySegment pool, long address) {
        this.id = id;
        this.pool = pool;
        this.address = address;
    }
}
