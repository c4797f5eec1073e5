package heddle.lab;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.stream.Collectors;

/** What a figure of the report shows, as the JSON that its script reads. Times in microseconds. */
final class Drawing {

    /** More samples than a chart has pixels are thinned out. */
    private static final int SAMPLES_MAX = 1_500;

    private final Trace trace;
    private final long beginNanos;
    private final long endNanos;

    Drawing(Trace trace) {
        this.trace = trace;
        List<Call> calls = trace.calls();
        beginNanos = calls.isEmpty() ? 0 : calls.getFirst().beginNanos();
        endNanos = calls.stream().mapToLong(Call::endNanos).max().orElse(1);
    }

    String json() {
        List<Call> calls = trace.calls();
        List<String> names = new ArrayList<>();
        int[] lanes = lanes(calls, names);
        StringJoiner laneNames = new StringJoiner(",", "[", "]");
        names.forEach(name -> laneNames.add(Html.json(name)));
        StringJoiner drawn = new StringJoiner(",\n", "[", "]");
        for (int i = 0; i < lanes.length; i++) {
            drawn.add(json(calls.get(i), lanes[i]));
        }
        long margin = Math.max(20_000, (endNanos - beginNanos) / 60);
        return "{\"span\":[%d,%d],\"lanes\":%s,\"calls\":%s,\"held\":%s}"
                .formatted(
                        Math.max(0, beginNanos - margin) / 1_000,
                        (endNanos + margin) / 1_000,
                        laneNames,
                        drawn,
                        held());
    }

    private static String json(Call call, int lane) {
        return "{\"lane\":%d,\"begin\":%d,\"end\":%d,\"kind\":%s,\"failed\":%b,\"side\":%s,\"name\":%s,\"label\":%s,\"outcome\":%s}"
                .formatted(
                        lane,
                        call.beginNanos() / 1_000,
                        call.endNanos() / 1_000,
                        Html.json(kind(call).name()),
                        call.failed(),
                        Html.json(call.side()),
                        Html.json(call.name()),
                        Html.json(label(call)),
                        Html.json(call.outcome()));
    }

    /** Calls of a colour, by the style sheet's name. */
    enum Kind {
        read("read"),
        write("write"),
        other("other calls");

        final String label;

        Kind(String label) {
            this.label = label;
        }
    }

    private static Kind kind(Call call) {
        return switch (call.verb()) {
            case "read", "readFully", "readToEnd" -> Kind.read;
            case "write" -> Kind.write;
            default -> Kind.other;
        };
    }

    /** Those that are there. */
    Set<Kind> kinds() {
        return trace.calls().stream()
                .map(Drawing::kind)
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(Kind.class)));
    }

    /** Short enough to stand beside a bar. */
    private static String label(Call call) {
        int network = call.name().indexOf(" tcp");
        String name = network < 0 ? call.name() : call.name().substring(0, network);
        return name.replaceFirst("^set(Read|Write)Deadline", "deadline").replaceFirst("^readFully", "read");
    }

    /** A lane for each side, and more where its calls overlap: those without a name. */
    private static int[] lanes(List<Call> calls, List<String> names) {
        Map<String, List<List<Integer>>> bySide = new LinkedHashMap<>();
        for (int i = 0; i < calls.size(); i++) {
            Call call = calls.get(i);
            List<List<Integer>> rows = bySide.computeIfAbsent(call.side(), side -> new ArrayList<>());
            int index = i;
            rows.stream()
                    .filter(row -> calls.get(row.getLast()).endNanos() <= call.beginNanos())
                    .findFirst()
                    .orElseGet(() -> {
                        List<Integer> row = new ArrayList<>();
                        rows.add(row);
                        return row;
                    })
                    .add(index);
        }
        int[] lanes = new int[calls.size()];
        for (Map.Entry<String, List<List<Integer>>> side : bySide.entrySet()) {
            for (List<Integer> row : side.getValue()) {
                for (int call : row) {
                    lanes[call] = names.size();
                }
                names.add(row.equals(side.getValue().getFirst()) ? side.getKey() : "");
            }
        }
        return lanes;
    }

    /**
     * What was seen, until the last call ended, of the direction in which the kernel held most; nothing if it never
     * held any.
     */
    private List<Trace.Sample> mainFlow() {
        List<Trace.Sample> during = trace.samples().stream()
                .filter(sample -> sample.nanos() < endNanos)
                .toList();
        return during.stream()
                .max(Comparator.comparingLong(Trace.Sample::held))
                .filter(most -> most.held() > 0)
                .map(Trace.Sample::flow)
                .map(flow -> during.stream()
                        .filter(sample -> sample.flow().equals(flow))
                        .toList())
                .orElse(List.of());
    }

    boolean hasHeld() {
        return !mainFlow().isEmpty();
    }

    /** {@code client to server}, the direction that the chart shows. */
    String flow() {
        return mainFlow().getFirst().flow();
    }

    private String held() {
        StringJoiner times = new StringJoiner(",", "[", "]");
        StringJoiner unacknowledged = new StringJoiner(",", "[", "]");
        StringJoiner unread = new StringJoiner(",", "[", "]");
        List<Trace.Sample> samples = mainFlow();
        String description = "";
        if (!samples.isEmpty()) {
            int stride = samples.size() / SAMPLES_MAX + 1;
            for (int i = 0; i < samples.size(); i += stride) {
                times.add(Long.toString(samples.get(i).nanos() / 1_000));
                unacknowledged.add(Long.toString(samples.get(i).unacknowledged()));
                unread.add(Long.toString(samples.get(i).unread()));
            }
            // It stays as it was seen last until the end.
            times.add(Long.toString(endNanos / 1_000));
            unacknowledged.add(Long.toString(samples.getLast().unacknowledged()));
            unread.add(Long.toString(samples.getLast().unread()));
            description = description(samples);
        }
        return "{\"times\":%s,\"unacknowledged\":%s,\"unread\":%s,\"description\":%s}"
                .formatted(times, unacknowledged, unread, Html.json(description));
    }

    /** The chart in words. */
    private static String description(List<Trace.Sample> samples) {
        Trace.Sample fullest = samples.stream()
                .max(Comparator.comparingLong(Trace.Sample::held))
                .orElseThrow();
        return "Bytes in the kernel from %s over time: at most %s, at %s, of which %s in the sender's kernel and %s in the receiver's."
                .formatted(
                        fullest.flow(),
                        Numbers.count(fullest.held()),
                        Numbers.time(fullest.nanos()),
                        Numbers.count(fullest.unacknowledged()),
                        Numbers.count(fullest.unread()));
    }

    /** The chart in words, or "". */
    String description() {
        return hasHeld() ? description(mainFlow()) : "";
    }
}
