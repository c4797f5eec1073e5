package heddle.net;

import heddle.internal.fd.Descriptor;
import heddle.internal.fd.Refused;
import heddle.internal.fd.Result;
import heddle.internal.socket.Errno;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Makes an exception of a result of {@code internal.fd}: the one place where a number becomes one. */
final class Failures {

    private Failures() {}

    /**
     * The exception of a failed call.
     *
     * @param call the system call that failed, for the text; unused if none did
     * @param result {@code -errno} or a constant of {@link Result}
     */
    static IOException of(
            String op,
            String network,
            @Nullable Addr source,
            @Nullable Addr address,
            String call,
            int result,
            long bytesTransferred) {
        return of(op, network, source, address, call, result, bytesTransferred, "");
    }

    /** Likewise, with {@code remark} behind the text. */
    static IOException of(
            String op,
            String network,
            @Nullable Addr source,
            @Nullable Addr address,
            String call,
            int result,
            long bytesTransferred,
            String remark) {
        int errno = result > -Result.ERRNO_MAX ? -result : 0;
        boolean timeout = result == Result.EXPIRED || errno == Errno.ETIMEDOUT;
        var details = new NetError.Details(op, network, source, address, errno, timeout, bytesTransferred);
        return switch (result) {
            case Result.CLOSED -> new ConnClosedException(details, "use of closed network connection" + remark);
            case Result.EXPIRED -> new DeadlineExceededException(details, "i/o timeout");
            case Result.INTERRUPTED -> new CallInterruptedException(details, "interrupted");
            default -> ofErrno(details, call, call + ": " + Errno.text(errno) + remark);
        };
    }

    /** The runtime that {@code op} needs could not start. */
    static IOException start(String op, String network, Refused refused) {
        IOException failure = of(op, network, null, null, refused.call(), refused.result(), 0);
        failure.initCause(refused.getCause());
        return failure;
    }

    /** The runtime that {@code op} needs is closed. */
    static ConnClosedException runtimeClosed(String op, String network) {
        return new ConnClosedException(details(op, network), "the Heddle runtime is closed");
    }

    /** {@code failure} of a call on {@code descriptor}, with the poller's own failure as its cause if there was one. */
    static IOException because(Descriptor descriptor, IOException failure) {
        Throwable cause = descriptor.pollerFailure();
        if (cause != null) {
            failure.initCause(cause);
        }
        return failure;
    }

    private static IOException ofErrno(NetError.Details details, String call, String cause) {
        return switch (details.errno()) {
            case Errno.ECONNRESET, Errno.EPIPE -> new ConnResetException(details, cause);
            case Errno.ECONNREFUSED -> new ConnRefusedException(details, cause);
            case Errno.EADDRINUSE, Errno.EADDRNOTAVAIL -> new BindFailedException(details, cause);
            // Of connect(2) it means the other end: a Unix socket's path, a firewall's rule, a broadcast address.
            case Errno.EACCES -> call.equals("bind") ? new BindFailedException(details, cause) : other(details, cause);
            default -> other(details, cause);
        };
    }

    private static IOException other(NetError.Details details, String cause) {
        return details.op().equals("dial") ? new DialException(details, cause) : new NetException(details, cause);
    }

    /** See {@link NetError#isRetryable}. */
    static boolean isRetryable(String op, int errno) {
        return switch (errno) {
            case Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM, Errno.ENOBUFS -> true;
            // accept(2), "Error handling", and EPERM under "ERRORS".
            case Errno.ECONNABORTED,
                    Errno.ECONNRESET,
                    Errno.EPERM,
                    Errno.ENETDOWN,
                    Errno.EPROTO,
                    Errno.ENOPROTOOPT,
                    Errno.EHOSTDOWN,
                    Errno.ENONET,
                    Errno.EHOSTUNREACH,
                    Errno.EOPNOTSUPP,
                    Errno.ENETUNREACH -> op.equals("accept");
            default -> false;
        };
    }

    /** An address that cannot be used as it is written: {@code address 1.2.3.4: missing port in address}. */
    static AddressException address(String op, String network, String address, String cause) {
        String subject = address.isEmpty() ? "" : "address " + address + ": ";
        return new AddressException(details(op, network), subject + cause);
    }

    static UnknownNetworkException unknownNetwork(String op, String network) {
        return new UnknownNetworkException(details(op, network), "unknown network " + network);
    }

    static HostNotFoundException hostNotFound(String op, String network, String host, @Nullable Throwable cause) {
        var failure = new HostNotFoundException(details(op, network), "lookup " + host + ": no such host");
        if (cause != null) {
            failure.initCause(cause);
        }
        return failure;
    }

    /** A lookup that ended without an answer: {@link Result#EXPIRED} or {@link Result#INTERRUPTED}. */
    static IOException lookup(String op, String network, String host, int result) {
        boolean late = result == Result.EXPIRED;
        var details = new NetError.Details(op, network, null, null, 0, late, 0);
        String text = "lookup " + host + ": ";
        return late
                ? new DeadlineExceededException(details, text + "i/o timeout")
                : new CallInterruptedException(details, text + "interrupted");
    }

    private static NetError.Details details(String op, String network) {
        return new NetError.Details(op, network, null, null, 0, false, 0);
    }
}
