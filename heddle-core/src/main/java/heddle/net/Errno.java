package heddle.net;

/**
 * The error numbers that {@link NetError#errno} may give, to compare it with; in Linux's numbering on every system.
 * errno(3).
 */
public final class Errno {

    /** Operation not permitted. */
    public static final int EPERM = heddle.internal.socket.Errno.EPERM;

    /** No such file or directory. */
    public static final int ENOENT = heddle.internal.socket.Errno.ENOENT;

    /** No such process. */
    public static final int ESRCH = heddle.internal.socket.Errno.ESRCH;

    /** Interrupted system call. */
    public static final int EINTR = heddle.internal.socket.Errno.EINTR;

    /** Input/output error. */
    public static final int EIO = heddle.internal.socket.Errno.EIO;

    /** No such device or address. */
    public static final int ENXIO = heddle.internal.socket.Errno.ENXIO;

    /** Bad file descriptor. */
    public static final int EBADF = heddle.internal.socket.Errno.EBADF;

    /** Resource temporarily unavailable. */
    public static final int EAGAIN = heddle.internal.socket.Errno.EAGAIN;

    /** Cannot allocate memory. */
    public static final int ENOMEM = heddle.internal.socket.Errno.ENOMEM;

    /** Permission denied. */
    public static final int EACCES = heddle.internal.socket.Errno.EACCES;

    /** Bad address. */
    public static final int EFAULT = heddle.internal.socket.Errno.EFAULT;

    /** Device or resource busy. */
    public static final int EBUSY = heddle.internal.socket.Errno.EBUSY;

    /** File exists. */
    public static final int EEXIST = heddle.internal.socket.Errno.EEXIST;

    /** No such device. */
    public static final int ENODEV = heddle.internal.socket.Errno.ENODEV;

    /** Not a directory. */
    public static final int ENOTDIR = heddle.internal.socket.Errno.ENOTDIR;

    /** Is a directory. */
    public static final int EISDIR = heddle.internal.socket.Errno.EISDIR;

    /** Invalid argument. */
    public static final int EINVAL = heddle.internal.socket.Errno.EINVAL;

    /** Too many open files in system. */
    public static final int ENFILE = heddle.internal.socket.Errno.ENFILE;

    /** Too many open files. */
    public static final int EMFILE = heddle.internal.socket.Errno.EMFILE;

    /** No space left on device. */
    public static final int ENOSPC = heddle.internal.socket.Errno.ENOSPC;

    /** Read-only file system. */
    public static final int EROFS = heddle.internal.socket.Errno.EROFS;

    /** Broken pipe. */
    public static final int EPIPE = heddle.internal.socket.Errno.EPIPE;

    /** Numerical argument out of domain. */
    public static final int EDOM = heddle.internal.socket.Errno.EDOM;

    /** Numerical result out of range. */
    public static final int ERANGE = heddle.internal.socket.Errno.ERANGE;

    /** File name too long. */
    public static final int ENAMETOOLONG = heddle.internal.socket.Errno.ENAMETOOLONG;

    /** Function not implemented. */
    public static final int ENOSYS = heddle.internal.socket.Errno.ENOSYS;

    /** Too many levels of symbolic links. */
    public static final int ELOOP = heddle.internal.socket.Errno.ELOOP;

    /** Out of streams resources. */
    public static final int ENOSR = heddle.internal.socket.Errno.ENOSR;

    /** Machine is not on the network. */
    public static final int ENONET = heddle.internal.socket.Errno.ENONET;

    /** Package not installed. */
    public static final int ENOPKG = heddle.internal.socket.Errno.ENOPKG;

    /** Protocol error. */
    public static final int EPROTO = heddle.internal.socket.Errno.EPROTO;

    /** Socket operation on non-socket. */
    public static final int ENOTSOCK = heddle.internal.socket.Errno.ENOTSOCK;

    /** Destination address required. */
    public static final int EDESTADDRREQ = heddle.internal.socket.Errno.EDESTADDRREQ;

