package heddle.testing;

import heddle.net.Way;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

/** Another JVM like this one, for what a property decides at the start. */
public final class ForkedJvm {

    private final Process process;
    private final Future<String> output;

    private ForkedJvm(Process process) {
        this.process = process;
        // At once, on a thread of its own: a full pipe would stop the other JVM.
        var reader =
                new FutureTask<>(() -> new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        Thread.ofPlatform().name("process reaper output").daemon().start(reader);
        this.output = reader;
    }

    /**
     * Starts {@code main} with this JVM's class path and access to the JDK, in the way of {@link Runtimes}, and with
     * {@code flags}.
     */
    public static ForkedJvm start(Class<?> main, List<String> flags, String... arguments) throws IOException {
        return startBy(List.of(), main, flags, arguments);
    }

    /**
     * The same, started by a command that runs another one in an environment of its own, for instance {@code unshare}.
     */
    public static ForkedJvm startBy(List<String> launcher, Class<?> main, List<String> flags, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>(launcher);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("--add-opens=java.base/java.lang=ALL-UNNAMED");
        command.add("-XX:TieredStopAtLevel=1"); // It lives for seconds.
        Way way = Runtimes.chosen();
        if (way != null) {
            command.add("-Dheddle.way=" + EachWay.label(way));
        }
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        return new ForkedJvm(
                new ProcessBuilder(command).redirectErrorStream(true).start());
    }

    /** Whether {@code launcher} is there and may do what it says. */
    public static boolean canStartBy(List<String> launcher) throws InterruptedException {
        List<String> command = new ArrayList<>(launcher);
        command.add("true");
        try {
            return new ProcessBuilder(command).start().waitFor() == 0;
        } catch (IOException notThere) {
            return false;
        }
    }

    /** Waits for its end: all that it printed. It must exit with 0. */
    public String output() throws Exception {
        try {
            String printed = output.get();
            int status = process.waitFor();
            if (status != 0) {
                throw new AssertionError("exit status " + status + ":\n" + printed);
            }
            return printed;
        } catch (InterruptedException timedOut) {
            process.destroyForcibly();
            throw timedOut;
        }
    }
}
