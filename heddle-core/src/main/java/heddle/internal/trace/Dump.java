package heddle.internal.trace;

import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * A text for people that says what all threads do, as Go's goroutine dump does. Made by one thread, which shows it to each floor in
 * turn; the floors say what they have. The JDK's dump is taken last, as it takes long enough to change what they say.
 *
 * <p>Bounded: of each reason to wait the {@link #LISTED_MAX} longest waits are listed and the others counted. Virtual threads that wait
 * for nothing of Heddle's are found by the JDK's own dump, which no module of java.base makes and which knows no bound; so they are left
 * out, and the text says so, where jdk.management is missing or more than {@link #OTHERS_MAX} threads wait in Heddle.
 */
public final class Dump {

    /** {@code leftNanos} of a wait without a deadline. */
    public static final long NO_DEADLINE = Long.MAX_VALUE;

    static final int LISTED_MAX = 1_000;

    /** The JDK's dump takes about 1 KB and 10 us a thread. */
    static final int OTHERS_MAX = 10_000;

    private static final List<String> OWN_PACKAGES =
            List.of("heddle.net.", "heddle.internal.", "heddle.adapter.");

    private final long nowNanos = System.nanoTime();
    private final List<Line> head = new ArrayList<>();

    /** By the reason's name. */
    private final Map<String, Reason> reasons = new TreeMap<>();

    /** Ids of all that wait, as long as they are few enough. */
    private final Set<Long> waiting = new HashSet<>();

    private long waitingCount;

    /** Null until asked for. */
    private @Nullable Others others;

    /** About the whole, and about the thread that carries another, if any. */
    private record Line(String text, @Nullable Thread carrier) {}

    private record Waiting(Thread thread, Object subject, long waitedNanos, long leftNanos) {}

    /** Who waits for one reason: how many, and the longest. */
    private static final class Reason {
        long count;

        /** The shortest of the longest on top, to make room. */
        final PriorityQueue<Waiting> longest =
                new PriorityQueue<>(Comparator.comparingLong(Waiting::waitedNanos));
    }

    /** Virtual threads that wait for nothing of ours. */
    private static final class Others {
        final List<OtherThread> threads = new ArrayList<>();
        final Map<Long, OtherThread> byCarrier = new HashMap<>();
        long count;
        String missing = "";
    }

    /**
     * A thread as the JDK's dump has it.
     *
     * @param carrierId of the thread that runs it; 0 if none does
     * @param at the frame that tells most
     */
    record OtherThread(long id, String name, String state, long carrierId, String at) {
        @Override
        public String toString() {
            return "#" + id + " " + quoted(name);
        }
    }

    /** A dump under {@code heading}. */
    public Dump(String heading) {
        line(heading);
        line(
                "process "
                        + ProcessHandle.current().pid()
                        + ", "
                        + Instant.now().truncatedTo(ChronoUnit.MILLIS)
                        + ", Java "
                        + Runtime.version());
    }

    /** One more line about the whole. */
    public void line(String text) {
        head.add(new Line(text, null));
    }

    /** One more line about the whole, to be completed by the virtual thread that {@code carrier} runs, where that can be known. */
    public void line(String text, Thread carrier) {
        head.add(new Line(text, carrier));
    }

    /**
     * A thread that waits.
     *
     * @param subject what for; its text is asked for only if the wait is listed
     * @param sinceNanos an instant of {@link System#nanoTime}
     * @param leftNanos until its deadline, or {@link #NO_DEADLINE}
     */
    public void waits(
            Thread thread, String reason, Object subject, long sinceNanos, long leftNanos) {
        if (++waitingCount <= OTHERS_MAX) {
            waiting.add(thread.threadId());
        }
        Reason same = reasons.computeIfAbsent(reason, _ -> new Reason());
        same.count++;
        same.longest.add(new Waiting(thread, subject, nowNanos - sinceNanos, leftNanos));
        if (same.longest.size() > LISTED_MAX) {
            same.longest.poll();
        }
    }

    /** For how long something has lasted that began at {@code sinceNanos} of {@link System#nanoTime}. */
    public String since(long sinceNanos) {
        return duration(nowNanos - sinceNanos);
    }

    /** The whole. */
    public String text() {
        StringBuilder text = new StringBuilder();
        for (Line line : head) {
            text.append(line.text);
            OtherThread carried =
                    line.carrier == null ? null : others().byCarrier.get(line.carrier.threadId());
            if (carried != null) {
                text.append(", ").append(carried).append(" at ").append(carried.at);
            }
            text.append('\n');
        }
        text.append('\n');
        for (Counter counter : Counter.values()) {
            text.append(counter.label()).append(": ").append(Counters.value(counter)).append('\n');
        }
        reasons.forEach((name, reason) -> appendReason(text, name, reason));
        appendOthers(text);
        return text.toString();
    }

    private void appendReason(StringBuilder text, String name, Reason reason) {
        text.append('\n').append(name).append(": ").append(threads(reason.count)).append('\n');
        Waiting[] longestFirst = reason.longest.toArray(Waiting[]::new);
        Arrays.sort(longestFirst, Comparator.comparingLong(Waiting::waitedNanos).reversed());
        for (Waiting one : longestFirst) {
            Thread thread = one.thread;
            text.append('#').append(thread.threadId()).append(' ').append(quoted(thread.getName()));
            text.append(thread.isVirtual() ? " " : " (platform thread) ");
            text.append(name).append(", ").append(printable(one.subject.toString()));
            text.append(", ").append(duration(one.waitedNanos));
            if (one.leftNanos != NO_DEADLINE) {
                text.append(", deadline ");
                text.append(
                        one.leftNanos > 0
                                ? "in " + duration(one.leftNanos)
                                : duration(-one.leftNanos) + " ago");
            }
            text.append('\n');
            String caller =
                    caller(Arrays.stream(thread.getStackTrace()).map(Object::toString).toList());
            if (!caller.isEmpty()) {
                text.append("    at ").append(caller).append('\n');
            }
        }
        appendRest(text, reason.count - longestFirst.length);
    }

    private void appendOthers(StringBuilder text) {
        Others found = others();
        text.append("\nother virtual threads: ");
        if (!found.missing.isEmpty()) {
            text.append("not listed, ").append(found.missing).append('\n');
            return;
        }
        text.append(threads(found.count)).append('\n');
        found.threads.sort(
                Comparator.comparing(OtherThread::state).thenComparingLong(OtherThread::id));
        for (OtherThread one : found.threads) {
            text.append(one).append(' ').append(one.state);
            text.append(one.carrierId == 0 ? "" : ", carried by #" + one.carrierId).append('\n');
            if (!one.at.isEmpty()) {
                text.append("    at ").append(one.at).append('\n');
            }
        }
        appendRest(text, found.count - found.threads.size());
    }

    private static void appendRest(StringBuilder text, long count) {
        if (count > 0) {
            text.append("... and ").append(threads(count)).append(" more\n");
        }
    }

    private static String threads(long count) {
        return count == 1 ? "1 thread" : count + " threads";
    }

    private Others others() {
        Others found = others;
        if (found == null) {
            found = new Others();
            others = found;
            if (waitingCount > OTHERS_MAX) {
                found.missing =
                        "as so many wait already: jcmd PID Thread.dump_to_file FILE has all";
            } else if (!Modules.has("jdk.management")) {
                found.missing = "as this JVM runs without the module jdk.management";
            } else {
                found.missing = JdkDump.forEachVirtualThread(this::addOther);
            }
        }
        return found;
    }

    private void addOther(OtherThread thread) {
        Others found = others();
        if (thread.carrierId != 0) {
            found.byCarrier.put(thread.carrierId, thread);
        }
        if (!waiting.contains(thread.id) && ++found.count <= LISTED_MAX) {
            found.threads.add(thread);
        }
    }

    /** The first of {@code frames} that is neither the JDK's nor ours; empty if there is none. */
    static String caller(List<String> frames) {
        return frames.stream()
                .filter(frame -> !frame.startsWith("java.base/"))
                .filter(frame -> OWN_PACKAGES.stream().noneMatch(withoutModule(frame)::startsWith))
                .findFirst()
                .orElse("");
    }

    private static String withoutModule(String frame) {
        int parenthesis = frame.indexOf('(');
        return frame.substring(frame.lastIndexOf('/', parenthesis) + 1);
    }

    /** {@code 12 ms}, {@code 3.4 s}, {@code 4 min 10 s}, {@code 2 h 5 min} or {@code 3 d 4 h}. */
    static String duration(long nanos) {
        long millis = TimeUnit.NANOSECONDS.toMillis(Math.max(0, nanos));
        long seconds = millis / 1_000;
        long minutes = seconds / 60;
        long hours = minutes / 60;
        if (seconds == 0) {
            return millis + " ms";
        }
        if (minutes == 0) {
            return seconds + "." + millis % 1_000 / 100 + " s";
        }
        if (hours == 0) {
            return minutes + " min " + seconds % 60 + " s";
        }
        return hours < 24
                ? hours + " h " + minutes % 60 + " min"
                : hours / 24 + " d " + hours % 24 + " h";
    }

    private static String quoted(String name) {
        return '"' + printable(name) + '"';
    }

    /** A thread may be named by what came over the network: no such text leaves its line, or commands a terminal. */
    private static String printable(String text) {
        return text.codePoints().anyMatch(Character::isISOControl)
                ? text.replaceAll("\\p{Cntrl}", "?")
                : text;
    }
}
