package heddle.cli;

import heddle.gateway.Client;
import heddle.gateway.ClientOptions;
import heddle.gateway.Result;
import heddle.tls.TlsContext;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** A client that hands over what it is given, or that makes load. */
@Command(
        name = "submit",
        description = {
            "Submits each line of a file or of stdin as a message, as bytes, without its line feed;"
                    + " or generated messages, as many as --count says and for as long as --duration does.",
            "Prints how many were acknowledged, how fast, and the ack latencies; on a terminal also each"
                    + " second for generated messages. Ctrl-C ends the sending, and prints what there is."
        },
        showDefaultValues = true,
        sortOptions = false,
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {
            "0:every message was sent and acknowledged with success",
            "1:some were not, or no server was there, or a signal ended it; stderr says which",
            ExitCodes.USAGE_TEXT
        })
final class Submit implements Callable<Integer> {
    private static final int PROGRESS_STEP = 1024;
    private static final String STDIN = "-";
    private static final String DEFAULT_NAME = "heddle submit";
    private static final int SIZE_DEFAULT = 64;
    private static final int WINDOW_DEFAULT = 8192;
    private static final int IN_FLIGHT_MAX = 1 << 24;
    private static final Duration SECOND = Duration.ofSeconds(1);

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    @Option(
            names = "--to",
            paramLabel = "HOST:PORT",
            split = ",",
            defaultValue = Serve.ADDRESS,
            converter = Address.Peer.class,
            description = "The server; or several, of which one is used at a time, any to begin with, and"
                    + " another when that ends.")
    private List<String> to;

    @Parameters(
            arity = "0..1",
            paramLabel = "FILE",
            defaultValue = STDIN,
            description = "Its lines are the messages; - for stdin.")
    private String file;

    @Option(names = "--count", paramLabel = "N", description = "Generate so many messages instead.")
    private @Nullable Long count;

    @Option(
            names = "--duration",
            paramLabel = "TIME",
            converter = TimeSpan.class,
            description = "Generate messages for so long instead.")
    private @Nullable Duration duration;

    @Option(
            names = "--rate",
            paramLabel = "N",
            description = "Generate so many messages a second, whatever becomes of them; latencies then count"
                    + " from when each was to be sent. Otherwise as many as --window lets through.")
    private @Nullable Double rate;

