package heddle.net;

import java.io.Serial;
import java.net.SocketException;

/**
 * This side closed the connection or listener, before the call or during it: {@code use of closed network connection}.
 * Of a {@link Pipe} either side did: {@code io: read/write on closed pipe}.
 */
public final class ConnClosedException extends SocketException implements NetError {

    @Serial
    private static final long serialVersionUID = 1;

    private final Details details;

    /**
     * One of a connection that is not of this package, such as a layer over another one.
     *
     * @param details what failed
     * @param cause the end of the message
     */
    public ConnClosedException(Details details, String cause) {
        super(details.message(cause));
        this.details = details;
    }

    private ConnClosedException(String message, Details details) {
        super(message);
        this.details = details;
    }

    /** Go's io.ErrClosedPipe, which names neither operation nor network. */
    static ConnClosedException ofPipe(Details details) {
        return new ConnClosedException("io: read/write on closed pipe", details);
    }

    @Override
    public Details details() {
        return details;
    }
}
