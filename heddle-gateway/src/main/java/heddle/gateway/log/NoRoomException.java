package heddle.gateway.log;

import java.io.IOException;
import java.io.Serial;

/** There is no room for a commit now, on the disk or within the bound of the folder. Nothing of it was written. */
public final class NoRoomException extends IOException {

    @Serial
    private static final long serialVersionUID = 1;

    public NoRoomException(String why) {
        super(why);
    }
}
