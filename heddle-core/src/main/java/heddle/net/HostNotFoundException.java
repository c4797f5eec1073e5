package heddle.net;

import java.io.Serial;
import java.net.UnknownHostException;

/** The host's name has no address. */
public final class HostNotFoundException extends UnknownHostException implements NetError {

    @Serial
    private static final long serialVersionUID = 1;

    private final Details details;

    HostNotFoundException(Details details, String cause) {
        super(details.message(cause));
        this.details = details;
    }

    @Override
    public Details details() {
        return details;
    }
}
