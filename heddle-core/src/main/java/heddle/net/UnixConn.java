package heddle.net;

import heddle.internal.fd.Descriptor;

/**
 * A connection over a Unix socket. Thread-safe as {@link Conn} says.
 *
 * <p>In the network {@code unixpacket} each write, gathering or not, is one packet, which one read takes whole or,
 * where its buffers have less room, cut off without notice. A packet that the kernel's buffer could never hold fails
 * with EMSGSIZE and is not sent in part. An empty one looks to its reader like the end of the stream. A transfer reads
 * packets of at most 64 KiB each, and no more of one than its bound leaves: it cuts others, as a read would.
 */
public final class UnixConn extends SocketConn {

    private final UnixAddr local;
    private final UnixAddr remote;

    UnixConn(Heddle heddle, Descriptor descriptor, String network, UnixAddr local, UnixAddr remote) {
        this.local = local;
        this.remote = remote;
        super(heddle, descriptor, network); // From here on dumps may name it.
    }

    @Override
    public UnixAddr localAddress() {
        return local;
    }

    @Override
    public UnixAddr remoteAddress() {
        return remote;
    }
}
