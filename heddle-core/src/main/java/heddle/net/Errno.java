package heddle.net;

/**
 * The error numbers that {@link NetError#errno} may give, to compare it with; in Linux's numbering on every system. errno(3).
 */
public final class Errno {

    /** Operation not permitted. */
    public static final int EPERM = heddle.internal.sys.Errno.EPERM;

    /** No such file or directory. */
    public static final int ENOENT = heddle.internal.sys.Errno.ENOENT;

    /** No such process. */
    public static final int ESRCH = heddle.internal.sys.Errno.ESRCH;

    /** Interrupted system call. */
    public static final int EINTR = heddle.internal.sys.Errno.EINTR;

    /** Input/output error. */
    public static final int EIO = heddle.internal.sys.Errno.EIO;

    /** No such device or address. */
    public static final int ENXIO = heddle.internal.sys.Errno.ENXIO;

    /** Bad file descriptor. */
    public static final int EBADF = heddle.internal.sys.Errno.EBADF;

    /** Resource temporarily unavailable. */
    public static final int EAGAIN = heddle.internal.sys.Errno.EAGAIN;

    /** Cannot allocate memory. */
    public static final int ENOMEM = heddle.internal.sys.Errno.ENOMEM;

    /** Permission denied. */
    public static final int EACCES = heddle.internal.sys.Errno.EACCES;

    /** Bad address. */
    public static final int EFAULT = heddle.internal.sys.Errno.EFAULT;

    /** Device or resource busy. */
    public static final int EBUSY = heddle.internal.sys.Errno.EBUSY;

    /** File exists. */
    public static final int EEXIST = heddle.internal.sys.Errno.EEXIST;

    /** No such device. */
    public static final int ENODEV = heddle.internal.sys.Errno.ENODEV;

    /** Not a directory. */
    public static final int ENOTDIR = heddle.internal.sys.Errno.ENOTDIR;

    /** Is a directory. */
    public static final int EISDIR = heddle.internal.sys.Errno.EISDIR;

    /** Invalid argument. */
    public static final int EINVAL = heddle.internal.sys.Errno.EINVAL;

    /** Too many open files in system. */
    public static final int ENFILE = heddle.internal.sys.Errno.ENFILE;

    /** Too many open files. */
    public static final int EMFILE = heddle.internal.sys.Errno.EMFILE;

    /** No space left on device. */
    public static final int ENOSPC = heddle.internal.sys.Errno.ENOSPC;

    /** Read-only file system. */
    public static final int EROFS = heddle.internal.sys.Errno.EROFS;

    /** Broken pipe. */
    public static final int EPIPE = heddle.internal.sys.Errno.EPIPE;

    /** Numerical argument out of domain. */
    public static final int EDOM = heddle.internal.sys.Errno.EDOM;

    /** Numerical result out of range. */
    public static final int ERANGE = heddle.internal.sys.Errno.ERANGE;

    /** File name too long. */
    public static final int ENAMETOOLONG = heddle.internal.sys.Errno.ENAMETOOLONG;

    /** Function not implemented. */
    public static final int ENOSYS = heddle.internal.sys.Errno.ENOSYS;

    /** Too many levels of symbolic links. */
    public static final int ELOOP = heddle.internal.sys.Errno.ELOOP;

    /** Out of streams resources. */
    public static final int ENOSR = heddle.internal.sys.Errno.ENOSR;

    /** Machine is not on the network. */
    public static final int ENONET = heddle.internal.sys.Errno.ENONET;

    /** Package not installed. */
    public static final int ENOPKG = heddle.internal.sys.Errno.ENOPKG;

    /** Protocol error. */
    public static final int EPROTO = heddle.internal.sys.Errno.EPROTO;

    /** Socket operation on non-socket. */
    public static final int ENOTSOCK = heddle.internal.sys.Errno.ENOTSOCK;

    /** Destination address required. */
    public static final int EDESTADDRREQ = heddle.internal.sys.Errno.EDESTADDRREQ;

