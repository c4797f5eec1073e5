package heddle.internal.fd;

import heddle.internal.socket.SockAddr;
import heddle.internal.socket.SocketOption;
import heddle.internal.sys.Syscalls;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * What a socket is set to before it is bound or connected. An option that somebody asked for by name and that cannot be
 * set fails the dial or the listen. A default is best effort, as in Go: a system without it keeps its own value.
 * Immutable.
 *
 * <p>{@link SocketOption#TRAFFIC_CLASS} stands for both versions of IP.
 */
public final class SocketOptions {

    /** Nothing to set. */
    public static final SocketOptions NONE =
            new SocketOptions(new EnumMap<>(SocketOption.class), EnumSet.noneOf(SocketOption.class), "");

    /** Those that only a connection has; a listener on Linux keeps them for the connections that it accepts. */
    private static final Set<SocketOption> OF_CONNECTIONS = EnumSet.of(
            SocketOption.KEEP_ALIVE,
            SocketOption.KEEP_IDLE,
            SocketOption.KEEP_INTERVAL,
            SocketOption.KEEP_COUNT,
            SocketOption.NO_DELAY,
            SocketOption.SEND_BUFFER,
            SocketOption.USER_TIMEOUT,
            SocketOption.TRAFFIC_CLASS);

    /** Never changed. */
    private final EnumMap<SocketOption, Integer> values;

    /** Those of {@code values} that must be set; never changed. */
    private final EnumSet<SocketOption> required;

    /** Name of the network device to use; empty for any. */
    private final String device;

    private SocketOptions(EnumMap<SocketOption, Integer> values, EnumSet<SocketOption> required, String device) {
        this.values = values;
        this.required = required;
        this.device = device;
    }

    /** These and {@code option}, which must be set. */
    public SocketOptions with(SocketOption option, int value) {
        EnumMap<SocketOption, Integer> changed = values.clone();
        changed.put(option, value);
        EnumSet<SocketOption> andThis = required.clone();
        andThis.add(option);
        return new SocketOptions(changed, andThis, device);
    }

    /** These and {@code defaults}, as far as the system can. */
    public SocketOptions withDefaults(Map<SocketOption, Integer> defaults) {
        EnumMap<SocketOption, Integer> changed = values.clone();
        defaults.forEach(changed::putIfAbsent);
        return new SocketOptions(changed, required, device);
    }

    /** These, using the network device {@code name}; empty for any. */
    public SocketOptions onDevice(String name) {
        return new SocketOptions(values, required, name);
    }

    private SocketOptions ofConnections() {
        EnumMap<SocketOption, Integer> theirs = values.clone();
        theirs.keySet().retainAll(OF_CONNECTIONS);
        EnumSet<SocketOption> theirRequired = required.clone();
        theirRequired.retainAll(OF_CONNECTIONS);
        return new SocketOptions(theirs, theirRequired, "");
    }

    private SocketOptions ofListener() {
        EnumMap<SocketOption, Integer> own = values.clone();
        own.keySet().removeAll(OF_CONNECTIONS);
        return new SocketOptions(own, required, device);
    }

    /**
     * Sets all on {@code fd}.
     *
     * @param kind of the socket; {@link Syscalls#socket}
     */
    void apply(Syscalls sys, int fd, int kind) throws Refused {
        if (!device.isEmpty()) {
            Refused.check("setsockopt SO_BINDTODEVICE", sys.bindToDevice(fd, device));
        }
        for (Map.Entry<SocketOption, Integer> wanted : values.entrySet()) {
            SocketOption option = wanted.getKey();
            int value = wanted.getValue();
            if (option == SocketOption.TRAFFIC_CLASS) {
                // An IPv6 socket also carries IPv4, to mapped addresses.
                set(sys, fd, SocketOption.TYPE_OF_SERVICE, value, required.contains(option));
            }
            if (option != SocketOption.TRAFFIC_CLASS || kind == SockAddr.VERSION_6) {
                set(sys, fd, option, value, required.contains(option));
            }
        }
    }

    /** Sets a listener's own on {@code fd}: what is left to set on each connection. */
    SocketOptions applyToListener(Syscalls sys, int fd, int kind) throws Refused {
        ofListener().apply(sys, fd, kind);
        SocketOptions onAccept = ofConnections();
        if (!onAccept.required.isEmpty()) {
            onAccept.tryOut(sys, kind);
        }
        return onAccept;
    }

    /** What no connection can have is refused now, not at the first accept. */
    private void tryOut(Syscalls sys, int kind) throws Refused {
        int trial = Refused.check("socket", sys.socket(kind, false));
        try {
            apply(sys, trial, kind);
        } finally {
            sys.close(trial);
        }
    }

    private static void set(Syscalls sys, int fd, SocketOption option, int value, boolean isRequired) throws Refused {
        int result = sys.setOption(fd, option, value);
        if (isRequired) {
            Refused.check("setsockopt " + option.label(), result);
        }
    }
}
