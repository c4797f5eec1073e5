package heddle.internal.sched;

import heddle.internal.trace.Dump;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The right to run virtual threads: Go's P. Owns a run queue and a poller; a [Carrier] runs it. There are as many as
/// threads shall run at once. A carrier that is stuck in a task loses its processor to another carrier.
///
/// The word:
///
///     bits 0-2   state
///     bits 3-63  tick: how many tasks were begun; tells one RUNNING from the next
///
///     OWNED      -> RUNNING    carrier   begins a task
///     RUNNING    -> OWNED      carrier   the task parked or ended
///     RUNNING    -> TAKEN      monitor, or the task itself before a blocking call: another carrier gets it
///     TAKEN      -> OWNED      the new carrier
///     OWNED      -> PARKED     carrier   is about to block in the poller
///     PARKED     -> SIGNALLED  any       sent a wake-up, once
///     PARKED, SIGNALLED -> OWNED  carrier  its wait in the poller is over
///
/// 1. Only the carrier that made it OWNED touches the poller, except for its wake-up.
/// 2. A task in the queue is seen: its producer stores it and then reads the word; the carrier stores PARKED and then
///    looks at the queue. One of them sees the other.
///
/// Ordering: the word is changed by volatile stores and compare-and-sets. HandOffStress and WakeUpStress have the twins
/// without.
final class Processor {

    static final int OWNED = 0;
    static final int RUNNING = 1;
    static final int PARKED = 2;
    static final int SIGNALLED = 3;
    static final int TAKEN = 4;

    private static final int STATE = 7;
    private static final int TICK = 8;

    /** As many connections may be ready at once without a detour by the shared queue, which costs allocations. */
    private static final int QUEUE_CAPACITY = 4096;

    /** What a turn is thought to take at first: more than most do, so others are woken until it is known. */
    private static final long FIRST_TURN_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** By which part of it the guess moves with each stretch. */
    private static final int GUESS_STEPS = 8;

    private static final VarHandle WORD;

    static {
        try {
            WORD = MethodHandles.lookup().findVarHandle(Processor.class, "word", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final int id;
    final RunQueue queue = new RunQueue(QUEUE_CAPACITY);
    final IdlePoll poller;

    /** See above. Starts without a carrier. */
    private volatile long word = TAKEN;

    /** How many turns the round lasts yet at least. The owner's, as are the following ones. */
    private int turnsLeft;

    /** How many tasks had been added to the queue when the round began. */
    private long roundEnd;

    /** How long a turn takes: half of the late stretches had shorter ones. */
    private long turnNanos = FIRST_TURN_NANOS;

    /** When this stretch of turns began, and the word then. */
    private long stretchNanos = System.nanoTime();

    private long stretchWord;

    /** Which processor is watched for the length of this round. */
    int watched;

    /** How many tasks had been added to the queue of that when the round began. */
    long watchedEnd;

    /** A queue in which tasks have waited for a whole round of this processor, which runs them now; else null. */
    @Nullable
    RunQueue helped;

    /** How many tasks had been added to that before them and with them. */
    long helpedEnd;

    /** The monitor found that too much time has passed without a poll. Set by it, cleared by the carrier. */
    volatile boolean pollDue;

    /** What the monitor saw last, and since when. Written by it, the instant first; read by dumps. */
    volatile long seenWord = -1;

    volatile long seenSinceNanos;

    /** Who runs this, or ran it until it was taken. Written by that one, once it owns it; read by any thread. */
    volatile @Nullable Carrier carrier;

    Processor(int id, IdlePoll poller) {
        this.id = id;
        watched = id;
        this.poller = poller;
    }

    static int state(long word) {
        return (int) word & STATE;
    }

    long word() {
        return word;
    }

    /** A carrier takes charge. By the carrier to which it was handed. */
    void own() {
        long seen = word;
        WORD.setVolatile(this, (seen & ~STATE) | OWNED);
    }

    /** A task begins: the word that says so, for {@link #endTask}. By the owner. */
    long beginTask() {
        long running = (word & ~STATE) + TICK | RUNNING;
        WORD.setRelease(this, running);
        return running;
    }

    /** The task is over; false if the processor was taken away meanwhile. By the carrier that began it. */
    boolean endTask(long running) {
        return WORD.compareAndSet(this, running, (running & ~STATE) | OWNED);
    }

    /** Takes it away from the carrier that runs the task of {@code running}; false if that is over. */
    boolean take(long running) {
        return state(running) == RUNNING && WORD.compareAndSet(this, running, (running & ~STATE) | TAKEN);
    }

    /** A round begins, of {@code turns} at least. By the owner. */
    void beginRound(int turns) {
        turnsLeft = turns;
        roundEnd = queue.added();
    }

    /** A turn is about to begin: whether it is the first of the next round. By the owner. */
    boolean roundIsOver() {
        return --turnsLeft <= 0 && queue.taken() >= roundEnd;
    }

    /** Turns follow each other from now on. By the owner, as are the next two. */
    void beginStretch(long nowNanos) {
        stretchNanos = nowNanos;
        stretchWord = word;
    }

    /**
     * Guesses from the turns since {@link #beginStretch} how long one takes, and begins the next stretch. The guess
     * moves by a fixed part, up or down: a mean would be spoiled by the one turn during which the system ran another
     * thread.
     */
    void endStretch(long nowNanos) {
        long turns = (word - stretchWord) / TICK;
        if (turns > 0) {
            boolean longer = (nowNanos - stretchNanos) / turns > turnNanos;
            turnNanos += longer ? turnNanos / GUESS_STEPS + 1 : -(turnNanos / GUESS_STEPS);
        }
        beginStretch(nowNanos);
    }

    /** About how long a turn takes here. */
    long turnNanos() {
        return turnNanos;
    }

    /** The carrier is about to block. By the owner, who looks for work again afterwards. */
    void park() {
        WORD.setVolatile(this, (word & ~STATE) | PARKED);
    }

    /** The carrier is back. By the owner. */
    void unpark() {
        WORD.setVolatile(this, (word & ~STATE) | OWNED);
    }

    /** Wakes the carrier if it sleeps and nobody did yet. Any thread. */
    boolean signal() {
        long seen = word;
        if (state(seen) == PARKED && WORD.compareAndSet(this, seen, (seen & ~STATE) | SIGNALLED)) {
            poller.wakeUp();
            return true;
        }
        return false;
    }

    /** Shows {@code dump} what this does. */
    void describe(Dump dump) {
        long seen = word;
        long seenByMonitor = seenWord;
        String doing = switch (state(seen)) {
            case OWNED -> "looks for work";
            case RUNNING ->
                "runs a task for "
                        + (seen == seenByMonitor ? dump.since(seenSinceNanos) : dump.since(System.nanoTime()));
            case PARKED -> "asleep";
            case SIGNALLED -> "wakes up";
            default -> "on the way to another carrier";
        };
        Carrier by = carrier;
        String text = "processor "
                + id
                + ": "
                + doing
                + ", "
                + queue.size()
                + " queued, "
                + (seen >>> Long.numberOfTrailingZeros(TICK))
                + " tasks begun"
                + (by == null ? "" : ", " + by.getName());
        if (by != null && state(seen) == RUNNING) {
            dump.line(text, by);
        } else {
            dump.line(text);
        }
    }

    boolean isParked() {
        return state(word) == PARKED;
    }
}
