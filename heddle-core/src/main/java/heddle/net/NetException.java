package heddle.net;

import java.io.Serial;
import java.net.SocketException;

/** A failure without a type of its own; {@link #errno} says which. */
public final class NetException extends SocketException implements NetError {

    @Serial
    private static final long serialVersionUID = 1;

    private final Details details;

    NetException(Details details, String cause) {
        super(details.message(cause));
        this.details = details;
    }

    @Override
    public Details details() {
        return details;
    }
}
