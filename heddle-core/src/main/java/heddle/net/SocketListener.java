package heddle.net;

import heddle.internal.Platform;
import heddle.internal.fd.Descriptor;
import heddle.internal.fd.Result;
import heddle.internal.fd.Traffic;
import heddle.internal.poll.Pending;
import heddle.internal.sys.SocketName;
import heddle.internal.sys.Syscalls;
import heddle.internal.trace.Recorder;

import java.io.IOException;

/** What a listener does whatever its network. */
abstract sealed class SocketListener implements Listener permits TcpListener, UnixListener {

    private final Heddle heddle;
    private final Platform platform;
    private final Descriptor descriptor;
    private final String network;
    private final Addr address;

    SocketListener(
            Heddle heddle, Platform platform, Descriptor descriptor, String network, Addr address) {
        this.heddle = heddle;
        this.platform = platform;
        this.descriptor = descriptor;
        this.network = network;
        this.address = address;
        descriptor.describe(new Pending("accept", network, address));
    }

    final Recorder recorder() {
        return platform.trace().recorder();
    }

    final Syscalls syscalls() {
        return platform.syscalls();
    }

    final String network() {
        return network;
    }

    /** A descriptor for the number that {@link #take} gave. */
    final Descriptor descriptorOf(int fd, Traffic traffic) {
        return platform.descriptors().open(fd, traffic);
    }

    /**
     * Waits for a connection and takes it from the backlog: its number.
     *
     * @param peer its element 0 receives the peer's address
     */
    final int take(SocketName[] peer) throws IOException {
        int fd = descriptor.accept(peer);
        if (fd < 0) {
            throw failure("accept", "accept4", fd);
        }
        return fd;
    }

    @Override
    public final void setDeadline(Deadline deadline) throws IOException {
        if (!descriptor.setReadDeadline(deadline.nanosBy(heddle.clock()))) {
            throw failure("set", "", Result.CLOSED);
        }
    }

    @Override
    public void close() throws IOException {
        descriptor.close();
    }

    @Override
    public final Heddle runtime() {
        return heddle;
    }

    @Override
    public final boolean isOpen() {
        return !descriptor.isClosed();
    }

    final IOException failure(String op, String call, int result) {
        return Failures.because(
                descriptor,
                Failures.of(
                        op, network, null, address, call, result, 0, descriptor.remark(result)));
    }

    final Descriptor descriptor() {
        return descriptor;
    }

    /** {@code accept tcp 127.0.0.1:80}. */
    @Override
    public final String toString() {
        return "accept " + network + " " + address;
    }
}
