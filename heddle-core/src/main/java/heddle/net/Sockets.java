package heddle.net;

import heddle.internal.fd.Result;
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
    static void control(
            @Nullable Control control, Syscalls sys, int fd, String network, Addr address)
            throws IOException {
        if (control != null) {
            var raw = new Raw(sys, fd);
            try {
                control.control(network, address, raw);
            } finally {
                raw.over = true;
            }
        }
    }

    /** getsockname(2) of {@code fd}; {@code otherwise} if it fails. */
    static SockAddr localAddress(Syscalls sys, int fd, SockAddr otherwise) {
        SockAddr[] address = new SockAddr[1];
        return sys.localAddress(fd, address) == 0 ? address[0] : otherwise;
    }

    /** A socket as a {@link Control} sees it. Refuses once that is over: the number may be another's by then. */
    private static final class Raw implements RawSocket {
        private final Syscalls sys;
        private final int fd;

        /** Written by the thread of the hook, read by any to which it gave this. */
        private volatile boolean over;

        Raw(Syscalls sys, int fd) {
            this.sys = sys;
            this.fd = fd;
        }

        @Override
        public int descriptor() {
            return sys.hasKernelDescriptors() && !over ? fd : -1;
        }

        @Override
        public void setOption(int level, int name, int value) throws IOException {
            check("setsockopt", over ? Result.CLOSED : sys.setRawOption(fd, level, name, value));
        }

        @Override
        public int option(int level, int name) throws IOException {
            int[] value = new int[1];
            check("getsockopt", over ? Result.CLOSED : sys.rawOption(fd, level, name, value));
            return value[0];
        }

        private static void check(String call, int result) throws IOException {
            if (result < 0) {
                throw Failures.of("control", "", null, null, call, result, 0);
            }
        }
    }
}
