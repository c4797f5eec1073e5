package heddle.internal;

import heddle.internal.jdk.Flags;
import heddle.internal.jdk.VirtualThreads;
import heddle.internal.poll.PollLoop;
import heddle.internal.poll.Poller;
import heddle.internal.poll.PollerSource;
import heddle.internal.poll.PollerThread;
import heddle.internal.poll.epoll.EpollPoller;
import heddle.internal.poll.epoll.VirtualPollers;
import heddle.internal.poll.nio.NioPoller;
import heddle.internal.sched.Scheduler;
import heddle.internal.sys.StartException;
import heddle.internal.sys.Syscalls;
import heddle.internal.sys.linux.LinuxSyscalls;
import heddle.internal.sys.nio.NioSyscalls;
import heddle.internal.trace.Dump;
import heddle.internal.trace.Management;
import heddle.internal.trace.Recorder;
import heddle.internal.trace.Waits;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The kernel's and the JDK's room, picked once, with the floors wired together. There are three ways to run:
 *
 *   carriers  epoll, polled by carriers of our own when they run out of work
 *   jdk       epoll, polled by virtual threads of the JDK's scheduler
 *   nio       the JDK's Selector, polled by a thread: any system, no native access
 *
 * System properties, for tests and measurements:
 *   heddle.mode         one of the three; must be possible
 *   heddle.parallelism  processors of our own scheduler; as many as the JVM has by default
 *   heddle.handOff      milliseconds that a task may hold its carrier, 10 by default
 *   heddle.carriersMax  most carriers at a time, 256 or twice the processors by default
 *   heddle.pollerThread true polls by one platform thread in way jdk
 */
public final class Platform {

    /** A way to run. */
    public enum Mode {
        /** epoll, and carriers of our own that poll inline. */
        CARRIERS("epoll, carriers of its own"),
        /** epoll, and the JDK's scheduler. */
        JDK("epoll, the JDK's carriers"),
        /** The JDK's Selector and scheduler. */
        NIO("NIO selector, the JDK's carriers");

        private final String description;

        /** As -Dheddle.mode names it. */
        String label() {
            return name().toLowerCase(Locale.ROOT);
        }

        Mode(String description) {
            this.description = description;
        }
    }

    private static final System.Logger LOG = System.getLogger("heddle");

    private static final int CARRIERS_MAX = 256;

    /** How long a spare carrier waits for a processor before it ends. */
    private static final long SPARE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Mode mode;
    private final String report;
    private final List<Poller> pollers;
    private final @Nullable Scheduler scheduler;
    private final @Nullable PollLoop pollLoop;

    /** What new sockets call. Written by {@link #interpose} alone, read by any thread. */
    private volatile Syscalls syscalls;

    /** Where new sockets find their poller; likewise. */
    private volatile PollerSource source;

    private static final ReentrantLock START = new ReentrantLock();

    /** The process's own; null until a first use has started it. Written once, under START. */
    private static volatile @Nullable Platform current;

    /**
     * What to start.
     *
     * @param mode the way, null for the best that is possible
     * @param parallelism processors of our own scheduler
     * @param limits of that
     */
    public record Choice(@Nullable Mode mode, int parallelism, Scheduler.Limits limits) {

        /** What the system properties say. */
        static Choice fromProperties() {
            String mode = System.getProperty("heddle.mode");
            int parallelism =
                    positive("heddle.parallelism", Runtime.getRuntime().availableProcessors());
            int handOffMillis = positive("heddle.handOff", 10);
            int carriersMax =
                    positive(
                            "heddle.carriersMax",
                            Math.max(CARRIERS_MAX, (int) Math.min(2L * parallelism, 1 << 20)));
            if (carriersMax <= parallelism) {
                throw new IllegalArgumentException(
                        "-Dheddle.carriersMax="
                                + carriersMax
                                + ": want more than the processors, which are "
                                + parallelism
                                + ", as each of them takes one");
            }
            return new Choice(
                    mode == null ? null : modeNamed(mode),
                    parallelism,
                    new Scheduler.Limits(
                            TimeUnit.MILLISECONDS.toNanos(handOffMillis),
                            carriersMax,
                            SPARE_NANOS));
        }

