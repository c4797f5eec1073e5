package heddle.net;

import heddle.internal.Platform;
import heddle.internal.fd.Descriptor;
import heddle.internal.fd.Result;
import heddle.internal.fd.Traffic;
import heddle.internal.poll.Pending;
import heddle.internal.sys.Errno;
import heddle.internal.sys.SocketName;
import heddle.internal.sys.Syscalls;
import heddle.internal.sys.UnixName;
import heddle.internal.trace.Recorder;

import org.jspecify.annotations.Nullable;

import java.io.IOException;

/** Listens and dials at Unix sockets, for {@link ListenConfig} and {@link Dialer}: the networks {@code unix} and {@code unixpacket}. */
final class UnixSockets {

    private static final String STREAM = "unix";
    private static final String PACKET = "unixpacket";

    private UnixSockets() {}

    /** Whether {@code network} is one of them. */
    static boolean have(String network) {
        return network.equals(STREAM) || network.equals(PACKET);
    }

    private static int kind(String network) {
        return network.equals(PACKET) ? UnixName.PACKET : UnixName.STREAM;
    }

    private static Traffic traffic(String network) {
        return network.equals(PACKET) ? Traffic.PACKETS : Traffic.BYTES_AND_RIGHTS;
    }

    /** Listens at {@code name}; at an abstract one of the kernel's choice if that is empty. */
    static UnixListener listen(
            Heddle heddle,
            Platform platform,
            String network,
            String name,
            int backlog,
            SocketOptions options,
            @Nullable Control control)
            throws IOException {
        Syscalls sys = platform.syscalls();
        UnixAddr wanted = UnixAddr.named(network, name);
        var attempt = new Attempt("listen", platform, null, wanted);
        int kind = kind(network);
        int fd = attempt.check("socket", sys.socket(kind, true));
        boolean named = false;
        boolean listening = false;
        try {
            // A connection's socket has none of its listener's options.
            SocketOptions onAccept = options.applyToListener(sys, fd, kind, attempt::failure);
            Sockets.control(control, sys, fd, network, wanted);
            attempt.check("bind", sys.bind(fd, kind, wanted.raw()));
            named = sys.hasKernelDescriptors();
            // The JDK's channels bind only now.
            attempt.check(named ? "listen" : "bind", sys.listen(fd, backlog));
            named = true;
            SocketName[] bound = new SocketName[1];
            attempt.check("getsockname", sys.localAddress(fd, bound));
            UnixAddr address = new UnixAddr(network, (UnixName) bound[0]);
            listening = true;
            return new UnixListener(heddle, platform, fd, traffic(network), address, onAccept);
        } finally {
            if (!listening) {
                if (named && wanted.raw().isPath()) {
                    sys.unlink(wanted.raw()); // Else the next attempt finds it in use.
                }
                sys.close(fd);
            }
        }
    }

    /** Connects to {@code name}, from {@code local} if that is given. */
    static UnixConn dial(
            Heddle heddle,
            Platform platform,
            String network,
            String name,
            @Nullable Addr local,
            Deadline end,
            SocketOptions options,
            @Nullable Control control)
            throws IOException {
        if (name.isEmpty()) {
            throw Failures.address("dial", network, "", "missing address");
        }
        if (local != null && !local.network().equals(network)) {
            throw Failures.address(
                    "dial", network, local.toString(), "mismatched local address type");
        }
        UnixAddr remote = UnixAddr.named(network, name);
        Recorder recorder = platform.trace().recorder();
        Recorder.Connect event = recorder.beginConnect();
        try {
            UnixConn conn =
                    connect(heddle, platform, remote, (UnixAddr) local, end, options, control);
            event = recorder.endConnect(event);
            if (event != null) {
                event.done(conn, "");
            }
            return conn;
        } catch (IOException failed) {
            event = recorder.endConnect(event);
            if (event != null) {
                event.done(remote, String.valueOf(failed.getMessage()));
            }
            throw failed;
        }
    }

    private static UnixConn connect(
            Heddle heddle,
            Platform platform,
            UnixAddr remote,
            @Nullable UnixAddr local,
            Deadline end,
            SocketOptions options,
            @Nullable Control control)
            throws IOException {
        Syscalls sys = platform.syscalls();
        String network = remote.network();
        var attempt = new Attempt("dial", platform, local, remote);
        if (end.hasPassed()) {
            throw attempt.failure("", Result.EXPIRED);
        }
        int kind = kind(network);
        int fd = attempt.check("socket", sys.socket(kind, false));
        Descriptor descriptor = platform.descriptors().open(fd, traffic(network));
        descriptor.describe(new Pending("dial", network, remote));
        boolean connected = false;
        try {
            options.apply(sys, fd, kind, attempt::failure);
            Sockets.control(control, sys, fd, network, remote);
            if (local != null) {
                attempt.check("bind", sys.bind(fd, kind, local.raw()));
            }
            // Done at once, one way or the other: a full backlog is EAGAIN; connect(2).
            attempt.check("connect", descriptor.connect(kind, remote.raw()));
            SocketName[] own = {UnixName.NONE};
            sys.localAddress(fd, own); // Where that fails, the connection is as good without it.
            connected = true;
            return new UnixConn(
                    heddle, descriptor, network, new UnixAddr(network, (UnixName) own[0]), remote);
        } finally {
            if (!connected) {
                descriptor.close();
            }
        }
    }

    /** What the errors of one listen or dial have in common. */
    private record Attempt(
            String op, Platform platform, @Nullable UnixAddr source, UnixAddr address) {

        int check(String call, int result) throws IOException {
            if (result < 0) {
                throw failure(call, result);
            }
            return result;
        }

        IOException failure(String call, int result) {
            return Failures.of(
                    op,
                    address.network(),
                    source,
                    address,
                    call,
                    result,
                    0,
                    remark(call, result) + platform.descriptors().remark(result));
        }

        /** What the errno does not tell. */
        private String remark(String call, int result) {
            UnixName name = call.equals("bind") && source != null ? source.raw() : address.raw();
            if (result == -Errno.EINVAL && !name.isValid()) {
                return name.isAbstract()
                        ? tooLong("an abstract name", name, UnixName.ABSTRACT_BYTES_MAX)
                        : name.bytes().length <= UnixName.PATH_BYTES_MAX
                                ? " (a path with a NUL)"
                                : tooLong("a path", name, UnixName.PATH_BYTES_MAX);
            }
            boolean beyondJdk = result == -Errno.EPROTONOSUPPORT || result == -Errno.EOPNOTSUPP;
            return beyondJdk && !platform.syscalls().hasKernelDescriptors()
                    ? " (packets and abstract names need epoll; running on "
                            + platform.report()
                            + ")"
                    : "";
        }

        private static String tooLong(String what, UnixName name, int bytesMax) {
            return " (%s of %d bytes, want at most %d)"
                    .formatted(what, name.bytes().length, bytesMax);
        }
    }
}
