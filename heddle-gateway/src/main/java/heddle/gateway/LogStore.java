package heddle.gateway;

import heddle.gateway.log.Disk;
import heddle.gateway.log.LogOptions;
import heddle.gateway.log.LogWriter;
import heddle.gateway.log.Upkeep;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** The store of a data folder: a {@link LogWriter}, and what it does beside on a thread of its own. */
final class LogStore implements Store {

    /** In the data folder. */
    static final String FOLDER = "log";

    private final LogWriter log;
    private final Path folder;

    /** As it was opened. */
    private final StoreOptions options;

    private final Disk disk;

    /** From the start on, until there is another. Any thread. */
    private final AtomicReference<Upkeep.@Nullable Hold> first;

    private LogStore(LogWriter log, Path folder, StoreOptions options, Disk disk, Upkeep.@Nullable Hold first) {
        this.options = options;
        this.log = log;
        this.folder = folder;
        this.disk = disk;
        this.first = new AtomicReference<>(first);
    }

    /** Opens the log in the data folder {@code folder}, after it has taken over what an older program left there. */
    static LogStore open(Path folder, StoreOptions options, Disk disk) throws IOException {
        var how = how(folder, options, options);
        TakeOver.run(folder, how, disk);
        var log = new LogWriter(folder.resolve(FOLDER), how, disk);
        var held = options.holdFrom == 0 ? null : log.upkeep().hold(options.holdFrom);
        log.upkeep().start();
        return new LogStore(log, folder, options, disk, held);
    }

    private static LogOptions how(Path folder, StoreOptions options, StoreOptions bounds) {
        return new LogOptions(
                "data folder " + folder,
                options.sync == SyncMode.ALWAYS,
                options.segmentBytes,
                bounds.storeBytesMax,
                bounds.keepBytes,
                bounds.keepFor,
                options.clock);
    }

    @Override
    public void commit(List<SinkQueue.Message> batch, long nowMillis) throws IOException {
        log.commit(batch, nowMillis);
    }

    @Override
    public long highest(String name) {
        return log.highest(name);
    }

    @Override
    public void sync() throws IOException {
        log.sync();
    }

    @Override
    public void bound(StoreOptions next) {
        log.upkeep().bound(how(folder, options, next));
    }

    @Override
    public long bytes() {
        return log.upkeep().bytes();
    }

    @Override
    public long freeBytes() {
        try {
            return disk.usableBytes(folder);
        } catch (IOException gone) {
            return 0; // the next commit says why
        }
    }

    @Override
    public @Nullable String noRoom() {
        return log.upkeep().noRoom();
    }

    @Override
    public Hold hold(long number) {
        var held = log.upkeep().hold(number);
        var before = first.getAndSet(null);
        if (before != null) {
            before.close();
        }
        return new Hold() {
            @Override
            public void moveTo(long later) {
                held.moveTo(later);
            }

            @Override
            public void close() {
                held.close();
            }
        };
    }

    @Override
    public void close() throws IOException {
        log.close();
    }
}
