package heddle.net;

import heddle.internal.Life;
import heddle.internal.Platform;
import heddle.internal.Settings;
import heddle.internal.fd.Descriptors;
import heddle.internal.fd.Refused;
import heddle.time.Clock;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A runtime: who polls the network and who carries the virtual threads, for all connections that are made by it.
 *
 * <p>Most programs need none but {@link #shared}, which {@link Net}, {@link Dialer#Dialer()} and {@link
 * ListenConfig#ListenConfig()} use. It starts with its first use. {@link #builder} starts others, with settings of
 * their own, which end with {@link #close}. Connections of different runtimes know nothing of each other.
 *
 * <p>Any thread may call any method.
 */
public final class Heddle implements AutoCloseable {

    private static final String BEAN = "dev.heddle:type=Runtime";

    private static final Heddle SHARED = new Heddle(null, BEAN);

    /** Tells the beans of built runtimes apart. */
    private static final AtomicLong BUILT = new AtomicLong();

    private final Life life;
    private final Resolver resolver;

    private Heddle(@Nullable Settings settings, String bean) {
        life = new Life(settings, bean);
        resolver = new Resolver(life);
    }

    /**
     * The runtime of who asks for no other. The system properties {@code heddle.way}, {@code heddle.parallelism},
     * {@code heddle.handOff} and {@code heddle.carriersMax} set it up.
     *
     * <p>It starts with its first use. Where the system is short of descriptors or memory just then, dialing and
     * listening fail as they do at any other time, retryable ({@link NetError#isRetryable}), and the methods here throw
     * an {@link IllegalStateException}; the next use tries again. To {@link #close} it is to do without Heddle in this
     * JVM, or class loader, from then on.
     *
     * @return always the same
     */
    public static Heddle shared() {
        return SHARED;
    }

    /**
     * Sets up another runtime. What is not set is as the system properties of {@link #shared} have it.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /** Starts one over parts of a test. */
    static Heddle start(Settings settings) throws IOException {
        var made = new Heddle(settings, BEAN + ",id=" + BUILT.incrementAndGet());
        made.platform("start", "");
        return made;
    }

    /**
     * Dials by this runtime.
     *
     * @return one with the defaults
     */
    public Dialer dialer() {
        return new Dialer(this);
    }

    /**
     * Listens by this runtime.
     *
     * @return one with the defaults
     */
    public ListenConfig listenConfig() {
        return new ListenConfig(this);
    }

    /**
     * A connection in memory, as {@link Net#pipe}, whose waits this runtime's {@link #dump} shows.
     *
     * @return both ends
     */
    public Pipe pipe() {
        return Pipe.open(this);
    }

    /**
     * Virtual threads for blocking code: like {@link Thread#ofVirtual}, on carriers that poll the network by
     * themselves; on the JDK's carriers where this runtime has none of its own (see {@link #way}). Connections work
     * from any other thread as well.
     *
     * @return a new builder
     */
    public Thread.Builder.OfVirtual ofVirtual() {
        return running().ofVirtual();
    }

    /**
     * An executor that starts a thread of {@link #ofVirtual} for each task.
     *
     * @return a new one; its own {@code close} waits for its tasks
     */
    public ExecutorService newThreadPerTaskExecutor() {
        return Executors.newThreadPerTaskExecutor(ofVirtual().factory());
    }

    /**
     * Which way this runs.
     *
     * @return the way
     */
    public Way way() {
        return Way.of(running().way());
    }

    /**
     * Why it is no better way.
     *
     * @return a phrase that names what is missing; empty if it is the best way, or the one that was asked for
     */
    public String wayReason() {
        return running().reason();
    }

    /**
     * The flags of the JVM that a better way needs.
     *
     * @return those that this JVM does not have, as they are to be written; empty if there is no better way on this
     *     system
     */
    public List<String> missingFlags() {
        return running().missingFlags();
    }

    /**
     * How many virtual threads run at a time at most.
     *
     * @return processors of its own scheduler; 0 if its threads run on the JDK's
     */
    public int parallelism() {
        return running().parallelism();
    }

    /**
     * The way, and what would change it, for people: {@link #way}, {@link #parallelism} and {@link #wayReason} as one
     * line.
     *
     * @return one line
     */
    public String describe() {
        return running().report();
    }

    /**
     * What its deadlines go by.
     *
     * @return the clock; the system's unless {@link Builder#clock} said otherwise
     */
    public Clock clock() {
        return life.clock();
    }

    /**
     * What this runtime has counted since it started: how many waits began and how they ended, polls, connections and
     * so on, as docs/observability.md lists them.
     *
     * @return the values at this moment by their names, such as {@code parks}, in the order of that list; what other
     *     threads count meanwhile may be missing
     */
    public Map<String, Long> counters() {
        return life.counters();
    }

    /**
     * What every thread does, as a text for people: the way the runtime runs, its processors and carriers, then each
     * thread that waits in one of its calls, with the reason, the connection, for how long and until when at most, such
     * as
     *
     * <pre>#123 "session" IO wait, read tcp 127.0.0.1:7000-&gt;127.0.0.1:51544, 4 min 10 s, deadline in 50.0 s</pre>
     *
     * by reason, longest first; at most 1,000 of each reason, the rest counted. Other virtual threads of the JVM follow
     * with their state and the frame that tells most, where Java runs with {@code --add-opens java.base/java.lang}; the
     * text says so if they are left out. Durations are right to some milliseconds, which the text names.
     *
     * <p>Takes milliseconds, more with thousands of threads, and disturbs them as a thread dump does. From any thread;
     * waits for nobody.
     *
     * @return the text, several lines
     */
    public String dump() {
        return running().dump();
    }

    /**
     * Whether {@link #close} was called.
     *
     * @return false from then on
     */
    public boolean isOpen() {
        return !life.isClosed();
    }

    /**
     * Ends the runtime: its connections and listeners are closed, so that calls on them end with a {@link
     * ConnClosedException} that says why; then its threads end, and everything goes back to the system. Returns once
     * that is done. The first call does it, others wait for it. An interrupt is put off. Pipes are nobody's, and stay.
     *
     * <p>Virtual threads of {@link #ofVirtual} that have not ended by then go on, on platform threads that are made for
     * each of their turns: slowly, but to their end. One that holds its carrier, by computing or in a native call,
     * holds up this call until it lets go; so does a lookup of a name that the system has not answered leave a thread
     * until it does.
     */
    @Override
    public void close() {
        life.close();
        resolver.close();
    }

    @Override
    public String toString() {
        Platform started = life.started();
        String state = life.isClosed() ? "closed" : started == null ? "not started" : started.report();
        return "Heddle (" + state + ")";
    }

    /**
     * The platform, started if need be; an unchecked failure tells that it could not. One that was closed since still
     * answers.
     */
    private Platform running() {
        try {
            return platform("start", "");
        } catch (IOException refused) {
            throw new IllegalStateException(refused.getMessage(), refused);
        }
    }

    /**
     * The platform, started if need be for the first steps of {@code op}.
     *
     * @throws ConnClosedException this was closed before it ever started
     * @throws IOException the system refused what it needs; the next use tries again
     */
    Platform platform(String op, String network) throws IOException {
        try {
            Platform started = life.platform();
            if (started == null) {
                throw Failures.runtimeClosed(op, network);
            }
            return started;
        } catch (Refused refused) {
            throw Failures.start(op, network, refused);
        }
    }

    /**
     * Where sockets are made, for {@code op}; started if need be.
     *
     * @throws ConnClosedException this is closed
     * @throws IOException the system refused what it needs; the next use tries again
     */
    Descriptors descriptors(String op, String network) throws IOException {
        Descriptors descriptors = platform(op, network).descriptors();
        if (descriptors.isClosed()) {
            throw Failures.runtimeClosed(op, network);
        }
        return descriptors;
    }

    /** What to say besides the errno of {@code result}, of a socket that is nobody's yet. */
    String remark(int result) {
        Platform started = life.started();
        return started == null ? "" : started.descriptors().remark(result);
    }

    /** What is there before the start. */
    Life life() {
        return life;
    }

    Resolver resolver() {
        return resolver;
    }

    /** Sets up a runtime. Not thread-safe; good for several starts. */
    public static final class Builder {

        private @Nullable Way way;
        private @Nullable Integer parallelism;
        private @Nullable Integer carriersMax;
        private @Nullable Duration handOff;
        private Clock clock = Clock.system();

        private Builder() {}

        /**
         * Runs in this way or not at all, but for {@link Way#URING}: without io_uring that is {@link Way#CARRIERS}.
         *
         * @param wanted the way; system property {@code heddle.way}
         * @return this
         */
        public Builder way(Way wanted) {
            way = Objects.requireNonNull(wanted);
            return this;
        }

        /**
         * How many virtual threads shall run at a time, in {@link Way#CARRIERS} and {@link Way#URING}.
         *
         * @param processors 1 or more; as many as the JVM has by default; system property {@code heddle.parallelism}
         * @return this
         */
        public Builder parallelism(int processors) {
            parallelism = positive("parallelism", processors);
            return this;
        }

        /**
         * How long a task may hold its carrier before the others go on without it, on another carrier.
         *
         * @param limit 1 ms or more, 10 ms by default; system property {@code heddle.handOff}, in milliseconds
         * @return this
         */
        public Builder handOff(Duration limit) {
            if (limit.compareTo(Duration.ofMillis(1)) < 0) {
                throw new IllegalArgumentException("handOff " + limit + ": want 1 ms or more");
            }
            handOff = limit;
            return this;
        }

        /**
         * How many carriers there may be at a time, those included that a task holds.
         *
         * @param most more than the parallelism; 256 or twice that by default, whichever is more; system property
         *     {@code heddle.carriersMax}
         * @return this
         */
        public Builder carriersMax(int most) {
            carriersMax = positive("carriersMax", most);
            return this;
        }

        /**
         * What deadlines, time-outs and pauses of the runtime go by. What a task's time on its carrier is measured by
         * stays the computer's.
         *
         * @param runtimes the clock, the system's by default; a {@link heddle.time.ManualClock} for tests that do not
         *     wait
         * @return this
         */
        public Builder clock(Clock runtimes) {
            clock = Objects.requireNonNull(runtimes);
            return this;
        }

        private static int positive(String name, int value) {
            if (value < 1) {
                throw new IllegalArgumentException(name + " " + value + ": want 1 or more");
            }
            return value;
        }

        /**
         * Starts a runtime.
         *
         * @return one that runs
         * @throws IllegalArgumentException carriersMax is not above the parallelism
         * @throws IllegalStateException the way is not possible here, or a system property makes no sense; the message
         *     says what is missing
         * @throws IOException the system refused what it needs, by its errno; nothing of that is left open
         */
        public Heddle start() throws IOException {
            return Heddle.start(settings());
        }

        private Settings settings() {
            Platform.Way wanted = way == null ? null : way.internal;
            try {
                return Settings.with(wanted, parallelism, handOff, carriersMax, clock);
            } catch (IllegalArgumentException wrong) {
                boolean ofProperty = String.valueOf(wrong.getMessage()).startsWith("-D");
                throw ofProperty ? new IllegalStateException(wrong.getMessage(), wrong) : wrong;
            }
        }
    }
}
