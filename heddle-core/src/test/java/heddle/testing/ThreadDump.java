package heddle.testing;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** All threads, virtual ones too, which no other means shows. */
public final class ThreadDump {

    /** Heads a thread in the dump: {@code #31 "name" virtual WAITING 2026-01-01T00:00:00Z}. */
    private static final Pattern HEAD = Pattern.compile("^#(\\d+) \"(.*)\"( virtual)?.*$", Pattern.MULTILINE);

    private ThreadDump() {}

    /** A thread as a dump names it. */
    record Entry(long id, String name, boolean virtual) {
        @Override
        public String toString() {
            return (virtual ? "virtual" : "platform") + " thread #" + id + " \"" + name + "\"";
        }
    }

    /** The threads of {@code dump}. */
    static Stream<Entry> threads(String dump) {
        return HEAD.matcher(dump)
                .results()
                .map(head -> new Entry(Long.parseLong(head.group(1)), head.group(2), head.group(3) != null));
    }

    /** The stack of thread {@code id} in {@code dump}; empty if it is not there. */
    static String stack(String dump, long id) {
        Matcher from = Pattern.compile("^#" + id + " .*$", Pattern.MULTILINE).matcher(dump);
        if (!from.find()) {
            return "";
        }
        int end = dump.indexOf("\n\n", from.start());
        return dump.substring(from.start(), end < 0 ? dump.length() : end);
    }

    /** A dump as text, all stacks included. */
    public static String take() {
        try {
            Path folder = Files.createTempDirectory("heddle-threads");
            Path file = folder.resolve("dump.txt");
            try {
                ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                        .dumpThreads(file.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.TEXT_PLAIN);
                return Files.readString(file);
            } finally {
                Files.deleteIfExists(file);
                Files.delete(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
