package heddle.internal.fd;

import heddle.internal.socket.Errno;
import heddle.internal.socket.SockAddr;
import heddle.internal.socket.SocketOption;
import heddle.internal.sys.Syscalls;
import org.jspecify.annotations.Nullable;

/** What IP can do on this machine, as one runtime found out once. Any thread. */
public final class Ip {

    /** Null until it is known. Written by any thread, to the same. */
    private volatile @Nullable Boolean v6;

    /** Nothing is known yet. */
    public Ip() {}

    /**
     * Whether sockets of version 6 exist, and take IPv4 connections too; true where it could not be found out for want
     * of a descriptor, say: the socket that is made next will tell.
     */
    public boolean hasV6(Syscalls sys) {
        Boolean known = v6;
        if (known != null) {
            return known;
        }
        int result = probe(sys);
        boolean missing = tellsThatItIsMissing(-result);
        if (result == 0 || missing) {
            v6 = !missing;
        }
        return !missing;
    }

    private static int probe(Syscalls sys) {
        int fd = sys.socket(SockAddr.VERSION_6, true);
        if (fd < 0) {
            return fd;
        }
        int result = sys.setOption(fd, SocketOption.V6_ONLY, 0);
        if (result == 0) {
            result = sys.bind(fd, SockAddr.VERSION_6, new SockAddr(0, 0, SockAddr.VERSION_6, 0, 0));
        }
        sys.close(fd);
        return result;
    }

    /**
     * Left out of the kernel, switched off by sysctl (EADDRNOTAVAIL), or forbidden to this process; ipv6(7), socket(2).
     */
    private static boolean tellsThatItIsMissing(int errno) {
        return switch (errno) {
            case Errno.EAFNOSUPPORT,
                    Errno.EPROTONOSUPPORT,
                    Errno.ENOPROTOOPT,
                    Errno.EOPNOTSUPP,
                    Errno.EINVAL,
                    Errno.EADDRNOTAVAIL,
                    Errno.EACCES,
                    Errno.EPERM -> true;
            default -> false;
        };
    }
}
