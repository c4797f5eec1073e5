package heddle.internal.socket;

import java.util.Map;

/**
 * The error numbers that Heddle acts on or that a call on a socket may give, in Linux's numbering, which every
 * backend's {@link Syscalls} translates to. Texts are those of Go's syscall package; asm-generic/errno.h, "ERRORS" of
 * the calls' man pages, socket(7), ip(7), tcp(7) and unix(7).
 */
public final class Errno {

    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int ESRCH = 3;
    public static final int EINTR = 4;
    public static final int EIO = 5;
    public static final int ENXIO = 6;
    public static final int EBADF = 9;
    public static final int EAGAIN = 11;
    public static final int ENOMEM = 12;
    public static final int EACCES = 13;
    public static final int EFAULT = 14;
    public static final int EBUSY = 16;
    public static final int EEXIST = 17;
    public static final int ENODEV = 19;
    public static final int ENOTDIR = 20;
    public static final int EISDIR = 21;
    public static final int EINVAL = 22;
    public static final int ENFILE = 23;
    public static final int EMFILE = 24;
    public static final int ENOSPC = 28;
    public static final int EROFS = 30;
    public static final int EPIPE = 32;
    public static final int EDOM = 33;
    public static final int ERANGE = 34;
    public static final int ENAMETOOLONG = 36;
    public static final int ENOSYS = 38;
    public static final int ELOOP = 40;
    public static final int ENOSR = 63;
    public static final int ENONET = 64;
    public static final int ENOPKG = 65;
    public static final int EPROTO = 71;
    public static final int ENOTSOCK = 88;
    public static final int EDESTADDRREQ = 89;
    public static final int EMSGSIZE = 90;
    public static final int EPROTOTYPE = 91;
    public static final int ENOPROTOOPT = 92;
    public static final int EPROTONOSUPPORT = 93;
    public static final int ESOCKTNOSUPPORT = 94;
    public static final int EOPNOTSUPP = 95;
    public static final int EPFNOSUPPORT = 96;
    public static final int EAFNOSUPPORT = 97;
    public static final int EADDRINUSE = 98;
    public static final int EADDRNOTAVAIL = 99;
    public static final int ENETDOWN = 100;
    public static final int ENETUNREACH = 101;
    public static final int ENETRESET = 102;
    public static final int ECONNABORTED = 103;
    public static final int ECONNRESET = 104;
    public static final int ENOBUFS = 105;
    public static final int EISCONN = 106;
    public static final int ENOTCONN = 107;
    public static final int ESHUTDOWN = 108;
    public static final int ETOOMANYREFS = 109;
    public static final int ETIMEDOUT = 110;
    public static final int ECONNREFUSED = 111;
    public static final int EHOSTDOWN = 112;
    public static final int EHOSTUNREACH = 113;
    public static final int EALREADY = 114;
    public static final int EINPROGRESS = 115;
    public static final int EDQUOT = 122;

    private static final Map<Integer, String> TEXTS = Map.ofEntries(
            Map.entry(EPERM, "operation not permitted"),
            Map.entry(ENOENT, "no such file or directory"),
            Map.entry(ESRCH, "no such process"),
            Map.entry(EINTR, "interrupted system call"),
            Map.entry(EIO, "input/output error"),
            Map.entry(ENXIO, "no such device or address"),
            Map.entry(EBADF, "bad file descriptor"),
            Map.entry(EAGAIN, "resource temporarily unavailable"),
            Map.entry(ENOMEM, "cannot allocate memory"),
            Map.entry(EACCES, "permission denied"),
            Map.entry(EFAULT, "bad address"),
            Map.entry(EBUSY, "device or resource busy"),
            Map.entry(EEXIST, "file exists"),
            Map.entry(ENODEV, "no such device"),
            Map.entry(ENOTDIR, "not a directory"),
            Map.entry(EISDIR, "is a directory"),
            Map.entry(EINVAL, "invalid argument"),
            Map.entry(ENFILE, "too many open files in system"),
            Map.entry(EMFILE, "too many open files"),
            Map.entry(ENOSPC, "no space left on device"),
            Map.entry(EROFS, "read-only file system"),
            Map.entry(EPIPE, "broken pipe"),
            Map.entry(EDOM, "numerical argument out of domain"),
            Map.entry(ERANGE, "numerical result out of range"),
            Map.entry(ENAMETOOLONG, "file name too long"),
            Map.entry(ENOSYS, "function not implemented"),
            Map.entry(ELOOP, "too many levels of symbolic links"),
            Map.entry(ENOSR, "out of streams resources"),
            Map.entry(ENONET, "machine is not on the network"),
            Map.entry(ENOPKG, "package not installed"),
            Map.entry(EPROTO, "protocol error"),
            Map.entry(ENOTSOCK, "socket operation on non-socket"),
            Map.entry(EDESTADDRREQ, "destination address required"),
            Map.entry(EMSGSIZE, "message too long"),
            Map.entry(EPROTOTYPE, "protocol wrong type for socket"),
            Map.entry(ENOPROTOOPT, "protocol not available"),
            Map.entry(EPROTONOSUPPORT, "protocol not supported"),
            Map.entry(ESOCKTNOSUPPORT, "socket type not supported"),
            Map.entry(EOPNOTSUPP, "operation not supported"),
            Map.entry(EPFNOSUPPORT, "protocol family not supported"),
            Map.entry(EAFNOSUPPORT, "address family not supported by protocol"),
            Map.entry(EADDRINUSE, "address already in use"),
            Map.entry(EADDRNOTAVAIL, "cannot assign requested address"),
            Map.entry(ENETDOWN, "network is down"),
            Map.entry(ENETUNREACH, "network is unreachable"),
            Map.entry(ENETRESET, "network dropped connection on reset"),
            Map.entry(ECONNABORTED, "software caused connection abort"),
            Map.entry(ECONNRESET, "connection reset by peer"),
            Map.entry(ENOBUFS, "no buffer space available"),
            Map.entry(EISCONN, "transport endpoint is already connected"),
            Map.entry(ENOTCONN, "transport endpoint is not connected"),
            Map.entry(ESHUTDOWN, "cannot send after transport endpoint shutdown"),
            Map.entry(ETOOMANYREFS, "too many references: cannot splice"),
            Map.entry(ETIMEDOUT, "connection timed out"),
            Map.entry(ECONNREFUSED, "connection refused"),
            Map.entry(EHOSTDOWN, "host is down"),
            Map.entry(EHOSTUNREACH, "no route to host"),
            Map.entry(EALREADY, "operation already in progress"),
            Map.entry(EINPROGRESS, "operation now in progress"),
            Map.entry(EDQUOT, "disk quota exceeded"));

    private Errno() {}

    /** The texts by their errnos. */
    public static Map<Integer, String> texts() {
        return TEXTS;
    }

    /** The text of {@code errno}; {@code errno 42} for one without. */
    public static String text(int errno) {
        return TEXTS.getOrDefault(errno, "errno " + errno);
    }
}
