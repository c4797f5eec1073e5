package heddle.internal;

import heddle.internal.fd.Descriptors;
import heddle.internal.jdk.Flags;
import heddle.internal.jdk.VirtualThreads;
import heddle.internal.poll.Poller;
import heddle.internal.poll.PollerSource;
import heddle.internal.poll.VirtualPollers;
import heddle.internal.poll.Watched;
import heddle.internal.poll.epoll.EpollPoller;
import heddle.internal.poll.nio.NioPoller;
import heddle.internal.poll.uring.RingPoller;
import heddle.internal.sched.OwnThread;
import heddle.internal.sched.Scheduler;
import heddle.internal.socket.NumberTable;
import heddle.internal.sys.StartException;
import heddle.internal.sys.Syscalls;
import heddle.internal.sys.linux.CallMemory;
import heddle.internal.sys.linux.LinuxSyscalls;
import heddle.internal.sys.linux.Ring;
import heddle.internal.sys.nio.NioSyscalls;
import heddle.internal.trace.Dump;
import heddle.internal.trace.Management;
import heddle.internal.trace.Trace;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The floors of one runtime, wired together: the kernel's and the JDK's rooms, picked once. There are four ways to
 * run:
 *
 *   carriers  epoll, polled by carriers of our own when they run out of work
 *   uring     the same with a ring beside each epoll instance, which receives and sends; only where it is asked for
 *   jdk       epoll, polled by virtual threads of the JDK's scheduler
 *   nio       the JDK's Selector, polled by virtual threads of the JDK's scheduler: any system, no native access
 *
 * Made and closed by {@code heddle.net.Heddle}, on any thread. Closing: all descriptors first, which needs those who
 * poll and carry; then these; at last what they used of the system.
 */
public final class Platform {

    /** A way to run. */
    public enum Way {
        /** epoll, and carriers of our own that poll inline. */
        CARRIERS("epoll, carriers of its own"),
        /** epoll, and the JDK's scheduler. */
        JDK("epoll, the JDK's carriers"),
        /** The JDK's Selector and scheduler. */
        NIO("NIO selector, the JDK's carriers"),
        /** io_uring, and carriers of our own that poll inline. */
        URING("io_uring, carriers of its own");

        private final String description;

        /** As -Dheddle.way names it. */
        String label() {
            return name().toLowerCase(Locale.ROOT);
        }

        Way(String description) {
            this.description = description;
        }
    }

    private static final System.Logger LOG = System.getLogger("heddle");

    /** How long a spare carrier waits for a processor before it ends. */
    private static final long SPARE_NANOS = TimeUnit.SECONDS.toNanos(10);

    /**
     * How long what a poll has found may take one processor while another sleeps. To wake one costs both about 10 us,
     * and it takes connections away whose memory is in the first one's caches.
     */
    private static final long HELP_NANOS = TimeUnit.MICROSECONDS.toNanos(50);

    private final Way way;
    private final String reason;
    private final Trace trace;
    private final Syscalls syscalls;
    private final List<Poller> pollers;
    private final @Nullable Scheduler scheduler;
    private final @Nullable VirtualPollers virtualPollers;
    private final Descriptors descriptors;

    /** Shows this to management tools; null if nobody asked for that. Written by {@link #manage}. */
    private @Nullable Management management;

    /** Ends that the clock tells the pollers when it is moved. Written by who starts this, read by who closes it. */
    private Runnable clockMoved = () -> {};

    private Platform(Way way, String reason, @Nullable VirtualThreads threads, Settings settings, Trace trace) {
        this.way = way;
        this.reason = reason;
        this.trace = trace;
        PollerSource source;
        if (threads != null) {
            List<EpollPoller> epolls = epollPollers(settings.parallelism(), trace, way == Way.URING);
            var carrying = new Scheduler(
                    threads,
                    epolls,
                    new Scheduler.Limits(
                            TimeUnit.NANOSECONDS.convert(settings.handOff()),
                            settings.carriersMax(),
                            SPARE_NANOS,
                            HELP_NANOS),
                    trace,
                    Platform::failed);
            scheduler = carrying;
            syscalls = settings.between()
                    .syscalls(new LinuxSyscalls(() -> (CallMemory) carrying.keptByCarrier(CallMemory::new)));
            pollers = List.copyOf(epolls);
            source = ofCarrier(scheduler, pollers, way == Way.URING);
            virtualPollers = null;
        } else if (way == Way.NIO) {
            NioSyscalls nio = new NioSyscalls();
            syscalls = settings.between().syscalls(nio);
            scheduler = null;
            pollers = pollers(pollersOfJdk(settings), () -> new NioPoller(nio, trace, Platform::failed));
            source = inTurn(pollers);
            virtualPollers = new VirtualPollers(pollers);
        } else {
            syscalls = settings.between().syscalls(new LinuxSyscalls());
            scheduler = null;
            pollers = List.copyOf(epollPollers(pollersOfJdk(settings), trace, false));
            source = inTurn(pollers);
            virtualPollers = new VirtualPollers(pollers);
        }
        descriptors = new Descriptors(syscalls, settings.between().pollers(source), trace, report());
    }