        private static int positive(String property, int otherwise) {
            String text = System.getProperty(property);
            if (text == null) {
                return otherwise;
            }
            try {
                int value = Integer.parseInt(text);
                if (value > 0) {
                    return value;
                }
            } catch (NumberFormatException notANumber) {
                // Reported below, together with numbers that are too small.
            }
            throw new IllegalArgumentException(
                    "-D" + property + "=" + text + ": want a whole number above 0");
        }

        private static Mode modeNamed(String name) {
            for (Mode mode : Mode.values()) {
                if (mode.label().equals(name)) {
                    return mode;
                }
            }
            throw new IllegalArgumentException(
                    "-Dheddle.mode=" + name + ": want carriers, jdk or nio");
        }
    }

    private Platform(Mode mode, String hint, @Nullable VirtualThreads threads, Choice choice) {
        this.mode = mode;
        syscalls = mode == Mode.NIO ? new NioSyscalls() : new LinuxSyscalls();
        if (threads != null) {
            List<EpollPoller> epolls = epollPollers(choice.parallelism);
            scheduler = new Scheduler(threads, epolls, choice.limits, Platform::failed);
            pollers = List.copyOf(epolls);
            source = ofCarrier(scheduler, pollers);
            pollLoop = null;
            report = mode.description + " (" + choice.parallelism + ")";
            return;
        }
        scheduler = null;
        report = mode.description + (hint.isEmpty() ? "" : "; " + hint);
        if (syscalls instanceof NioSyscalls nio) {
            pollers = List.of(new NioPoller(nio, Platform::failed));
            pollLoop = new PollerThread(pollers.getFirst());
        } else if (Boolean.getBoolean("heddle.pollerThread")) {
            pollers = List.copyOf(epollPollers(1));
            pollLoop = new PollerThread(pollers.getFirst());
        } else {
            List<EpollPoller> epolls = epollPollers(choice.parallelism);
            pollers = List.copyOf(epolls);
            pollLoop = virtualPollers(epolls);
        }
        source = inTurn(pollers);
    }

