package heddle.gateway;

import heddle.gateway.log.Disk;
import heddle.gateway.log.LogOptions;
import heddle.gateway.log.LogRecord;
import heddle.gateway.log.LogVisitor;
import heddle.gateway.log.LogWriter;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Copies the database of an older program into a log, when a server starts on its folder. It may be killed anywhere:
///
///     messages.db                          nothing is copied
///     messages.db, log.new                 being copied: done again from the start
///     messages.db, log, log/taking-over    copied; what is left is to rename the database
///     messages.db.taken-over, log          done
///     messages.db, log                     an older program ran here afterwards: said, and nothing is touched
///
/// Numbers, times and the highest number of each client are kept. Who sent a message the database does not tell.
final class TakeOver {

    private static final Logger LOG = System.getLogger("heddle.gateway");

    /** What the database is called then; its other files have their endings behind it. */
    static final String TAKEN = SqliteReader.DATABASE + ".taken-over";

    private static final String STATE = "taking-over";
    private static final int MESSAGES_MAX = 4096;
    private static final int BYTES_MAX = 1 << 20;

    /** Between two lines that tell how far it is. */
    private static final int SAID_EACH = 1_000_000;

    private final LogWriter log;
    private final List<LogRecord> batch = new ArrayList<>();
    private long batchMillis;
    private long next;

    /** A message as the log takes it. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Old(String client, long clientSequence, byte[] payload) implements LogRecord {}

    private TakeOver(LogWriter log, long first) {
        this.log = log;
        this.next = first;
    }

    /** Does what is left to do; nothing in a folder without a database. */
    static void run(Path folder, LogOptions options, Disk disk) throws IOException {
        Path database = folder.resolve(SqliteReader.DATABASE);
        Path log = folder.resolve(LogStore.FOLDER);
        Path state = log.resolve(STATE);
        if (Files.exists(database)) {
            if (!Files.exists(log)) {
                copy(folder, log, options, disk);
            } else if (!Files.exists(state) || !Files.readString(state).equals(contents(folder))) {
                throw new IOException("data folder "
                        + folder
                        + ": beside the log is a messages.db, which an older program must have made; its messages are"
                        + " not in the log. Move it away to start without them");
            }
            for (String suffix : List.of("", "-wal", "-shm")) {
                Path file = folder.resolve(SqliteReader.DATABASE + suffix);
                if (Files.exists(file)) {
                    disk.rename(file, folder.resolve(TAKEN + suffix));
                }
            }
            disk.syncFolder(folder);
            LOG.log(
                    Level.INFO,
                    "data folder {0}: messages.db is taken over; " + TAKEN + " is not needed any more",
                    folder);
        }
        disk.delete(state);
    }

    /** What tells one database from another. */
    private static String contents(Path folder) throws IOException {
        try (var old = new SqliteReader(folder, true)) {
            return "up to message " + old.end() + "\n";
        }
    }

    private static void copy(Path folder, Path log, LogOptions options, Disk disk) throws IOException {
        Path made = folder.resolve(LogStore.FOLDER + ".new");
        clear(made, disk);
        var unsynced = new LogOptions(
                options.who(), false, options.segmentBytes(), Long.MAX_VALUE, Long.MAX_VALUE, null, options.clock());
        long last;
        try (var old = new SqliteReader(folder, true)) {
            long first = old.position();
            last = old.end();
            LOG.log(
                    Level.INFO,
                    "data folder {0}: takes messages.db over, up to message {1}",
                    folder,
                    Long.toString(last));
            try (var writer = new LogWriter(made, unsynced, disk, first, old.names())) {
                new TakeOver(writer, first).copy(old, folder);
                writer.sync();
            }
        }
        try (var file = disk.create(made.resolve(STATE))) {
            file.write(ByteBuffer.wrap(("up to message " + last + "\n").getBytes(StandardCharsets.UTF_8)));
            file.force(true);
        }
        disk.syncFolder(made);
        disk.rename(made, log);
        disk.syncFolder(folder);
    }

    private static void clear(Path folder, Disk disk) throws IOException {
        if (Files.exists(folder)) {
            try (var files = Files.newDirectoryStream(folder)) {
                for (Path file : files) {
                    disk.delete(file);
                }
            }
            disk.delete(folder);
        }
    }

    private void copy(SqliteReader old, Path folder) throws IOException {
        List<IOException> failed = new ArrayList<>();
        var visitor = new LogVisitor() {
            @Override
            public void message(long number, long millis, String client, long sequence, byte[] payload) {
                try {
                    take(number, millis, payload);
                } catch (IOException e) {
                    failed.add(e);
                }
            }

            @Override
            public void gap(long first, long last, String why) {
                throw new AssertionError("a database tells of no gaps");
            }
        };
        long said = next + SAID_EACH;
        while (old.read(visitor, MESSAGES_MAX, BYTES_MAX) > 0) {
            if (!failed.isEmpty()) {
                throw failed.getFirst();
            }
            commit();
            if (next >= said) {
                said = next + SAID_EACH;
                LOG.log(Level.INFO, "data folder {0}: has taken over message {1}", folder, Long.toString(next - 1));
            }
        }
    }

    /** What has one time goes into one commit, as it did. */
    private void take(long number, long millis, byte[] payload) throws IOException {
        if (number != next || millis != batchMillis) {
            commit();
            if (number != next) {
                log.skipTo(number);
            }
        }
        batchMillis = millis;
        batch.add(new Old("", 0, payload));
        next = number + 1;
    }

    private void commit() throws IOException {
        if (!batch.isEmpty()) {
            log.commit(batch, batchMillis);
            batch.clear();
        }
    }
}
