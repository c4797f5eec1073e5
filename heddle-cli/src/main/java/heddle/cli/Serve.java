package heddle.cli;

import heddle.gateway.Counter;
import heddle.gateway.Counters;
import heddle.gateway.Gateway;
import heddle.gateway.GatewayOptions;
import heddle.net.Addr;
import heddle.net.Heddle;
import heddle.net.Listener;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The communication server. */
@Command(
        name = "serve",
        description = {
            "Takes messages over from clients and keeps them in a data folder.",
            "Prints one line when it is ready. SIGTERM and SIGINT end it in order: it stops"
                    + " accepting, answers what it has read, and waits for its clients for a while."
        },
        showDefaultValues = true,
        sortOptions = false,
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {
            "0:stopped in order by a signal, or checked only and found right",
            "1:could not start or go on, stderr says why",
            ExitCodes.USAGE_TEXT
        })
final class Serve implements Callable<Integer> {
    /** Where it listens, and submit sends, unless told otherwise. */
    static final String ADDRESS = "127.0.0.1:7000";

    private static final Duration FOREVER = Duration.ofDays(36_500);

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    @Option(
            names = "--listen",
            paramLabel = "HOST:PORT",
            defaultValue = Serve.ADDRESS,
            converter = Address.class,
            description = "Where clients connect; port 0 takes a free one.")
    private String listen;

    @CommandLine.Mixin
    private SinkArguments sink;

    @CommandLine.Mixin
    private LimitArguments limits;

    @CommandLine.Mixin
    private AccessArguments access;

    @CommandLine.Mixin
    private AdminArguments admin;

    @Option(
            names = "--stats",
            paramLabel = "TIME",
            converter = TimeSpan.class,
            description = "How often to print the counters to stderr; only at the end if not given.")
    private @Nullable Duration statsInterval;

    @CommandLine.Mixin
    private LifeArguments life;

    @CommandLine.Mixin
    private ConfigArguments config;

    CommandLine.Model.CommandSpec spec() {
        return spec;
    }

    /** Tells all that is wrong with the options, and with the files that they name. */
    void check(Problems problems) {
        for (Arguments group : List.of(sink, limits, access, admin)) {
            group.check(problems);
        }
        problems.look("--listen", () -> {
            var address = Address.resolved(listen);
            if (address != null && life.manager().sockets().isEmpty()) {
                access.checkReach(address);
            }
        });
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        var problems = new Problems();
        var configuration = new Configuration(spec.commandLine(), config);
        var configured = configuration.read(problems);
        if (!problems.all().isEmpty()) {
            throw new CommandLine.ParameterException(spec.commandLine(), String.join("\n", problems.all()));
        }
        if (config.checkOnly()) {
            configured.tell(problems);
            return ExitCodes.OK;
        }
        return configured.open(configuration);
    }

    /** What is in effect, and where it is from unless it is the default. */
    private void tell(Problems places) {
        for (var option : Configuration.keys(this)) {
            String line = places.line(option.longestName());
            String from = line != null ? line : option.stringValues().isEmpty() ? null : "command line";
            Terminal.say(
                    spec,
                    option.longestName() + " " + Configuration.text(option) + (from == null ? "" : " (" + from + ")"));
        }
    }

    /** Opens what the options say, and serves until the end. */
    private int open(Configuration configuration) throws IOException, InterruptedException {
        admin.setUpLog(spec);
        var end = new Termination();
        // A SIGHUP that comes early is one reload after the start, and not the end.
        var reload = new Reload(configuration, this);
        end.hearHangUp(reload::ask);
        var counters = new Counters();
        var supervision = new Supervision(life.manager(), note -> Terminal.note(spec, note));
        supervision.watch();
        // The ports first: where one is taken, no folder is made. The page's is another server's until its folder is
        // free, if this one takes over.
        var listener = life.listen(listen);
        try (var early = life.takesOver() ? null : admin.open()) {
            var options = optionsAt(listener);
            var target = life.open(
                    () -> sink.open(limits.frameBytesMax(), counters), () -> tellWaiting(listener, supervision), end);
            if (target == null) {
                listener.close();
                return ExitCodes.OK;
            }
            try (var page = early != null ? early : admin.open()) {
                var gateway = new Gateway(listener, target.sink(), options, counters);
                return serve(gateway, listener, page, target, counters, reload, end, supervision);
            }
        } catch (IOException | RuntimeException e) {
            listener.close();
            throw e;
        }
    }

