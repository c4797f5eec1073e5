package heddle.gateway;

import java.io.IOException;
import java.io.Serial;

/**
 * A message whose ack somebody waits for was not acknowledged with success. {@link #result} says what is known: with
 * {@link Result#UNKNOWN} it may be kept.
 */
public final class NotAcknowledgedException extends IOException {

    @Serial
    private static final long serialVersionUID = 1;

    private final int result;

    NotAcknowledgedException(long number, int result) {
        super("message " + (number + 1) + ": " + Result.text(result));
        this.result = result;
    }

    /**
     * What became of the message.
     *
     * @return one of {@link Result}
     */
    public int result() {
        return result;
    }
}
