package heddle.net;

import heddle.internal.Platform;
import heddle.internal.sys.SockAddr;
import heddle.internal.sys.SocketOption;
import heddle.internal.sys.Syscalls;

/** What IP can do on this machine, found out once. */
final class Ip {

    private static final boolean HAS_V6 = probe(Platform.current().syscalls());

    private Ip() {}

    /** Whether sockets of version 6 exist, and take IPv4 connections too. */
    static boolean hasV6() {
        return HAS_V6;
    }

    private static boolean probe(Syscalls sys) {
        int fd = sys.socket(SockAddr.VERSION_6, true);
        if (fd < 0) {
            return false;
        }
        SockAddr any = new SockAddr(0, 0, SockAddr.VERSION_6, 0, 0);
        boolean dual =
                sys.setOption(fd, SocketOption.V6_ONLY, 0) == 0
                        && sys.bind(fd, SockAddr.VERSION_6, any) == 0;
        sys.close(fd);
        return dual;
    }
}
