package heddle.internal.fd;

import heddle.internal.sys.Syscalls;

/**
 * A descriptor as a hook sees it that runs before its socket is bound or connected. Refuses once that is over: the
 * number may be another's by then.
 */
public final class RawDescriptor {

    private final Syscalls sys;
    private final int fd;

    /** Written by the thread of the hook, read by any to which it gave this. */
    private volatile boolean over;

    RawDescriptor(Syscalls sys, int fd) {
        this.sys = sys;
        this.fd = fd;
    }

    void end() {
        over = true;
    }

    /** The kernel's number; -1 if there is none, or the hook has returned. */
    public int number() {
        return sys.hasKernelDescriptors() && !over ? fd : -1;
    }

    /** setsockopt(2) of an int, with the system's own numbers: 0 or a failure. */
    public int setOption(int level, int name, int value) {
        return over ? Result.CLOSED : sys.setRawOption(fd, level, name, value);
    }

    /** getsockopt(2) of an int, with the system's own numbers, into {@code value[0]}: 0 or a failure. */
    public int option(int level, int name, int[] value) {
        return over ? Result.CLOSED : sys.rawOption(fd, level, name, value);
    }
}
