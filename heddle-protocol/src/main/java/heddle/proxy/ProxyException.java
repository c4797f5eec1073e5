package heddle.proxy;

import heddle.net.NetError;
import java.io.Serial;
import java.net.ProtocolException;

/**
 * A connection whose beginning is not what it must be: its header is wrong or missing, or it has one and must not. The
 * connection has failed: each further read throws the same. The server closes it.
 */
public final class ProxyException extends ProtocolException implements NetError {

    @Serial
    private static final long serialVersionUID = 1;

    /** What was wrong. */
    public enum Reason {
        /** A proxy's connection that does not begin with a header. */
        MISSING,
        /** The header breaks the rules. */
        MALFORMED,
        /** The header is longer than is allowed. */
        TOO_LONG,
        /** The header's checksum is not that of its bytes. */
        CHECKSUM,
        /** The stream ended within the header. */
        TRUNCATED,
        /** A header from somebody who is not one of the proxies. */
        STRANGER
    }

    private final Reason reason;
    private final Details details;

    ProxyException(Reason reason, Details details, String cause) {
        super(details.op() + " " + details.network() + " " + details.source() + "->" + details.address() + ": "
                + cause);
        this.reason = reason;
        this.details = details;
    }

    /** The same for another call. */
    private ProxyException(ProxyException first) {
        super(first.getMessage());
        this.reason = first.reason;
        this.details = first.details;
        initCause(first);
    }

    ProxyException again() {
        return new ProxyException(this);
    }

    /**
     * What was wrong.
     *
     * @return the reason
     */
    public Reason reason() {
        return reason;
    }

    @Override
    public Details details() {
        return details;
    }
}
