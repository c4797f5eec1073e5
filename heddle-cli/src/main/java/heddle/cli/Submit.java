package heddle.cli;

import heddle.gateway.Client;
import heddle.gateway.ClientOptions;
import heddle.gateway.Outcome;
import heddle.gateway.RefusedException;
import heddle.gateway.Result;
import java.io.Closeable;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** A client that hands over what it is given. */
@Command(
        name = "submit",
        description = {
            "Submits each line of a file or of stdin as a message, as bytes, without its line feed;"
                    + " or generated messages.",
            "Prints how many were acknowledged, how fast, and the ack latencies."
        },
        showDefaultValues = true,
        sortOptions = false,
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {
            "0:every message was acknowledged with success",
            "1:some were not, or no server was there; stderr says which",
            ExitCodes.USAGE_TEXT
        })
final class Submit implements Callable<Integer> {
    private static final int PROGRESS_STEP = 1024;
    private static final String STDIN = "-";
    private static final String DEFAULT_NAME = "heddle submit";

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    @Option(
            names = "--to",
            paramLabel = "HOST:PORT",
            defaultValue = Serve.ADDRESS,
            converter = Address.Peer.class,
            description = "The server.")
    private String to;

    @Parameters(
            arity = "0..1",
            paramLabel = "FILE",
            defaultValue = STDIN,
            description = "Its lines are the messages; - for stdin.")
    private String file;

