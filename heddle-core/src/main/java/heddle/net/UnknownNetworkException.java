package heddle.net;

import java.io.Serial;
import java.net.SocketException;

/** A network name that Heddle does not know. */
public final class UnknownNetworkException extends SocketException implements NetError {

    @Serial
    private static final long serialVersionUID = 1;

    private final Details details;

    UnknownNetworkException(Details details, String cause) {
        super(details.message(cause));
        this.details = details;
    }

    @Override
    public Details details() {
        return details;
    }
}