    @Option(
            names = "--connections",
            paramLabel = "N",
            description = "Generate messages over so many connections, by turns; 1 unless given. Each has a"
                    + " name of its own then, NAME-1 to NAME-N.")
    private @Nullable Integer connections;

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            converter = ByteSize.class,
            description = "Bytes of a generated message; " + SIZE_DEFAULT + " unless given.")
    private @Nullable Long size;

    @Option(
            names = {"--window", "--in-flight"},
            paramLabel = "N",
            description = "Most messages of a connection sent and not acknowledged; " + WINDOW_DEFAULT
                    + " unless given, shared among the connections.")
    private @Nullable Integer window;

    @Option(
            names = "--resend",
            description = "When the connection ends, connect again, for 30s at most, and send again what"
                    + " was not acknowledged: nothing is lost, some may be there twice."
                    + " Otherwise that ends the command.")
    private boolean resend;

    @Option(
            names = "--once",
            description = "As --resend, and the server drops what it has already: each message is there"
                    + " exactly once, whatever breaks. Needs --name; messages count on behind those that"
                    + " were submitted under that name before.")
    private boolean once;

    @Option(
            names = "--shared-store",
            description = "For --once with several servers: they keep all they take, and what they have of whom,"
                    + " at one place, as a Kafka cluster. Otherwise each has its own, and once holds for one"
                    + " server only.")
    private boolean sharedStore;

    @Option(
            names = "--max-frame",
            paramLabel = "SIZE",
            defaultValue = "1M",
            converter = ByteSize.class,
            description = "The server's limit; a message is 13 bytes smaller.")
    private long frameBytesMax;

    @Option(
            names = "--name",
            paramLabel = "NAME",
            defaultValue = DEFAULT_NAME,
            description = "What to tell the server, for its log; with --once, whose numbers go on. No two"
                    + " clients may use one name at a time then.")
    private String name;

    @CommandLine.Mixin
    private TokenArguments tokens;

    @CommandLine.Mixin
    private ClientTlsArguments tls;

    @Option(names = "--json", description = "Print what came of it as one JSON object.")
    private boolean json;

    private @Nullable String token;
    private @Nullable TlsContext tlsContext;
    private final AtomicLong notedNanos = new AtomicLong(System.nanoTime() - SECOND.toNanos());

    @Override
    public Integer call() throws IOException, InterruptedException {
        checkArguments();
        token = tokens.token();
        tlsContext = tls.context();
        return generates() ? load() : lines();
    }

    private boolean generates() {
        return count != null || duration != null;
    }

    private void checkArguments() {
        checkSource();
        if (frameBytesMax < 13 || frameBytesMax > Integer.MAX_VALUE - 64) {
            throw usage("--max-frame: want 13 to 2G less 64");
        }
        if (sizeBytes() > frameBytesMax - 13) {
            throw usage("--size: a message is at least 13 bytes smaller than --max-frame");
        }
        if (connectionCount() < 1 || connectionCount() > 100_000) {
            throw usage("--connections: want 1 to 100000");
        }
        if (windowSize() < 1 || windowSize() > 1 << 20) {
            throw usage("--window: want 1 to 1048576");
        }
        if ((long) windowSize() * connectionCount() > IN_FLIGHT_MAX) {
            throw usage("--connections and --window: want at most " + IN_FLIGHT_MAX + " messages in flight together");
        }
        String longest = nameOf(connectionCount() - 1);
        if (longest.getBytes(StandardCharsets.UTF_8).length > 255 || name.indexOf('\0') >= 0) {
            throw usage("--name: want at most 255 bytes");
        }
        checkOnce();
    }

    private void checkSource() {
        if (generates()) {
            if (!file.equals(STDIN)) {
                throw usage("FILE and " + (count != null ? "--count" : "--duration") + " exclude each other");
            }
            if (count != null && count < 0) {
                throw usage("--count: want 0 or more");
            }
            if (rate != null && !(rate > 0 && rate <= 1e9)) {
                throw usage("--rate: want more than 0, at most 1000000000");
            }
            return;
        }
        String odd = rate != null ? "--rate" : connections != null ? "--connections" : size != null ? "--size" : null;
        if (odd != null) {
            throw usage(odd + ": is for generated messages; say how many by --count N, or how long by --duration TIME");
        }
    }

    private void checkOnce() {
        if (once && (name.isEmpty() || name.equals(DEFAULT_NAME))) {
            throw usage("--once: needs a --name of its own, by which the server knows what it has kept");
        }
        if (once && resend) {
            throw usage("--once and --resend exclude each other");
        }
        if (once && to.size() > 1 && !sharedStore) {
            throw usage("--once: each of " + to.size() + " servers has its own store; name one, or say --shared-store"
                    + " if they keep all at one place");
        }
        if (sharedStore && !(once && to.size() > 1)) {
            throw usage("--shared-store: is for --once with several servers");
        }
    }

    private ParameterException usage(String what) {
        return new ParameterException(spec.commandLine(), what);
    }

    private int sizeBytes() {
        return size == null ? SIZE_DEFAULT : (int) Math.min(size, Integer.MAX_VALUE);
    }

    private int connectionCount() {
        return connections == null ? 1 : connections;
    }

    private int windowSize() {
        return window == null ? Math.max(1, WINDOW_DEFAULT / connectionCount()) : window;
    }

    private String nameOf(int index) {
        return connectionCount() == 1 ? name : name + "-" + (index + 1);
    }

    private ClientOptions clientOptions(int index) {
        return new ClientOptions()
                .name(nameOf(index))
                .token(token)
                .tls(tlsContext)
                .frameBytesMax((int) frameBytesMax)
                .inFlight(windowSize(), Math.max(16 << 20, frameBytesMax))
                .resend(resend)
                .once(once)
                .sharedStore(sharedStore)
                .reconnect(resend);
    }

    private Client client(int index, Delivery delivery) {
        return new Client(to, clientOptions(index), delivery);
    }

    /** Whether the end of a connection is not that of the command. */
    private boolean goesOn() {
        return resend || once;
    }

    /** Of many connections, which break and come back together, one tells. */
    private void note(String line) {
        long last = notedNanos.get();
        long now = System.nanoTime();
        if (connectionCount() == 1 || (now - last >= SECOND.toNanos() && notedNanos.compareAndSet(last, now))) {
            Terminal.note(spec, line);
        }
    }

    private void noteKept(long kept) {
        if (kept != 0) {
            Terminal.note(
                    spec,
                    "goes on behind the " + Long.toUnsignedString(kept)
                            + " messages that the server has kept for the name " + name);
        }
    }

    // ---- Generated messages

    private int load() throws IOException, InterruptedException {
        var plan = new Load.Plan(
                connectionCount(),
                count == null ? Long.MAX_VALUE : count,
                duration == null ? Long.MAX_VALUE : duration.toNanos(),
                rate == null ? 0 : rate,
                sizeBytes());
        var tally = new Tally();
        var load = new Load(plan, tally, goesOn(), this::note, this::client);
        var end = new Termination();
        var cpu = new ProcessorTime();
        var running = end.start(Thread.ofPlatform().name("heddle-load"), load::run);
        long shown = 0;
        while (!end.await(SECOND)) {
            if (Terminal.isWatched() && !json && load.nanos() > 0) {
                long acknowledged = tally.acknowledgedCount();
                Terminal.say(spec, Report.second(load.nanos(), tally, acknowledged - shown));
                shown = acknowledged;
            }
        }
        boolean signalled = !running.isOver();
        if (signalled) {
            running.interrupt();
        } else {
            running.check();
        }
        noteKept(load.keptBefore());
        long unsent = rate == null || signalled ? 0 : plan.due() - tally.sentCount();
        var failure = load.failure();
        var report = new Report(tally, load.nanos(), failure == null ? unsent : 0, cpu.nanos(), true, rate != null);
        if (tally.sentCount() == 0 && failure != null) {
            throw failure; // nobody was there
        }
        print(report);
        if (report.unsent() > 0) {
            Terminal.note(spec, report.unsent() + " not sent in time: --window was full, or this client too slow");
        }
        return conclude(tally, failure, load.lost(), signalled, report.unsent() == 0);
    }

    // ---- Lines

    private int lines() throws IOException, InterruptedException {
        if (!file.equals(STDIN)) {
            checkReadable(Path.of(file)); // before anybody is bothered
        }
        var tally = new Tally();
        var delivery = new Delivery(tally, goesOn(), this::note, null);
        var end = new Termination();
        var cpu = new ProcessorTime();
        var failure = new AtomicReference<@Nullable IOException>();
        var startNanos = new AtomicLong();
        boolean signalled;
        try (var client = client(0, delivery)) {
            var running = end.start(Thread.ofPlatform().name("heddle-submit").daemon(), () -> {
                client.connect();
                noteKept(client.highest());
                startNanos.set(System.nanoTime());
                failure.set(submitAll(client, delivery, tally));
            });
            end.await();
            signalled = !running.isOver();
            if (signalled) {
                running.interrupt();
            } else {
                running.check();
            }
        }
        long nanos = startNanos.get() == 0 ? 0 : System.nanoTime() - startNanos.get();
        print(new Report(tally, nanos, 0, cpu.nanos(), false, false));
        return conclude(tally, failure.get(), delivery.end(), signalled, true);
    }

    /** What ended it before all was sent and settled, or null. */
    private @Nullable IOException submitAll(Client client, Delivery delivery, Tally tally) throws InterruptedException {
        @Nullable IOException failure = null;
        try {
            submitLines(client, delivery, tally);
        } catch (IOException e) {
            failure = e;
        }
        try {
            client.awaitSettled(); // what was sent counts, whatever ended the sending
        } catch (IOException e) {
            failure = failure == null ? e : failure;
        }
        return failure;
    }

    private void submitLines(Client client, Delivery delivery, Tally tally) throws IOException, InterruptedException {
        boolean stdin = file.equals(STDIN);
        long bytes = stdin ? -1 : Files.size(Path.of(file));
        // A channel's: its close ends a read of a pipe in which nothing comes.
        try (var in = (stdin ? new FileInputStream(FileDescriptor.in) : new FileInputStream(file)).getChannel();
                var lines = new Lines(Channels.newInputStream(in), stdin ? "stdin" : file, client.payloadBytesMax());
                var progress = progress(bytes)) {
            if (stdin) {
                delivery.reads(in);
            }
            while (next(lines, delivery)) {
                client.submit(lines.buffer(), lines.offset(), lines.length());
                tally.sent();
                if (progress != null && lines.count() % PROGRESS_STEP == 0) {
                    progress.stepTo(lines.bytes());
                }
            }
        }
    }

    /** Whether there is one more line and leave to send it. */
    private static boolean next(Lines lines, Delivery delivery) throws IOException, InterruptedException {
        boolean more;
        try {
            more = lines.next();
        } catch (ClosedByInterruptException signalled) {
            throw (InterruptedException) new InterruptedException("a signal").initCause(signalled);
        } catch (ClosedChannelException ended) {
            // By the delivery, since the server is gone: nobody can tell whether there were more.
            more = true;
        }
        delivery.checkMaySend(more);
        return more;
    }

    private static void checkReadable(Path path) throws IOException {
        if (!Files.isReadable(path) || Files.isDirectory(path)) {
            throw new FileNotFoundException(path + ": no file that can be read");
        }
    }

    /** Null where nobody looks. */
    private static @Nullable ProgressBar progress(long max) {
        if (!Terminal.isWatched()) {
            return null;
        }
        return new ProgressBarBuilder()
                .setTaskName("submit")
                .setInitialMax(max)
                .setUnit(" bytes", 1)
                .setUpdateIntervalMillis(200)
                .showSpeed()
                .clearDisplayOnFinish()
                .build();
    }

    // ---- What came of it

    private void print(Report report) {
        (json ? List.of(report.json()) : report.lines()).forEach(line -> Terminal.say(spec, line));
    }

    private int conclude(
            Tally tally,
            @Nullable IOException failure,
            @Nullable IOException lost,
            boolean signalled,
            boolean allSent) {
        boolean done = failure == null && !signalled && allSent && tally.acknowledgedCount() == tally.sentCount();
        if (lost != null && !goesOn() && !done) {
            Terminal.note(spec, "server gone: " + lost.getMessage());
        } else if (failure != null) {
            Terminal.note(spec, "" + failure.getMessage());
        }
        if (signalled) {
            Terminal.note(spec, "ended by a signal");
        }
        tally.failures()
                .forEach((result, number) -> Terminal.note(spec, number + " not acknowledged: " + Result.text(result)));
        return done ? ExitCodes.OK : ExitCodes.FAILURE;
    }
}
