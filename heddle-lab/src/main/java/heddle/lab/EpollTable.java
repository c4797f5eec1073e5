package heddle.lab;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What epoll descriptors of this process watch: /proc/self/fdinfo, proc(5). */
final class EpollTable {

    private static final Path OPEN = Path.of("/proc/self/fd");
    private static final Path INFO = Path.of("/proc/self/fdinfo");

    /** {@code tfd:        7 events: 8000201d data: ...}, the events in hexadecimal. */
    private static final Pattern ENTRY = Pattern.compile("^tfd: +(\\d+) events: +(\\p{XDigit}+) .*", Pattern.MULTILINE);

    private static final long EPOLLET = 1L << 31;

    /** One descriptor in one epoll descriptor. */
    record Registration(int descriptor, long events) {
        boolean isEdgeTriggered() {
            return (events & EPOLLET) != 0;
        }
    }

    private EpollTable() {}

    /** Where {@code descriptor} is registered. */
    static List<Registration> registrations(int descriptor) throws IOException {
        List<Registration> found = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(OPEN)) {
            for (Path one : all) {
                if (!SystemLimits.target(one).equals("anon_inode:[eventpoll]")) {
                    continue;
                }
                Matcher entry = ENTRY.matcher(Files.readString(INFO.resolve(one.getFileName())));
                while (entry.find()) {
                    if (Integer.parseInt(entry.group(1)) == descriptor) {
                        found.add(new Registration(descriptor, Long.parseLong(entry.group(2), 16)));
                    }
                }
            }
        }
        return found;
    }
}
