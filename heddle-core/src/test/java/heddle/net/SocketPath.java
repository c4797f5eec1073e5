package heddle.net;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A path for a Unix socket, in a directory of its own that goes with it. */
final class SocketPath implements AutoCloseable {

    private final Path directory;
    private final Path path;

    SocketPath() throws IOException {
        directory = Files.createTempDirectory("heddle");
        path = directory.resolve("s");
    }

    Path path() {
        return path;
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(path);
        Files.delete(directory);
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
