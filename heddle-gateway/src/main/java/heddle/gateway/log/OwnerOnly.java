package heddle.gateway.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The rights of what holds messages: its owner's alone. On file systems without POSIX's rights there is nothing to give
 * and nothing to warn of. No state.
 */
public final class OwnerOnly {

    private static final Set<PosixFilePermission> FOLDER = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("rw-------");

    private OwnerOnly() {}

    private static boolean applies(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    /** For a folder to be made at {@code path}. */
    public static FileAttribute<?>[] folder(Path path) {
        return attributes(path, FOLDER);
    }

    /** For a file to be made at {@code path}. */
    public static FileAttribute<?>[] file(Path path) {
        return attributes(path, FILE);
    }

    private static FileAttribute<?>[] attributes(Path path, Set<PosixFilePermission> rights) {
        return applies(path)
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(rights)}
                : new FileAttribute<?>[0];
    }

    /**
     * What others than the owner may do in {@code folder}, as {@code ls} writes rights: the folder's own, then those of
     * its files that have wider ones than they should. Empty where the folder keeps others out, since its files are out
     * of reach then.
     */
    public static List<String> wider(Path folder, List<String> files) throws IOException {
        if (!applies(folder)) {
            return List.of();
        }
        List<String> found = new ArrayList<>();
        Set<PosixFilePermission> own = Files.getPosixFilePermissions(folder);
        if (FOLDER.containsAll(own)) {
            return List.of();
        }
        found.add(PosixFilePermissions.toString(own) + " " + folder);
        for (String name : files) {
            try {
                var rights = Files.getPosixFilePermissions(folder.resolve(name));
                if (!FOLDER.containsAll(rights)) {
                    found.add(PosixFilePermissions.toString(rights) + " " + name);
                }
            } catch (NoSuchFileException none) {
                // Nothing to read either.
            }
        }
        return found;
    }
}
