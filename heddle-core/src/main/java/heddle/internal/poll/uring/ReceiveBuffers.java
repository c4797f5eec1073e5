package heddle.internal.poll.uring;

import heddle.internal.poll.Piece;
import heddle.internal.poll.PieceStack;
import heddle.internal.sys.linux.Ring;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The buffers that a ring receives into. The kernel has a few of them, and takes these in turn; the rest lie in a
/// stack, those that were read last on top. So what is received goes through little memory, which stays in the
/// processor's caches.
///
/// The kernel has twice as many as it took between two looks of late. By the polling thread, but for [#giveBack].
final class ReceiveBuffers {

    /**
     * At most 2^15. As many connections may have something come at a time; one more finds none, and has to wait for its
     * reader, so it is served less often than others.
     */
    static final int COUNT = 16 << 10;

    /** Of each buffer: one holds all that most reads ask for. */
    static final int BYTES = 16 << 10;

    /** From one to the next. A power of two would put the first bytes of all into the same few places of a cache. */
    static final int STEP = BYTES + 64;

    /** How many the kernel has at least. */
    private static final int LEAST = 64;

    /** After how many looks it is forgotten how many it took. */
    private static final int PERIOD = 1 << 10;

    private final Ring ring;

    /** Those that the kernel has had. */
    private final @Nullable Piece[] pieces = new Piece[COUNT];

    private final PieceStack returned = new PieceStack();
    private final Consumer<Piece> keep = this::keep;
    private final int[] stack = new int[COUNT];
    private int stackSize;

    /** How many the kernel has, and how many it should have. */
    private int inKernel;

    private int wanted = LEAST;

    /** How many it took since the last look, and most between two looks of this period. */
    private int taken;

    private int takenMost;

    private int looks;

    ReceiveBuffers(Ring ring) {
        this.ring = ring;
        for (int i = COUNT - 1; i >= 0; i--) {
            push(i);
        }
        fill();
    }

    private void push(int id) {
        stack[stackSize++] = id;
    }

    private void keep(Piece piece) {
        push(piece.id);
    }

    /** Whoever had {@code piece} has read it. Any thread. */
    void giveBack(Piece piece) {
        returned.push(piece);
    }

    /** The kernel took {@code id}, and left something in it. */
    Piece took(int id) {
        inKernel--;
        taken++;
        Piece piece = pieces[id];
        if (piece == null) {
            piece = new Piece(id, ring.pool(), (long) id * STEP);
            pieces[id] = piece;
        }
        return piece;
    }

    /** The kernel found none. */
    void ranOut() {
        taken = Math.max(taken, wanted);
    }

    /** A look: sees to it that the kernel has enough. */
    void fill() {
        if (!returned.isEmpty()) {
            returned.empty(keep);
        }
        takenMost = Math.max(takenMost, taken);
        taken = 0;
        wanted = Math.max(wanted, Math.min(COUNT, 2 * takenMost));
        if (++looks % PERIOD == 0) {
            wanted = Math.clamp(2L * takenMost, LEAST, COUNT);
            takenMost = 0;
        }
        int before = inKernel;
        while (inKernel < wanted && stackSize > 0) {
            ring.addBuffer(stack[--stackSize]);
            inKernel++;
        }
        if (inKernel > before) {
            ring.publishBuffers();
        }
    }
}
