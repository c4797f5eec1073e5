package heddle.gateway;

import java.io.Serial;
import java.sql.SQLException;

/** A commit failed in a way that may have left it on the disk, whole: what it holds is stored, or none of it. */
final class InDoubtException extends SQLException {

    @Serial
    private static final long serialVersionUID = 1;

    InDoubtException(SQLException cause) {
        super(cause.getMessage(), cause);
    }
}
