package heddle.internal.fd;

import heddle.internal.socket.SockAddr;
import heddle.internal.socket.SocketName;
import heddle.internal.socket.UnixName;
import heddle.internal.sys.Syscalls;
import heddle.internal.trace.Recorder;
import java.util.concurrent.locks.ReentrantLock;

/** A socket that listens: takes connections from its backlog, and takes its path away when it closes. Any thread. */
public final class Listening {

    /**
     * A connection that was taken.
     *
     * @param own what it is bound to
     * @param peer what it is connected to
     */
    public record Accepted(Descriptor descriptor, SocketName own, SocketName peer) {}

    private final Descriptors all;
    private final Syscalls sys;
    private final Descriptor descriptor;
    private final Traffic traffic;
    private final SocketName bound;
    private final SocketOptions onAccept;

    /**
     * Guards {@code unlinked}, and lets nobody close the descriptor before the path is gone: it could be somebody
     * else's by then.
     */
    private final ReentrantLock unlinkLock = new ReentrantLock();

    private boolean unlinked;

    /** Set by any thread, read by the first to close. */
    private volatile boolean unlinkOnClose = true;

    Listening(Descriptors all, Descriptor descriptor, Traffic traffic, SocketName bound, SocketOptions onAccept) {
        this.all = all;
        this.sys = all.syscalls();
        this.descriptor = descriptor;
        this.traffic = traffic;
        this.bound = bound;
        this.onAccept = onAccept;
        if (bound instanceof UnixName name && name.isPath()) {
            descriptor.beforeRuntimeCloses(this::unlink);
        }
    }

    /** Its descriptor, for deadlines and for what is said of it. */
    public Descriptor descriptor() {
        return descriptor;
    }

    /** What it is bound to. */
    public SocketName bound() {
        return bound;
    }

    /**
     * Waits for a connection and takes it from the backlog. One accept4(2) a connection of TCP on Linux: the options
     * come with it.
     */
    public Accepted accept() throws Refused {
        Recorder recorder = all.trace().recorder();
        Recorder.Accept event = recorder.beginAccept();
        SocketName[] peer = new SocketName[1];
        int fd = Refused.check("accept4", descriptor.accept(peer));
        SocketName own = bound;
        try {
            onAccept.apply(sys, fd, peer[0] instanceof SockAddr ip ? ip.version() : 0);
        } catch (Refused refused) {
            sys.close(fd);
            throw refused;
        }
        if (bound instanceof SockAddr any && any.isUnspecified()) {
            SocketName[] told = new SocketName[1];
            own = sys.localAddress(fd, told) == 0 ? told[0] : bound;
        }
        Descriptor taken = all.open(fd, traffic);
        event = recorder.endAccept(event);
        if (event != null) {
            event.done(bound, peer[0]);
        }
        return new Accepted(taken, own, peer[0]);
    }

    /** Of two listeners that share the port, the later one gets all connections from now on. */
    public void preferLater() throws Refused {
        Refused.check("setsockopt", descriptor.use(number -> sys.steer(number, 1)));
    }

    /** Whether {@link #close} removes the path from the file system, as it does unless told otherwise. */
    public void setUnlinkOnClose(boolean unlink) {
        unlinkOnClose = unlink;
    }

    /** Closes; the first to do so removes the path. */
    public void close() {
        unlink();
        descriptor.close();
    }

    private void unlink() {
        unlinkLock.lock();
        try {
            if (!unlinked && unlinkOnClose && bound instanceof UnixName name && name.isPath()) {
                // Whatever this returns, as in Go: somebody may have removed the path already.
                sys.unlink(name);
            }
            unlinked = true;
        } finally {
            unlinkLock.unlock();
        }
    }
}
