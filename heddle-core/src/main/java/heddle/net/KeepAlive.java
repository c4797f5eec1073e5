package heddle.net;

import java.time.Duration;

/**
 * TCP keep-alive: when a connection is idle the kernel probes the peer, and breaks the connection if it does not answer; tcp(7).
 * Without it a reader may wait for ever for a peer that is gone, even one that sent a reset: Linux drops a reset that overtakes data for
 * which the receive buffer had no room.
 *
 * @param enabled whether to probe
 * @param idle silence before the first probe; rounded up to seconds; zero stands for 15 s, negative leaves the system's value
 * @param interval time between probes; likewise
 * @param count unanswered probes that break the connection; zero stands for 9, negative leaves the system's value
 */
public record KeepAlive(boolean enabled, Duration idle, Duration interval, int count) {

    /** On: 15 s of silence, then 9 probes, 15 s apart. */
    public static final KeepAlive DEFAULT = new KeepAlive(true, Duration.ZERO, Duration.ZERO, 0);

    /** Off. */
    public static final KeepAlive OFF = new KeepAlive(false, Duration.ZERO, Duration.ZERO, 0);

    private static final int SECONDS_DEFAULT = 15;
    private static final int COUNT_DEFAULT = 9;

    /**
     * On, with {@code idle} as both the silence before the first probe and the time between probes.
     *
     * @param idle as in {@link #idle}
     * @return the setting
     */
    public static KeepAlive every(Duration idle) {
        return new KeepAlive(true, idle, idle, 0);
    }

    /** Seconds for TCP_KEEPIDLE; negative: leave it. */
    int idleSeconds() {
        return seconds(idle);
    }

    /** Seconds for TCP_KEEPINTVL; negative: leave it. */
    int intervalSeconds() {
        return seconds(interval);
    }

    /** Probes for TCP_KEEPCNT; negative: leave it. */
    int probes() {
        return count == 0 ? COUNT_DEFAULT : count;
    }

    private static int seconds(Duration time) {
        if (time.isNegative()) {
            return -1;
        }
        if (time.isZero()) {
            return SECONDS_DEFAULT;
        }
        long seconds =
                time.getNano() == 0 ? time.getSeconds() : Math.addExact(time.getSeconds(), 1);
        return (int) Math.min(seconds, Integer.MAX_VALUE);
    }
}
