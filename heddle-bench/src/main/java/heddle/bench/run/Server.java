package heddle.bench.run;

import heddle.bench.peer.Role;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A peer's process, pinned. It stands still but in its turn, so that others are not disturbed and it keeps its compiled
 * code.
 */
final class Server implements AutoCloseable {

    private static final long START_NANOS = TimeUnit.SECONDS.toNanos(20);

    /** Below the ports that the kernel gives to those who dial. */
    private static final AtomicInteger NEXT_PORT = new AtomicInteger(20_000);

    /**
     * The serial collector leaves dead objects where they are while they are few, and moves all together each fourth
     * time.
     */
    private static final int COLLECTIONS_UNTIL_COMPACT = 4;

    private static final Pattern TOTAL = Pattern.compile("Total +\\d+ +(\\d+)");

    private final Peer peer;
    private final String network;
    private final String address;
    private final Process process;

    private Server(Peer peer, String network, String address, Process process) {
        this.peer = peer;
        this.network = network;
        this.address = address;
        this.process = process;
    }

    /** Starts it and waits until it listens. */
    static Server start(
            Peer peer, Scenario.ServerSetUp setUp, Placement placement, Map<String, List<String>> values, Path folder)
            throws IOException {
        boolean tcp = setUp.network().equals("tcp");
        Path socket = folder.resolve(peer.name() + ".sock");
        Files.deleteIfExists(socket);
        String address = tcp ? "127.0.0.1:" + freePort() : socket.toString();
        Map<String, List<String>> all = new HashMap<>(values);
        all.put("processors", List.of(String.valueOf(setUp.processors())));
        all.put(
                "server",
                List.of(
                        setUp.role().word(),
                        setUp.network(),
                        address,
                        String.valueOf(setUp.processors()),
                        String.valueOf(setUp.bufferBytes())));
        List<String> command = new ArrayList<>(List.of("taskset", "-c", Placement.list(placement.server())));
        command.addAll(peer.command(all));
        File log = folder.resolve(peer.name() + ".log").toFile();
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log)
                .start();
        Server server = new Server(peer, setUp.network(), address, process);
        try {
            server.awaitListening(log.toPath());
            if (setUp.role() == Role.RELAY) {
                // It was one of two that are joined.
                server.awaitListening(log.toPath());
            }
        } catch (IOException e) {
            server.close();
            throw e;
        }
        return server;
    }

    private static int freePort() throws IOException {
        while (true) {
            int port = NEXT_PORT.getAndIncrement();
            try (ServerSocket probe = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return probe.getLocalPort();
            } catch (SocketException taken) {
                if (port > 32_000) {
                    throw taken;
                }
            }
        }
    }

    private void awaitListening(Path log) throws IOException {
        long endNanos = System.nanoTime() + START_NANOS;
        SocketAddress to = network.equals("tcp")
                ? new InetSocketAddress(
                        InetAddress.getLoopbackAddress(), Integer.parseInt(address.substring(address.indexOf(':') + 1)))
                : UnixDomainSocketAddress.of(address);
        while (true) {
            try {
                SocketChannel.open(to).close();
                return;
            } catch (SocketException notYet) {
                if (!process.isAlive() || System.nanoTime() > endNanos) {
                    String said = Files.readString(log).strip();
                    throw new IOException(peer.name() + " does not listen: " + said, notYet);
                }
                Commands.sleep(20);
            }
        }
    }

    Peer peer() {
        return peer;
    }

    String network() {
        return network;
    }

    String address() {
        return address;
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    void stop() {
        signal("STOP");
    }

    void resume() {
        signal("CONT");
    }

    private void signal(String name) {
        Commands.output(List.of("kill", "-" + name, String.valueOf(process.pid())));
    }

    /** A line of /proc/PID/status. */
    long status(String name) throws IOException {
        return Proc.status(Files.readString(Path.of("/proc/" + process.pid() + "/status")), name);
    }

    /** Nanoseconds of a processor that a JVM's compilers have had so far; 0 for others. */
    long compilerNanos() throws IOException {
        return compilerNanos(process.pid());
    }

    static long compilerNanos(long pid) throws IOException {
        long nanos = 0;
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
            for (Path thread : threads) {
                try {
                    if (Proc.isCompiler(Files.readString(thread.resolve("comm")))) {
                        nanos += Proc.scheduledNanos(Files.readString(thread.resolve("schedstat")));
                    }
                } catch (NoSuchFileException ended) {
                    // Compilers' threads come and go. What it has done does not count.
                }
            }
        }
        return nanos;
    }

    /** Bytes of a Java server's live objects, after collections that leave no gaps; 0 for others. */
    long heapBytes() {
        if (!peer.isJava()) {
            return 0;
        }
        String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        List<String> command = List.of(jcmd, String.valueOf(process.pid()), "GC.class_histogram");
        String histogram = "";
        for (int i = 0; i < COLLECTIONS_UNTIL_COMPACT; i++) {
            histogram = Commands.output(command);
        }
        Matcher total = TOTAL.matcher(histogram);
        return total.find() ? Long.parseLong(total.group(1)) : 0;
    }

    @Override
    public void close() {
        process.destroyForcibly();
        Commands.await(process);
    }
}
