package heddle.internal.sched;

import heddle.internal.jdk.VirtualThreads;
import heddle.internal.trace.CoarseClock;
import heddle.internal.trace.Counter;
import heddle.internal.trace.Dump;
import heddle.internal.trace.Trace;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs virtual threads on carriers that poll the network by themselves when they run out of work: goroutine, machine
 * and processor (Go's G, M, P) on the JVM. The JDK calls {@link #execute} for each continuation that becomes runnable,
 * from any thread; carriers call {@link #next}.
 *
 * <p>Where a continuation goes: from one of our carriers to the queue of its processor; from anywhere else, or if that
 * is full, to the shared queue. While anything is in the shared queue, all go there: so what a processor's queue holds
 * is older than what the shared one holds, and as both are first in, first out, so is all of it together. Where a
 * carrier looks: its own queue, the shared one, the others' (half of one); at last it blocks in its poller.
 *
 * <p>A round of a processor lasts until all that its queue held at the beginning is taken, and {@link #ROUND_TURNS} at
 * least. With a round its carrier polls, without blocking; earlier only if the monitor says that it is due, or the
 * poller has a batch to send. If it sees after a round that another processor has left tasks in its queue for all of
 * it, it runs those first. docs/concurrency.md, "Turns", has what follows from these rules.
 *
 * <p>Who is woken: a sleeping processor if something came that only it can know of (the shared queue, its own queue),
 * or if a queue holds more than one task. One task alone is about to be run by its own carrier, and waking another for
 * it would cost more than it. So would waking one for a few short ones: what a poll finds wakes another only if it
 * takes longer than {@link Limits#helpNanos}, by the length of late turns.
 *
 * <p>A long file, as it holds the whole of this argument: who queues, who looks, who wakes. In two it could be read in
 * neither.
 *
 * <p>execute neither throws nor blocks: the waker is somebody else's thread, at times a virtual one that is pinned
 * meanwhile.
 */
public final class Scheduler implements Executor {

    private static final System.Logger LOG = System.getLogger("heddle");

    /** How long the system is not asked for a thread after it gave none. */
    private static final long NO_THREAD_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** How often the log tells that carriers are short. */
    private static final long WARNING_NANOS = TimeUnit.MINUTES.toNanos(1);

    /**
     * Fewest turns of a round. What comes with each, a poll above all, takes as long as several of the shortest turns.
     */
    static final int ROUND_TURNS = 32;

    /** How many polls follow each other at most, while each has as many events as it can take. */
    private static final int POLLS_MAX = 128;

    private final VirtualThreads threads;
    private final Processor[] processors;
    private final Monitor monitor;
    private final Trace trace;
    private final Consumer<Throwable> onFailure;
    private final Consumer<Thread> starter;
    private final Limits limits;

    /**
     * What came from outside, found a full queue, or came while something was in here; bounded by the number of virtual
     * threads.
     */
    private final ConcurrentLinkedQueue<Runnable> shared = new ConcurrentLinkedQueue<>();

    private final ConcurrentLinkedDeque<Carrier> spares = new ConcurrentLinkedDeque<>();
    private final Set<Carrier> carriers = ConcurrentHashMap.newKeySet();
    private final AtomicInteger carrierNames = new AtomicInteger();

    /** Processors in PARKED or SIGNALLED. Changed by their carriers. */
    private final AtomicInteger parked = new AtomicInteger();

    private final AtomicInteger handOffs = new AtomicInteger();

    /** Until when no thread is to be asked of the system. Written by whoever was refused one, read by any thread. */
    private volatile long noThreadUntilNanos = System.nanoTime();

    /** Until when the log was told. Likewise. */
    private volatile long quietUntilNanos = System.nanoTime();

    private volatile boolean stopped;

    /**
     * Makes a scheduler; {@link #start} starts it.
     *
     * @param pollers one for each processor
     * @param limits see there
     * @param trace counts what it does
     * @param onFailure told what the JDK threw when it should have run a virtual thread
     */
    public Scheduler(
            VirtualThreads threads,
            List<? extends IdlePoll> pollers,
            Limits limits,
            Trace trace,
            Consumer<Throwable> onFailure) {
        this(threads, pollers, limits, trace, onFailure, Thread::start);
    }

    /** The same, whose carriers are started by {@code starter}. */
    Scheduler(
            VirtualThreads threads,
            List<? extends IdlePoll> pollers,
            Limits limits,
            Trace trace,
            Consumer<Throwable> onFailure,
            Consumer<Thread> starter) {
        this.threads = threads;
        this.trace = trace;
        this.onFailure = onFailure;
        this.starter = starter;
        this.limits = limits;
        processors = new Processor[pollers.size()];
        for (int i = 0; i < processors.length; i++) {
            processors[i] = new Processor(i, pollers.get(i));
        }
        monitor = new Monitor(this, limits.handOffNanos);
    }

    /**
     * How far the scheduler goes.
     *
     * @param handOffNanos how long a task may hold its carrier before the processor goes to another carrier
     * @param carriersMax about how many carriers at a time at most; more tasks than that in blocking calls stop the
     *     rest, and the log says so
     * @param spareNanos how long a spare carrier waits for a processor before it ends
     * @param helpNanos how long what a poll has found may take one processor while another sleeps
     */
    public record Limits(long handOffNanos, int carriersMax, long spareNanos, long helpNanos) {}

    /** Starts the carriers, one a processor, and the monitor. */
    public void start() {
        for (Processor processor : processors) {
            newCarrier().assign(processor);
        }
        monitor.start();
    }

    /** A builder of virtual threads that run here. */
    public Thread.Builder.OfVirtual ofVirtual() {
        return threads.builder(this);
    }

    @Override
    public void execute(Runnable task) {
        execute(currentCarrier(), task);
    }

    /** The same by {@code carrier}, or from outside if that is null. */
    void execute(@Nullable Carrier carrier, Runnable task) {
        Processor own = carrier == null ? null : carrier.processor();
        if (carrier == null || own == null) {
            addToShared(task);
        } else if (shared.isEmpty() && own.queue.offer(task)) {
            if (own.isParked()) {
                if (carrier.isRunningTask()) {
                    own.signal(); // It was handed to another carrier, which sleeps already.
                } else {
                    own.unpark(); // The carrier itself, in its poller: awake, and about to look.
                }
            }
            int queued = own.queue.size();
            if (queued > 1
                    && parked.get() > 0
                    && (carrier.isRunningTask() || queued * own.turnNanos() >= limits.helpNanos)) {
                signalOne();
            }
        } else {
            if (own.isParked() && !carrier.isRunningTask()) {
                own.unpark(); // As above: else it would be the one that is woken for the task.
            }
            addToShared(task);
        }
    }

    private void addToShared(Runnable task) {
        shared.add(task);
        if (stopped) {
            // Look again: who stopped this may have looked before the task was there.
            runLeftovers();
        } else if (parked.get() > 0) {
            signalOne();
        }
    }

    private @Nullable Carrier currentCarrier() {
        return threads.currentCarrier() instanceof Carrier carrier && carrier.scheduler == this ? carrier : null;
    }

    /** The processor of the carrier that runs the calling thread, as far as that carrier knows. */
    private @Nullable Processor currentProcessor() {
        Carrier carrier = currentCarrier();
        return carrier == null ? null : carrier.processor();
    }

    /**
     * What is kept with the carrier that runs the calling thread, made by {@code make} when it is asked for first; null
     * if none of ours does. There is one such thing a scheduler.
     */
    public @Nullable Object keptByCarrier(Supplier<?> make) {
        Carrier carrier = currentCarrier();
        return carrier == null ? null : carrier.kept(make);
    }

    /** The number of the processor that runs the calling thread; -1 if none of ours does. */
    public int currentProcessorId() {
        Processor own = currentProcessor();
        return own == null ? -1 : own.id;
    }

    /** The same if other threads wait for their turn there, else -1. */
    public int busyProcessorId() {
        Processor own = currentProcessor();
        return own == null || own.queue.size() == 0 ? -1 : own.id;
    }

    /** How many processors there are. */
    public int parallelism() {
        return processors.length;
    }

    private void signalOne() {
        for (Processor processor : processors) {
            if (processor.signal()) {
                return;
            }
        }
    }

    /** The next task for {@code own}'s carrier, waiting for one; null once the scheduler has stopped. */
    @Nullable
    Runnable next(Processor own) {
        if (own.helped != null) {
            if (isPollDue(own)) {
                poll(own);
            }
            Runnable task = takeOverdue(own);
            if (task != null) {
                return task;
            }
        }
        if (own.roundIsOver()) {
            endStretch(own);
            poll(own);
            watchOthers(own);
            own.beginRound(ROUND_TURNS);
        } else if (isPollDue(own)) {
            poll(own);
        }
        while (!stopped) {
            Runnable task = find(own);
            if (task != null) {
                return task;
            }
            block(own);
            own.beginRound(ROUND_TURNS);
        }
        return null;
    }

    private static boolean isPollDue(Processor own) {
        return own.pollDue || own.poller.isDue();
    }

    /**
     * Looks what is ready. If others wait here, all of it: each of them may run again before the next poll, so before
     * what is left. If nobody does, what is left keeps its place by the kernel's order, and a batch is enough.
     */
    private void poll(Processor own) {
        own.pollDue = false;
        boolean othersWait = own.queue.size() > 0 || !shared.isEmpty();
        int pollsLeft = othersWait ? POLLS_MAX : 1;
        int told;
        do {
            told = own.poller.poll(0);
        } while (told >= IdlePoll.BATCH && --pollsLeft > 0);
    }

    /**
     * A round is over: looks whether tasks in the queue of the processor that was watched have waited for all of it;
     * watches the next.
     */
    private void watchOthers(Processor own) {
        if (processors.length == 1) {
            return;
        }
        RunQueue queue = processors[own.watched].queue;
        if (own.watched != own.id && queue.taken() < own.watchedEnd) {
            own.helped = queue;
            own.helpedEnd = own.watchedEnd;
            count(Counter.STEALS, 1);
        }
        do {
            own.watched = own.watched + 1 == processors.length ? 0 : own.watched + 1;
        } while (own.watched == own.id);
        own.watchedEnd = processors[own.watched].queue.added();
    }

    /** The first of the tasks that {@link #watchOthers} found, if there are any left. */
    private @Nullable Runnable takeOverdue(Processor own) {
        RunQueue queue = own.helped;
        Runnable task = queue != null && queue.taken() < own.helpedEnd ? queue.poll() : null;
        if (task == null) {
            own.helped = null;
        }
        return task;
    }

    private @Nullable Runnable find(Processor own) {
        Runnable task = own.queue.poll();
        if (task == null) {
            task = takeShared(own);
        }
        for (int i = 1; task == null && i < processors.length; i++) {
            task = steal(processors[(own.id + i) % processors.length], own);
        }
        return task;
    }

    /**
     * The next task of the shared queue. Those behind it go to the queue of {@code own}, which was empty, as far as
     * there is room.
     */
    private @Nullable Runnable takeShared(Processor own) {
        Runnable first = shared.poll();
        Runnable task = first;
        while (task != null && own.queue.size() < own.queue.capacity()) {
            task = shared.poll();
            if (task != null) {
                moveTo(own, task);
            }
        }
        return first;
    }

    /** Adds to the queue of {@code own}, which was empty. */
    private void moveTo(Processor own, Runnable task) {
        if (!own.queue.offer(task)) {
            // A carrier that has lost the processor, unnoticed, took the room.
            shared.add(task);
        }
    }

    /** A task from {@code victim}, and up to half of its others for the queue of {@code thief}. */
    private @Nullable Runnable steal(Processor victim, Processor thief) {
        Runnable first = victim.queue.poll();
        if (first == null) {
            return null;
        }
        count(Counter.STEALS, 1);
        for (int more = victim.queue.size() / 2; more > 0; more--) {
            Runnable task = victim.queue.poll();
            if (task == null) {
                break;
            }
            moveTo(thief, task);
        }
        return first;
    }

    /** Sleeps in the poller unless there is something to do. */
    private void block(Processor own) {
        endStretch(own);
        own.park();
        parked.incrementAndGet();
        try {
            // Look again: whoever added a task before the store above found nobody to wake.
            own.poller.poll(hasWork() || stopped ? 0 : IdlePoll.FOREVER);
        } finally {
            parked.decrementAndGet();
            own.unpark();
            monitor.wake();
        }
        if (processors.length > 1) {
            own.beginStretch(System.nanoTime());
        }
    }

    /** A round is over, or its processor about to sleep: looks how long turns take. */
    private void endStretch(Processor own) {
        if (processors.length > 1) {
            own.endStretch(System.nanoTime());
        }
    }

    private boolean hasWork() {
        if (!shared.isEmpty()) {
            return true;
        }
        for (Processor processor : processors) {
            if (processor.queue.size() > 0) {
                return true;
            }
        }
        return false;
    }

    /** All processors, for the monitor. */
    Processor[] processors() {
        return processors;
    }

    /** Work that waits while somebody sleeps: one of them shall steal it. By the monitor. */
    void wakeForStrandedWork() {
        if (parked.get() > 0 && hasWork()) {
            signalOne();
        }
    }

    /**
     * Gives {@code processor}, whose carrier runs the task of {@code running} for too long, to a spare. By the monitor.
     */
    void handOff(Processor processor, long running) {
        if (Processor.state(running) != Processor.RUNNING || processor.word() != running) {
            return;
        }
        Carrier next = reserveCarrier();
        if (next == null) {
            return;
        }
        Carrier loser = processor.carrier; // As long as the task of running runs: else it is not taken.
        if (!processor.take(running)) {
            next.setFree();
            return;
        }
        long nowNanos = System.nanoTime();
        long heldNanos = processor.seenWord == running ? nowNanos - processor.seenSinceNanos : 0;
        if (loser != null) {
            loser.lostSinceNanos = nowNanos;
        }
        handOffs.incrementAndGet(); // First, so that whoever runs there finds it counted.
        next.assign(processor); // Before anything that could fail: nobody else would.
        count(Counter.HAND_OFFS, 1);
        if (loser != null) {
            trace.recorder().handOff(processor.id, loser.getName(), heldNanos);
        }
    }

    /**
     * The calling thread is about to block its carrier: its processor goes to another carrier at once, and it goes on
     * without, until it parks. Does nothing on other threads.
     */
    public void beforeBlocking() {
        Carrier carrier = currentCarrier();
        Processor own = carrier == null ? null : carrier.processor();
        if (carrier != null && own != null) {
            // Not for the processor's word as it is now: another carrier may have it.
            handOff(own, carrier.task());
        }
    }

    /**
     * Takes a spare carrier, or starts one, which then waits until the caller gives it a processor. Null once the
     * scheduler stops, and if there are too many carriers or the system gives no thread: the log says which.
     */
    private @Nullable Carrier reserveCarrier() {
        Carrier spare;
        while ((spare = spares.pollFirst()) != null) {
            if (spare.reserve()) {
                return spare;
            }
        }
        if (stopped) {
            return null;
        }
        if (carriers.size() >= limits.carriersMax) {
            refused("all "
                    + limits.carriersMax
                    + " carriers are held by tasks that compute or block; other threads"
                    + " wait until one ends (-Dheddle.carriersMax)");
            return null;
        }
        if (System.nanoTime() - noThreadUntilNanos < 0) {
            return null;
        }
        try {
            return newCarrier();
        } catch (OutOfMemoryError noThread) {
            noThreadUntilNanos = System.nanoTime() + NO_THREAD_NANOS;
            refused("the system gives no thread for another carrier; other threads wait until a"
                    + " task ends that computes or blocks: "
                    + noThread.getMessage());
            return null;
        }
    }

    /** Starts a carrier, reserved for the caller. */
    private Carrier newCarrier() {
        String name = "heddle-carrier-" + carrierNames.incrementAndGet();
        var carrier = new Carrier(this, name);
        carriers.add(carrier);
        count(Counter.CARRIERS, 1);
        try {
            starter.accept(carrier);
        } catch (Throwable notStarted) {
            ended(carrier);
            throw notStarted;
        }
        return carrier;
    }

    /** There was no carrier for a hand-off. */
    private void refused(String why) {
        count(Counter.REFUSED, 1);
        long nowNanos = System.nanoTime();
        if (nowNanos - quietUntilNanos < 0) {
            return;
        }
        quietUntilNanos = nowNanos + WARNING_NANOS;
        try {
            // Not by the monitor: a log may wait for a thread that waits for a hand-off.
            Thread.ofPlatform().daemon().name("heddle-warning").start(() -> LOG.log(System.Logger.Level.WARNING, why));
        } catch (OutOfMemoryError noThread) {
            // The JVM has said so on its own; the counter tells the rest.
        }
    }

    void addSpare(Carrier carrier) {
        count(Counter.SPARES, 1);
        spares.addFirst(carrier); // The last one that ran is the one whose stack is still warm.
    }

    void removeSpare(Carrier carrier) {
        spares.remove(carrier);
    }

    /** Counts {@code n} more. */
    void count(Counter counter, int n) {
        trace.counters().add(counter, n);
    }

    /** The clock that the monitor ticks. */
    CoarseClock ticks() {
        return trace.ticks();
    }

    long spareNanos() {
        return limits.spareNanos;
    }

    void ended(Carrier carrier) {
        if (!stopped) {
            carriers.remove(carrier); // Else by who waits for its end.
        }
        count(Counter.CARRIERS, -1);
    }

    void failed(Throwable cause) {
        onFailure.accept(cause);
    }

    /** How many processors were handed from a carrier to another. */
    public int handOffs() {
        return handOffs.get();
    }

    /** How many carriers there are, spares included. */
    public int carriers() {
        return carriers.size();
    }

    /** Shows {@code dump} the processors and the carriers. */
    public void describe(Dump dump) {
        dump.line("times are right to " + TimeUnit.NANOSECONDS.toMillis(monitor.lookNanos()) + " ms");
        for (Processor processor : processors) {
            processor.describe(dump);
        }
        dump.line("shared queue: " + shared.size() + " queued");
        dump.line("carriers: " + carriers.size() + " of at most " + limits.carriersMax);
        for (Carrier carrier : carriers) {
            carrier.describe(dump);
        }
    }

    boolean isStopped() {
        return stopped;
    }

    /**
     * Ends the carriers and the monitor, and waits for them and the tasks that they run. Virtual threads that have not
     * ended then go on by {@link #runLeftovers}. By a thread that none of these carriers runs.
     */
    public void stop() throws InterruptedException {
        stopped = true;
        monitor.interrupt();
        monitor.join();
        // A task may start another carrier meanwhile, but that is among them before its own one has ended.
        for (var it = carriers.iterator(); it.hasNext(); it = carriers.iterator()) {
            Carrier carrier = it.next();
            for (Processor processor : processors) {
                processor.poller.wakeUp();
            }
            LockSupport.unpark(carrier);
            carrier.join();
            carriers.remove(carrier);
        }
        for (Processor processor : processors) {
            for (Runnable task = processor.queue.poll(); task != null; task = processor.queue.poll()) {
                shared.add(task);
            }
        }
        runLeftovers();
    }

    /**
     * Runs what is in the shared queue once there are no carriers: each task on a thread of its own, which ends with
     * it. A virtual thread that outlives its runtime shall still come to its end, however slowly: it may hold what
     * others wait for. Any thread.
     */
    private void runLeftovers() {
        for (Runnable task = shared.poll(); task != null; task = shared.poll()) {
            Runnable leftover = task;
            try {
                new OwnThread("heddle-leftover", () -> runLeftover(leftover)).start();
            } catch (OutOfMemoryError noThread) {
                shared.add(leftover); // For who comes next.
                failed(noThread);
                return;
            }
        }
    }

    private void runLeftover(Runnable task) {
        try {
            task.run();
        } catch (Throwable cause) {
            failed(cause); // As a carrier has it.
        }
    }
}
