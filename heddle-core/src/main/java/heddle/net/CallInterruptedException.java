package heddle.net;

import java.io.InterruptedIOException;
import java.io.Serial;

/**
 * The calling thread was interrupted while it would have had to wait. Ends that call only; the interrupt status is
 * cleared, the connection goes on.
 */
public final class CallInterruptedException extends InterruptedIOException implements NetError {

    @Serial
    private static final long serialVersionUID = 1;

    private final Details details;

    /**
     * One of a connection that is not of this package, such as a layer over another one.
     *
     * @param details what failed
     * @param cause the end of the message
     */
    public CallInterruptedException(Details details, String cause) {
        super(details.message(cause));
        this.details = details;
        // The superclass's field, for callers that know only that.
        super.bytesTransferred = (int) Math.min(details.bytesTransferred(), Integer.MAX_VALUE);
    }

    @Override
    public Details details() {
        return details;
    }
}
