package heddle.net;

import heddle.internal.Platform;
import heddle.internal.fd.Traffic;
import heddle.internal.sys.SocketName;
import heddle.internal.sys.UnixName;
import heddle.internal.trace.Recorder;

import java.io.IOException;
import java.util.concurrent.locks.ReentrantLock;

/** A listener at a Unix socket. The first close removes the path that it made, unless {@link #setUnlinkOnClose} says otherwise. */
public final class UnixListener extends SocketListener {

    private final UnixAddr address;
    private final Traffic traffic;
    private final SocketOptions onAccept;

    /** Guards {@code unlinked}, and lets nobody close the descriptor before the path is gone: it could be somebody else's by then. */
    private final ReentrantLock unlinkLock = new ReentrantLock();

    private boolean unlinked;

    /** Set by any thread, read by the first to close. */
    private volatile boolean unlinkOnClose = true;

    UnixListener(
            Heddle heddle,
            Platform platform,
            int fd,
            Traffic traffic,
            UnixAddr address,
            SocketOptions onAccept) {
        var descriptor = platform.descriptors().open(fd, traffic);
        this.address = address;
        this.traffic = traffic;
        this.onAccept = onAccept;
        super(heddle, platform, descriptor, address.network(), address);
    }

    @Override
    public UnixConn accept() throws IOException {
        Recorder.Accept event = recorder().beginAccept();
        SocketName[] peer = new SocketName[1];
        int fd = take(peer);
        setOptions(fd);
        var remote = new UnixAddr(network(), (UnixName) peer[0]);
        UnixConn conn =
                new UnixConn(runtime(), descriptorOf(fd, traffic), network(), address, remote);
        event = recorder().endAccept(event);
        if (event != null) {
            event.done(address, remote);
        }
        return conn;
    }

    private void setOptions(int fd) throws IOException {
        try {
            onAccept.apply(syscalls(), fd, 0, (call, result) -> failure("accept", call, result));
        } catch (IOException refused) {
            syscalls().close(fd);
            throw refused;
        }
    }

    /**
     * Whether {@link #close} removes the path from the file system, as it does unless told otherwise. Abstract names leave with the socket.
     *
     * @param unlink true to remove it
     */
    public void setUnlinkOnClose(boolean unlink) {
        unlinkOnClose = unlink;
    }

    @Override
    public UnixAddr address() {
        return address;
    }

    @Override
    public void close() throws IOException {
        unlinkLock.lock();
        try {
            if (!unlinked && unlinkOnClose && address.raw().isPath()) {
                // Whatever this returns, as in Go: somebody may have removed the path already.
                syscalls().unlink(address.raw());
            }
            unlinked = true;
        } finally {
            unlinkLock.unlock();
        }
        super.close();
    }
}
