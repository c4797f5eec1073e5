package heddle.cli;

import heddle.gateway.StoreOptions;
import heddle.gateway.SyncMode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of {@code serve} for the data folder. */
final class StoreArguments implements Arguments {

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

    @Reloaded
    @Option(
            names = "--max-store",
            paramLabel = "SIZE",
            converter = ByteSize.class,
            description =
                    "Largest log; then messages are answered 'not stored'. No bound but the" + " disk's if not given.")
    private @Nullable Long storeBytesMax;

    @Reloaded
    @Option(
            names = "--keep-bytes",
            paramLabel = "SIZE",
            converter = ByteSize.class,
            description = "From this size of the log on the oldest messages are dropped, by whole files.")
    private @Nullable Long keepBytes;

    @Reloaded
    @Option(
            names = "--keep-for",
            paramLabel = "TIME",
            converter = TimeSpan.class,
            description = "From this age on messages are dropped, by whole files.")
    private @Nullable Duration keepFor;

    @Override
    public void check(Problems problems) {
        if (storeBytesMax != null && storeBytesMax < 1) {
            problems.add("--max-store", "want 1 or more");
        }
        if (keepBytes != null && keepBytes < 1) {
            problems.add("--keep-bytes", "want 1 or more");
        }
    }

    Path data() {
        return data;
    }

    /** For people. */
    String where() {
        return "data in %s, sync %s"
                .formatted(data.toAbsolutePath().normalize(), sync.name().toLowerCase(Locale.ROOT));
    }

    /** What they say, for frames of this size. */
    StoreOptions options(long frameBytesMax) {
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
}
