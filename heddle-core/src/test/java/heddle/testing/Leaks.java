package heddle.testing;

import heddle.net.Heddle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.ClassTemplate;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterClassTemplateInvocationCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeClassTemplateInvocationCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * Fails a test class that leaves behind a socket, a poller's descriptor or a thread, or that closed a standard stream's
 * descriptor: a stray close(0) ends what the build tool reads from there, much later. JUnit finds this extension by
 * itself (see META-INF/services), so each test class is checked, of each module with this jar on its class path; one
 * that runs in each way, after each.
 *
 * <p>What is left is given time to go: a thread that ends, or a socket that its selector has yet to drop, is no leak.
 */
public final class Leaks
        implements BeforeAllCallback,
                AfterAllCallback,
                BeforeClassTemplateInvocationCallback,
                AfterClassTemplateInvocationCallback {

    /**
     * Threads that come and go by the runtime's own rules: the JVM's, the JDK's (carriers, pollers, timers of virtual
     * threads), JUnit's and surefire's, and those of Heddle that serve the whole process.
     */
    private static final Pattern OF_THE_RUNTIME =
            Pattern.compile("main|Reference Handler|Finalizer|Signal Dispatcher|Notification"
                    + " Thread|Common-Cleaner|Attach Listener|process reaper.*|Thread dump.*"
                    + "|VirtualThread-unparker.*|VirtualThread-unblocker"
                    + "|ForkJoinPool-.*|ForkJoinPool\\.commonPool-.*|CompletableFuture.*|.*-Poller.*|MasterPoller|Cleaner-\\d+|JFR"
                    + " .*|surefire-.*|junit-.*|ping-.*|last-ditch-.*"
                    + "|heddle-carrier-\\d+|heddle-monitor|heddle-poller(-\\d+)?"
                    + "|heddle-resolver-\\d+|heddle-start|heddle-management|heddle-spare-\\d+");

    /**
     * Configuration parameter: how long to wait for what is late to go, in milliseconds; {@link Await#LIMIT} by
     * default.
     */
    static final String LIMIT_MILLIS = "heddle.leaks.limitMillis";

    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

    /** What exists at one moment: thread ids, how many descriptors there are of each kind, and what 0, 1 and 2 are. */
    private record Snapshot(Set<Long> threads, Map<String, Integer> descriptors, List<String> standard) {

        static Snapshot take() {
            Set<Long> threads = new HashSet<>();
            ThreadDump.threads(ThreadDump.take()).forEach(thread -> threads.add(thread.id()));
            return new Snapshot(threads, openDescriptors(), standardDescriptors());
        }

        /** What is there now and was not, a line each. */
        List<String> added() {
            List<String> added = new ArrayList<>();
            List<String> standardNow = standardDescriptors();
            if (!standardNow.equals(standard)) {
                added.add("descriptors 0, 1, 2 were " + standard + " and are " + standardNow);
            }
            String dump = ThreadDump.take();
            ThreadDump.threads(dump)
                    .filter(thread -> !threads.contains(thread.id()))
                    .filter(thread -> !OF_THE_RUNTIME.matcher(thread.name()).matches())
                    .forEach(thread -> added.add(thread + " still runs\n" + ThreadDump.stack(dump, thread.id())));
            openDescriptors().forEach((kind, count) -> {
                int more = count - descriptors.getOrDefault(kind, 0);
                if (more > 0) {
                    added.add(more + " descriptor(s) still open: " + kind);
                }
            });
            return added;
        }
    }

    /**
     * Sockets, each by its inode, and pollers' descriptors, all of a kind together; nothing where there is no /proc.
     */
    private static Map<String, Integer> openDescriptors() {
        Map<String, Integer> open = new HashMap<>();
        if (!Files.isDirectory(DESCRIPTORS)) {
            return open;
        }
        try (DirectoryStream<Path> all = Files.newDirectoryStream(DESCRIPTORS)) {
            for (Path descriptor : all) {
                String target = target(descriptor);
                if (target.startsWith("socket:")
                        || target.equals("anon_inode:[eventpoll]")
                        || target.equals("anon_inode:[eventfd]")) {
                    open.merge(target, 1, Integer::sum);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return open;
    }

    private static List<String> standardDescriptors() {
        return Stream.of("0", "1", "2")
                .map(DESCRIPTORS::resolve)
                .map(Leaks::target)
                .toList();
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (NoSuchFileException closedMeanwhile) {
            return "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether {@link #warmUp} is done; guarded by the engine, which runs one class at a time. */
    private static boolean warm;

    /** Makes the JDK and Heddle open what they keep for the life of the process, so that no test is blamed for it. */
    private static void warmUp() throws Exception {
        if (warm) {
            return;
        }
        warm = true;
        Heddle.shared().ofVirtual().start(() -> {}).join();
        try (var listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var dialed = Task.on(Thread.ofVirtual(), () -> {
                try (var socket = new Socket(listener.getInetAddress(), listener.getLocalPort())) {
                    return socket.getInputStream().read();
                }
            });
            listener.accept().close();
            dialed.result();
        }
    }

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        warmUp();
        if (!isTemplate(context)) {
            remember(context);
        }
    }

    @Override
    public void beforeClassTemplateInvocation(ExtensionContext context) {
        remember(context);
    }

    @Override
    public void afterClassTemplateInvocation(ExtensionContext context) throws Exception {
        check(context);
    }

    @Override
    public void afterAll(ExtensionContext context) throws Exception {
        if (!isTemplate(context)) {
            check(context);
        }
    }

    private static boolean isTemplate(ExtensionContext context) {
        return AnnotationSupport.isAnnotated(context.getRequiredTestClass(), ClassTemplate.class);
    }

    private static void remember(ExtensionContext context) {
        store(context).put(Snapshot.class, Snapshot.take());
    }

    private static void check(ExtensionContext context) throws Exception {
        Snapshot before = store(context).get(Snapshot.class, Snapshot.class);
        Duration limit = context.getConfigurationParameter(LIMIT_MILLIS)
                .map(millis -> Duration.ofMillis(Long.parseLong(millis)))
                .orElse(Await.LIMIT);
        Await.until(
                limit,
                () -> context.getRequiredTestClass().getSimpleName()
                        + " "
                        + context.getDisplayName()
                        + " leaves behind:\n"
                        + String.join("\n", before.added()),
                () -> before.added().isEmpty());
    }

    private static ExtensionContext.Store store(ExtensionContext context) {
        return context.getStore(Namespace.create(Leaks.class, context.getUniqueId()));
    }
}
