package heddle.bench.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * System calls for each request, counted by perf(1) in a turn of its own, as counting costs.
 *
 * @param byName for each request; {@code all} is the sum, with those that have no entry here
 */
record Calls(String scenario, String peer, Map<String, Double> byName) {

    static final String ALL = "all";

    private static final int ATTACH_MILLIS = 500;

    private static final Path EVENTS = Path.of("/sys/kernel/tracing/events");

    /** Those that a server of connections makes. */
    private static final List<String> NAMES = List.of(
            "recvfrom",
            "sendto",
            "read",
            "write",
            "readv",
            "writev",
            "recvmsg",
            "sendmsg",
            "accept",
            "accept4",
            "close",
            "shutdown",
            "setsockopt",
            "getsockname",
            "getpeername",
            "poll",
            "ppoll",
            "epoll_wait",
            "epoll_pwait",
            "epoll_pwait2",
            "epoll_ctl",
            "io_uring_enter",
            "futex",
            "sched_yield",
            "nanosleep",
            "clock_nanosleep");

    /** Whether this machine can count, and this user may. */
    static boolean available() {
        return Files.isDirectory(EVENTS.resolve("raw_syscalls"))
                && !Commands.output(List.of("perf", "--version")).isEmpty();
    }

    /** Counts those of a process until it is closed. */
    static final class Counting {

        private final Process perf;
        private final Path file;

        /** Once this returns, it counts. */
        Counting(long pid, Path file) throws IOException {
            this.file = file;
            Files.deleteIfExists(file);
            List<String> events = new ArrayList<>();
            events.add("raw_syscalls:sys_enter");
            for (String name : NAMES) {
                if (Files.isDirectory(EVENTS.resolve("syscalls/sys_enter_" + name))) {
                    events.add("syscalls:sys_enter_" + name);
                }
            }
            perf = new ProcessBuilder(
                            "perf",
                            "stat",
                            "-x,",
                            "-e",
                            String.join(",", events),
                            "-p",
                            String.valueOf(pid),
                            "-o",
                            file.toString())
                    .inheritIO()
                    .start();
            // It says nowhere that it has begun. A thread more or less takes it a millisecond.
            Commands.sleep(ATTACH_MILLIS);
        }

        Map<String, Long> end() throws IOException {
            Commands.output(List.of("kill", "-INT", String.valueOf(perf.pid())));
            Commands.await(perf);
            return parse(Files.readString(file));
        }
    }

    /** Reads what {@code perf stat -x,} writes: the count comes first, the event's name third. */
    static Map<String, Long> parse(String text) {
        Map<String, Long> counts = new LinkedHashMap<>();
        for (String line : text.split("\n", -1)) {
            String[] fields = line.split(",", -1);
            if (fields.length > 2 && fields[0].matches("\\d+") && fields[2].contains("sys_enter")) {
                String event = fields[2].substring(fields[2].indexOf("sys_enter") + 9);
                long count = Long.parseLong(fields[0]);
                if (count > 0) {
                    counts.put(event.isEmpty() ? ALL : event.substring(1), count);
                }
            }
        }
        return counts;
    }

    /** How many each request took. */
    static Calls of(Scenario scenario, Peer peer, Map<String, Long> counts, long requests) {
        Map<String, Double> each = new LinkedHashMap<>();
        counts.forEach((name, count) -> each.put(name, (double) count / requests));
        return new Calls(scenario.name(), peer.name(), each);
    }
}