    private static List<EpollPoller> epollPollers(int count, Trace trace, boolean rings) {
        var watched = new NumberTable<Watched>();
        return pollers(
                count,
                () -> rings
                        ? new RingPoller(watched, trace, Platform::failed)
                        : new EpollPoller(watched, trace, Platform::failed));
    }

    private static <P extends Poller> List<P> pollers(int count, Supplier<P> one) {
        List<P> made = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                made.add(one.get());
            }
        } catch (StartException refused) {
            made.forEach(Poller::close);
            throw refused;
        }
        return List.copyOf(made);
    }

    /**
     * One for two of the JDK's carriers: the other one steals from the first. One each costs more, and has longer
     * tails; docs/decisions/0006-pollers-of-way-2.md.
     */
    private static int pollersOfJdk(Settings settings) {
        return (settings.parallelism() + 1) / 2;
    }

    /** Each of {@code pollers} in turn, without the dead as long as one lives. */
    private static PollerSource inTurn(List<Poller> pollers) {
        Poller[] all = pollers.toArray(Poller[]::new);
        AtomicInteger turn = new AtomicInteger();
        return () -> {
            Poller next = all[Math.floorMod(turn.getAndIncrement(), all.length)];
            for (int i = 1; i < all.length && next.failure() != null; i++) {
                next = all[Math.floorMod(turn.getAndIncrement(), all.length)];
            }
            return next;
        };
    }

    /** The poller of the processor that runs the caller; any of them, in turn, for callers from elsewhere. */
    private static PollerSource ofCarrier(Scheduler scheduler, List<Poller> pollers, boolean rings) {
        Poller[] byProcessor = pollers.toArray(Poller[]::new);
        PollerSource others = inTurn(pollers);
        return new PollerSource() {
            @Override
            public Poller current() {
                int id = scheduler.currentProcessorId();
                return id >= 0 && byProcessor[id].failure() == null ? byProcessor[id] : others.current();
            }

            @Override
            public @Nullable Poller batching() {
                int id = rings ? scheduler.busyProcessorId() : -1;
                return id >= 0 && byProcessor[id].failure() == null ? byProcessor[id] : null;
            }

            @Override
            public void giveWay() {
                if (scheduler.currentProcessorId() >= 0) {
                    Thread.yield();
                } else {
                    PollerSource.super.giveWay();
                }
            }

            @Override
            public void beforeBlocking() {
                scheduler.beforeBlocking();
            }
        };
    }

    /**
     * Starts one.
     *
     * @param trace where it notes what it does
     * @throws StartException the system refused what it needs; none of that is left open
     * @throws IllegalStateException the way that {@code settings} ask for is not possible here; the message says what
     *     is missing
     */
    public static Platform start(Settings settings, Trace trace) {
        String noEpoll = reasonAgainstEpoll(settings.way());
        Platform platform;
        if (settings.way() == Way.NIO || (settings.way() == null && !noEpoll.isEmpty())) {
            String reason = settings.way() == null ? noEpoll : "";
            platform = new Platform(Way.NIO, reason, null, settings, trace);
        } else if (settings.way() != null && !noEpoll.isEmpty()) {
            throw notPossible(settings.way(), noEpoll);
        } else {
            platform = startEpoll(settings, trace);
        }
        try {
            platform.startThreads();
        } catch (Throwable notStarted) {
            platform.close();
            throw notStarted;
        }
        return platform;
    }

    private static Platform startEpoll(Settings settings, Trace trace) {
        if (settings.way() == Way.JDK) {
            return new Platform(Way.JDK, "", null, settings, trace);
        }
        VirtualThreads.Probe probe = VirtualThreads.probe();
        if (probe.threads() != null) {
            return startCarriers(probe.threads(), settings, trace);
        }
        if (settings.way() != null) {
            throw notPossible(settings.way(), probe.reason());
        }
        return new Platform(Way.JDK, probe.reason(), null, settings, trace);
    }

    /** Rings are for who asks for them, and readiness does instead where the system has none. */
    private static Platform startCarriers(VirtualThreads threads, Settings settings, Trace trace) {
        String reason = "";
        if (settings.way() == Way.URING) {
            try {
                return new Platform(Way.URING, "", threads, settings, trace);
            } catch (StartException refused) {
                if (!Ring.isOf(refused)) {
                    throw refused;
                }
                reason = Ring.reason(refused);
            }
        }
        return new Platform(Way.CARRIERS, reason, threads, settings, trace);
    }

    private static IllegalStateException notPossible(Way way, String reason) {
        return new IllegalStateException("way " + way.label() + " is not possible: " + reason);
    }

    /** Empty if epoll can be used, else what would make it possible. */
    private static String reasonAgainstEpoll(@Nullable Way wanted) {
        return isLinux() ? Flags.missingForEpoll(wanted != Way.JDK) : "this system has no epoll";
    }

    private static boolean isLinux() {
        return System.getProperty("os.name").equals("Linux");
    }

    private void startThreads() {
        clockMoved = trace.clock().onMove(() -> pollers.forEach(Poller::wakeUp));
        trace.recorder().start();
        if (scheduler != null) {
            VirtualThreads.keepJdkPollerOff();
            scheduler.start();
        }
        if (virtualPollers != null) {
            virtualPollers.start();
        }
    }

    private static void failed(Throwable cause) {
        log(
                System.Logger.Level.ERROR,
                "heddle: an internal failure; whoever waits in the part that failed is released with it",
                cause);
    }

    /** Logs, or does not: a log that fails must not end the thread that tells. */
    public static void log(System.Logger.Level level, String text, @Nullable Throwable cause) {
        try {
            LOG.log(level, text, cause);
        } catch (Throwable noLog) {
            // For want of memory, for instance.
        }
    }

    public Way way() {
        return way;
    }

    /** Why it is no better way, and what would change that; empty if it is the best, or the one that was asked for. */
    public String reason() {
        return reason;
    }

    /** The flags of the JVM that a better way needs and this JVM does not have. */
    public List<String> missingFlags() {
        return scheduler == null && isLinux() ? Flags.missing() : List.of();
    }

    /** One line: which way this runs, and which flags would change it. */
    public String report() {
        return way.description
                + (scheduler == null ? "" : " (" + scheduler.parallelism() + ")")
                + (reason.isEmpty() ? "" : "; " + reason);
    }

    /** Processors of our own scheduler; 0 without one. */
    public int parallelism() {
        return scheduler == null ? 0 : scheduler.parallelism();
    }

    /**
     * Shows this to management tools, soon. At most once, by who started it.
     *
     * @param name see {@link Management#Management}
     */
    public void manage(String name) {
        management = new Management(name, new Management.Source(report(), parallelism(), trace.counters(), this::dump));
        management.start();
    }

    /** What all threads do, for people. */
    public String dump() {
        Dump dump = new Dump("Heddle: " + report());
        trace.waits().describe(dump);
        descriptors.describe(dump);
        pollers.forEach(poller -> poller.describe(dump));
        if (scheduler != null) {
            scheduler.describe(dump);
        }
        return dump.text(trace.counters());
    }

    /** What sockets call that are not a descriptor yet. */
    public Syscalls syscalls() {
        return syscalls;
    }

    /** All that is open. */
    public Descriptors descriptors() {
        return descriptors;
    }

    public Trace trace() {
        return trace;
    }

    /** The scheduler of our own; null in the ways without. */
    public @Nullable Scheduler scheduler() {
        return scheduler;
    }

    /** A builder of virtual threads: on carriers of our own where there are some. */
    public Thread.Builder.OfVirtual ofVirtual() {
        return scheduler != null ? scheduler.ofVirtual() : Thread.ofVirtual();
    }

    /**
     * Closes all descriptors, ends all threads and gives everything back to the system. Returns once that is done,
     * which takes as long as a task that holds its carrier. An interrupt is put off. By any thread, once; one of this
     * platform's own virtual threads parks meanwhile.
     */
    public void close() {
        if (Thread.currentThread().isVirtual()) {
            // It may be one that a carrier of ours has to let go before it can end.
            Thread closes = new OwnThread("heddle-close", this::closeHere);
            closes.start();
            uninterruptibly(closes::join);
        } else {
            closeHere();
        }
    }

    private void closeHere() {
        descriptors.close();
        clockMoved.run();
        uninterruptibly(this::stopThreads);
        pollers.forEach(Poller::close);
        if (management != null) {
            uninterruptibly(management::stop);
        }
        trace.recorder().stop();
    }

    private void stopThreads() throws InterruptedException {
        if (scheduler != null) {
            scheduler.stop();
        }
        if (virtualPollers != null) {
            virtualPollers.end();
        }
    }

    /** A step that may be taken again after an interrupt. */
    private interface Step {
        void run() throws InterruptedException;
    }

    private static void uninterruptibly(Step step) {
        boolean interrupted = false;
        while (true) {
            try {
                step.run();
                break;
            } catch (InterruptedException later) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
