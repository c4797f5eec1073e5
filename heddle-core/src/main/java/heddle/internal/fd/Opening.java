package heddle.internal.fd;

import heddle.internal.socket.SockAddr;
import heddle.internal.socket.SocketName;
import heddle.internal.socket.UnixName;
import heddle.internal.sys.Syscalls;
import heddle.time.Clock;
import java.io.IOException;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Opens sockets, of IP and of Unix alike: the one place that makes them. Any thread.
 *
 * <p>The steps, each of which may be refused: socket(2); options; the caller's hook; bind(2); then connect(2), or
 * listen(2) and getsockname(2). What is refused leaves no descriptor, and no path.
 */
public final class Opening {

    /** The caller's own step between options and bind(2). */
    @FunctionalInterface
    public interface Hook {

        /** Nothing. */
        Hook NONE = raw -> {};

        /** Called with the socket, whose setting up ends by an exception. */
        void control(RawDescriptor raw) throws IOException;
    }

    /**
     * How a socket is to be made.
     *
     * @param network as dumps show it, such as {@code tcp}
     * @param kind see {@link Syscalls#socket}
     * @param hook called after the options are set
     */
    public record Plan(String network, int kind, Traffic traffic, SocketOptions options, Hook hook) {}

    private final Descriptors all;
    private final Syscalls sys;

    Opening(Descriptors all) {
        this.all = all;
        this.sys = all.syscalls();
    }

    /**
     * Connects to {@code to}.
     *
     * @param from the name to bind to before; null for the system's choice
     * @param shown what dumps show for {@code to}
     * @param deadlineNanos until when at most; {@link Clock#NONE} for no limit
     */
    public Descriptor connect(Plan plan, @Nullable SocketName from, SocketName to, Object shown, long deadlineNanos)
            throws Refused, IOException {
        int fd = Refused.check("socket", sys.socket(plan.kind, false));
        Descriptor made = all.open(fd, plan.traffic);
        made.describe("dial", plan.network, shown);
        boolean connected = false;
        try {
            plan.options.apply(sys, fd, plan.kind);
            control(plan.hook, fd);
            if (from != null) {
                Refused.check("bind", sys.bind(fd, plan.kind, from));
            }
            made.setWriteDeadline(deadlineNanos);
            Refused.check("connect", made.connect(plan.kind, to));
            made.setWriteDeadline(Clock.NONE);
            connected = true;
            return made;
        } finally {
            if (!connected) {
                made.close();
            }
        }
    }

    /**
     * Listens at {@code at}.
     *
     * @param backlog see {@link Syscalls#listen}
     */
    public Listening listen(Plan plan, SocketName at, int backlog) throws Refused, IOException {
        int fd = Refused.check("socket", sys.socket(plan.kind, true));
        UnixName path = at instanceof UnixName name && name.isPath() ? name : null;
        // The JDK's channels bind a Unix socket only when it listens.
        boolean bindsLater = at instanceof UnixName && !sys.hasKernelDescriptors();
        boolean named = false;
        boolean listening = false;
        try {
            SocketOptions onAccept = applyToListener(plan, fd);
            control(plan.hook, fd);
            Refused.check("bind", sys.bind(fd, plan.kind, at));
            named = !bindsLater;
            Refused.check(bindsLater ? "bind" : "listen", sys.listen(fd, backlog));
            named = true;
            SocketName[] bound = new SocketName[1]; // Without its port nobody could dial it.
            Refused.check("getsockname", sys.localAddress(fd, bound));
            listening = true;
            Descriptor made = all.open(fd, plan.traffic);
            made.describe("accept", plan.network, bound[0]);
            return new Listening(all, made, plan.traffic, bound[0], onAccept);
        } finally {
            if (!listening) {
                if (named && path != null) {
                    sys.unlink(path); // Else the next attempt finds it in use.
                }
                sys.close(fd);
            }
        }
    }

    /**
     * Takes over a socket that listens already, of the kernel's number {@code fd}. Whoever made it may have it still:
     * its path is not taken away when it closes, and the kernel goes on telling the poller of connections, which finds
     * nobody to tell then.
     *
     * @param options for the connections
     * @param named the network of a kind of socket
     */
    public Listening inherit(int fd, SocketOptions options, IntFunction<String> named) throws Refused {
        int[] kind = new int[1];
        int own = Refused.check("inherit", sys.inherit(fd, kind));
        boolean listening = false;
        try {
            Traffic traffic = switch (kind[0]) {
                case UnixName.STREAM -> Traffic.BYTES_AND_RIGHTS;
                case UnixName.PACKET -> Traffic.PACKETS;
                default -> Traffic.BYTES;
            };
            String network = named.apply(kind[0]);
            var plan = new Plan(network, kind[0], traffic, options, Hook.NONE);
            SocketOptions onAccept = applyToListener(plan, own);
            SocketName[] bound = new SocketName[1];
            Refused.check("getsockname", sys.localAddress(own, bound));
            listening = true;
            Descriptor made = all.open(own, traffic);
            made.describe("accept", network, bound[0]);
            var inherited = new Listening(all, made, traffic, bound[0], onAccept);
            inherited.setUnlinkOnClose(false);
            return inherited;
        } finally {
            if (!listening) {
                sys.close(own);
            }
        }
    }

    /** Sends one datagram to the Unix socket {@code to}. */
    public void sendDatagram(UnixName to, byte[] bytes) throws Refused {
        Refused.check("sendto", sys.sendDatagram(to, bytes));
    }

    /** Sets what was asked for, as far as the listener's socket takes it: what is left to set on each connection. */
    private SocketOptions applyToListener(Plan plan, int fd) throws Refused {
        boolean ip = plan.kind == SockAddr.VERSION_4 || plan.kind == SockAddr.VERSION_6;
        if (ip && sys.inheritsOptions()) {
            // Set here once, instead of a few calls for each connection.
            plan.options.apply(sys, fd, plan.kind);
            return SocketOptions.NONE;
        }
        return plan.options.applyToListener(sys, fd, plan.kind);
    }

    private void control(Hook hook, int fd) throws IOException {
        var raw = new RawDescriptor(sys, fd);
        try {
            hook.control(raw);
        } finally {
            raw.end();
        }
    }
}
