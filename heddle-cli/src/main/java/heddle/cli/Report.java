package heddle.cli;

import heddle.gateway.Result;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.HdrHistogram.Histogram;

/**
 * What came of a {@link Submit}, for people and for scripts.
 *
 * @param nanos how long it took
 * @param unsent messages that were due and not sent
 * @param cpuNanos this process's processor time
 * @param isLoad whether that time is of interest, as it is of a client that makes load
 * @param fromDue whether latencies count from when messages were to be sent, in place of when they were
 */
record Report(Tally tally, long nanos, long unsent, long cpuNanos, boolean isLoad, boolean fromDue) {

    private static final Map<String, Double> PERCENTILES = percentiles();

    private static Map<String, Double> percentiles() {
        var percentiles = new LinkedHashMap<String, Double>();
        percentiles.put("p50", 50.0);
        percentiles.put("p90", 90.0);
        percentiles.put("p99", 99.0);
        percentiles.put("p99.9", 99.9);
        percentiles.put("max", 100.0);
        return percentiles;
    }

    private double perSecond() {
        return nanos == 0 ? 0 : tally.acknowledgedCount() / (nanos / 1e9);
    }

    private double cpuMicrosEach() {
        return cpuNanos / 1e3 / Math.max(1, tally.sentCount());
    }

    private static String latencies(Histogram micros) {
        return PERCENTILES.entrySet().stream()
                .map(p -> String.format(
                        Locale.ROOT, "%s %.3f ms", p.getKey(), micros.getValueAtPercentile(p.getValue()) / 1e3))
                .collect(Collectors.joining(", "));
    }

    /** A line for a second of many, in which {@code acknowledged} messages were. */
    static String second(long nanos, Tally tally, long acknowledged) {
        long failed =
                tally.failures().values().stream().mapToLong(Long::longValue).sum();
        return String.format(
                Locale.ROOT,
                "%d s: %d sent, %d acknowledged, %d not; in this second %d, %s",
                nanos / 1_000_000_000,
                tally.sentCount(),
                tally.acknowledgedCount(),
                failed,
                acknowledged,
                latencies(tally.sinceLastTime()));
    }

    List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(String.format(
                Locale.ROOT,
                "%d messages, %d acknowledged in %.3f s, %.0f a second",
                tally.sentCount(),
                tally.acknowledgedCount(),
                nanos / 1e9,
                perSecond()));
        if (tally.acknowledgedCount() > 0) {
            lines.add("ack latency " + latencies(tally.allTime()) + (fromDue ? ", from when each was to be sent" : ""));
        }
        if (isLoad) {
            lines.add(
                    String.format(Locale.ROOT, "this client's own processor time %.1f us a message", cpuMicrosEach()));
        }
        return lines;
    }

    /** One object. Results that are the client's own have words, those of the server its numbers. */
    String json() {
        var failures = tally.failures();
        String results = failures.entrySet().stream()
                .filter(failure -> failure.getKey() > 0)
                .map(failure -> String.format(Locale.ROOT, "\"%d\":%d", failure.getKey(), failure.getValue()))
                .collect(Collectors.joining(",", "{", "}"));
        var micros = tally.allTime();
        String latencies = PERCENTILES.entrySet().stream()
                .map(p -> String.format(
                        Locale.ROOT, "\"%s\":%.3f", p.getKey(), micros.getValueAtPercentile(p.getValue()) / 1e3))
                .collect(Collectors.joining(",", "{", "}"));
        return String.format(
                Locale.ROOT,
                "{\"sent\":%d,\"acknowledged\":%d,\"unknown\":%d,\"not_taken\":%d,\"results\":%s,\"unsent\":%d,"
                        + "\"seconds\":%.3f,\"per_second\":%.1f,\"latency_from\":\"%s\",\"latency_ms\":%s,"
                        + "\"client_cpu_us_each\":%.2f}",
                tally.sentCount(),
                tally.acknowledgedCount(),
                failures.getOrDefault(Result.UNKNOWN, 0L),
                failures.getOrDefault(Result.NOT_TAKEN, 0L),
                results,
                unsent,
                nanos / 1e9,
                perSecond(),
                fromDue ? "due" : "sending",
                latencies,
                cpuMicrosEach());
    }
}
