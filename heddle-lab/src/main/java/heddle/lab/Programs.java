package heddle.lab;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Other programs. */
final class Programs {

    private Programs() {}

    /** Whether there is a program {@code name} on the PATH. */
    static boolean has(String name) {
        String path = System.getenv("PATH");
        for (String folder : path == null ? new String[0] : path.split(File.pathSeparator, -1)) {
            if (!folder.isEmpty() && Files.isExecutable(Path.of(folder, name))) {
                return true;
            }
        }
        return false;
    }

    /** Runs {@code command}, whose output is a trace; what it says besides goes where ours goes. */
    static Player.Played play(List<String> command, Progress progress, Trace trace, TraceLines.Watcher watcher)
            throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                .start();
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            Player.Played played = TraceLines.read(out, progress, trace, watcher);
            int status = process.waitFor();
            if (status != 0 && played.failure().isEmpty()) {
                return new Player.Played(trace, command.getFirst() + " ended with " + status);
            }
            return played;
        } finally {
            process.destroyForcibly();
        }
    }
}
