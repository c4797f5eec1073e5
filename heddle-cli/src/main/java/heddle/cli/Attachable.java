package heddle.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whether a process would answer the JDK's attach, by what Linux shows of it. The JDK learns that by waiting: it leaves
 * a file, sends SIGQUIT to whatever process catches it, and looks for a socket for 5 to 10 s. A program that is no JVM
 * may well end by that signal (Go's do), and a JVM whose attach is switched off prints all stacks on its stdout.
 *
 * <p>Answers "yes" where it cannot know, as on systems without /proc. Source: proc_pid_status(5), proc_pid_maps(5);
 * attachListener_linux.cpp and VirtualMachineImpl of the JDK.
 */
final class Attachable {
    /** Its bit in a mask of signals; signal(7). */
    private static final long SIGQUIT_MASK = 1L << 2;

    private static final String SWITCHED_OFF = "-XX:+DisableAttachMechanism";

    /** Where a JVM takes options from, besides its command line. */
    private static final Set<String> OPTION_VARIABLES =
            Set.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS");

    private final Path proc;
    private final Path folder;
    private final long pid;

    /**
     * Of process {@code pid}.
     *
     * @param proc where proc(5) is mounted
     */
    Attachable(Path proc, long pid) {
        this.proc = proc;
        this.folder = proc.resolve(Long.toString(pid));
        this.pid = pid;
    }

    /**
     * Why it would not answer, in words that follow the process's number; null if it may.
     *
     * @param young whether it may still be starting, so that what is missing may come
     */
    @Nullable
    String refusal(boolean young) {
        Map<String, String> status = status(folder);
        if (status.isEmpty()) {
            return null;
        }
        String owner = user(status);
        String me = user(status(proc.resolve("self")));
        if (!owner.equals(me) && !me.equals("0")) {
            return "belongs to user " + owner + " while this runs as user " + me + "; run it as that user or as root";
        }
        if (!isJvm()) {
            return "is no JVM";
        }
        if (status.getOrDefault("State", "").startsWith("T")) {
            return "is stopped; kill -CONT " + pid + " lets it go on";
        }
        if (options().contains(SWITCHED_OFF)) {
            return "does not let itself be looked into: it was started with " + SWITCHED_OFF;
        }
        // A JVM with -Xrs catches none, but listens from its start.
        if (!catchesQuit(status) && !listens(status) && !young) {
            return "does not let itself be looked into: it neither catches SIGQUIT nor listens;"
                    + " -XX:+StartAttachListener would let it";
        }
        return null;
    }

    private static Map<String, String> status(Path ofProcess) {
        Map<String, String> status = new HashMap<>();
        for (String line : lines(ofProcess.resolve("status"))) {
            String[] parts = line.split(":\\s*", 2);
            if (parts.length == 2) {
                status.put(parts[0], parts[1]);
            }
        }
        return status;
    }

    /** The effective one's number. */
    private static String user(Map<String, String> status) {
        String[] users = status.getOrDefault("Uid", "").split("\\s+", -1);
        return users.length > 1 ? users[1] : "";
    }

    /** Has the JVM's library (also one that an update has replaced), or is a program {@code java} that will load it. */
    private boolean isJvm() {
        List<String> words = words("cmdline");
        if (!words.isEmpty() && words.getFirst().matches("(.*/)?java")) {
            return true;
        }
        return lines(folder.resolve("maps")).stream().anyMatch(line -> line.contains("/libjvm.so"));
    }

    private List<String> options() {
        List<String> options = words("cmdline");
        for (String variable : words("environ")) {
            String[] parts = variable.split("=", 2);
            if (parts.length == 2 && OPTION_VARIABLES.contains(parts[0])) {
                options.addAll(Arrays.asList(parts[1].split("\\s+", -1)));
            }
        }
        return options;
    }

    private static boolean catchesQuit(Map<String, String> status) {
        String caught = status.get("SigCgt");
        return caught == null || (Long.parseUnsignedLong(caught, 16) & SIGQUIT_MASK) != 0;
    }

    /** Whether somebody has attached before, or the JVM was told to listen from its start. */
    private boolean listens(Map<String, String> status) {
        String[] numbers = status.getOrDefault("NSpid", Long.toString(pid)).split("\\s+", -1);
        String socket = ".java_pid" + numbers[numbers.length - 1];
        return Files.exists(folder.resolve("root/tmp").resolve(socket)) || Files.exists(Path.of("/tmp", socket));
    }

    /** Of a file in which each word ends with a zero byte; none if it cannot be read. */
    private List<String> words(String file) {
        List<String> words = new ArrayList<>();
        for (String line : lines(folder.resolve(file))) {
            words.addAll(Arrays.asList(line.split("\0", -1)));
        }
        return words;
    }

    /** None if it cannot be read: the process has ended, or Linux keeps it from this user. */
    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file, ISO_8859_1);
        } catch (IOException unreadable) {
            return List.of();
        }
    }
}
