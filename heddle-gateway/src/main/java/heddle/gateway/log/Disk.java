package heddle.gateway.log;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/** What a log does to files and folders. A test puts another one here, which records the calls or lets them fail. */
public class Disk {

    private static final Logger LOG = System.getLogger("heddle.gateway");

    /** The disk as it is. */
    public Disk() {}

    /** A file that is there, for reading and writing. */
    public FileChannel open(Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    /** A new file, its owner's alone. */
    public FileChannel create(Path file) throws IOException {
        return FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE),
                OwnerOnly.file(file));
    }

    /** Gives a file or a folder another name, in one step; one that has it is replaced. */
    public void rename(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Deletes a file, if it is there. */
    public void delete(Path file) throws IOException {
        Files.deleteIfExists(file);
    }

    /** Returns when the names in {@code folder} are on the disk. */
    public void syncFolder(Path folder) throws IOException {
        try (var directory = FileChannel.open(folder, StandardOpenOption.READ)) {
            directory.force(true);
        } catch (AccessDeniedException e) {
            // Windows opens no directory as a file, and needs no such sync; elsewhere, a folder of ours can be read.
            LOG.log(Level.DEBUG, e::getMessage);
        }
    }

    /** What the file system has left for us. */
    public long usableBytes(Path folder) throws IOException {
        return Files.getFileStore(folder).getUsableSpace();
    }
}
