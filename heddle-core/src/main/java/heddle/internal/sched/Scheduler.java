package heddle.internal.sched;

import heddle.internal.jdk.VirtualThreads;
import heddle.internal.trace.CoarseClock;
import heddle.internal.trace.Counter;
import heddle.internal.trace.Dump;
import heddle.internal.trace.Trace;

import org.jspecify.annotations.Nullable;

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

/**
 * Runs virtual threads on carriers that poll the network by themselves when they run out of work: goroutine, machine and processor
 * (Go's G, M, P) on the JVM. The JDK calls {@link #execute} for each continuation that becomes runnable, from any thread; carriers call
 * {@link #next}.
 *
 * <p>Where a continuation goes: from one of our carriers to the queue of its processor, from anywhere else, or if that is full, to
 * the shared queue. Where a carrier looks: now and then the shared queue and the poller first, so that neither outsiders nor the
 * network starve behind a busy queue; then its own queue, the shared one, the others' (half of one); at last it blocks in its poller.
 *
 * <p>Who is woken: a sleeping processor if something came that only it can know of (the shared queue, its own queue), or if a queue
 * holds more than one task. One task alone is about to be run by its own carrier, and waking another for it would cost more than it.
 *
 * <p>execute neither throws nor blocks: the waker is somebody else's thread, at times a virtual one that is pinned meanwhile.
 */
public final class Scheduler implements Executor {

    private static final System.Logger LOG = System.getLogger("heddle");

    /** How long the system is not asked for a thread after it gave none. */
    private static final long NO_THREAD_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** How often the log tells that carriers are short. */
    private static final long WARNING_NANOS = TimeUnit.MINUTES.toNanos(1);

    /**
     * How often a busy carrier looks into the shared queue first, unless the monitor finds that it is due earlier; a prime, as in Go, so as
     * not to fall in step with anything.
     */
    private static final int SHARED_TICKS = 61;

    /** How often a busy carrier polls, unless the monitor finds that it is due earlier. */
    private static final int POLL_TICKS = 32;

    private final VirtualThreads threads;
    private final Processor[] processors;
    private final Monitor monitor;
    private final Trace trace;
    private final Consumer<Throwable> onFailure;
    private final Consumer<Thread> starter;
    private final Limits limits;

