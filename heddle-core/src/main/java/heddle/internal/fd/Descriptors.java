package heddle.internal.fd;

import heddle.internal.poll.PollerSource;
import heddle.internal.socket.Errno;
import heddle.internal.socket.NumberTable;
import heddle.internal.sys.Syscalls;
import heddle.internal.trace.Dump;
import heddle.internal.trace.Trace;

/**
 * The open descriptors of one runtime, and what each of them is made with. Any thread.
 *
 * <p>1. A descriptor is in the table from its making until its number is closed, so that {@link #close} leaves none. 2.
 * One that is made after the runtime closed is closed at once.
 *
 * <p>Ordering: {@link #open} puts the descriptor into the table, then reads {@code closed}; close() sets that, then
 * walks the table. So one of the two closes it.
 */
public final class Descriptors {

    private final Syscalls sys;
    private final PollerSource source;
    private final Trace trace;
    private final String report;
    private final NumberTable<Descriptor> table = new NumberTable<>();
    private final Ip ip = new Ip();
    private final SplicePipes pipes;
    private final Lender lender = new Lender();
    private final Opening opening;

    /** Set once, by who closes the runtime. */
    private volatile boolean closed;

    /**
     * None yet.
     *
     * @param report which way the runtime runs, for {@link #remark}
     */
    public Descriptors(Syscalls sys, PollerSource source, Trace trace, String report) {
        this.sys = sys;
        this.source = source;
        this.trace = trace;
        this.report = report;
        this.pipes = new SplicePipes(sys);
        this.opening = new Opening(this);
    }

    /** Makes sockets. */
    public Opening opening() {
        return opening;
    }

    /** Takes charge of {@code fd}. */
    public Descriptor open(int fd, Traffic traffic) {
        Descriptor made = new Descriptor(this, fd, traffic);
        table.put(fd, made);
        if (closed) {
            made.closeWithRuntime();
        }
        return made;
    }

    /** {@code descriptor} has closed its number. */
    void forget(int fd, Descriptor descriptor) {
        table.remove(fd, descriptor);
    }

    /** Closes all, and returns once their numbers are free again. Calls on them fail, and say why. */
    public void close() {
        closed = true;
        table.forEach(Descriptor::closeWithRuntime);
        pipes.close();
    }

    /** Shows {@code dump} who waits. */
    public void describe(Dump dump) {
        table.forEach(descriptor -> descriptor.registration().describe(dump));
    }

    /** Whether the runtime is closed. */
    public boolean isClosed() {
        return closed;
    }

    /** What to say besides the errno of {@code result}: which way has the option that this one has not. */
    public String remark(int result) {
        return result == -Errno.ENOPROTOOPT && !sys.hasKernelDescriptors() ? " (" + report + ")" : "";
    }

    /** Whether sockets of IPv6 exist, and take IPv4 connections too. */
    public boolean hasV6() {
        return ip.hasV6(sys);
    }

    /** Whether a descriptor is a number of the kernel's. */
    public boolean hasKernelDescriptors() {
        return sys.hasKernelDescriptors();
    }

    Lender lender() {
        return lender;
    }

    SplicePipes pipes() {
        return pipes;
    }

    Syscalls syscalls() {
        return sys;
    }

    /** Where sockets find their poller. */
    public PollerSource pollers() {
        return source;
    }

    Trace trace() {
        return trace;
    }
}
