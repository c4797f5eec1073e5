package heddle.cli;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import picocli.CommandLine.Model.OptionSpec;

/**
 * At SIGHUP, takes over what the file of {@code --config}, and the files that it and the options name, say by then: all
 * of it, or nothing. {@link #run} is on a thread of its own; {@link #ask} may be called from any.
 */
final class Reload {
    private static final Logger LOG = System.getLogger("heddle.cli");

    private final Configuration configuration;

    /** Whose options are in effect that need a restart. */
    private final Serve started;

    private final Semaphore asked = new Semaphore(0);

    /** Whose other options are in effect. Written by {@link #run}, read by any thread. */
    private volatile Serve current;

    /**
     * Nothing is read yet.
     *
     * @param started what runs
     */
    Reload(Configuration configuration, Serve started) {
        this.configuration = configuration;
        this.started = started;
        this.current = started;
    }

    /** Whose options are in effect, but for those that need a restart. */
    Serve current() {
        return current;
    }

    /** Has it done soon; several times at once may be one. */
    void ask() {
        asked.release();
    }

    /**
     * Does what is asked for, until it is interrupted.
     *
     * @param parts of what runs, with the options that were read
     * @param supervision told of each beginning and end
     */
    void run(Function<Serve, List<Reloadable>> parts, Supervision supervision) throws InterruptedException {
        while (true) {
            asked.acquire();
            asked.drainPermits();
            supervision.reloading();
            try {
                once(parts);
            } catch (RuntimeException e) { // a mistake of ours must not end a server that runs
                LOG.log(Level.ERROR, "reload failed", e);
            } finally {
                supervision.reloaded();
            }
        }
    }

    private void once(Function<Serve, List<Reloadable>> parts) {
        var problems = new Problems();
        var next = configuration.read(problems);
        List<Runnable> ready = new ArrayList<>();
        if (problems.all().isEmpty()) {
            for (var part : parts.apply(next)) {
                try {
                    ready.add(part.prepare());
                } catch (IOException | IllegalArgumentException e) {
                    problems.at("reload", Main.text(e));
                }
            }
        }
        if (!problems.all().isEmpty()) {
            LOG.log(Level.ERROR, "reload: nothing is changed, as: " + String.join("; ", problems.all()));
            return;
        }
        ready.forEach(Runnable::run);
        say(next);
        current = next;
    }

    private void say(Serve next) {
        List<String> changes = new ArrayList<>();
        var before = Configuration.keys(current).iterator();
        var first = Configuration.keys(started).iterator();
        for (var option : Configuration.keys(next)) {
            var old = before.next();
            var inEffect = first.next();
            if (Configuration.isReloaded(option)) {
                if (differ(option, old)) {
                    changes.add(change(option, old));
                }
            } else if (differ(option, inEffect)) {
                LOG.log(Level.WARNING, "reload: " + change(option, inEffect) + ": needs a restart; the old one stays");
            }
        }
        LOG.log(Level.INFO, "reloaded: " + (changes.isEmpty() ? "no option has changed" : String.join(", ", changes)));
    }

    private static boolean differ(OptionSpec one, OptionSpec other) {
        return !Objects.equals(one.getValue(), other.getValue());
    }

    private static String change(OptionSpec option, OptionSpec old) {
        return option.longestName() + " " + Configuration.text(old) + " -> " + Configuration.text(option);
    }
}
