package heddle.net;

import java.io.IOException;
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
     * The failed operation: dial, listen, accept, read, write, close, set, get, control; handshake of TLS.
     *
     * @return its name
     */
    default String op() {
        return details().op();
    }

    /**
     * The network as the caller named it: tcp, tcp4, tcp6, unix, unixpacket, pipe; tls.
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
     * {@code failure} with another count: for connections that are made over others, whose bytes are not theirs.
     *
     * @param failure what a connection's call threw
     * @param bytesTransferred the bytes of the call above it that were taken; 0 or more
     * @return an exception of the same kind with the same message and that count, caused by {@code failure}; {@code
     *     failure} itself if it has that count, or is no exception of a connection's call, or has no other {@link
     *     #withDetails}
     */
    static IOException counted(IOException failure, long bytesTransferred) {
        if (!(failure instanceof NetError error) || error.bytesTransferred() == bytesTransferred) {
            return failure;
        }
        Details old = error.details();
        var details = new Details(
                old.op(), old.network(), old.source(), old.address(), old.errno(), old.timeout(), bytesTransferred);
        String prefix = old.message("");
        String message = String.valueOf(failure.getMessage());
        String cause = message.startsWith(prefix) ? message.substring(prefix.length()) : message;
        IOException counted = switch (failure) {
            case DeadlineExceededException _ -> new DeadlineExceededException(details, cause);
            case CallInterruptedException _ -> new CallInterruptedException(details, cause);
            case ConnClosedException _ ->
                cause.equals(message) ? ConnClosedException.ofPipe(details) : new ConnClosedException(details, cause);
            case ConnResetException _ -> new ConnResetException(details, cause);
            case NetException _ -> new NetException(details, cause);
            default -> null;
        };
        if (counted != null) {
            counted.initCause(failure);
            return counted;
        }
        IOException other = error.withDetails(details);
        return other == null ? failure : other;
    }

    /**
     * This failure with other details, for {@link #counted}. Who makes a kind of exception of their own for a kind of
     * connection overrides it; those of this package need not.
     *
     * @param details its details but for the count
     * @return an exception of the same kind with the same message, caused by this one; null if there is none, so that
     *     the count is lost
     */
    @SuppressWarnings("exports") // As above.
    default @Nullable IOException withDetails(Details details) {
        return null;
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
