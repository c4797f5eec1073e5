package heddle.internal.poll;

import heddle.internal.sched.OwnThread;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/// Polls from virtual threads of the JDK's scheduler, one for each poller. It looks without blocking while it finds
/// events, so that the threads it wakes run next on its own carrier. When it finds none, a platform thread waits for
/// the next.
///
/// Whose turn it is to poll:
///
///     LOOK    -> LOOKING   the virtual thread, to poll without blocking
///     LOOKING -> LOOK      it has found events: it yields, and looks again
///     LOOKING -> PAUSE     the same for the 64th time: it parks
///     PAUSE   -> LOOK      the platform thread gives the turn back at once
///     LOOKING -> SLEEP     it has found none: it parks
///     SLEEP   -> LOOK      the platform thread has slept until there are some, which it leaves there
///     LOOK    -> HELPING   the virtual thread does not come; the platform thread polls
///     HELPING -> LOOK      it has polled, for {@link #LATE_NANOS} at most
///
/// 1. The virtual thread wakes others, as long as it comes at all. Those that a platform thread wakes come into another
///    queue of the JDK's, which is served when a carrier's own is empty: at 1,000 connections some had half the turns
///    of others.
/// 2. It does not come where all carriers are held, for instance by threads that are pinned and wait. What those wait
///    for may be here, so the platform thread wakes them in its place.
///
/// Ordering: the turn is taken and given by a compare-and-set or a volatile store, which publishes what the poller
/// keeps for its polling thread. Who gives it to the other unparks that one, who believes the turn and not the return
/// from park.
///
/// A poller that died ends both its threads.
public final class VirtualPollers {

    /**
     * How often a poller looks again by itself. Then it parks, so that its carrier's queue runs empty: only then does
     * the JDK's scheduler look at what came from other threads.
     */
    private static final int YIELDS_MAX = 64;

    /**
     * After how long without a look the platform thread polls. Long against the turns of those that one look has woken,
     * a thousand by a selector.
     */
    private static final long LATE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private enum Turn {
        LOOK,
        LOOKING,
        PAUSE,
        SLEEP,
        HELPING
    }

    private final Turns[] all;
    private volatile boolean stopped;

    /** A poller with its threads. */
    private final class Turns {

        final Poller poller;
        final Thread looks;
        final Thread sleeps;
        final AtomicReference<Turn> turn = new AtomicReference<>(Turn.SLEEP);

        /** The virtual thread came, whoever had the turn. Set by it, cleared by the platform thread. */
        private volatile boolean came;

        Turns(Poller poller, int index) {
            this.poller = poller;
            looks = Thread.ofVirtual()
                    .name("heddle-poller-", index)
                    .inheritInheritableThreadLocals(false)
                    .unstarted(() -> run(this::look));
            sleeps = new OwnThread("heddle-poller-" + index, () -> run(this::sleep));
        }

        private void run(Runnable body) {
            try {
                body.run();
            } catch (Throwable cause) {
                poller.fail(cause);
            } finally {
                wakeBoth(); // The other one has to end, too.
            }
        }

        void wakeBoth() {
            LockSupport.unpark(looks);
            LockSupport.unpark(sleeps);
        }

        private boolean ended() {
            return stopped || poller.failure() != null;
        }

        private void look() {
            int yields = 0;
            while (!ended()) {
                came = true;
                if (!turn.compareAndSet(Turn.LOOK, Turn.LOOKING)) {
                    if (turn.get() == Turn.HELPING) {
                        poller.wakeUp(); // Who helps need not any more.
                    }
                    LockSupport.park(this);
                    forgetInterrupt();
                } else if (poller.poll(0) == 0) {
                    giveAway(Turn.SLEEP);
                } else if (++yields % YIELDS_MAX == 0) {
                    giveAway(Turn.PAUSE);
                } else {
                    turn.set(Turn.LOOK);
                    Thread.yield();
                }
            }
        }

        private void giveAway(Turn next) {
            turn.set(next);
            LockSupport.unpark(sleeps);
        }

        private void sleep() {
            // The turn first: the virtual thread may have taken the wake-up of end() before it gave the turn away.
            for (Turn now = turn.get(); !ended(); now = turn.get()) {
                boolean late = !came;
                came = false;
                if (now == Turn.PAUSE) {
                    giveBack();
                } else if (now == Turn.SLEEP) {
                    poller.sleep();
                    giveBack();
                } else if (late && turn.compareAndSet(Turn.LOOK, Turn.HELPING)) {
                    poller.poll(LATE_NANOS);
                    giveBack();
                    continue; // It is late until it has come.
                }
                LockSupport.parkNanos(this, LATE_NANOS);
                forgetInterrupt();
            }
        }

        private void giveBack() {
            turn.set(Turn.LOOK);
            LockSupport.unpark(looks);
        }
    }

    /** One means nothing to us, and would end each wait at once. */
    private static void forgetInterrupt() {
        boolean _ = Thread.interrupted();
    }

    /** Polls {@code pollers}, once started. */
    public VirtualPollers(List<? extends Poller> pollers) {
        all = new Turns[pollers.size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = new Turns(pollers.get(i), i);
        }
    }

    /** Starts their threads. */
    public void start() {
        for (Turns one : all) {
            one.looks.start();
            one.sleeps.start();
        }
    }

    /** Ends them, and waits for that. */
    public void end() throws InterruptedException {
        stopped = true;
        for (Turns one : all) {
            one.poller.wakeUp();
            one.wakeBoth();
            one.sleeps.join();
            one.looks.join();
        }
    }
}
