package heddle.net;

import heddle.internal.ConnectEvent;
import heddle.internal.fd.Descriptor;
import heddle.internal.fd.Descriptors;
import heddle.internal.fd.Opening;
import heddle.internal.fd.Refused;
import heddle.internal.fd.Result;
import heddle.internal.fd.SocketOptions;
import heddle.internal.fd.Traffic;
import heddle.internal.socket.Errno;
import heddle.internal.socket.SocketName;
import heddle.internal.socket.UnixName;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Listens and dials at Unix sockets, for {@link ListenConfig} and {@link Dialer}: the networks {@code unix} and {@code
 * unixpacket}.
 */
final class UnixSockets {

    static final String STREAM = "unix";
    static final String PACKET = "unixpacket";

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
            Descriptors descriptors,
            String network,
            String name,
            int backlog,
            SocketOptions options,
            @Nullable Control control)
            throws IOException {
        UnixAddr wanted = UnixAddr.named(network, name);
        try {
            return new UnixListener(
                    heddle,
                    descriptors.opening().listen(plan(wanted, options, control), wanted.raw(), backlog),
                    network);
        } catch (Refused refused) {
            throw new Attempt("listen", heddle, descriptors, null, wanted).failure(refused);
        }
    }

    private static Opening.Plan plan(UnixAddr address, SocketOptions options, @Nullable Control control) {
        String network = address.network();
        return new Opening.Plan(network, kind(network), traffic(network), options, Hooks.of(control, network, address));
    }

    /** Connects to {@code name}, from {@code local} if that is given. */
    static UnixConn dial(
            Heddle heddle,
            Descriptors descriptors,
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
            throw Failures.address("dial", network, local.toString(), "mismatched local address type");
        }
        UnixAddr remote = UnixAddr.named(network, name);
        var attempt = new Attempt("dial", heddle, descriptors, (UnixAddr) local, remote);
        ConnectEvent event = heddle.life().beginConnect();
        try {
            UnixConn conn = attempt.connect(plan(remote, options, control), end);
            event.done(conn);
            return conn;
        } catch (IOException failed) {
            event.failed(remote, String.valueOf(failed.getMessage()));
            throw failed;
        }
    }

    /** What the errors of one listen or dial have in common. */
    private record Attempt(
            String op,
            Heddle heddle,
            Descriptors descriptors,
            @Nullable UnixAddr source,
            UnixAddr address) {

        UnixConn connect(Opening.Plan plan, Deadline end) throws IOException {
            if (end.hasPassed()) {
                throw failure("", Result.EXPIRED);
            }
            try {
                // Done at once, one way or the other: a full backlog is EAGAIN; connect(2).
                Descriptor descriptor = descriptors
                        .opening()
                        .connect(
                                plan,
                                source == null ? null : source.raw(),
                                address.raw(),
                                address,
                                end.nanosBy(heddle.clock()));
                SocketName[] own = {UnixName.NONE};
                // Where that fails, the connection is as good without it.
                descriptor.localAddress(own);
                String network = address.network();
                return new UnixConn(heddle, descriptor, network, new UnixAddr(network, (UnixName) own[0]), address);
            } catch (Refused refused) {
                throw failure(refused);
            }
        }

        IOException failure(Refused refused) {
            return failure(refused.call(), refused.result());
        }

        private IOException failure(String call, int result) {
            return Failures.of(
                    op,
                    address.network(),
                    source,
                    address,
                    call,
                    result,
                    0,
                    remark(call, result) + descriptors.remark(result));
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
            return beyondJdk && !descriptors.hasKernelDescriptors()
                    ? " (packets and abstract names need epoll; running on " + heddle.describe() + ")"
                    : "";
        }

        private static String tooLong(String what, UnixName name, int bytesMax) {
            return " (%s of %d bytes, want at most %d)".formatted(what, name.bytes().length, bytesMax);
        }
    }
}
