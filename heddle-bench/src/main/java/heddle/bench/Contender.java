package heddle.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A server process pinned to one processor, and what it has cost so far. */
final class Contender implements AutoCloseable {

    /** The name of the JDK's sockets among the contenders. */
    static final String JAVA_NET = "java.net";

    final String name;
    final int port;
    private final Process process;
    private final BufferedReader out;

    private Contender(String name, int port, Process process, BufferedReader out) {
        this.name = name;
        this.port = port;
        this.process = process;
        this.out = out;
    }

    /** {@link EchoServer}'s contenders by name: Heddle's ways, and the JDK's sockets as {@code java.net}. */
    static Contender echoServer(String name, int cpu, String... moreFlags) throws IOException {
        List<String> flags = new ArrayList<>(List.of(moreFlags));
        if (name.equals(JAVA_NET)) {
            return start(name, cpu, java(EchoServer.class, flags, "jdk"));
        }
        flags.addAll(
                List.of(
                        "--enable-native-access=ALL-UNNAMED",
                        "--add-opens=java.base/java.lang=ALL-UNNAMED",
                        "-Dheddle.way=" + name));
        return start("heddle " + name, cpu, java(EchoServer.class, flags, "heddle"));
    }

    /** Starts a server that prints its port as its first line and ends when its standard input does; a negative processor pins it to none. */
    static Contender start(String name, int cpu, List<String> command) throws IOException {
        List<String> pinned = new ArrayList<>();
        if (cpu >= 0) {
            pinned.addAll(List.of("taskset", "-c", String.valueOf(cpu)));
        }
        pinned.addAll(command);
        Process process =
                new ProcessBuilder(pinned).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        var out =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = out.readLine();
        if (line == null) {
            throw new IllegalStateException(name + " did not start: " + String.join(" ", pinned));
        }
        return new Contender(name, Integer.parseInt(line.trim()), process, out);
    }

    /** The command of one of this module's main classes in a JVM like this one, {@code flags} added. */
    static List<String> java(Class<?> main, List<String> flags, String... args) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add(
                "-XX:-UseDynamicNumberOfCompilerThreads"); // A thread that ends takes its time with
        // it.
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(args));
        return command;
    }

    /** Processor time of all its threads until now, in nanoseconds; proc(5), /proc/PID/task/TID/schedstat. */
    long cpuNanos() throws IOException {
        long sum = 0;
        try (DirectoryStream<Path> tasks =
                Files.newDirectoryStream(Path.of("/proc/" + process.pid() + "/task"))) {
            for (Path task : tasks) {
                try {
                    String stat = Files.readString(task.resolve("schedstat"));
                    sum += Long.parseLong(stat.substring(0, stat.indexOf(' ')));
                } catch (NoSuchFileException ended) {
                    // Its last slice is lost: a thread that ends within a round is the JIT's, or a
                    // spare's.
                }
            }
        }
        return sum;
    }

    /** Asks the server how it is: bytes of heap in use after a collection, and platform threads. */
    long[] heapBytesAndThreads() throws IOException {
        process.getOutputStream().write('\n');
        process.getOutputStream().flush();
        String[] answer = out.readLine().split(" ", -1);
        return new long[] {Long.parseLong(answer[0]), Long.parseLong(answer[1])};
    }

    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        process.destroy();
    }
}
