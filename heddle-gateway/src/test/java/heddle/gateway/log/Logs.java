package heddle.gateway.log;

import heddle.time.Clock;
import heddle.time.ManualClock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.logging.Logger;

/** Logs for tests: messages that tell their own number, and what can be read of a folder. */
final class Logs {

    static final long SEGMENT = 64 << 10;

    /** Kept, as the JDK forgets loggers that nobody holds. */
    private static final Logger QUIET = Logger.getLogger("heddle.gateway");

    static {
        // What is damaged a thousand times is not to be read a thousand times; a test may still listen.
        QUIET.setUseParentHandlers(false);
    }

    private Logs() {}

    /** A message that begins with its number. */
    @SuppressWarnings("ArrayRecordComponent")
    record Message(String client, long clientSequence, byte[] payload) implements LogRecord {}

    /** Message {@code number}, of one of three clients: a plain one, and two that number theirs. */
    static Message message(long number) {
        return message(number, (int) (number * 37 % 200));
    }

    /** The same with so many bytes behind the number. */
    static Message message(long number, int more) {
        byte[] text = ("message " + number + " ").getBytes(StandardCharsets.US_ASCII);
        byte[] payload = new byte[text.length + more];
        System.arraycopy(text, 0, payload, 0, text.length);
        for (int i = text.length; i < payload.length; i++) {
            payload[i] = (byte) (number + i);
        }
        return switch ((int) (number % 3)) {
            case 0 -> new Message("plain", 0, payload);
            case 1 -> new Message("one", number / 3 + 1, payload);
            default -> new Message("two", number / 3 + 1, payload);
        };
    }

    static List<Message> messages(long first, int count) {
        List<Message> batch = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            batch.add(message(first + i));
        }
        return batch;
    }

    static LogOptions options(boolean always, Clock clock) {
        return new LogOptions("log", always, SEGMENT, Long.MAX_VALUE, Long.MAX_VALUE, null, clock);
    }

    static LogOptions options() {
        return options(true, new ManualClock());
    }

    static LogWriter open(Path folder) throws IOException {
        return new LogWriter(folder, options(), new Disk());
    }

    /** What a reader got. */
    static final class Read implements LogVisitor {
        final TreeMap<Long, byte[]> messages = new TreeMap<>();
        final List<String> gaps = new ArrayList<>();
        final TreeMap<Long, String> clients = new TreeMap<>();
        long missing;
        private long next;

        @Override
        public void message(long number, long millis, String client, long sequence, byte[] payload) {
            advance(number, number);
            var expected = Logs.message(number, payload.length - ("message " + number + " ").length());
            if (!ByteBuffer.wrap(payload).equals(ByteBuffer.wrap(expected.payload()))) {
                throw new AssertionError("message " + number + " is another one");
            }
            if (sequence != expected.clientSequence()) {
                throw new AssertionError("message " + number + " has the sequence " + sequence);
            }
            messages.put(number, payload);
            clients.put(number, client);
        }

        @Override
        public void gap(long first, long last, String why) {
            advance(first, last);
            missing += last - first + 1;
            gaps.add(first + "-" + last + " " + why);
        }

        private void advance(long first, long last) {
            if ((next != 0 && first != next) || last < first) {
                throw new AssertionError("after " + (next - 1) + " came " + first + " to " + last);
            }
            next = last + 1;
        }
    }

    /** All that can be read from where a reader begins. */
    static Read read(Path folder) throws IOException {
        try (var reader = new LogReader(folder, false)) {
            return read(reader);
        }
    }

    static Read read(LogReader reader) throws IOException {
        var read = new Read();
        while (reader.read(read, 100, 1 << 20) > 0) {
            // On.
        }
        return read;
    }

    /** What verification tells. */
    static List<String> verify(Path folder) throws IOException {
        List<String> damages = new ArrayList<>();
        new LogVerifier(folder, damages::add).run();
        return damages;
    }

    static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (var old = Files.newDirectoryStream(to)) {
            for (Path file : old) {
                Files.delete(file);
            }
        }
        try (var files = Files.newDirectoryStream(from)) {
            for (Path file : files) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
    }

    static void write(Path file, long at, byte... bytes) throws IOException {
        try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(bytes), at);
        }
    }

    /** Makes the mark one of another boot of the machine, as after a power cut; what it says stays. */
    static void reboot(Path folder) throws IOException {
        Path mark = folder.resolve(Mark.NAME);
        if (Files.exists(mark)) {
            Files.write(mark, new byte[Mark.SIZE]);
        }
    }
}
