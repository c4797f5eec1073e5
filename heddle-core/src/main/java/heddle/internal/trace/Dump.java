package heddle.internal.trace;

import heddle.internal.jdk.LiveThreads;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * A text for people that says what all threads do, as Go's goroutine dump does. Made by one thread, which shows it to
 * each floor in turn; the floors say what they have. The virtual threads that wait for nothing of Heddle's come last,
 * from the JDK's register, as looking at stacks takes long enough to change what the floors say; the text says so if
 * the register cannot be seen.
 *
 * <p>Bounded: of each reason to wait the {@link #LISTED_MAX} longest waits are listed and the others counted.
 */
public final class Dump {

    /** {@code leftNanos} of a wait without a deadline. */
    public static final long NO_DEADLINE = Long.MAX_VALUE;

    static final int LISTED_MAX = 1_000;

    /** Control and format characters, separators of lines and of paragraphs, of all Unicode. */
    private static final Pattern UNPRINTABLE = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]");

    private static final List<String> OWN_PACKAGES = List.of("heddle.net.", "heddle.internal.", "heddle.adapter.");

    private final long nowNanos = System.nanoTime();
    private final List<Line> head = new ArrayList<>();

    /** By the reason's name. */
    private final Map<String, Reason> reasons = new TreeMap<>();

    /** Ids of all that wait. */
    private final LongStream.Builder waiting = LongStream.builder();

    /** About the whole, and about the thread that carries another, if any. */
    private record Line(String text, @Nullable Thread carrier) {}

    private record Waiting(Thread thread, Object subject, long waitedNanos, long leftNanos) {}

    /** Who waits for one reason: how many, and the longest. */
    private static final class Reason {
        long count;

        /** The shortest of the longest on top, to make room. */
        final PriorityQueue<Waiting> longest = new PriorityQueue<>(Comparator.comparingLong(Waiting::waitedNanos));
    }

    /** Virtual threads that wait for nothing of ours: how many, and some. */
    private static final class Others {
        final List<OtherThread> threads = new ArrayList<>();
        final Map<Thread, Thread> byCarrier = new HashMap<>();
        long count;
    }

    /** One of them as it was when it was found: what it does may change before it is shown. */
    private record OtherThread(
            Thread thread, Thread.State state, @Nullable Thread carrier) {}

    /** A dump under {@code heading}. */
    public Dump(String heading) {
        line(heading);
        line("process "
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

    /**
     * One more line about the whole, to be completed by the virtual thread that {@code carrier} runs, where that can be
     * known.
     */
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
    public void waits(Thread thread, String reason, Object subject, long sinceNanos, long leftNanos) {
        waiting.add(thread.threadId());
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

    /** The whole, with the values of {@code counters}. */
    public String text(Counters counters) {
        LiveThreads.Probe probe = LiveThreads.probe();
        LiveThreads live = probe.threads();
        Others others = live == null ? new Others() : others(live);
        StringBuilder text = new StringBuilder();
        for (Line line : head) {
            text.append(line.text);
            Thread carried = line.carrier == null ? null : others.byCarrier.get(line.carrier);
            if (carried != null) {
                text.append(", ").append(named(carried)).append(" at ").append(place(carried));
            }
            text.append('\n');
        }
        text.append('\n');
        for (Counter counter : Counter.values()) {
            text.append(counter.label())
                    .append(": ")
                    .append(counters.value(counter))
                    .append('\n');
        }
        reasons.forEach((name, reason) -> appendReason(text, name, reason));
        text.append("\nother virtual threads: ");
        if (live == null) {
            text.append("not listed; ").append(probe.reason()).append('\n');
        } else {
            appendOthers(text, others);
        }
        return text.toString();
    }

    private Others others(LiveThreads live) {
        long[] waitingInOrder = waiting.build().sorted().toArray();
        Others found = new Others();
        live.forEachVirtual(thread -> {
            Thread carrier = live.carrierOf(thread);
            if (carrier != null) {
                found.byCarrier.put(carrier, thread);
            }
            if (Arrays.binarySearch(waitingInOrder, thread.threadId()) < 0 && ++found.count <= LISTED_MAX) {
                found.threads.add(new OtherThread(thread, thread.getState(), carrier));
            }
        });
        return found;
    }

    private void appendReason(StringBuilder text, String name, Reason reason) {
        text.append('\n')
                .append(name)
                .append(": ")
                .append(threads(reason.count))
                .append('\n');
        Waiting[] longestFirst = reason.longest.toArray(Waiting[]::new);
        Arrays.sort(longestFirst, Comparator.comparingLong(Waiting::waitedNanos).reversed());
        for (Waiting one : longestFirst) {
            Thread thread = one.thread;
            text.append(named(thread));
            text.append(thread.isVirtual() ? " " : " (platform thread) ");
            text.append(name).append(", ").append(printable(one.subject.toString()));
            text.append(", ").append(duration(one.waitedNanos));
            if (one.leftNanos != NO_DEADLINE) {
                text.append(", deadline ");
                text.append(one.leftNanos > 0 ? "in " + duration(one.leftNanos) : duration(-one.leftNanos) + " ago");
            }
            text.append('\n');
            String caller = caller(frames(thread));
            if (!caller.isEmpty()) {
                text.append("    at ").append(caller).append('\n');
            }
        }
        appendRest(text, reason.count - longestFirst.length);
    }

    private static void appendOthers(StringBuilder text, Others others) {
        text.append(threads(others.count)).append('\n');
        others.threads.sort(Comparator.comparing(OtherThread::state).thenComparingLong(one -> one.thread.threadId()));
        for (OtherThread one : others.threads) {
            text.append(named(one.thread)).append(' ').append(one.state);
            if (one.carrier != null) {
                text.append(", carried by #").append(one.carrier.threadId());
            }
            text.append('\n');
            String place = place(one.thread);
            if (!place.isEmpty()) {
                text.append("    at ").append(place).append('\n');
            }
        }
        appendRest(text, others.count - others.threads.size());
    }

    private static void appendRest(StringBuilder text, long count) {
        if (count > 0) {
            text.append("... and ").append(threads(count)).append(" more\n");
        }
    }

    private static String threads(long count) {
        return count == 1 ? "1 thread" : count + " threads";
    }

    /** The first of {@code frames} that is neither the JDK's nor ours; empty if there is none. */
    static String caller(List<String> frames) {
        return frames.stream()
                .filter(frame -> !frame.startsWith("java.base/"))
                .filter(frame -> OWN_PACKAGES.stream().noneMatch(withoutModule(frame)::startsWith))
                .findFirst()
                .orElse("");
    }

    private static List<String> frames(Thread thread) {
        return Arrays.stream(thread.getStackTrace()).map(Object::toString).toList();
    }

    /** The frame that tells most; empty if it has none. */
    private static String place(Thread thread) {
        List<String> frames = frames(thread);
        String caller = caller(frames);
        return caller.isEmpty() && !frames.isEmpty() ? frames.getFirst() : caller;
    }

    private static String named(Thread thread) {
        return "#" + thread.threadId() + " " + quoted(thread.getName());
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
        return hours < 24 ? hours + " h " + minutes % 60 + " min" : hours / 24 + " d " + hours % 24 + " h";
    }

    private static String quoted(String name) {
        return '"' + printable(name) + '"';
    }

    /** A thread may be named by what came over the network: no such text leaves its line, or commands a terminal. */
    private static String printable(String text) {
        return UNPRINTABLE.matcher(text).replaceAll("?");
    }
}
