package heddle.cli;

import heddle.gateway.Counter;
import heddle.gateway.Counters;
import heddle.gateway.Gateway;
import heddle.gateway.GatewayOptions;
import heddle.gateway.Sink;
import heddle.gateway.StoreOptions;
import heddle.gateway.StoreSink;
import heddle.gateway.SyncMode;
import heddle.kafka.ForwardingSink;
import heddle.kafka.KafkaSink;
import heddle.net.Heddle;
import heddle.net.Listener;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
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
            "0:stopped in order by a signal",
            "1:could not start or go on, stderr says why",
            ExitCodes.USAGE_TEXT
        })
final class Serve implements Callable<Integer> {
    /** Where it listens, and submit sends, unless told otherwise. */
    static final String ADDRESS = "127.0.0.1:7000";

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    @Option(
            names = "--listen",
            paramLabel = "HOST:PORT",
            defaultValue = Serve.ADDRESS,
            converter = Address.class,
            description = "Where clients connect; port 0 takes a free one.")
    private String listen;

    @Option(
            names = "--sink",
            paramLabel = "SINK",
            defaultValue = "store",
            description = "store: messages are kept in the data folder. kafka: they are delivered to a topic of Kafka,"
                    + " and acknowledged when all its replicas in sync have them. store+kafka: they are kept in the data"
                    + " folder, acknowledged, and forwarded to Kafka behind that.")
    private SinkKind sinkKind;