    /** Before anything else is opened: where the listener must not be reached, no folder is made. */
    private GatewayOptions optionsAt(Listener listener) throws IOException {
        try {
            return gatewayOptions(LifeArguments.reach(listener));
        } catch (IllegalArgumentException e) {
            throw new CommandLine.ParameterException(spec.commandLine(), "--listen: " + e.getMessage(), e);
        }
    }

    private void tellWaiting(Listener listener, Supervision supervision) {
        String what = "listening on " + LifeArguments.where(listener)
                + "; waits for the server that has the data folder to end";
        Terminal.note(spec, what);
        supervision.waits(what);
    }

    private int serve(
            Gateway gateway,
            Listener listener,
            AdminArguments.Page page,
            SinkArguments.Target target,
            Counters counters,
            Reload reload,
            Termination end,
            Supervision supervision)
            throws IOException, InterruptedException {
        var reach = LifeArguments.reach(listener);
        var accepting = end.start("heddle-accept", gateway::serve);
        end.start("heddle-sink-end", target.end());
        page.start(gateway, counters, end::end);
        String warning = access.warning(reach);
        if (!warning.isEmpty()) {
            Terminal.note(spec, warning);
        }
        String ready = "listening on %s, %s, %s%s"
                .formatted(
                        LifeArguments.where(listener),
                        target.where() + access.described(),
                        Heddle.shared().describe(),
                        page.where());
        Terminal.say(spec, ready);
        supervision.ready(ready);
        end.start(
                Thread.ofPlatform().daemon().name("heddle-reload"),
                () -> reload.run(next -> next.parts(gateway, reach, page, target), supervision));
        page.sayTrouble(spec);
        if (end.ignoresHangUp()) {
            Terminal.note(spec, "SIGHUP is ignored, as nohup has it: what is changed needs a restart");
        }
        while (!end.await(statsInterval == null ? FOREVER : statsInterval)) {
            printCounters(counters);
        }
        Duration drainTimeout = reload.current().limits.drainTimeout();
        int open = gateway.connections();
        supervision.stopping("ending: waits for " + connections(open) + " to close");
        if (open > 0) {
            Terminal.note(
                    spec,
                    "ending: waits for "
                            + connections(open)
                            + " to close, "
                            + drainTimeout.toMillis()
                            + " ms at most; another signal ends it at once");
        }
        int left = gateway.stop(drainTimeout);
        if (life.takesOver()) {
            page.close(); // before the folder is free, for which the next server may wait
        }
        try {
            target.sink().close();
        } finally {
            printCounters(counters);
        }
        if (left > 0) {
            Terminal.note(spec, connections(left) + " still open after " + drainTimeout.toMillis() + " ms");
        }
        accepting.check();
        return ExitCodes.OK;
    }

    private GatewayOptions gatewayOptions(Addr address) throws IOException {
        return access.into(limits.into(new GatewayOptions()), limits, address);
    }

    /** What takes these options over in a server that runs. */
    private List<Reloadable> parts(
            Gateway gateway, Addr address, AdminArguments.Page page, SinkArguments.Target target) {
        return List.of(
                sink.reloadable(target),
                () -> {
                    var options = gatewayOptions(address);
                    return () -> gateway.reload(options);
                },
                () -> admin.prepare(page));
    }

    private static String connections(int count) {
        return count == 1 ? "1 connection" : count + " connections";
    }

    /** What has happened at all, a line a counter. */
    private void printCounters(Counters counters) {
        for (var counter : Counter.values()) {
            long value = counters.value(counter);
            if (value != 0) {
                Terminal.note(spec, counter.label() + ": " + value + " " + counter.unit());
            }
        }
    }
}
