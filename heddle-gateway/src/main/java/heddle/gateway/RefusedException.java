package heddle.gateway;

import java.io.IOException;
import java.io.Serial;

/** The server answered a client's introduction with a failure, or its resume, or a message that is kept once. */
public final class RefusedException extends IOException {

    @Serial
    private static final long serialVersionUID = 1;

    private final int result;

    RefusedException(String address, int result) {
        this("conn", address, result, Result.text(result));
    }

    RefusedException(String operation, String address, int result, String why) {
        super(operation + " " + address + ": " + why);
        this.result = result;
    }

    /** Whether a new connection is of no use, also later. */
    boolean isFinal() {
        return switch (result) {
            case Result.OVERLOADED, Result.NOT_STORED, Result.TOO_LARGE, Result.OUT_OF_SEQUENCE, Result.IN_DOUBT ->
                false;
            default -> true;
        };
    }

    /**
     * What the server answered.
     *
     * @return one of {@link Result}
     */
    public int result() {
        return result;
    }
}
