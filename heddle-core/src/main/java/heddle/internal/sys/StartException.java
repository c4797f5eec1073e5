package heddle.internal.sys;

import heddle.internal.socket.Errno;
import java.io.Serial;

/** The system refused a call that Heddle needs before its first socket. */
public final class StartException extends IllegalStateException {

    @Serial
    private static final long serialVersionUID = 1;

    private final String call;
    private final int errno;

    /** Of {@code call}, which failed with {@code errno}. */
    public StartException(String call, int errno) {
        super("cannot start a poller: " + call + ": " + Errno.text(errno));
        this.call = call;
        this.errno = errno;
    }

    /** The call that failed. */
    public String call() {
        return call;
    }

    /** Why. */
    public int errno() {
        return errno;
    }
}
