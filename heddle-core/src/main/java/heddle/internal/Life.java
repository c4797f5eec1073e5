package heddle.internal;

import heddle.internal.fd.Refused;
import heddle.internal.sys.StartException;
import heddle.internal.trace.Counter;
import heddle.internal.trace.Trace;
import heddle.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// A runtime from its making to its end, as `heddle.net` sees it: its platform, which the first use starts, and what it
/// notes of itself, which is there before. Any thread.
///
///     not started -> running  platform()  the system gave what it needs; else the next use tries again
///     not started -> closed   close()
///     running     -> closed   close()
///
/// What asks a closed one that ran before still gets its answers: only sockets cannot be made any more.
public final class Life {

    /** Null for what the system properties say at the start. */
    private final @Nullable Settings settings;

    private final String bean;
    private final Trace trace;

    /** Held to start and to close. */
    private final ReentrantLock lock = new ReentrantLock();

    /** Null until the start. Written once, under the lock. */
    private volatile @Nullable Platform platform;

    /** Set once, under the lock. */
    private volatile boolean closed;

    /**
     * One that nobody has used yet.
     *
     * @param settings null for those of the system properties
     * @param bean how management tools shall call it
     */
    public Life(@Nullable Settings settings, String bean) {
        this.settings = settings;
        this.bean = bean;
        trace = new Trace(settings == null ? Clock.system() : settings.clock());
    }

    /**
     * The platform, started if need be; null if it was closed before it ever ran.
     *
     * @throws Refused the system refused what it needs; the next use tries again
     * @throws IllegalStateException the way that is wanted is not possible, or a system property makes no sense; the
     *     message says what
     */
    public @Nullable Platform platform() throws Refused {
        Platform started = platform;
        return started != null ? started : startOnce();
    }

    /** The platform as it is: null if it has not started. */
    public @Nullable Platform started() {
        return platform;
    }

    /** Whether {@link #close} was called. */
    public boolean isClosed() {
        return closed;
    }

    /** What deadlines go by. */
    public Clock clock() {
        return trace.clock();
    }

    /** What was counted until now, by name. */
    public Map<String, Long> counters() {
        Map<String, Long> values = new LinkedHashMap<>();
        for (Counter counter : Counter.values()) {
            values.put(counter.id(), trace.counters().value(counter));
        }
        return values;
    }

    /**
     * The calling thread is about to wait for something that no poller knows of: dumps show it.
     *
     * @param reason the first words, such as {@code lookup wait}
     * @param subject what for; asked for its text by a dump only
     */
    public void beginWait(String reason, Object subject) {
        trace.waits().begin(reason, subject);
    }

    /** The calling thread's wait is over. */
    public void endWait() {
        trace.waits().end();
    }

    /** An attempt to connect begins, for the flight recorder. */
    public ConnectEvent beginConnect() {
        return new ConnectEvent(trace.recorder());
    }

    /** Ends what runs. Returns once that is done. The first call does it, others wait for it. */
    public void close() {
        lock.lock();
        try {
            Platform started = platform;
            boolean first = !closed;
            closed = true;
            if (first && started != null) {
                started.close();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Null if this was closed before. */
    private @Nullable Platform startOnce() throws Refused {
        lock.lock();
        try {
            Platform started = platform;
            return started != null || closed ? started : start();
        } catch (StartException refused) {
            throw new Refused(refused.call(), -refused.errno(), refused);
        } finally {
            lock.unlock();
        }
    }

    private Platform start() {
        Platform started = Platform.start(settings == null ? settingsOfProperties() : settings, trace);
        platform = started; // Before the log, which may itself use the network by way of this.
        for (String unknown : settings == null ? Settings.unknownProperties() : List.<String>of()) {
            Platform.log(
                    System.Logger.Level.WARNING,
                    "-D" + unknown + " is no property of Heddle; there are " + Settings.known(),
                    null);
        }
        boolean degraded = !started.reason().isEmpty();
        Platform.log(degraded ? System.Logger.Level.INFO : System.Logger.Level.DEBUG, started.report(), null);
        started.manage(bean);
        return started;
    }

    private static Settings settingsOfProperties() {
        try {
            return Settings.fromProperties();
        } catch (IllegalArgumentException wrong) {
            throw new IllegalStateException(wrong.getMessage(), wrong);
        }
    }
}
