package heddle.frame;

import java.io.IOException;
import java.io.Serial;

/** What arrived is not a frame. Nothing after it can be read: a stream without frames has no place to go on from. */
public final class FrameException extends IOException {

    @Serial
    private static final long serialVersionUID = 1;

    /** What is wrong. */
    public enum Kind {
        /** A length below the smallest frame. */
        TOO_SHORT,
        /** A length above the largest frame. */
        TOO_LONG,
        /** The stream ended within a frame. */
        TRUNCATED
    }

    private final Kind kind;

    FrameException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    /**
     * What is wrong.
     *
     * @return its kind
     */
    public Kind kind() {
        return kind;
    }
}
