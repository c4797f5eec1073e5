package heddle.internal.fd;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * A step of opening a socket or accepting from one has failed: which call, and with what {@link Result}. Not the
 * exception that a user sees, which {@code heddle.net} makes of it where the addresses are known; so it has no stack.
 */
public final class Refused extends Exception {

    @Serial
    private static final long serialVersionUID = 1;

    private final String call;
    private final int result;

    /** {@code call} came to {@code result}. */
    public Refused(String call, int result) {
        this(call, result, null);
    }

    /** The same for {@code cause}. */
    public Refused(String call, int result, @Nullable Throwable cause) {
        super(call + ": " + result, cause, false, false);
        this.call = call;
        this.result = result;
    }

    /** {@code result} of {@code call}, if that is no failure. */
    static int check(String call, int result) throws Refused {
        if (result < 0) {
            throw new Refused(call, result);
        }
        return result;
    }

    /** The system call, for the text; empty if none was made. */
    public String call() {
        return call;
    }

    /** {@code -errno} or a constant of {@link Result}. */
    public int result() {
        return result;
    }
}
