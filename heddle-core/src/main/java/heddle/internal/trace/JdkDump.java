package heddle.internal.trace;

import com.sun.management.HotSpotDiagnosticMXBean;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The JDK's dump of all threads, the only way to the virtual ones. Loaded only where there is jdk.management. */
final class JdkDump {

    private JdkDump() {}

    /** Shows each virtual thread to {@code visitor}; empty, or why it could not. */
    static String forEachVirtualThread(Consumer<Dump.OtherThread> visitor) {
        var bean = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        if (bean == null) {
            return "as this JVM is not HotSpot";
        }
        try {
            // The JDK writes into a file of its own only, by an absolute path.
            Path folder = Files.createTempDirectory("heddle-dump").toAbsolutePath();
            Path file = folder.resolve("threads.json");
            try {
                bean.dumpThreads(file.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.JSON);
                try (BufferedReader in = Files.newBufferedReader(file)) {
                    new JsonObjects(in, "tid", thread -> show(thread, visitor)).read();
                }
            } finally {
                Files.deleteIfExists(file);
                Files.delete(folder);
            }
            return "";
        } catch (IOException | UnsupportedOperationException failure) {
            return "as the JDK's dump failed: " + failure;
        }
    }

    private static void show(Map<String, Object> thread, Consumer<Dump.OtherThread> visitor) {
        if (!text(thread, "virtual").equals("true")) {
            return;
        }
        List<String> frames =
                thread.get("stack") instanceof List<?> stack
                        ? stack.stream().map(String::valueOf).toList()
                        : List.of();
        String caller = Dump.caller(frames);
        visitor.accept(
                new Dump.OtherThread(
                        number(thread, "tid"),
                        text(thread, "name"),
                        text(thread, "state"),
                        number(thread, "carrier"),
                        caller.isEmpty() && !frames.isEmpty() ? frames.getFirst() : caller));
    }

    private static String text(Map<String, Object> thread, String key) {
        return thread.get(key) instanceof String text ? text : "";
    }

    private static long number(Map<String, Object> thread, String key) {
        String text = text(thread, key);
        return text.isEmpty() ? 0 : Long.parseLong(text);
    }
}
