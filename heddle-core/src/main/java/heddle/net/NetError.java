package heddle.net;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * What every exception of Heddle's network calls tells. The exceptions extend the JDK types that callers already catch;
 * their message is {@code op network source->address: cause}, parts left out where unknown.
 */
public interface NetError {

    /**
     * All of it as one value.
     *
     * @return the details
     */
    Details details();

    /**
     * The failed operation: dial, listen, accept, read, write, close, set, get, control.
     *
     * @return its name
     */
    default String op() {
        return details().op();
    }

    /**
     * The network as the caller named it: tcp, tcp4, tcp6, unix, unixpacket, pipe.
     *
     * @return its name
     */
    default String network() {
        return details().network();
    }

    /**
     * The local address.
     *
     * @return the address, or null where there is none or it is unknown
     */
    @SuppressWarnings("exports") // An annotation, which users need not have: docs/decisions/0004.
    default @Nullable Addr source() {
        return details().source();
    }

    /**
     * The remote address; where a listener failed, its own.
     *
     * @return the address, or null where it is unknown
     */
    @SuppressWarnings("exports") // An annotation, which users need not have: docs/decisions/0004.
    default @Nullable Addr address() {
        return details().address();
    }

    /**
     * The system's error number. In {@link heddle.net##ways way nio} it is found by the type and the
     * English text of the JDK's exception: in another language many become EIO, and EMFILE where accept failed.
     *
     * @return the errno in Linux's numbering, one of {@link Errno}; 0 if no system call failed
     */
    default int errno() {
        return details().errno();
    }

    /**
     * Whether time ran out: a deadline or the kernel's own limit (ETIMEDOUT).
     *
     * @return true if it did
     */
    default boolean timeout() {
        return details().timeout();
    }

    /**
     * Whether the same call may succeed later by itself. Either the system was short of descriptors or memory (EMFILE,
     * ENFILE, ENOMEM, ENOBUFS), or the connection to accept was broken or not allowed, which Linux reports as accept's
     * own failure (ECONNABORTED, EPERM, ENETDOWN and others; accept(2)). Wait before you try again: while its cause
     * lasts, the failure comes back at once.
     *
     * @return true if it is worth it; false for a deadline, an interrupt and a close
     */
    default boolean isRetryable() {
        return Failures.isRetryable(op(), errno());
    }

    /**
     * The bytes of a failed write that the kernel took, exactly; 0 for every other operation.
     *
     * @return the count
     */
    default long bytesTransferred() {
        return details().bytesTransferred();
    }

    /**
     * The details of a failure.
     *
     * @param op see {@link NetError#op}
     * @param network see {@link NetError#network}
     * @param source see {@link NetError#source}
     * @param address see {@link NetError#address}
     * @param errno see {@link NetError#errno}
     * @param timeout see {@link NetError#timeout}
     * @param bytesTransferred see {@link NetError#bytesTransferred}
     */
    @SuppressWarnings("exports") // As above.
    record Details(
            String op,
            String network,
            @Nullable Addr source,
            @Nullable Addr address,
            int errno,
            boolean timeout,
            long bytesTransferred)
            implements Serializable {

        /** {@code op network source->address: cause}. */
        String message(String cause) {
            var text =
                    new StringBuilder(op).append(network.isEmpty() ? "" : " ").append(network);
            if (source != null) {
                text.append(' ').append(source);
            }
            if (address != null) {
                text.append(source != null ? "->" : " ").append(address);
            }
            return text.append(": ").append(cause).toString();
        }
    }
}
