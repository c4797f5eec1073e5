package heddle.net.fuzz;

import heddle.net.Deadline;
import heddle.time.Clock;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * All deadlines of one direction with the times of their setting, to tell whether one may, or must, have ended a call.
 * Several threads set: a setting is in force from some moment of its call on, until some moment of a later one's. Any
 * thread.
 */
final class DeadlineLog {

    private static final class Setting {
        final long beganNanos;
        final long deadlineNanos;

        /** Long.MAX_VALUE while the call runs. */
        volatile long endedNanos;

        Setting(long beganNanos, long deadlineNanos, long endedNanos) {
            this.beganNanos = beganNanos;
            this.deadlineNanos = deadlineNanos;
            this.endedNanos = endedNanos;
        }

        boolean hadPassed(long nanos) {
            return deadlineNanos != Clock.NONE && deadlineNanos <= nanos;
        }
    }

    /** A call that sets a deadline. */
    @FunctionalInterface
    interface Setter {
        void set() throws Exception;
    }

    private final List<Setting> settings = new CopyOnWriteArrayList<>(List.of(new Setting(0, Clock.NONE, 0)));

    /** Notes that {@code setter} sets {@code deadline}. */
    void set(Deadline deadline, Setter setter) throws Exception {
        var setting = new Setting(Clock.system().nanos(), deadline.nanosBy(Clock.system()), Long.MAX_VALUE);
        settings.add(setting);
        setter.set();
        setting.endedNanos = Clock.system().nanos();
    }

    /** Whether some setting that passed by {@code endNanos} may have been in force since {@code startNanos}. */
    boolean mayExpire(long startNanos, long endNanos) {
        return settings.stream().anyMatch(setting -> setting.hadPassed(endNanos) && !isReplaced(setting, startNanos));
    }

    /** Whether each setting that may have been in force between the two had passed at the start. */
    boolean mustExpire(long startNanos, long endNanos) {
        return settings.stream()
                .filter(setting -> setting.beganNanos <= endNanos && !isReplaced(setting, startNanos))
                .allMatch(setting -> setting.hadPassed(startNanos));
    }

    /** Whether another, begun after {@code setting} was done, was done itself by {@code nanos}. */
    private boolean isReplaced(Setting setting, long nanos) {
        return settings.stream().anyMatch(later -> later.beganNanos > setting.endedNanos && later.endedNanos < nanos);
    }
}
