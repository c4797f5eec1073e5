package heddle.internal.socket;

import java.io.Serial;
import java.nio.charset.StandardCharsets;

/**
 * The name of a Unix socket, as a value: what a {@code sockaddr_un} holds; unix(7), "Address format". Immutable.
 *
 * @param text a path; a name of Linux's abstract namespace with a leading NUL; empty for a socket without a name. In
 *     UTF-8 for the system
 */
public record UnixName(String text) implements SocketName {

    /** A kind of socket beside {@link SockAddr}'s versions: SOCK_STREAM. */
    public static final int STREAM = 1;

    /** A kind of socket: SOCK_SEQPACKET. */
    public static final int PACKET = 5;

    /** A socket's that is not bound; to bind to it lets the system choose an abstract name. */
    public static final UnixName NONE = new UnixName("");

    /** Most bytes of a path: {@code sun_path} has 108, one of them for the NUL behind it. */
    public static final int PATH_BYTES_MAX = 107;

    /** Most bytes of an abstract name, its leading NUL included; nothing ends it. */
    public static final int ABSTRACT_BYTES_MAX = 108;

    @Serial
    private static final long serialVersionUID = 1;

    public boolean isAbstract() {
        return text.startsWith("\0");
    }

    /** Whether it stands in the file system. */
    public boolean isPath() {
        return !text.isEmpty() && !isAbstract();
    }

    /** What the system gets. */
    public byte[] bytes() {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Whether a {@code sockaddr_un} can hold it whole: not too long, no NUL in a path. */
    public boolean isValid() {
        int length = bytes().length;
        return isAbstract() ? length <= ABSTRACT_BYTES_MAX : length <= PATH_BYTES_MAX && text.indexOf('\0') < 0;
    }

    /** The path; {@code @name} for the abstract namespace; empty for a socket without a name. */
    public String name() {
        return isAbstract() ? "@" + text.substring(1) : text;
    }

    /** The {@link #name}; {@code @} for a socket without one, as Go prints it. */
    @Override
    public String toString() {
        return text.isEmpty() ? "@" : name();
    }
}
