package heddle.net;

import java.io.Serial;
import java.net.SocketException;

/** An address that cannot be used as written: no port, a port out of range, a family that the network does not have. */
public final class AddressException extends SocketException implements NetError {

    @Serial
    private static final long serialVersionUID = 1;

    private final Details details;

    AddressException(Details details, String cause) {
        super(details.message(cause));
        this.details = details;
    }

    @Override
    public Details details() {
        return details;
    }
}
