package heddle.lab;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Settings of this system, and what this process has of it; proc(5). */
final class SystemLimits {

    static final String DESCRIPTORS = "RLIMIT_NOFILE";

    private static final Path OPEN = Path.of("/proc/self/fd");
    private static final Pattern OPEN_FILES =
            Pattern.compile("^Max open files +(\\d+|unlimited) .*", Pattern.MULTILINE);

    /** Where a system does not tell. */
    private static final long DESCRIPTORS_ELSEWHERE = 10_000;

    private SystemLimits() {}

    /** The setting as sysctl prints it, or a dash if the system has none of that name. */
    static String value(String name) {
        if (name.equals(DESCRIPTORS)) {
            return Long.toString(descriptorsMax());
        }
        try {
            return Files.readString(Path.of("/proc/sys", name.replace('.', '/')))
                    .strip()
                    .replaceAll("\\s+", " ");
        } catch (IOException none) {
            return "-";
        }
    }

    /** How many descriptors this process may have. */
    static long descriptorsMax() {
        try {
            Matcher line = OPEN_FILES.matcher(Files.readString(Path.of("/proc/self/limits")));
            if (line.find()) {
                return line.group(1).equals("unlimited") ? Integer.MAX_VALUE : Long.parseLong(line.group(1));
            }
        } catch (IOException none) {
            // Not Linux.
        }
        return DESCRIPTORS_ELSEWHERE;
    }

    /** The sockets of this process; 0 where it cannot see them. */
    static long socketsOpen() throws IOException {
        if (!Files.isDirectory(OPEN)) {
            return 0;
        }
        long count = 0;
        try (DirectoryStream<Path> all = Files.newDirectoryStream(OPEN)) {
            for (Path descriptor : all) {
                if (target(descriptor).startsWith("socket:")) {
                    count++;
                }
            }
        }
        return count;
    }

    /** What a descriptor stands for, or "" if it is closed meanwhile. */
    static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException closedMeanwhile) {
            return "";
        }
    }
}
