package heddle.net;

import heddle.internal.sys.SockAddr;
import heddle.internal.sys.SocketOption;
import heddle.internal.sys.Syscalls;

import java.io.IOException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * The options that a user asked for by name, set on a socket before it is bound or connected. One that cannot be set fails the dial or the
 * listen, since it was asked for; the defaults (keep-alive, no delay) are best effort. Immutable.
 *
 * <p>{@link SocketOption#TRAFFIC_CLASS} stands for both versions of IP.
 */
final class SocketOptions {

    static final SocketOptions NONE = new SocketOptions(new EnumMap<>(SocketOption.class), "");

    /** Those that only a connection has; a listener on Linux keeps them for the connections that it accepts. */
    private static final Set<SocketOption> OF_CONNECTIONS =
            EnumSet.of(
                    SocketOption.SEND_BUFFER,
                    SocketOption.USER_TIMEOUT,
                    SocketOption.TRAFFIC_CLASS);

    /** Never changed. */
    private final EnumMap<SocketOption, Integer> values;

    /** Name of the network device to use; empty for any. */
    private final String device;

    private SocketOptions(EnumMap<SocketOption, Integer> values, String device) {
        this.values = values;
        this.device = device;
    }

    SocketOptions with(SocketOption option, int value) {
        var changed = values.clone();
        changed.put(option, value);
        return new SocketOptions(changed, device);
    }

    SocketOptions onDevice(String name) {
        return new SocketOptions(values, name);
    }

    private SocketOptions ofConnections() {
        var theirs = values.clone();
        theirs.keySet().retainAll(OF_CONNECTIONS);
        return new SocketOptions(theirs, "");
    }

    private SocketOptions ofListener() {
        var own = values.clone();
        own.keySet().removeAll(OF_CONNECTIONS);
        return new SocketOptions(own, device);
    }

    /** Makes the exception of a refused option. */
    @FunctionalInterface
    interface Refusal {
        IOException of(String call, int result);
    }

    /**
     * Sets all on {@code fd}.
     *
     * @param kind of the socket; {@link Syscalls#socket}
     */
    void apply(Syscalls sys, int fd, int kind, Refusal refusal) throws IOException {
        if (!device.isEmpty()) {
            check(refusal, "SO_BINDTODEVICE", sys.bindToDevice(fd, device));
        }
        for (Map.Entry<SocketOption, Integer> wanted : values.entrySet()) {
            SocketOption option = wanted.getKey();
            int value = wanted.getValue();
            if (option == SocketOption.TRAFFIC_CLASS) {
                // An IPv6 socket also carries IPv4, to mapped addresses.
                set(sys, fd, SocketOption.TYPE_OF_SERVICE, value, refusal);
            }
            if (option != SocketOption.TRAFFIC_CLASS || kind == SockAddr.VERSION_6) {
                set(sys, fd, option, value, refusal);
            }
        }
    }

    /** Sets a listener's own on {@code fd}: what is left to set on each connection. */
    SocketOptions applyToListener(Syscalls sys, int fd, int kind, Refusal refusal)
            throws IOException {
        ofListener().apply(sys, fd, kind, refusal);
        SocketOptions onAccept = ofConnections();
        if (!onAccept.values.isEmpty()) {
            onAccept.tryOut(sys, kind, refusal);
        }
        return onAccept;
    }

    /** What no connection can have is refused now, not at the first accept. */
    private void tryOut(Syscalls sys, int kind, Refusal refusal) throws IOException {
        int trial = sys.socket(kind, false);
        if (trial < 0) {
            throw refusal.of("socket", trial);
        }
        try {
            apply(sys, trial, kind, refusal);
        } finally {
            sys.close(trial);
        }
    }

    private static void set(Syscalls sys, int fd, SocketOption option, int value, Refusal refusal)
            throws IOException {
        check(refusal, option.label(), sys.setOption(fd, option, value));
    }

    private static void check(Refusal refusal, String option, int result) throws IOException {
        if (result < 0) {
            throw refusal.of("setsockopt " + option, result);
        }
    }

    /** {@code bytes} as a size of a buffer. */
    static int bufferBytes(int bytes) {
        if (bytes <= 0) {
            throw new IllegalArgumentException("buffer of " + bytes + " bytes: want 1 or more");
        }
        return bytes;
    }

    /** {@code value} as a traffic class. */
    static int trafficClass(int value) {
        if (value < 0 || value > 0xff) {
            throw new IllegalArgumentException("traffic class " + value + ": want 0 to 255");
        }
        return value;
    }

    /** {@code time} in whole {@code unit}s, rounded up, at most what an option holds. */
    static int roundedUp(Duration time, TimeUnit unit) {
        if (time.isNegative()) {
            throw new IllegalArgumentException(time + ": want zero or more");
        }
        long nanos = Deadline.saturatedNanos(time);
        long units = unit.convert(nanos, TimeUnit.NANOSECONDS);
        boolean exact = unit.toNanos(units) == nanos;
        return (int) Math.min(exact ? units : units + 1, Integer.MAX_VALUE);
    }
}
