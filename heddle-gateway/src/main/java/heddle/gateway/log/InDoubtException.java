package heddle.gateway.log;

import java.io.IOException;
import java.io.Serial;

/** The write or the sync of a commit failed: the disk has all of it, or a part, or nothing. The next start tells. */
public final class InDoubtException extends IOException {

    @Serial
    private static final long serialVersionUID = 1;

    public InDoubtException(String what, IOException cause) {
        super(what + ": " + cause.getMessage(), cause);
    }
}
