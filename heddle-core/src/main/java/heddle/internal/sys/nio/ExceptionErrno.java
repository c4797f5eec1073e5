package heddle.internal.sys.nio;

import heddle.internal.socket.Errno;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.PortUnreachableException;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ConnectionPendingException;
import java.nio.channels.NoConnectionPendingException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * The errno behind an exception of the JDK's channels: by its type where that tells, else by its text, which is the
 * system's strerror(3). A system that speaks another language than English is understood by the types alone.
 */
final class ExceptionErrno {

    /** Texts in lower case and up to a colon, after which the JDK puts a place or an address. */
    private static final Map<String, Integer> BY_TEXT = texts();

    private ExceptionErrno() {}

    private static Map<String, Integer> texts() {
        // Those of Linux are what Go's errno texts come from.
        Map<String, Integer> texts = new HashMap<>();
        Errno.texts().forEach((errno, text) -> texts.put(text, errno));
        // The JDK's own, in SocketChannelImpl.
        texts.put("connection reset", Errno.ECONNRESET);
        // macOS and the BSDs, errno(2).
        texts.put("can't assign requested address", Errno.EADDRNOTAVAIL);
        texts.put("operation timed out", Errno.ETIMEDOUT);
        texts.put("socket is not connected", Errno.ENOTCONN);
        texts.put("socket is already connected", Errno.EISCONN);
        // Windows, "Windows Sockets Error Codes", and what the JDK makes of them.
        texts.put("an existing connection was forcibly closed by the remote host", Errno.ECONNRESET);
        texts.put("an established connection was aborted by the software in your host machine", Errno.ECONNABORTED);
        texts.put("no buffer space available (maximum connections reached?)", Errno.ENOBUFS);
        return texts;
    }

    /**
     * The errno of {@code failure}, EIO for one that says nothing known.
     *
     * @throws RuntimeException {@code failure} itself, if the caller's memory cannot be used: another thread's, or of a
     *     closed arena
     */
    static int of(Exception failure) {
        return switch (failure) {
            case WrongThreadException refused -> throw refused;
            // The channels' own are of subclasses.
            case IllegalStateException refused when refused.getClass() == IllegalStateException.class -> throw refused;
            // Of several errnos each; the commonest where the text is not understood.
            case BindException _ -> byText(failure, Errno.EADDRINUSE);
            case ConnectException _ -> byText(failure, Errno.ECONNREFUSED);
            case NoRouteToHostException _ -> Errno.EHOSTUNREACH;
            case PortUnreachableException _ -> Errno.ECONNREFUSED;
            case ClosedChannelException _ -> Errno.EBADF;
            case NotYetConnectedException _ -> Errno.ENOTCONN;
            case NoConnectionPendingException _ -> Errno.ENOTCONN;
            case AlreadyConnectedException _ -> Errno.EISCONN;
            case ConnectionPendingException _ -> Errno.EALREADY;
            case UnsupportedAddressTypeException _ -> Errno.EAFNOSUPPORT;
            case UnsupportedOperationException _ -> Errno.ENOPROTOOPT;
            // Values out of range; addresses without a number; a second bind; accept without listen.
            case IllegalArgumentException _ -> Errno.EINVAL;
            case IllegalStateException _ -> Errno.EINVAL;
            default -> byText(failure, Errno.EIO);
        };
    }

    /**
     * Likewise of an accept: where nothing is known its commonest failure, which passes, so that no server ends by the
     * system's language.
     */
    static int ofAccept(Exception failure) {
        int errno = of(failure);
        return errno == Errno.EIO ? Errno.EMFILE : errno;
    }

    private static int byText(Exception failure, int otherwise) {
        String text = failure.getMessage();
        if (text == null) {
            return otherwise;
        }
        int colon = text.indexOf(':');
        String known = colon < 0 ? text : text.substring(0, colon);
        return BY_TEXT.getOrDefault(known.toLowerCase(Locale.ROOT), otherwise);
    }
}
