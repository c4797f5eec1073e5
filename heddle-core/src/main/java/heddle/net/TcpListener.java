package heddle.net;

import heddle.internal.Platform;
import heddle.internal.fd.Descriptor;
import heddle.internal.sys.SockAddr;
import heddle.internal.sys.SocketOption;
import heddle.internal.sys.Syscalls;
import heddle.internal.trace.Recorder;

import java.io.IOException;

/** A listener of TCP. One accept4(2) a connection on Linux: the options come with it from the listener's socket. */
public final class TcpListener extends SocketListener {

    private final SockAddr local;
    private final TcpAddr address;
    private final KeepAlive keepAlive;

    TcpListener(Platform platform, int fd, String network, SockAddr local, KeepAlive keepAlive) {
        var bound = new TcpAddr(local);
        var descriptor = new Descriptor(platform.syscalls(), fd, platform.pollers());
        this.local = local;
        this.address = bound;
        this.keepAlive = keepAlive;
        super(platform, descriptor, network, bound);
    }

    @Override
    public TcpConn accept() throws IOException {
        Recorder.Accept event = Recorder.beginAccept();
        SockAddr[] peer = new SockAddr[1];
        int fd = take(peer);
        Syscalls sys = syscalls();
        if (!sys.inheritsOptions()) {
            sys.setOption(fd, SocketOption.NO_DELAY, 1);
            Sockets.setKeepAlive(sys, fd, keepAlive);
        }
        SockAddr own = local.isUnspecified() ? Sockets.localAddress(sys, fd, local) : local;
        TcpConn conn = new TcpConn(descriptorOf(fd), network(), own, peer[0]);
        if (event != null) {
            event.done(address, conn.remoteAddress());
        }
        return conn;
    }

    @Override
    public TcpAddr address() {
        return address;
    }
}