    @CommandLine.Mixin
    private KafkaArguments kafka;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            defaultValue = "heddle-data",
            description = "The data folder; made if missing.")
    private Path data;

    @Option(
            names = "--sync",
            paramLabel = "MODE",
            defaultValue = "always",
            description = "always: a message is on the disk before its ack. interval: it is with the"
                    + " kernel before its ack, and on the disk an interval later at most.")
    private SyncMode sync;

    @Option(
            names = "--sync-interval",
            paramLabel = "TIME",
            defaultValue = "1s",
            converter = TimeSpan.class,
            description = "For --sync=interval.")
    private Duration syncInterval;

    @Option(
            names = "--max-frame",
            paramLabel = "SIZE",
            defaultValue = "1M",
            converter = ByteSize.class,
            description = "Largest frame, its 4 bytes of length included.")
    private long frameBytesMax;

    @Option(
            names = "--max-connections",
            paramLabel = "N",
            defaultValue = "100000",
            description = "Further clients wait in the kernel's backlog.")
    private int connectionsMax;

    @Option(
            names = "--max-store",
            paramLabel = "SIZE",
            converter = ByteSize.class,
            description =
                    "Largest log; then messages are answered 'not stored'. No bound but the" + " disk's if not given.")
    private @Nullable Long storeBytesMax;

    @Option(
            names = "--keep-bytes",
            paramLabel = "SIZE",
            converter = ByteSize.class,
            description = "From this size of the log on the oldest messages are dropped, by whole files.")
    private @Nullable Long keepBytes;

    @Option(
            names = "--keep-for",
            paramLabel = "TIME",
            converter = TimeSpan.class,
            description = "From this age on messages are dropped, by whole files.")
    private @Nullable Duration keepFor;

    @Option(
            names = "--token",
            paramLabel = "TOKEN",
            defaultValue = "${env:HEDDLE_TOKEN}",
            showDefaultValue = CommandLine.Help.Visibility.NEVER,
            description = "What clients must send to be let in. Better in the environment as"
                    + " HEDDLE_TOKEN: others see arguments.")
    private @Nullable String token;

    @Option(
            names = "--handshake-timeout",
            paramLabel = "TIME",
            defaultValue = "10s",
            converter = TimeSpan.class,
            description = "For a client to introduce itself.")
    private Duration handshakeTimeout;

    @Option(
            names = "--stall-timeout",
            paramLabel = "TIME",
            defaultValue = "30s",
            converter = TimeSpan.class,
            description = "Longest silence within a frame; longest time for a client to take its acks.")
    private Duration stallTimeout;

    @Option(
            names = "--idle-timeout",
            paramLabel = "TIME",
            defaultValue = "5m",
            converter = TimeSpan.class,
            description = "Longest silence between frames.")
    private Duration idleTimeout;

    @Option(
            names = "--drain-timeout",
            paramLabel = "TIME",
            defaultValue = "10s",
            converter = TimeSpan.class,
            description = "How long the end waits for clients. After a client's own half-close: how"
                    + " long storing its messages may take, then writing its acks.")
    private Duration drainTimeout;

    @Option(
            names = "--stats",
            paramLabel = "TIME",
            defaultValue = "876000h",
            showDefaultValue = CommandLine.Help.Visibility.NEVER,
            converter = TimeSpan.class,
            description = "How often to print the counters to stderr; only at the end if not given.")
    private Duration statsInterval;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (frameBytesMax < 13 || frameBytesMax > Integer.MAX_VALUE - 64) {
            throw new CommandLine.ParameterException(spec.commandLine(), "--max-frame: want 13 to 2G less 64");
        }
        if (connectionsMax < 1) {
            throw new CommandLine.ParameterException(spec.commandLine(), "--max-connections: want 1 or more");
        }
        var counters = new Counters();
        // The port first: where it is taken, no folder is made.
        var listener = Address.listen(listen);
        Target target;
        try {
            target = sink(counters);
        } catch (IllegalArgumentException e) {
            listener.close();
            throw new CommandLine.ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        } catch (IOException | RuntimeException e) {
            listener.close();
            throw e;
        }
        return serve(listener, target, counters);
    }

    /**
     * Where messages go.
     *
     * @param end returns when the sink ends by itself
     * @param where for people
     */
    private record Target(Sink sink, Termination.Work end, String where) {}

    private Target sink(Counters counters) throws IOException {
        if (sinkKind == SinkKind.STORE_AND_KAFKA) {
            var sink = new ForwardingSink(data, storeOptions(), kafka.options().queueTakes(frameBytesMax), counters);
            return new Target(sink, sink::awaitEnd, whereStored() + ", " + kafka.where());
        }
        if (sinkKind == SinkKind.KAFKA) {
            var sink = new KafkaSink(kafka.options().queueTakes(frameBytesMax), counters);
            return new Target(sink, sink::awaitEnd, kafka.where());
        }
        if (kafka.any()) {
            throw new IllegalArgumentException(
                    "--kafka-servers, --kafka-topic and --kafka-config: want --sink=kafka or store+kafka too");
        }
        var sink = new StoreSink(data, storeOptions(), counters);
        return new Target(sink, sink::awaitEnd, whereStored());
    }

    private String whereStored() {
        return "data in %s, sync %s"
                .formatted(data.toAbsolutePath().normalize(), sync.name().toLowerCase(Locale.ROOT));
    }

    private StoreOptions storeOptions() {
        StoreOptions options =
                new StoreOptions().sync(sync).syncInterval(syncInterval).queueTakes(frameBytesMax);
        if (storeBytesMax != null) {
            options = options.storeBytesMax(storeBytesMax);
        }
        if (keepBytes != null) {
            options = options.keepBytes(keepBytes);
        }
        return keepFor == null ? options : options.keepFor(keepFor);
    }

    private int serve(Listener listener, Target target, Counters counters) throws IOException, InterruptedException {
        var gateway = new Gateway(
                listener,
                target.sink(),
                new GatewayOptions()
                        .frameBytesMax((int) frameBytesMax)
                        .connectionsMax(connectionsMax)
                        .handshakeTimeout(handshakeTimeout)
                        .stallTimeout(stallTimeout)
                        .idleTimeout(idleTimeout)
                        .drainTimeout(drainTimeout)
                        .token(token),
                counters);
        var end = new Termination();
        var accepting = end.start("heddle-accept", gateway::serve);
        end.start("heddle-sink-end", target.end());
        Terminal.say(
                spec,
                "listening on %s, %s, %s"
                        .formatted(
                                listener.address(),
                                target.where(),
                                Heddle.shared().describe()));
        while (!end.await(statsInterval)) {
            printCounters(counters);
        }
        int open = gateway.connections();
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
