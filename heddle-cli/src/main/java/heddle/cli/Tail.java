package heddle.cli;

import heddle.gateway.StoreReader;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
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
            "Works beside a running server and without one."
        },
        showDefaultValues = true,
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {
            "0:printed, or the reader of stdout wanted no more",
            "1:the folder cannot be read, or stdout not be written; stderr says why",
            ExitCodes.USAGE_TEXT
        })
final class Tail implements Callable<Integer> {
    private static final long POLL_MILLIS = 50;
    private static final int BUFFER_BYTES = 64 << 10;

    @Option(names = "--data", paramLabel = "DIR", defaultValue = "heddle-data", description = "The data folder.")
    private Path data;

    @Option(names = "--follow", description = "Go on, printing messages as they are stored, until a signal ends it.")
    private boolean follow;

    @Override
    public Integer call() throws IOException, InterruptedException {
        try (var reader = new StoreReader(data)) {
            var out = new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), BUFFER_BYTES);
            boolean toTerminal = Terminal.stdoutIsTerminal();
            while (true) {
                var messages = reader.next();
                if (!print(messages, toTerminal, out)) {
                    return ExitCodes.OK;
                }
                if (messages.isEmpty()) {
                    if (!follow) {
                        return ExitCodes.OK;
                    }
                    Thread.sleep(POLL_MILLIS);
                }
            }
        }
    }

    /** False if nobody reads any more, as when {@code head} has seen enough: no failure. */
    private static boolean print(List<byte[]> messages, boolean toTerminal, OutputStream out) throws IOException {
        try {
            for (byte[] message : messages) {
                out.write(toTerminal ? Terminal.printable(message) : message);
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
