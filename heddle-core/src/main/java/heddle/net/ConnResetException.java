package heddle.net;

import java.io.Serial;
import java.net.SocketException;

/** The peer reset the connection or is gone: ECONNRESET, EPIPE. */
public final class ConnResetException extends SocketException implements NetError {

    @Serial
    private static final long serialVersionUID = 1;

    private final Details details;

    /**
     * One of a connection that is not of this package, such as a layer over another one.
     *
     * @param details what failed
     * @param cause the end of the message
     */
    public ConnResetException(Details details, String cause) {
        super(details.message(cause));
        this.details = details;
    }

    @Override
    public Details details() {
        return details;
    }
}
