package heddle.net;

import heddle.internal.Platform;
import heddle.internal.fd.Descriptor;
import heddle.internal.fd.Result;
import heddle.internal.poll.Pending;
import heddle.internal.sys.SockAddr;
import heddle.internal.sys.SocketOption;
import heddle.internal.sys.Syscalls;
import heddle.internal.trace.Recorder;

import java.io.IOException;

/** A listener of TCP. One accept4(2) a connection on Linux: the options come with it from the listener's socket. */
public final class TcpListener implements Listener {

    private final Syscalls sys;
    private final Platform platform;
    private final Descriptor descriptor;
    private final String network;
    private final SockAddr local;
    private final TcpAddr address;
    private final KeepAlive keepAlive;

    TcpListener(Platform platform, int fd, String network, SockAddr local, KeepAlive keepAlive) {
        this.platform = platform;
        this.sys = platform.syscalls();
        this.network = network;
        this.local = local;
        this.address = new TcpAddr(local);
        this.keepAlive = keepAlive;
        this.descriptor = new Descriptor(sys, fd, platform.pollers());
        descriptor.describe(new Pending("accept", network, address));
    }

    @Override
    public TcpConn accept() throws IOException {
        Recorder.Accept event = Recorder.beginAccept();
        SockAddr[] peer = new SockAddr[1];
        int fd = descriptor.accept(peer);
        if (fd < 0) {
            throw failure("accept", "accept4", fd);
        }
        if (!sys.inheritsOptions()) {
            sys.setOption(fd, SocketOption.NO_DELAY, 1);
            Sockets.setKeepAlive(sys, fd, keepAlive);
        }
        SockAddr own = local.isUnspecified() ? Sockets.localAddress(sys, fd, local) : local;
        TcpConn conn =
                new TcpConn(new Descriptor(sys, fd, platform.pollers()), network, own, peer[0]);
        if (event != null) {
            event.done(address, conn.remoteAddress());
        }
        return conn;
    }

    @Override
    public void setDeadline(Deadline deadline) throws IOException {
        if (!descriptor.setReadDeadline(deadline.nanos())) {
            throw failure("set", "", Result.CLOSED);
        }
    }

    @Override
    public TcpAddr address() {
        return address;
    }

    @Override
    public void close() throws IOException {
        descriptor.close();
    }

    /**
     * Whether {@link #close} was called.
     *
     * @return true if it was
     */
    public boolean isClosed() {
        return descriptor.isClosed();
    }

    private IOException failure(String op, String call, int result) {
        return Failures.because(
                descriptor, Failures.of(op, network, null, address, call, result, 0));
    }

    Descriptor descriptor() {
        return descriptor;
    }

    /** {@code accept tcp 127.0.0.1:80}. */
    @Override
    public String toString() {
        return "accept " + network + " " + address;
    }
}
