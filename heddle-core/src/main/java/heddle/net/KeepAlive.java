package heddle.net;

import heddle.internal.socket.SocketOption;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * TCP keep-alive: when a connection is idle the kernel probes the peer, and breaks the connection if it does not
 * answer; tcp(7). Without it a reader may wait for ever for a peer that is gone, even one that sent a reset: Linux
 * drops a reset that overtakes data for which the receive buffer had no room.
 *
 * <p>Immutable, equal by value. Each setter returns a changed copy, which is on.
 */
public final class KeepAlive {

    /** On: 15 s of silence, then 9 probes, 15 s apart. */
    public static final KeepAlive DEFAULT = new KeepAlive(true, Duration.ofSeconds(15), Duration.ofSeconds(15), 9);

    /** On, with the system's own times and count; two hours, 75 s and 9 on most. */
    public static final KeepAlive SYSTEM = new KeepAlive(true, null, null, null);

    /** Off. */
    public static final KeepAlive OFF = new KeepAlive(false, null, null, null);

    private final boolean on;

    /** Null for the system's own, like the two below. */
    private final @Nullable Duration idle;

    private final @Nullable Duration interval;
    private final @Nullable Integer count;

    private KeepAlive(boolean on, @Nullable Duration idle, @Nullable Duration interval, @Nullable Integer count) {
        this.on = on;
        this.idle = idle;
        this.interval = interval;
        this.count = count;
    }

    /**
     * On, with {@code time} as both the silence before the first probe and the time between probes, of which there are
     * 9.
     *
     * @param time as in {@link #idle(Duration)}
     * @return the setting
     */
    public static KeepAlive every(Duration time) {
        return DEFAULT.idle(time).interval(time);
    }

    /**
     * The silence before the first probe; TCP_KEEPIDLE.
     *
     * @param time more than zero; the system gets it in whole seconds, rounded up
     * @return the changed copy
     */
    public KeepAlive idle(Duration time) {
        return new KeepAlive(true, OptionValues.positive("keep-alive idle", time), interval, count);
    }

    /**
     * The time between probes; TCP_KEEPINTVL.
     *
     * @param time more than zero; the system gets it in whole seconds, rounded up
     * @return the changed copy
     */
    public KeepAlive interval(Duration time) {
        return new KeepAlive(true, idle, OptionValues.positive("keep-alive interval", time), count);
    }

    /**
     * How many unanswered probes break the connection; TCP_KEEPCNT.
     *
     * @param probes 1 or more
     * @return the changed copy
     */
    public KeepAlive count(int probes) {
        return new KeepAlive(true, idle, interval, OptionValues.positive("keep-alive count", probes));
    }

    /**
     * Whether the kernel probes.
     *
     * @return false for {@link #OFF}
     */
    public boolean isOn() {
        return on;
    }

    /**
     * The silence before the first probe.
     *
     * @return as it was set; empty for the system's own
     */
    public Optional<Duration> idle() {
        return Optional.ofNullable(idle);
    }

    /**
     * The time between probes.
     *
     * @return as it was set; empty for the system's own
     */
    public Optional<Duration> interval() {
        return Optional.ofNullable(interval);
    }

    /**
     * How many unanswered probes break the connection.
     *
     * @return as it was set; empty for the system's own
     */
    public OptionalInt count() {
        return count == null ? OptionalInt.empty() : OptionalInt.of(count);
    }

    /** What a socket is set to, besides what it has by itself; nothing if this is off. The caller's to change. */
    Map<SocketOption, Integer> options() {
        Map<SocketOption, Integer> options = new EnumMap<>(SocketOption.class);
        if (on) {
            options.put(SocketOption.KEEP_ALIVE, 1);
        }
        if (idle != null) {
            options.put(SocketOption.KEEP_IDLE, OptionValues.roundedUp(idle, TimeUnit.SECONDS));
        }
        if (interval != null) {
            options.put(SocketOption.KEEP_INTERVAL, OptionValues.roundedUp(interval, TimeUnit.SECONDS));
        }
        if (count != null) {
            options.put(SocketOption.KEEP_COUNT, count);
        }
        return options;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof KeepAlive that
                && on == that.on
                && Objects.equals(idle, that.idle)
                && Objects.equals(interval, that.interval)
                && Objects.equals(count, that.count);
    }

    @Override
    public int hashCode() {
        return Objects.hash(on, idle, interval, count);
    }

    /** Such as {@code keep-alive idle PT15S, interval PT15S, count 9}; {@code keep-alive off}. */
    @Override
    public String toString() {
        if (!on) {
            return "keep-alive off";
        }
        String system = "the system's";
        return "keep-alive idle "
                + (idle == null ? system : idle)
                + ", interval "
                + (interval == null ? system : interval)
                + ", count "
                + (count == null ? system : count);
    }
}
