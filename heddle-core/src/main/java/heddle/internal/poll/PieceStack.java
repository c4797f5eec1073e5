package heddle.internal.poll;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Pieces of a ring: any thread pushes, one empties it as a whole. */
public final class PieceStack {

    private static final VarHandle TOP;

    static {
        try {
            TOP = MethodHandles.lookup().findVarHandle(PieceStack.class, "top", Piece.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile @Nullable Piece top;

    /** Adds {@code piece}, which is in no other. */
    public void push(Piece piece) {
        Piece seen;
        do {
            seen = top;
            piece.next = seen;
        } while (!TOP.compareAndSet(this, seen, piece));
    }

    /** Whether there is nothing in it. */
    public boolean isEmpty() {
        return top == null;
    }

    /** All, the last one on top, linked by their next. */
    @Nullable
    Piece takeAll() {
        return top == null ? null : (Piece) TOP.getAndSet(this, null);
    }

    /** Takes all out and shows them to {@code taker}. */
    public void empty(Consumer<Piece> taker) {
        Piece piece = takeAll();
        while (piece != null) {
            Piece next = piece.next;
            piece.next = null;
            taker.accept(piece);
            piece = next;
        }
    }
}
