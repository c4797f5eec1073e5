package heddle.gateway;

import java.io.IOException;
import java.io.Serial;

/** The server answered a client's introduction with a failure. */
public final class RefusedException extends IOException {

    @Serial
    private static final long serialVersionUID = 1;

    private final int result;

    RefusedException(String address, int result) {
        super("conn " + address + ": " + Result.text(result));
        this.result = result;
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
