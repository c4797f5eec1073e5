package heddle.bench.run;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * What src/main/c/load.c prints.
 *
 * @param sharers connections, or writers, among which the answered requests are shared out
 * @param total requests answered since all was set up, before and after the window too
 * @param answered those in the window
 * @param least requests of the connection that had fewest in the window
 * @param lateAnswered on their way when the window ended, answered later
 * @param unanswered the same, never answered; their age is among the latencies
 * @param failed connections that broke
 * @param wrong answers with a wrong byte
 * @param failure the first of what failed or was wrong
 * @param latency pairs of a value in nanoseconds and how often it came
 * @param sentLate the same, of how late the load sent what was due
 */
record LoadReport(
        int sharers,
        long total,
        long answered,
        long least,
        long most,
        long lateAnswered,
        long unanswered,
        long failed,
        long wrong,
        String failure,
        Counters before,
        Counters after,
        List<List<Long>> latency,
        List<List<Long>> sentLate) {

    /** Times are of the monotonic clock; the files were read a little before the window, and after it. */
    record Counters(
            long wallNs,
            long serverNs,
            long loadNs,
            long filesNs,
            String stat,
            String status,
            String machine,
            String tasks) {}

    /** With three digits, as the load counts. */
    static Histogram histogram(List<List<Long>> pairs) {
        Histogram histogram = new Histogram(TimeUnit.HOURS.toNanos(1), 3);
        for (List<Long> pair : pairs) {
            histogram.recordValueWithCount(pair.get(0), pair.get(1));
        }
        return histogram;
    }
}
