package heddle.net;

import java.io.Serial;
import java.net.ConnectException;

/** Nobody listens at the dialed address: ECONNREFUSED. */
public final class ConnRefusedException extends ConnectException implements NetError {

    @Serial
    private static final long serialVersionUID = 1;

    private final Details details;

    ConnRefusedException(Details details, String cause) {
        super(details.message(cause));
        this.details = details;
    }

    @Override
    public Details details() {
        return details;
    }
}
