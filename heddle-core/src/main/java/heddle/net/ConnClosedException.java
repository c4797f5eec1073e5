package heddle.net;

import java.io.Serial;
import java.net.SocketException;

/** This side closed the connection or listener, before the call or during it: {@code use of closed network connection}. */
public final class ConnClosedException extends SocketException implements NetError {

    @Serial private static final long serialVersionUID = 1;

    private final Details details;

    ConnClosedException(Details details, String cause) {
        super(details.message(cause));
        this.details = details;
    }

    @Override
    public Details details() {
        return details;
    }
}