    /** Message too long. */
    public static final int EMSGSIZE = heddle.internal.socket.Errno.EMSGSIZE;

    /** Protocol wrong type for socket. */
    public static final int EPROTOTYPE = heddle.internal.socket.Errno.EPROTOTYPE;

    /** Protocol not available. */
    public static final int ENOPROTOOPT = heddle.internal.socket.Errno.ENOPROTOOPT;

    /** Protocol not supported. */
    public static final int EPROTONOSUPPORT = heddle.internal.socket.Errno.EPROTONOSUPPORT;

    /** Socket type not supported. */
    public static final int ESOCKTNOSUPPORT = heddle.internal.socket.Errno.ESOCKTNOSUPPORT;

    /** Operation not supported. */
    public static final int EOPNOTSUPP = heddle.internal.socket.Errno.EOPNOTSUPP;

    /** Protocol family not supported. */
    public static final int EPFNOSUPPORT = heddle.internal.socket.Errno.EPFNOSUPPORT;

    /** Address family not supported by protocol. */
    public static final int EAFNOSUPPORT = heddle.internal.socket.Errno.EAFNOSUPPORT;

    /** Address already in use. */
    public static final int EADDRINUSE = heddle.internal.socket.Errno.EADDRINUSE;

    /** Cannot assign requested address. */
    public static final int EADDRNOTAVAIL = heddle.internal.socket.Errno.EADDRNOTAVAIL;

    /** Network is down. */
    public static final int ENETDOWN = heddle.internal.socket.Errno.ENETDOWN;

    /** Network is unreachable. */
    public static final int ENETUNREACH = heddle.internal.socket.Errno.ENETUNREACH;

    /** Network dropped connection on reset. */
    public static final int ENETRESET = heddle.internal.socket.Errno.ENETRESET;

    /** Software caused connection abort. */
    public static final int ECONNABORTED = heddle.internal.socket.Errno.ECONNABORTED;

    /** Connection reset by peer. */
    public static final int ECONNRESET = heddle.internal.socket.Errno.ECONNRESET;

    /** No buffer space available. */
    public static final int ENOBUFS = heddle.internal.socket.Errno.ENOBUFS;

    /** Transport endpoint is already connected. */
    public static final int EISCONN = heddle.internal.socket.Errno.EISCONN;

    /** Transport endpoint is not connected. */
    public static final int ENOTCONN = heddle.internal.socket.Errno.ENOTCONN;

    /** Cannot send after transport endpoint shutdown. */
    public static final int ESHUTDOWN = heddle.internal.socket.Errno.ESHUTDOWN;

    /** Too many references: cannot splice. */
    public static final int ETOOMANYREFS = heddle.internal.socket.Errno.ETOOMANYREFS;

    /** Connection timed out. */
    public static final int ETIMEDOUT = heddle.internal.socket.Errno.ETIMEDOUT;

    /** Connection refused. */
    public static final int ECONNREFUSED = heddle.internal.socket.Errno.ECONNREFUSED;

    /** Host is down. */
    public static final int EHOSTDOWN = heddle.internal.socket.Errno.EHOSTDOWN;

    /** No route to host. */
    public static final int EHOSTUNREACH = heddle.internal.socket.Errno.EHOSTUNREACH;

    /** Operation already in progress. */
    public static final int EALREADY = heddle.internal.socket.Errno.EALREADY;

    /** Operation now in progress. */
    public static final int EINPROGRESS = heddle.internal.socket.Errno.EINPROGRESS;

    /** Disk quota exceeded. */
    public static final int EDQUOT = heddle.internal.socket.Errno.EDQUOT;

    private Errno() {}

    /**
     * The text of an error number, as messages have it.
     *
     * @param errno the number
     * @return {@code connection refused}, say; {@code errno 4711} for a number that is not listed here
     */
    public static String text(int errno) {
        return heddle.internal.socket.Errno.text(errno);
    }
}
