package heddle.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A service manager's end of sd_notify(3): a datagram socket, which the JDK has not, in Python. */
public final class NotifySocket implements AutoCloseable {

    private static final String READER = """
            import socket, sys
            name = sys.argv[1]
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            s.bind("\\0" + name[1:] if name.startswith("@") else name)
            print("bound", flush=True)
            while True:
                print(s.recv(65536).decode().strip().replace("\\n", ";"), flush=True)
            """;

    private final Process process;
    private final LinkedBlockingQueue<String> told = new LinkedBlockingQueue<>();

    /** One at a path, or at {@code @} and a name. */
    public NotifySocket(String address) throws IOException {
        process = new ProcessBuilder("python3", "-c", READER, address)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader out = process.inputReader();
        if (!"bound".equals(out.readLine())) {
            throw new IOException("no datagram socket at " + address);
        }
        Thread.ofPlatform()
                .daemon()
                .name("process reaper notify")
                .start(() -> out.lines().forEach(told::add));
    }

    /** One at a path in {@code folder}. */
    public NotifySocket(Path folder) throws IOException {
        this(folder.resolve("notify").toString());
    }

    /** The next datagram, its lines joined by semicolons. */
    public String next() throws InterruptedException {
        String next = told.poll(60, TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("nothing told");
        }
        return next;
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
