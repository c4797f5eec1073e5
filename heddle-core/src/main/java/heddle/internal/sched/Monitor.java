package heddle.internal.sched;

import java.util.concurrent.locks.LockSupport;

/**
 * Watches the processors from outside, as Go's sysmon does: hands one whose task runs for too long to another carrier,
 * sees to it that busy carriers poll, and wakes a sleeper for work that waits behind a busy one. One platform thread;
 * sleeps while all processors do.
 *
 * Ordering: before it sleeps it stores {@code asleep} and then looks at the processors; a carrier leaves PARKED and
 * then reads it.
 */
final class Monitor extends OwnThread {

    /** Looks at this many times the rate of the hand-off's limit, so that a task is caught after 1 to 1.5 of it. */
    private static final int LOOKS_A_LIMIT = 2;

    /** After how many looks without anybody awake it goes to sleep. */
    private static final int IDLE_LOOKS = 2;

    private final Scheduler scheduler;
    private final long limitNanos;

    /** Whether a carrier must unpark this. Set by it, cleared by it or by the carrier that unparks it. */
    volatile boolean asleep;

    Monitor(Scheduler scheduler, long limitNanos) {
        super("heddle-monitor");
        this.scheduler = scheduler;
        this.limitNanos = limitNanos;
    }

    /** How long it may be behind with what it has seen, in nanoseconds. */
    long lookNanos() {
        return limitNanos / LOOKS_A_LIMIT;
    }

    /** A processor is awake again. Any carrier. */
    void wake() {
        if (asleep) {
            asleep = false;
            LockSupport.unpark(this);
        }
    }

    @Override
    public void run() {
        try {
            watch();
        } catch (Throwable cause) {
            scheduler.failed(cause);
        } finally {
            scheduler.ticks().stop();
        }
    }

    private void watch() {
        int idleLooks = 0;
        while (!scheduler.isStopped()) {
            if (idleLooks < IDLE_LOOKS) {
                LockSupport.parkNanos(this, lookNanos());
            } else {
                scheduler.ticks().stop();
                if (fallAsleep()) {
                    LockSupport.park(this);
                }
                asleep = false;
                idleLooks = 0;
            }
            idleLooks = look(System.nanoTime()) ? 0 : idleLooks + 1;
        }
    }

    /** Whether it may park: nobody is awake, and who wakes from now on sees it asleep. */
    boolean fallAsleep() {
        asleep = true;
        // Look again: a carrier that woke before the store above did not see it.
        return !anyAwake();
    }

    private boolean anyAwake() {
        for (Processor processor : scheduler.processors()) {
            if (!processor.isParked()) {
                return true;
            }
        }
        return scheduler.isStopped();
    }

    /** One look at all; whether anybody is awake. */
    private boolean look(long nowNanos) {
        scheduler.ticks().tick(nowNanos);
        boolean awake = false;
        for (Processor processor : scheduler.processors()) {
            long word = processor.word();
            int state = Processor.state(word);
            if (state == Processor.PARKED || state == Processor.SIGNALLED) {
                continue;
            }
            awake = true;
            processor.pollDue = true;
            if (word != processor.seenWord) {
                processor.seenSinceNanos = nowNanos;
                processor.seenWord = word;
            } else if (state == Processor.RUNNING && nowNanos - processor.seenSinceNanos >= limitNanos) {
                scheduler.handOff(processor, word);
            }
        }
        if (awake) {
            scheduler.wakeForStrandedWork();
        }
        return awake;
    }
}
