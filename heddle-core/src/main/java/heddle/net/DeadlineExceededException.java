package heddle.net;

import java.io.Serial;
import java.net.SocketTimeoutException;

/** The deadline passed: {@code i/o timeout}. The connection goes on once the deadline is moved. */
public final class DeadlineExceededException extends SocketTimeoutException implements NetError {

    @Serial
    private static final long serialVersionUID = 1;

    private final Details details;

    /**
     * One of a connection that is not of this package, such as a layer over another one.
     *
     * @param details what failed
     * @param cause the end of the message
     */
    public DeadlineExceededException(Details details, String cause) {
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
