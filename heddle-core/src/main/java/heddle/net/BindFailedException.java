package heddle.net;

import java.io.Serial;
import java.net.BindException;

/** The local address cannot be used: EADDRINUSE, EADDRNOTAVAIL, or EACCES of bind(2). */
public final class BindFailedException extends BindException implements NetError {

    @Serial
    private static final long serialVersionUID = 1;

    private final Details details;

    BindFailedException(Details details, String cause) {
        super(details.message(cause));
        this.details = details;
    }

    @Override
    public Details details() {
        return details;
    }
}
