package heddle.net;

import java.io.Serial;
import java.net.ConnectException;

/** A dial failed for another reason than a refusal, a deadline or an unusable address; {@link #errno} says which. */
public final class DialException extends ConnectException implements NetError {

    @Serial
    private static final long serialVersionUID = 1;

    private final Details details;

    DialException(Details details, String cause) {
        super(details.message(cause));
        this.details = details;
    }

    @Override
    public Details details() {
        return details;
    }
}
