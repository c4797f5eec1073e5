package heddle.bench.run;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Takes the files of /proc apart, as src/main/c/load.c or this program has read them; proc(5). */
final class Proc {

    /** A tick of the kernel's clock as files show it: a hundred are a second on all Linux systems of today. */
    static final long TICK_NANOS = 10_000_000;

    private Proc() {}

    /** Of /proc/PID/stat. */
    record Stat(long userNanos, long systemNanos) {}

    /** The name of a process may have blanks and brackets in it: what counts comes after the last bracket. */
    static Stat stat(String text) {
        if (text.isEmpty()) {
            return new Stat(0, 0);
        }
        String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" ", -1);
        return new Stat(Long.parseLong(fields[11]) * TICK_NANOS, Long.parseLong(fields[12]) * TICK_NANOS);
    }

    /** The number of a line of /proc/PID/status, memory in KiB; 0 if there is no such line. */
    static long status(String text, String name) {
        for (String line : text.split("\n", -1)) {
            if (line.startsWith(name + ":")) {
                return Long.parseLong(line.substring(name.length() + 1).trim().split(" ", -1)[0]);
            }
        }
        return 0;
    }

    /** Whether a thread of that /proc/PID/task/TID/comm is one of a JVM's that compile. */
    static boolean isCompiler(String name) {
        return name.startsWith("C1 Compiler") || name.startsWith("C2 Compiler");
    }

    /** Of /proc/PID/task/TID/schedstat: how long it was on a processor. */
    static long scheduledNanos(String text) {
        return Long.parseLong(text.split(" ", -1)[0]);
    }

    /** Of a line of /proc/stat: what a processor has done since the system started. */
    record Processor(long busyNanos, long stolenNanos) {}

    /** By the processor's number. Busy is all but idle, waiting for a disk, and stolen by the host. */
    static Map<Integer, Processor> processors(String text) {
        Map<Integer, Processor> processors = new HashMap<>();
        for (String line : text.split("\n", -1)) {
            if (!line.matches("cpu\\d+ .*")) {
                continue;
            }
            String[] fields = line.split(" +", -1);
            long busy = 0;
            for (int i : new int[] {1, 2, 3, 6, 7}) { // user, nice, system, irq, softirq
                busy += Long.parseLong(fields[i]);
            }
            processors.put(
                    Integer.parseInt(fields[0].substring(3)),
                    new Processor(busy * TICK_NANOS, Long.parseLong(fields[8]) * TICK_NANOS));
        }
        return processors;
    }

    /** What a process's threads did: switches of the processor, and time that they could run and did not. */
    record Tasks(long voluntarySwitches, long otherSwitches, long waitedNanos) {}

    /**
     * The difference of two lists of threads, a line each: number, voluntary and other switches, nanoseconds on a
     * processor and waiting for one. A thread that ended meanwhile has taken its part with it, one that started
     * meanwhile began at zero.
     */
    static Tasks tasks(String before, String after) {
        Map<String, long[]> started = new HashMap<>();
        rows(before).forEach(row -> started.put(row[0], numbers(row)));
        long[] sum = new long[4];
        for (String[] row : rows(after)) {
            long[] now = numbers(row);
            long[] then = started.getOrDefault(row[0], new long[4]);
            for (int i = 0; i < sum.length; i++) {
                sum[i] += now[i] - then[i];
            }
        }
        return new Tasks(sum[0], sum[1], sum[3]);
    }

    private static List<String[]> rows(String text) {
        return text.lines().map(line -> line.split(" ", -1)).toList();
    }

    private static long[] numbers(String[] row) {
        long[] numbers = new long[4];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = Long.parseLong(row[i + 1]);
        }
        return numbers;
    }

    /** The numbers of a list such as {@code 0-2,5}. */
    static List<Integer> list(String text) {
        List<Integer> numbers = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            String[] ends = part.trim().split("-", -1);
            int last = Integer.parseInt(ends[ends.length - 1]);
            for (int n = Integer.parseInt(ends[0]); n <= last; n++) {
                numbers.add(n);
            }
        }
        return numbers;
    }
}
