package heddle.gateway;

import heddle.gateway.log.LogReader;
import heddle.gateway.log.LogSource;
import heddle.gateway.log.LogVisitor;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads a data folder, beside a server that writes it or without one: messages by their numbers, in order, and where
 * some are missing, which. One thread at a time; an interrupt closes it. It takes no lock, and the server waits for no
 * reader. Retention may overtake one: what is dropped before it was read is a gap.
 */
public final class StoreReader implements Closeable {

    private static final int MESSAGES_MAX = 4096;
    private static final int BYTES_MAX = 1 << 20;

    private final Path folder;
    private final boolean onlySynced;
    private final @Nullable Consumer<Gap> onGap;
    private LogSource source;

    /** What was read and is not passed on: messages, and gaps between them. */
    private final ArrayDeque<Object> read = new ArrayDeque<>();

    private final LogVisitor visitor = new LogVisitor() {
        @Override
        public void message(long number, long millis, String client, long sequence, byte[] payload) {
            read.add(new StoredMessage(number, Instant.ofEpochMilli(millis), client, sequence, payload));
        }

        @Override
        public void gap(long first, long last, String why) {
            read.add(new Gap(first, last, why));
        }
    };

    /**
     * Opens the store, before its oldest message; a gap is an exception of {@link #next}.
     *
     * @param folder the data folder
     * @throws IOException there is no store, or it cannot be read
     */
    public StoreReader(Path folder) throws IOException {
        this(folder, source(folder, false), false, null);
    }

    /**
     * Opens the store, before its oldest message.
     *
     * @param folder the data folder
     * @param onlySynced whether to wait with a message until it is on the disk: with {@link SyncMode#INTERVAL} it is
     *     acknowledged, and so may be read, before
     * @param onGap told of gaps by {@link #next}, between the messages before and those behind
     * @throws IOException there is no store, or it cannot be read
     */
    public StoreReader(Path folder, boolean onlySynced, Consumer<Gap> onGap) throws IOException {
        this(folder, source(folder, onlySynced), onlySynced, onGap);
    }

    private StoreReader(Path folder, LogSource source, boolean onlySynced, @Nullable Consumer<Gap> onGap) {
        this.folder = folder;
        this.source = source;
        this.onlySynced = onlySynced;
        this.onGap = onGap;
    }

    private static LogSource source(Path folder, boolean onlySynced) throws IOException {
        if (hasLog(folder)) {
            return new LogReader(folder.resolve(LogStore.FOLDER), onlySynced);
        }
        if (Files.exists(folder.resolve(SqliteReader.DATABASE))) {
            return new SqliteReader(folder, false);
        }
        throw new IOException("data folder " + folder + ": no log in it");
    }

    private static boolean hasLog(Path folder) {
        return Files.isDirectory(folder.resolve(LogStore.FOLDER));
    }

    /**
     * Goes to a message.
     *
     * @param number what {@link #next} returns first; one that is not there any more is a gap, one beyond the end is
     *     waited for
     * @throws IOException reading failed
     */
    public void seek(long number) throws IOException {
        read.clear();
        source.seek(number);
    }

    /**
     * Goes to the first message that was stored at a time or later, or behind the last.
     *
     * @param time by the server's clock, in milliseconds
     * @throws IOException reading failed
     */
    public void seek(Instant time) throws IOException {
        read.clear();
        source.seekTime(time.toEpochMilli());
    }

    /**
     * Reads on.
     *
     * @return the next messages in the order in which they were taken over, at most 4,096 and, but for the last of
     *     them, 1 MiB; empty if there are no more now
     * @throws GapException messages are missing here, and nobody is told of gaps otherwise; the next call goes on
     *     behind them
     * @throws IOException reading failed
     */
    public List<StoredMessage> next() throws IOException {
        List<StoredMessage> messages = new ArrayList<>();
        while (messages.isEmpty()) {
            if (read.isEmpty() && fill() == 0) {
                break;
            }
            if (read.peek() instanceof Gap gap) {
                read.remove();
                if (onGap == null) {
                    throw new GapException(folder.toString(), gap);
                }
                onGap.accept(gap);
            }
            while (read.peek() instanceof StoredMessage message) {
                read.remove();
                messages.add(message);
            }
        }
        return messages;
    }

    private int fill() throws IOException {
        int count = source.read(visitor, MESSAGES_MAX, BYTES_MAX);
        if (count == 0 && source instanceof SqliteReader && hasLog(folder)) {
            // A server has taken it over.
            long position = source.position();
            source.close();
            source = source(folder, onlySynced);
            source.seek(position);
            count = source.read(visitor, MESSAGES_MAX, BYTES_MAX);
        }
        return count;
    }

    /**
     * How far the store goes now.
     *
     * @return the number of the last message that can be read, now or after a gap; one below the first if there is none
     * @throws IOException reading failed
     */
    public long end() throws IOException {
        return source.end();
    }

    @Override
    public void close() throws IOException {
        source.close();
    }
}