    @Option(names = "--count", paramLabel = "N", description = "Generate so many messages instead.")
    private @Nullable Long count;

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            defaultValue = "64",
            converter = ByteSize.class,
            description = "Bytes of a generated message.")
    private long size;

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
            names = "--in-flight",
            paramLabel = "N",
            defaultValue = "8192",
            description = "Most messages sent and not acknowledged.")
    private int inFlight;

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

    @Option(
            names = "--token",
            paramLabel = "TOKEN",
            defaultValue = "${env:HEDDLE_TOKEN}",
            showDefaultValue = CommandLine.Help.Visibility.NEVER,
            description = "What the server wants to know. Better in the environment as HEDDLE_TOKEN.")
    private @Nullable String token;

    @Override
    public Integer call() throws IOException, InterruptedException {
        checkArguments();
        if (count == null && !file.equals(STDIN)) {
            checkReadable(Path.of(file)); // before anybody is bothered
        }
        var tally = new Tally(goesOn(), spec);
        long start = System.nanoTime();
        @Nullable IOException failure = null;
        try (var client = new Client(to, clientOptions(), tally)) {
            client.connect();
            if (once && client.highest() != 0) {
                Terminal.note(
                        spec,
                        "goes on behind the " + Long.toUnsignedString(client.highest())
                                + " messages that the server has kept for the name " + name);
            }
            start = System.nanoTime();
            failure = submitAll(client, tally);
        }
        print(tally, System.nanoTime() - start);
        return conclude(tally, failure);
    }

    private void checkArguments() {
        if (count != null && !file.equals(STDIN)) {
            throw usage("FILE and --count exclude each other");
        }
        if (count != null && count < 0) {
            throw usage("--count: want 0 or more");
        }
        if (frameBytesMax < 13 || frameBytesMax > Integer.MAX_VALUE - 64) {
            throw usage("--max-frame: want 13 to 2G less 64");
        }
        if (size > frameBytesMax - 13) {
            throw usage("--size: a message is at least 13 bytes smaller than --max-frame");
        }
        if (inFlight < 1 || inFlight > 1 << 20) {
            throw usage("--in-flight: want 1 to 1048576");
        }
        if (name.getBytes(StandardCharsets.UTF_8).length > 255 || name.indexOf('\0') >= 0) {
            throw usage("--name: want at most 255 bytes");
        }
        if (once && (name.isEmpty() || name.equals(DEFAULT_NAME))) {
            throw usage("--once: needs a --name of its own, by which the server knows what it has kept");
        }
        if (once && resend) {
            throw usage("--once and --resend exclude each other");
        }
    }

    private ParameterException usage(String what) {
        return new ParameterException(spec.commandLine(), what);
    }

    private ClientOptions clientOptions() {
        return new ClientOptions()
                .name(name)
                .token(token)
                .frameBytesMax((int) frameBytesMax)
                .inFlight(inFlight, Math.max(16 << 20, frameBytesMax))
                .resend(resend)
                .once(once)
                .reconnect(resend);
    }

    /** Whether the end of a connection is not that of the command. */
    private boolean goesOn() {
        return resend || once;
    }

    /** What ended it before all was sent and settled, or null. */
    private @Nullable IOException submitAll(Client client, Tally tally) throws InterruptedException {
        @Nullable IOException failure = null;
        try {
            if (count != null) {
                submitGenerated(client, tally, count);
            } else {
                submitLines(client, tally);
            }
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

    private void submitGenerated(Client client, Tally tally, long messages) throws IOException, InterruptedException {
        try (var progress = progress("messages", messages)) {
            byte[] message = new byte[(int) size];
            for (long i = 0; i < messages; i++) {
                tally.checkMaySend(true);
                generate(message, i);
                client.submit(message, 0, message.length);
                tally.submitted++;
                step(progress, i + 1, i + 1);
            }
        }
    }

    /** The message's number in decimal, and points up to the size; of a number that is longer, the end. */
    private static void generate(byte[] message, long number) {
        Arrays.fill(message, (byte) '.');
        byte[] digits = Long.toString(number).getBytes(StandardCharsets.US_ASCII);
        int kept = Math.min(digits.length, message.length);
        System.arraycopy(digits, digits.length - kept, message, 0, kept);
    }

    private void submitLines(Client client, Tally tally) throws IOException, InterruptedException {
        boolean stdin = file.equals(STDIN);
        long bytes = stdin ? -1 : Files.size(Path.of(file));
        // A channel's: its close ends a read of a pipe in which nothing comes.
        try (var in = (stdin ? new FileInputStream(FileDescriptor.in) : new FileInputStream(file)).getChannel();
                var lines = new Lines(Channels.newInputStream(in), stdin ? "stdin" : file, client.payloadBytesMax());
                var progress = progress("bytes", bytes)) {
            if (stdin) {
                tally.reads(in);
            }
            while (next(lines, tally)) {
                client.submit(lines.buffer(), lines.offset(), lines.length());
                tally.submitted++;
                step(progress, lines.count(), lines.bytes());
            }
        }
    }

    /** Whether there is one more line and leave to send it. */
    private static boolean next(Lines lines, Tally tally) throws IOException {
        boolean more;
        try {
            more = lines.next();
        } catch (ClosedChannelException ended) {
            // By the tally, since the server is gone: nobody can tell whether there were more.
            more = true;
        }
        tally.checkMaySend(more);
        return more;
    }

    private static void checkReadable(Path path) throws IOException {
        if (!Files.isReadable(path) || Files.isDirectory(path)) {
            throw new FileNotFoundException(path + ": no file that can be read");
        }
    }

    /** Null where nobody looks. */
    private static @Nullable ProgressBar progress(String unit, long max) {
        if (!Terminal.isWatched()) {
            return null;
        }
        return new ProgressBarBuilder()
                .setTaskName("submit")
                .setInitialMax(max)
                .setUnit(" " + unit, 1)
                .setUpdateIntervalMillis(200)
                .showSpeed()
                .clearDisplayOnFinish()
                .build();
    }

    private static void step(@Nullable ProgressBar progress, long messages, long to) {
        if (progress != null && messages % PROGRESS_STEP == 0) {
            progress.stepTo(to);
        }
    }

    private void print(Tally tally, long nanos) {
        double seconds = nanos / 1e9;
        Terminal.say(
                spec,
                String.format(
                        Locale.ROOT,
                        "%d messages, %d acknowledged in %.3f s, %.0f a second",
                        tally.submitted,
                        tally.acknowledged,
                        seconds,
                        tally.acknowledged / seconds));
        if (tally.acknowledged > 0) {
            Terminal.say(
                    spec,
                    String.format(
                            Locale.ROOT,
                            "ack latency p50 %.3f ms, p99 %.3f ms, max %.3f ms",
                            tally.latencyMicros.getValueAtPercentile(50) / 1e3,
                            tally.latencyMicros.getValueAtPercentile(99) / 1e3,
                            tally.latencyMicros.getMaxValue() / 1e3));
        }
    }

    private int conclude(Tally tally, @Nullable IOException failure) {
        var lost = tally.lost;
        boolean done = failure == null && tally.acknowledged == tally.submitted;
        if (lost != null && !goesOn() && !done) {
            Terminal.note(spec, "server gone: " + lost.getMessage());
        } else if (failure != null) {
            Terminal.note(spec, "" + failure.getMessage());
        }
        for (int result = 0; result < tally.failed.length; result++) {
            if (tally.failed[result] > 0) {
                Terminal.note(spec, tally.failed[result] + " not acknowledged: " + Result.text(tally.resultAt(result)));
            }
        }
        return done ? ExitCodes.OK : ExitCodes.FAILURE;
    }

    /**
     * What became of the messages. Written by the client's reading thread, read by the submitting one after
     * awaitSettled.
     */
    static final class Tally implements Outcome {
        /** {@link Result#NOT_TAKEN} and {@link Result#UNKNOWN}, which are negative. */
        private static final int OWN_RESULTS = 2;

        private static final long LATENCY_MICROS_MAX = 3_600_000_000L;

        final Histogram latencyMicros = new Histogram(LATENCY_MICROS_MAX, 3);

        /** By result plus {@link #OWN_RESULTS}. */
        final long[] failed = new long[256 + OWN_RESULTS];

        long submitted;
        long acknowledged;
        volatile @Nullable IOException lost;

        /** The loss was the end of the command. Written before {@link #lost}. */
        private volatile boolean over;

        /** Where the lines come from. Written by the submitting thread, read by the client's. */
        private volatile @Nullable Closeable input;

        private final boolean goesOn;
        private final CommandLine.Model.CommandSpec spec;

        Tally(boolean goesOn, CommandLine.Model.CommandSpec spec) {
            this.goesOn = goesOn;
            this.spec = spec;
        }

        @Override
        public void settled(long number, int result, long latencyNanos) {
            if (result == Result.SUCCESS) {
                acknowledged++;
                latencyMicros.recordValue(Math.min(latencyNanos / 1000, LATENCY_MICROS_MAX));
            } else {
                failed[result + OWN_RESULTS]++;
            }
        }

        int resultAt(int index) {
            return index - OWN_RESULTS;
        }

        @Override
        public void lost(IOException cause, int unsettled) {
            over = !goesOn || isTakenOver(cause);
            lost = cause;
            if (over) {
                endInput();
            } else {
                Terminal.note(spec, cause.getMessage() + "; connecting again to send " + unsettled + " messages again");
            }
        }

        /** Another client has the name of one that sends once, which ends here. */
        private static boolean isTakenOver(IOException cause) {
            return cause instanceof RefusedException refused && refused.result() == Result.TAKEN_OVER;
        }

        @Override
        public void retrying(IOException cause, Duration remaining) {
            if (goesOn) {
                Terminal.note(
                        spec,
                        cause.getMessage()
                                + "; trying again for "
                                + Math.ceilDiv(remaining.toMillis(), 1000)
                                + " s at most");
            }
        }

        @Override
        public void reconnected() {
            Terminal.note(spec, "connected again");
        }

        /** Lines come from {@code source} now; the end of the connection closes it. */
        void reads(Closeable source) {
            input = source;
            // Look again: lost() before the store above found nothing to close.
            if (over) {
                endInput();
            }
        }

        /** So that the end does not wait for a line. */
        private void endInput() {
            var open = input;
            try {
                if (open != null) {
                    open.close();
                }
            } catch (IOException e) {
                // The descriptor is gone all the same; close(2).
            }
        }

        /** Throws what ended the connection, if that ends the command before it has sent what is there. */
        void checkMaySend(boolean more) throws IOException {
            var end = lost;
            if (more && over && end != null) {
                throw end;
            }
        }
    }
}
