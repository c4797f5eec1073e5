package heddle.gateway;

import heddle.gateway.log.Disk;
import heddle.gateway.log.OwnerOnly;
import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;

/**
 * A folder for messages, taken for this process from {@link #take} to {@link #close}: two writers would give the same
 * numbers to different messages. The kernel drops the lock with its process.
 */
final class DataFolder implements Closeable {

    private static final Logger LOG = System.getLogger("heddle.gateway");

    private static final String LOCK = "lock";

    /** What may lie in it, the database of an older program too. */
    private static final List<String> FILES = List.of(
            LogStore.FOLDER,
            SqliteReader.DATABASE,
            SqliteReader.DATABASE + "-wal",
            SqliteReader.DATABASE + "-shm",
            TakeOver.TAKEN,
            TakeOver.TAKEN + "-wal",
            TakeOver.TAKEN + "-shm",
            LOCK);

    private final FileChannel lock;

    private DataFolder(FileChannel lock) {
        this.lock = lock;
    }

    /**
     * Makes {@code folder} if need be, and takes it. What is wrong with it, or who has it, is in the exception's
     * message.
     */
    static DataFolder take(Path folder) throws IOException {
        make(folder);
        var taken = new DataFolder(lock(folder));
        warnOfReaders(folder);
        return taken;
    }

    private static void make(Path folder) throws IOException {
        try {
            makeDurably(folder.toAbsolutePath());
        } catch (FileAlreadyExistsException e) {
            throw new IOException("data folder " + folder + ": " + e.getFile() + " is not a directory", e);
        } catch (FileSystemException e) {
            throw new IOException("data folder " + folder + ": cannot be made: " + reason(e), e);
        }
        if (!Files.isWritable(folder)) {
            throw new IOException("data folder " + folder + ": not writable");
        }
    }

    /** Makes missing folders, each synced into its parent: the log syncs its files into theirs, and no higher. */
    private static void makeDurably(Path folder) throws IOException {
        if (Files.isDirectory(folder)) {
            return;
        }
        var parent = folder.getParent();
        if (parent == null) {
            throw new FileSystemException(folder.toString(), null, "no such root");
        }
        makeDurably(parent);
        Files.createDirectory(folder, OwnerOnly.folder(folder));
        new Disk().syncFolder(parent);
    }

    private static String reason(FileSystemException e) {
        return switch (e) {
            case FileSystemException said when said.getReason() != null -> said.getReason();
            case AccessDeniedException denied -> "permission denied at " + denied.getFile();
            // Of a folder that was there a moment ago, as in /proc.
            case NoSuchFileException _ -> "the system makes no folder at " + e.getFile();
            default -> "the system refused " + e.getFile();
        };
    }

    private static FileChannel lock(Path folder) throws IOException {
        var path = folder.resolve(LOCK);
        var file = FileChannel.open(
                path, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE), OwnerOnly.file(path));
        try {
            if (file.tryLock() != null) {
                return file;
            }
        } catch (OverlappingFileLockException e) {
            // Held by this very process: as bad.
        }
        file.close();
        throw new FolderInUseException(folder);
    }

    /** Of a folder that this did not make. Its rights stay: others may have been given them on purpose. */
    private static void warnOfReaders(Path folder) {
        try {
            List<String> wider = OwnerOnly.wider(folder, FILES);
            if (!wider.isEmpty()) {
                LOG.log(
                        Level.WARNING,
                        "data folder {0}: other users have rights ({1}); to keep them out: chmod 700 {0}",
                        folder,
                        String.join(", ", wider));
            }
        } catch (IOException e) {
            LOG.log(Level.DEBUG, e::getMessage); // Who cannot look has nothing to warn of.
        }
    }

    /** Gives the folder up. A second close does nothing. */
    @Override
    public void close() throws IOException {
        lock.close();
    }
}