    private static List<EpollPoller> epollPollers(int count) {
        List<EpollPoller> epolls = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                epolls.add(new EpollPoller(Platform::failed));
            }
        } catch (StartException refused) {
            epolls.forEach(Poller::close);
            throw refused;
        }
        return epolls;
    }

    private static VirtualPollers virtualPollers(List<EpollPoller> epolls) {
        try {
            return new VirtualPollers(epolls);
        } catch (StartException refused) {
            epolls.forEach(Poller::close);
            throw refused;
        }
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
    private static PollerSource ofCarrier(Scheduler scheduler, List<Poller> pollers) {
        Poller[] byProcessor = pollers.toArray(Poller[]::new);
        PollerSource others = inTurn(pollers);
        return new PollerSource() {
            @Override
            public Poller current() {
                int id = scheduler.currentProcessorId();
                return id >= 0 && byProcessor[id].failure() == null
                        ? byProcessor[id]
                        : others.current();
            }

            @Override
            public void beforeBlocking() {
                scheduler.beforeBlocking();
            }
        };
    }

    /**
     * The process's own; started by the first call, and by the next one if that failed, since descriptors and memory come back.
     *
     * @throws StartException the system refused what it needs; none of that is left open
     * @throws IllegalStateException a system property asks for what is not there; the message says which, and what would help
     */
    public static Platform current() {
        Platform started = current;
        if (started != null) {
            return started;
        }
        START.lock();
        try {
            started = current;
            return started != null ? started : startCurrent();
        } finally {
            START.unlock();
        }
    }

    private static Platform startCurrent() {
        Platform started;
        try {
            started = start(Choice.fromProperties());
        } catch (IllegalArgumentException wrong) {
            throw new IllegalStateException(wrong.getMessage(), wrong);
        }
        current = started; // Before the log, which may itself use the network by way of this.
        boolean degraded = started.mode != Mode.CARRIERS;
        log(degraded ? System.Logger.Level.INFO : System.Logger.Level.DEBUG, started.report, null);
        started.manage();
        return started;
    }

    /**
     * Starts another one, for tests.
     *
     * @throws StartException the system refused what it needs; none of that is left open
     * @throws IllegalStateException the way that {@code choice} forces is not possible here; the message says what is missing
     */
    public static Platform start(Choice choice) {
        String noEpoll = reasonAgainstEpoll(choice);
        Platform platform;
        if (choice.mode == Mode.NIO || (choice.mode == null && !noEpoll.isEmpty())) {
            platform = new Platform(Mode.NIO, noEpoll, null, choice);
        } else if (!noEpoll.isEmpty()) {
            throw new IllegalStateException(
                    "-Dheddle.mode="
                            + Objects.requireNonNull(choice.mode).label()
                            + " is not possible: "
                            + noEpoll);
        } else {
            platform = startEpoll(choice);
        }
        try {
            platform.startThreads();
        } catch (Throwable notStarted) {
            platform.stopUninterruptibly();
            throw notStarted;
        }
        return platform;
    }

    private static Platform startEpoll(Choice choice) {
        if (choice.mode == Mode.JDK) {
            return new Platform(Mode.JDK, "", null, choice);
        }
        VirtualThreads.Probe probe = VirtualThreads.probe();
        if (probe.threads() != null) {
            return new Platform(Mode.CARRIERS, "", probe.threads(), choice);
        }
        if (choice.mode == Mode.CARRIERS) {
            throw new IllegalStateException(
                    "-Dheddle.mode=carriers is not possible: " + probe.reason());
        }
        return new Platform(Mode.JDK, probe.reason(), null, choice);
    }

    /** Empty if epoll can be used, else what would make it possible. */
    private static String reasonAgainstEpoll(Choice choice) {
        if (!System.getProperty("os.name").equals("Linux")) {
            return "this system has no epoll";
        }
        return Flags.missingForEpoll(choice.mode != Mode.JDK);
    }

    private void startThreads() {
        Recorder.awaitStart();
        if (scheduler != null) {
            VirtualThreads.keepJdkPollerOff();
            scheduler.start();
        }
        if (pollLoop != null) {
            pollLoop.start();
        }
    }

    private static void failed(Throwable cause) {
        log(
                System.Logger.Level.ERROR,
                "heddle: an internal failure; whoever waits in the part that failed is"
                        + " released with it",
                cause);
    }

    private static void log(System.Logger.Level level, String text, @Nullable Throwable cause) {
        try {
            LOG.log(level, text, cause);
        } catch (Throwable noLog) {
            // A log that fails, for want of memory for instance, must not end the thread that
            // tells.
        }
    }

    public Mode mode() {
        return mode;
    }

    /** One line: which way this runs, and which flags would change it. */
    public String report() {
        return report;
    }

    private void manage() {
        int parallelism = scheduler == null ? 0 : scheduler.parallelism();
        Management.register(new Management.Source(report, parallelism, this::dump));
    }

    /** What all threads do, for people. */
    public String dump() {
        Dump dump = new Dump("Heddle: " + report);
        Waits.describe(dump);
        pollers.forEach(poller -> poller.describe(dump));
        if (scheduler != null) {
            scheduler.describe(dump);
        }
        return dump.text();
    }

    public Syscalls syscalls() {
        return syscalls;
    }

    public PollerSource pollers() {
        return source;
    }

    /** Puts others in the place of this platform's own, for the sockets that are made from now on: for tests, in which calls fail. */
    public void interpose(Syscalls otherSyscalls, PollerSource otherSource) {
        syscalls = otherSyscalls;
        source = otherSource;
    }

    /** The scheduler of our own; null in the ways without. */
    public @Nullable Scheduler scheduler() {
        return scheduler;
    }

    /** A builder of virtual threads: on carriers of our own where there are some. */
    public Thread.Builder.OfVirtual ofVirtual() {
        return scheduler != null ? scheduler.ofVirtual() : Thread.ofVirtual();
    }

    private void stopUninterruptibly() {
        boolean interrupted = false;
        while (true) {
            try {
                stop();
                break;
            } catch (InterruptedException later) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends all threads of this platform. What still waits in it waits for ever. */
    public void stop() throws InterruptedException {
        if (scheduler != null) {
            scheduler.stop();
        }
        if (pollLoop != null) {
            pollLoop.end();
        }
        pollers.forEach(Poller::close);
    }
}
