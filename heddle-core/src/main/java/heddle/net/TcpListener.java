package heddle.net;

import heddle.internal.Platform;
import heddle.internal.fd.Traffic;
import heddle.internal.sys.SockAddr;
import heddle.internal.sys.SocketOption;
import heddle.internal.sys.Syscalls;
import heddle.internal.trace.Recorder;

import java.io.IOException;

/** A listener of TCP. One accept4(2) a connection on Linux: the options come with it from the listener's socket. */
public final class TcpListener extends SocketListener {

    private final SockAddr local;
    private final TcpAddr address;
    private final Accepted accepted;

    /** What accepted connections shall have; on each of them to set where they do not have it from the listener. */
    record Accepted(KeepAlive keepAlive, boolean noDelay, SocketOptions options) {}

    TcpListener(
            Heddle heddle,
            Platform platform,
            int fd,
            String network,
            SockAddr local,
            Accepted accepted) {
        var bound = new TcpAddr(local);
        var descriptor = platform.descriptors().open(fd, Traffic.BYTES);
        this.local = local;
        this.address = bound;
        this.accepted = accepted;
        super(heddle, platform, descriptor, network, bound);
    }

    @Override
    public TcpConn accept() throws IOException {
        Recorder.Accept event = recorder().beginAccept();
        SockAddr[] peer = new SockAddr[1];
        int fd = take(peer);
        Syscalls sys = syscalls();
        if (!sys.inheritsOptions()) {
            setOptions(fd, peer[0].version());
        }
        SockAddr own = local.isUnspecified() ? Sockets.localAddress(sys, fd, local) : local;
        TcpConn conn =
                new TcpConn(runtime(), descriptorOf(fd, Traffic.BYTES), network(), own, peer[0]);
        event = recorder().endAccept(event);
        if (event != null) {
            event.done(address, conn.remoteAddress());
        }
        return conn;
    }

    private void setOptions(int fd, int version) throws IOException {
        Syscalls sys = syscalls();
        sys.setOption(fd, SocketOption.NO_DELAY, accepted.noDelay ? 1 : 0);
        Sockets.setKeepAlive(sys, fd, accepted.keepAlive);
        try {
            accepted.options.apply(
                    sys, fd, version, (call, result) -> failure("accept", call, result));
        } catch (IOException refused) {
            sys.close(fd);
            throw refused;
        }
    }

    @Override
    public TcpAddr address() {
        return address;
    }
}
