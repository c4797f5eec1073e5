package heddle.net;

import heddle.internal.sys.Errno;
import heddle.internal.sys.SockAddr;
import heddle.internal.sys.SocketOption;
import heddle.internal.sys.Syscalls;

import org.jspecify.annotations.Nullable;

import java.io.IOException;

/** Steps that dialing and listening share, on sockets that are not yet anybody's. */
final class Sockets {

    private Sockets() {}

    /** Sets {@code keepAlive} on {@code fd}, best effort as in Go: a system without the option keeps its own values. */
    static void setKeepAlive(Syscalls sys, int fd, KeepAlive keepAlive) {
        if (!keepAlive.enabled()) {
            return;
        }
        sys.setOption(fd, SocketOption.KEEP_ALIVE, 1);
        setUnlessNegative(sys, fd, SocketOption.KEEP_IDLE, keepAlive.idleSeconds());
        setUnlessNegative(sys, fd, SocketOption.KEEP_INTERVAL, keepAlive.intervalSeconds());
        setUnlessNegative(sys, fd, SocketOption.KEEP_COUNT, keepAlive.probes());
    }

    private static void setUnlessNegative(Syscalls sys, int fd, SocketOption option, int value) {
        if (value >= 0) {
            sys.setOption(fd, option, value);
        }
    }

    /** Calls {@code control}, if there is one, with {@code fd} as its raw socket. */
    static void control(@Nullable Control control, Syscalls sys, int fd, int version, Addr address)
            throws IOException {
        if (control != null) {
            control.control(Network.concrete(version), address, new Raw(sys, fd));
        }
    }

    /** getsockname(2) of {@code fd}; {@code otherwise} if it fails. */
    static SockAddr localAddress(Syscalls sys, int fd, SockAddr otherwise) {
        SockAddr[] address = new SockAddr[1];
        return sys.localAddress(fd, address) == 0 ? address[0] : otherwise;
    }

    /** A socket as a {@link Control} sees it. */
    private record Raw(Syscalls sys, int fd) implements RawSocket {

        @Override
        public int descriptor() {
            return sys.hasKernelDescriptors() ? fd : -1;
        }

        @Override
        public void setOption(int level, int name, int value) throws IOException {
            check("setsockopt", sys.setRawOption(fd, level, name, value));
        }

        @Override
        public int option(int level, int name) throws IOException {
            int[] value = new int[1];
            check("getsockopt", sys.rawOption(fd, level, name, value));
            return value[0];
        }

        private static void check(String call, int result) throws IOException {
            if (result < 0) {
                var details = new NetError.Details("control", "", null, null, -result, false, 0);
                throw new NetException(details, call + ": " + Errno.text(-result));
            }
        }
    }
}
