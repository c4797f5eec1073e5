package heddle.net;

import heddle.internal.fd.Listening;
import heddle.internal.socket.UnixName;
import java.io.IOException;

/**
 * A listener at a Unix socket. The first close, or that of the runtime, removes the path that it made, unless {@link
 * #setUnlinkOnClose} says otherwise.
 */
public final class UnixListener extends SocketListener {

    private final UnixAddr address;

    UnixListener(Heddle heddle, Listening listening, String network) {
        var bound = new UnixAddr(network, (UnixName) listening.bound());
        this.address = bound;
        super(heddle, listening, network, bound);
    }

    @Override
    public UnixConn accept() throws IOException {
        Listening.Accepted accepted = take();
        return new UnixConn(runtime(), accepted.descriptor(), network(), address, new UnixAddr(network(), (UnixName)
                accepted.peer()));
    }

    /**
     * Whether {@link #close} removes the path from the file system, as it does unless told otherwise. Abstract names
     * leave with the socket.
     *
     * @param unlink true to remove it
     */
    public void setUnlinkOnClose(boolean unlink) {
        listening().setUnlinkOnClose(unlink);
    }

    @Override
    public UnixAddr address() {
        return address;
    }
}