    /** Message too long. */
    public static final int EMSGSIZE = heddle.internal.sys.Errno.EMSGSIZE;

    /** Protocol wrong type for socket. */
    public static final int EPROTOTYPE = heddle.internal.sys.Errno.EPROTOTYPE;

    /** Protocol not available. */
    public static final int ENOPROTOOPT = heddle.internal.sys.Errno.ENOPROTOOPT;

    /** Protocol not supported. */
    public static final int EPROTONOSUPPORT = heddle.internal.sys.Errno.EPROTONOSUPPORT;

    /** Socket type not supported. */
    public static final int ESOCKTNOSUPPORT = heddle.internal.sys.Errno.ESOCKTNOSUPPORT;

    /** Operation not supported. */
    public static final int EOPNOTSUPP = heddle.internal.sys.Errno.EOPNOTSUPP;

    /** Protocol family not supported. */
    public static final int EPFNOSUPPORT = heddle.internal.sys.Errno.EPFNOSUPPORT;

    /** Address family not supported by protocol. */
    public static final int EAFNOSUPPORT = heddle.internal.sys.Errno.EAFNOSUPPORT;

    /** Address already in use. */
    public static final int EADDRINUSE = heddle.internal.sys.Errno.EADDRINUSE;

    /** Cannot assign requested address. */
    public static final int EADDRNOTAVAIL = heddle.internal.sys.Errno.EADDRNOTAVAIL;

    /** Network is down. */
    public static final int ENETDOWN = heddle.internal.sys.Errno.ENETDOWN;

    /** Network is unreachable. */
    public static final int ENETUNREACH = heddle.internal.sys.Errno.ENETUNREACH;

    /** Network dropped connection on reset. */
    public static final int ENETRESET = heddle.internal.sys.Errno.ENETRESET;

    /** Software caused connection abort. */
    public static final int ECONNABORTED = heddle.internal.sys.Errno.ECONNABORTED;

    /** Connection reset by peer. */
    public static final int ECONNRESET = heddle.internal.sys.Errno.ECONNRESET;

    /** No buffer space available. */
    public static final int ENOBUFS = heddle.internal.sys.Errno.ENOBUFS;

    /** Transport endpoint is already connected. */
    public static final int EISCONN = heddle.internal.sys.Errno.EISCONN;

    /** Transport endpoint is not connected. */
    public static final int ENOTCONN = heddle.internal.sys.Errno.ENOTCONN;

    /** Cannot send after transport endpoint shutdown. */
    public static final int ESHUTDOWN = heddle.internal.sys.Errno.ESHUTDOWN;

    /** Too many references: cannot splice. */
    public static final int ETOOMANYREFS = heddle.internal.sys.Errno.ETOOMANYREFS;

    /** Connection timed out. */
    public static final int ETIMEDOUT = heddle.internal.sys.Errno.ETIMEDOUT;

    /** Connection refused. */
    public static final int ECONNREFUSED = heddle.internal.sys.Errno.ECONNREFUSED;

    /** Host is down. */
    public static final int EHOSTDOWN = heddle.internal.sys.Errno.EHOSTDOWN;

    /** No route to host. */
    public static final int EHOSTUNREACH = heddle.internal.sys.Errno.EHOSTUNREACH;

    /** Operation already in progress. */
    public static final int EALREADY = heddle.internal.sys.Errno.EALREADY;

    /** Operation now in progress. */
    public static final int EINPROGRESS = heddle.internal.sys.Errno.EINPROGRESS;

    /** Disk quota exceeded. */
    public static final int EDQUOT = heddle.internal.sys.Errno.EDQUOT;

    private Errno() {}

    /**
     * The text of an error number, as messages have it.
     *
     * @param errno the number
     * @return {@code connection refused}, say; {@code errno 4711} for a number that is not listed here
     */
    public static String text(int errno) {
        return heddle.internal.sys.Errno.text(errno);
    }
}
