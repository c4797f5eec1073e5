package heddle.cli;

import heddle.gateway.Gap;
import heddle.gateway.StoreReader;
import heddle.gateway.StoredMessage;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What is in the data folder. */
@Command(
        name = "tail",
        description = {
            "Prints the messages in a data folder, each followed by a line feed, in the order in"
                    + " which they were taken over.",
            "As bytes, but to a terminal as text, its control characters written as \\x1b: whoever"
                    + " sent a message does not command the terminal of who looks at it.",
            "Works beside a running server and without one. Messages that are missing are named on stderr."
        },
        showDefaultValues = true,
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {
            "0:printed, or the reader of stdout wanted no more",
            "1:the folder cannot be read, or stdout not be written, or messages are missing; stderr says why",
            ExitCodes.USAGE_TEXT
        })
final class Tail implements Callable<Integer> {
    private static final long POLL_MILLIS = 50;
    private static final int BUFFER_BYTES = 64 << 10;

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    @Option(names = "--data", paramLabel = "DIR", defaultValue = "heddle-data", description = "The data folder.")
    private Path data;

    @Option(names = "--follow", description = "Go on, printing messages as they are stored, until a signal ends it.")
    private boolean follow;

    @ArgGroup
    private @Nullable Begin begin;

    /** Where to begin. */
    static final class Begin {
        @Option(
                names = "--from",
                paramLabel = "N",
                description = "Begin with the message of this number; the first has 1.")
        private @Nullable Long number;

        @Option(
                names = "--since",
                paramLabel = "TIME",
                converter = PastTime.class,
                description = "Begin with what was stored at this time or later: 2026-11-29T21:00:00Z, or 10m for"
                        + " ten minutes ago.")
        private @Nullable Instant time;
    }

    private boolean missing;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (begin != null && begin.number != null && begin.number < 1) {
            throw new CommandLine.ParameterException(spec.commandLine(), "--from: want 1 or more");
        }
        try (var reader = new StoreReader(data, false, this::tell)) {
            seek(reader);
            var out = new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), BUFFER_BYTES);
            boolean toTerminal = Terminal.stdoutIsTerminal();
            while (true) {
                var messages = reader.next();
                if (!print(messages, toTerminal, out)) {
                    return ExitCodes.OK;
                }
                if (messages.isEmpty()) {
                    if (!follow) {
                        return missing ? ExitCodes.FAILURE : ExitCodes.OK;
                    }
                    Thread.sleep(POLL_MILLIS);
                }
            }
        }
    }

    private void seek(StoreReader reader) throws IOException {
        if (begin == null) {
            return;
        }
        if (begin.time != null) {
            reader.seek(begin.time);
        } else if (begin.number != null) {
            reader.seek(begin.number);
        }
    }

    private void tell(Gap gap) {
        missing = true;
        Terminal.note(spec, gap.toString());
    }

    /** False if nobody reads any more, as when {@code head} has seen enough: no failure. */
    private static boolean print(List<StoredMessage> messages, boolean toTerminal, OutputStream out)
            throws IOException {
        try {
            for (var message : messages) {
                out.write(toTerminal ? Terminal.printable(message.payload()) : message.payload());
                out.write('\n');
            }
            out.flush();
            return true;
        } catch (IOException e) {
            if (isBrokenPipe(e)) {
                return false;
            }
            throw new IOException("stdout: " + e.getMessage(), e);
        }
    }

    /**
     * Whether it is EPIPE. The JDK has only the system's text, in the user's language, so a pipe without a reader is
     * asked for it.
     */
    private static boolean isBrokenPipe(IOException failure) throws IOException {
        var pipe = Pipe.open();
        pipe.source().close();
        try (var sink = pipe.sink()) {
            sink.write(ByteBuffer.allocate(1));
            return false;
        } catch (IOException broken) {
            return Objects.equals(failure.getMessage(), broken.getMessage());
        }
    }
}
