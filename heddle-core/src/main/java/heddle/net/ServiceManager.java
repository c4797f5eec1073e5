package heddle.net;

import heddle.internal.fd.Refused;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What started this program and looks after it: systemd, or another that speaks as it does. Tells which sockets it
 * passed on, sd_listen_fds(3), and is told how the program is, sd_notify(3), with nothing but a datagram. Immutable and
 * thread-safe.
 *
 * <pre>{@code
 * var manager = new ServiceManager();
 * for (var socket : manager.sockets()) {
 *     serve(new ListenConfig().inherit(socket.descriptor()));
 * }
 * manager.tell("READY=1", "STATUS=serving");
 * }</pre>
 */
public final class ServiceManager {

    private static final String NOTIFY = "notify";

    /** SD_LISTEN_FDS_START. */
    private static final int FIRST_DESCRIPTOR = 3;

    /** More than any system lets a process have. */
    private static final int DESCRIPTORS_MAX = 1 << 20;

    private final Heddle heddle;
    private final Map<String, String> environment;
    private final long pid;

    /**
     * A socket that was passed on.
     *
     * @param descriptor the kernel's number, for {@link ListenConfig#inherit}
     * @param name {@code FileDescriptorName} of the socket's unit; {@code unknown} if there is none
     */
    public record Passed(int descriptor, String name) {}

    /** That of this process, as its environment tells. */
    public ServiceManager() {
        this(Heddle.shared(), System.getenv(), ProcessHandle.current().pid());
    }

    /** That of a process {@code pid} in {@code environment}. */
    ServiceManager(Heddle heddle, Map<String, String> environment, long pid) {
        this.heddle = heddle;
        this.environment = Map.copyOf(environment);
        this.pid = pid;
    }

    /**
     * The sockets that were passed on to this process and to no other: {@code LISTEN_FDS}, {@code LISTEN_PID}, {@code
     * LISTEN_FDNAMES}. Each may be inherited once.
     *
     * @return them in the order of their numbers; none if there are none
     * @throws IOException the environment makes no sense
     */
    public List<Passed> sockets() throws IOException {
        String count = environment.get("LISTEN_FDS");
        if (count == null || !isFor(environment.get("LISTEN_PID"))) {
            return List.of();
        }
        long number = number("LISTEN_FDS", count, DESCRIPTORS_MAX);
        String[] names = environment.getOrDefault("LISTEN_FDNAMES", "").split(":", -1);
        List<Passed> all = new ArrayList<>();
        for (int i = 0; i < number; i++) {
            String name = i < names.length && !names[i].isEmpty() ? names[i] : "unknown";
            all.add(new Passed(FIRST_DESCRIPTOR + i, name));
        }
        return List.copyOf(all);
    }

    private boolean isFor(@Nullable String process) {
        return String.valueOf(pid).equals(process);
    }

    private static long number(String name, String text, long max) throws IOException {
        try {
            long number = Long.parseLong(text);
            if (number >= 0 && number <= max) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new IOException("environment " + name + "=" + text + ": want a number from 0 to " + max);
    }

    /**
     * Tells how this program is. Waits for as long as the manager's socket is full.
     *
     * @param assignments such as {@code READY=1}, each a line of its own
     * @return false if nobody wants to know: there is no {@code NOTIFY_SOCKET}
     * @throws IOException it could not be told, carrying the errno; in {@link heddle.net##ways way nio} never
     */
    public boolean tell(String... assignments) throws IOException {
        String socket = environment.get("NOTIFY_SOCKET");
        if (socket == null || socket.isEmpty()) {
            return false;
        }
        if (!socket.startsWith("/") && !socket.startsWith("@")) {
            throw new IOException(
                    "environment NOTIFY_SOCKET=" + socket + ": want a path, or @ and a name, of a Unix socket");
        }
        var lines = new StringBuilder();
        for (String assignment : assignments) {
            lines.append(assignment.replace('\n', ' ')).append('\n');
        }
        var to = UnixAddr.named("unixgram", socket);
        try {
            heddle.descriptors(NOTIFY, to.network())
                    .opening()
                    .sendDatagram(to.raw(), lines.toString().getBytes(StandardCharsets.UTF_8));
        } catch (Refused refused) {
            throw Failures.of(NOTIFY, to.network(), null, to, refused.call(), refused.result(), 0);
        }
        return true;
    }

    /**
     * The time of now as {@code MONOTONIC_USEC} wants it, which goes with {@code RELOADING=1}: CLOCK_MONOTONIC in
     * microseconds.
     *
     * @return the assignment
     */
    public String monotonicNow() {
        // On Linux the JVM's clock is that one.
        return "MONOTONIC_USEC=" + TimeUnit.NANOSECONDS.toMicros(System.nanoTime());
    }

    /**
     * How often the manager wants to hear {@code WATCHDOG=1} at least, or it takes this process for stuck: {@code
     * WATCHDOG_USEC}, {@code WATCHDOG_PID}; sd_watchdog_enabled(3). To tell it at half of that is usual.
     *
     * @return the bound; empty if it does not want to
     * @throws IOException the environment makes no sense
     */
    public Optional<Duration> watchdog() throws IOException {
        String bound = environment.get("WATCHDOG_USEC");
        String process = environment.get("WATCHDOG_PID");
        if (bound == null || (process != null && !isFor(process))) {
            return Optional.empty();
        }
        long micros = number("WATCHDOG_USEC", bound, Long.MAX_VALUE / 1000);
        return micros == 0 ? Optional.empty() : Optional.of(Duration.ofNanos(TimeUnit.MICROSECONDS.toNanos(micros)));
    }
}
