package heddle.lab;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * What happened in one run of a situation: the calls, what was counted beside them, and what the kernel held meanwhile.
 * Any thread may add to it; it is read when the run is over.
 */
public final class Trace {

    /**
     * What the kernel held of one direction of a connection at one moment.
     *
     * @param flow which direction, for instance {@code client to server}
     * @param nanos when, since the run began
     * @param unacknowledged bytes in the sender's kernel; SIOCOUTQ, tcp(7)
     * @param unread bytes in the receiver's kernel; SIOCINQ, tcp(7)
     */
    public record Sample(String flow, long nanos, long unacknowledged, long unread) {
        long held() {
            return unacknowledged + unread;
        }
    }

    /** A call that a judge needs is not there. */
    static final class MissingException extends RuntimeException {
        private static final long serialVersionUID = 1;

        MissingException(String what) {
            super(what);
        }
    }

    private final Queue<Call> calls = new ConcurrentLinkedQueue<>();
    private final Map<String, Long> facts = new ConcurrentHashMap<>();
    private final Queue<Sample> samples = new ConcurrentLinkedQueue<>();

    void add(Call call) {
        calls.add(call);
    }

    void add(Sample sample) {
        samples.add(sample);
    }

    void fact(String name, long value) {
        facts.put(name, value);
    }

    /** All calls in the order in which they began. */
    List<Call> calls() {
        List<Call> sorted = new ArrayList<>(calls);
        sorted.sort(Comparator.comparingLong(Call::beginNanos));
        return sorted;
    }

    /** The calls of {@code side} with this name or verb, in the order in which they began. */
    List<Call> calls(String side, String name) {
        return calls().stream()
                .filter(call -> call.side().equals(side))
                .filter(call -> call.name().equals(name) || call.verb().equals(name))
                .toList();
    }

    /** One of {@link #calls(String, String)}, counted from 0. */
    Call call(String side, String name, int index) {
        List<Call> all = calls(side, name);
        if (index >= all.size()) {
            throw new MissingException("%s did %s %d times, want %d".formatted(side, name, all.size(), index + 1));
        }
        return all.get(index);
    }

    /** The first of {@link #calls(String, String)}. */
    Call call(String side, String name) {
        return call(side, name, 0);
    }

    /** What was counted under {@code name}. */
    long fact(String name) {
        Long value = facts.get(name);
        if (value == null) {
            throw new MissingException("nothing counted " + name);
        }
        return value;
    }

    Map<String, Long> facts() {
        return facts;
    }

    List<Sample> samples() {
        List<Sample> sorted = new ArrayList<>(samples);
        sorted.sort(Comparator.comparingLong(Sample::nanos));
        return sorted;
    }

    /** What the kernel held of {@code flow} when last seen before {@code nanos}. */
    Sample lastBefore(String flow, long nanos) {
        return samples().stream()
                .filter(sample -> sample.flow().equals(flow) && sample.nanos() < nanos)
                .reduce((earlier, later) -> later)
                .orElseThrow(() -> new MissingException("the kernel's queues were not seen"));
    }

    static long sum(List<Call> calls) {
        return calls.stream().mapToLong(call -> Math.max(0, call.n())).sum();
    }
}
