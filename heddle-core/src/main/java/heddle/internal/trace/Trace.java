package heddle.internal.trace;

import heddle.time.Clock;

/**
 * What one runtime notes about itself, for those who watch it: counters, slow waits, the time of the last tick, events
 * for the flight recorder; and the clock that its deadlines go by. Made with the runtime and handed to each floor. Any
 * thread.
 */
public final class Trace {

    private final Clock clock;
    private final Counters counters = new Counters();
    private final CoarseClock ticks = new CoarseClock();
    private final Waits waits = new Waits(ticks);
    private final Recorder recorder = new Recorder();

    /** Of a runtime whose deadlines go by {@code clock}. */
    public Trace(Clock clock) {
        this.clock = clock;
    }

    /** By the system's clock. */
    public Trace() {
        this(Clock.system());
    }

    /** What deadlines go by. */
    public Clock clock() {
        return clock;
    }

    public Counters counters() {
        return counters;
    }

    /** When somebody came to wait, for dumps: of the computer, whatever the clock is. */
    public CoarseClock ticks() {
        return ticks;
    }

    public Waits waits() {
        return waits;
    }

    public Recorder recorder() {
        return recorder;
    }
}