    /** What came from outside or found a full queue; bounded by the number of virtual threads. */
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
     * @param carriersMax about how many carriers at a time at most; more tasks than that in blocking calls stop the rest, and the log says so
     * @param spareNanos how long a spare carrier waits for a processor before it ends
     */
    public record Limits(long handOffNanos, int carriersMax, long spareNanos) {}

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
        Carrier carrier = currentCarrier();
        if (carrier != null && addToOwnQueue(carrier, task)) {
            return;
        }
        shared.add(task);
        if (stopped) {
            runLeftovers(); // Look again: who stopped this may have looked before the task was
            // there.
        } else if (parked.get() > 0) {
            signalOne();
        }
    }

    private boolean addToOwnQueue(Carrier carrier, Runnable task) {
        Processor own = carrier.processor();
        if (own == null || !own.queue.offer(task)) {
            return false;
        }
        if (own.isParked()) {
            if (carrier.isRunningTask()) {
                own.signal(); // It was handed to another carrier, which sleeps already.
            } else {
                own.unpark(); // The carrier itself, in its poller: awake, and about to look.
            }
        }
        if (own.queue.size() > 1 && parked.get() > 0) {
            signalOne();
        }
        return true;
    }

    private @Nullable Carrier currentCarrier() {
        return threads.currentCarrier() instanceof Carrier carrier && carrier.scheduler == this
                ? carrier
                : null;
    }

    /** The processor of the carrier that runs the calling thread, as far as that carrier knows. */
    private @Nullable Processor currentProcessor() {
        Carrier carrier = currentCarrier();
        return carrier == null ? null : carrier.processor();
    }

    /** The number of the processor that runs the calling thread; -1 if none of ours does. */
    public int currentProcessorId() {
        Processor own = currentProcessor();
        return own == null ? -1 : own.id;
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
    @Nullable Runnable next(Processor own) {
        int turn = ++own.turns;
        boolean due = own.pollDue;
        if (due || turn % POLL_TICKS == 0) {
            own.pollDue = false;
            pollWithoutBlocking(own, due);
        }
        if (due || turn % SHARED_TICKS == 0) {
            Runnable task = shared.poll();
            if (task != null) {
                return task;
            }
        }
        while (!stopped) {
            Runnable task = find(own);
            if (task != null) {
                return task;
            }
            block(own);
        }
        return null;
    }

    private void pollWithoutBlocking(Processor own, boolean due) {
        // With half a queue of work at hand, more of it would only overflow into the shared queue:
        // then only as often as the monitor asks, or the network would starve behind busy threads.
        if (due || own.queue.size() < own.queue.capacity() / 2) {
            own.poller.poll(0);
        }
    }

    private @Nullable Runnable find(Processor own) {
        Runnable task = own.queue.poll();
        if (task == null) {
            task = shared.poll();
        }
        for (int i = 1; task == null && i < processors.length; i++) {
            task = steal(processors[(own.id + i) % processors.length], own);
        }
        return task;
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
            if (!thief.queue.offer(
                    task)) { // It was empty, but a carrier that lost the thief unnoticed may still
                // fill it.
                shared.add(task);
            }
        }
        return first;
    }

    /** Sleeps in the poller unless there is something to do. */
    private void block(Processor own) {
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

    /** Gives {@code processor}, whose carrier runs the task of {@code running} for too long, to a spare. By the monitor. */
    void handOff(Processor processor, long running) {
        if (Processor.state(running) != Processor.RUNNING || processor.word() != running) {
            return;
        }
        Carrier next = reserveCarrier();
        if (next == null) {
            return;
        }
        Carrier loser =
                processor.carrier; // As long as the task of running runs: else it is not taken.
        if (!processor.take(running)) {
            next.setFree();
            return;
        }
        long nowNanos = System.nanoTime();
        long heldNanos = processor.seenWord == running ? nowNanos - processor.seenSinceNanos : 0;
        if (loser != null) {
            loser.lostSinceNanos = nowNanos;
        }
        next.assign(processor); // Before anything that could fail: nobody else would.
        handOffs.incrementAndGet();
        count(Counter.HAND_OFFS, 1);
        if (loser != null) {
            trace.recorder().handOff(processor.id, loser.getName(), heldNanos);
        }
    }

    /**
     * The calling thread is about to block its carrier: its processor goes to another carrier at once, and it goes on without, until
     * it parks. Does nothing on other threads.
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
     * Takes a spare carrier, or starts one, which then waits until the caller gives it a processor. Null once the scheduler stops, and if
     * there are too many carriers or the system gives no thread: the log says which.
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
            refused(
                    "all "
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
            refused(
                    "the system gives no thread for another carrier; other threads wait until a"
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
            Thread.ofPlatform()
                    .daemon()
                    .name("heddle-warning")
                    .start(() -> LOG.log(System.Logger.Level.WARNING, why));
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
    CoarseClock clock() {
        return trace.clock();
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
        dump.line(
                "times are right to " + TimeUnit.NANOSECONDS.toMillis(monitor.lookNanos()) + " ms");
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
     * Ends the carriers and the monitor, and waits for them and the tasks that they run. Virtual threads that have not ended then go on
     * by {@link #runLeftovers}. By a thread that none of these carriers runs.
     */
    public void stop() throws InterruptedException {
        stopped = true;
        monitor.interrupt();
        monitor.join();
        // A task may start another carrier meanwhile, but that is among them before its own one has
        // ended.
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
            for (Runnable task = processor.queue.poll();
                    task != null;
                    task = processor.queue.poll()) {
                shared.add(task);
            }
        }
        runLeftovers();
    }

    /**
     * Runs what is in the shared queue once there are no carriers: each task on a thread of its own, which ends with it. A virtual thread
     * that outlives its runtime shall still come to its end, however slowly: it may hold what others wait for. Any thread.
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
