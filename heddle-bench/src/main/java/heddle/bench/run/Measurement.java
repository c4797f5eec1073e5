package heddle.bench.run;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * One turn of one peer. What is in it was counted; what follows from that, such as the cost, is computed when it is
 * shown.
 *
 * @param ratePerSecond of the open loop; 0 for a closed one
 * @param windowNanos how long the window was
 * @param serverNanos processor time of the server in the window
 * @param loadNanos that of the load
 * @param systemShare how much of the server's time was the kernel's
 * @param switchesPerSecond of the server's threads
 * @param waitedShare time that the server's threads could run and did not, by that of the window
 * @param others processors' time that neither used, by that of the window; {@link Placement#others}
 * @param sentLateNanos how late the load sent, 99th percentile; 0 in a closed loop
 * @param histogram all latencies in HdrHistogram's compressed form, Base64
 * @param idle of the scenario of idle connections alone
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Measurement(
        String scenario,
        String peer,
        int round,
        double ratePerSecond,
        long windowNanos,
        int sharers,
        long answered,
        long least,
        long most,
        long lateAnswered,
        long unanswered,
        long failed,
        long wrong,
        String failure,
        long serverNanos,
        long loadNanos,
        double systemShare,
        double switchesPerSecond,
        double waitedShare,
        double others,
        long rssKib,
        long threads,
        long p50Nanos,
        long p99Nanos,
        long p999Nanos,
        long maxNanos,
        long sentLateNanos,
        String histogram,
        @Nullable Idle idle) {

    /**
     * Bytes for each idle connection: resident memory, and live objects of a Java server's heap (0 for others), before
     * and after a message.
     */
    record Idle(long residentBefore, long residentAfter, long heapBefore, long heapAfter, long threads) {}

    /** The same turn as that of another round. */
    Measurement asRound(int newRound) {
        return new Measurement(
                scenario,
                peer,
                newRound,
                ratePerSecond,
                windowNanos,
                sharers,
                answered,
                least,
                most,
                lateAnswered,
                unanswered,
                failed,
                wrong,
                failure,
                serverNanos,
                loadNanos,
                systemShare,
                switchesPerSecond,
                waitedShare,
                others,
                rssKib,
                threads,
                p50Nanos,
                p99Nanos,
                p999Nanos,
                maxNanos,
                sentLateNanos,
                histogram,
                idle);
    }

    static Measurement of(
            Scenario scenario,
            Peer peer,
            int round,
            double rate,
            Placement placement,
            LoadReport load,
            @Nullable Idle idle) {
        LoadReport.Counters before = load.before();
        LoadReport.Counters after = load.after();
        long windowNanos = Math.max(1, after.wallNs() - before.wallNs());
        long filesNanos = Math.max(1, after.filesNs() - before.filesNs());
        long serverNanos = after.serverNs() - before.serverNs();
        long loadNanos = after.loadNs() - before.loadNs();
        Proc.Stat then = Proc.stat(before.stat());
        Proc.Stat now = Proc.stat(after.stat());
        double system = now.systemNanos() - then.systemNanos();
        double user = now.userNanos() - then.userNanos();
        Proc.Tasks tasks = Proc.tasks(before.tasks(), after.tasks());
        Histogram latency = LoadReport.histogram(load.latency());
        Histogram sentLate = LoadReport.histogram(load.sentLate());
        return new Measurement(
                scenario.name(),
                peer.name(),
                round,
                rate,
                windowNanos,
                load.sharers(),
                load.answered(),
                load.least(),
                load.most(),
                load.lateAnswered(),
                load.unanswered(),
                load.failed(),
                load.wrong(),
                load.failure(),
                serverNanos,
                loadNanos,
                user + system == 0 ? 0 : system / (user + system),
                (tasks.voluntarySwitches() + tasks.otherSwitches()) * 1e9 / filesNanos,
                (double) tasks.waitedNanos() / filesNanos,
                placement.others(
                        Proc.processors(before.machine()),
                        Proc.processors(after.machine()),
                        filesNanos,
                        (double) (serverNanos + loadNanos) / windowNanos),
                Proc.status(after.status(), "VmRSS"),
                Proc.status(after.status(), "Threads"),
                latency.getValueAtPercentile(50),
                latency.getValueAtPercentile(99),
                latency.getValueAtPercentile(99.9),
                latency.getMaxValue(),
                sentLate.getValueAtPercentile(99),
                encoded(latency),
                idle);
    }

    private static String encoded(Histogram histogram) {
        ByteBuffer buffer = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
        int length = histogram.encodeIntoCompressedByteBuffer(buffer);
        return Base64.getEncoder().encodeToString(Arrays.copyOf(buffer.array(), length));
    }

    /** Microseconds of the server's processor time for each request; not a number if none was answered. */
    double cost() {
        return answered == 0 ? Double.NaN : serverNanos / 1e3 / answered;
    }

    double perSecond() {
        return answered * 1e9 / windowNanos;
    }

    /** Requests of the connection with fewest, by the mean of all: 1 is fair, 0 is starved. */
    double leastShare() {
        return answered == 0 ? 0 : (double) least * sharers / answered;
    }

    /** The same of the connection with most. */
    double mostShare() {
        return answered == 0 ? 0 : (double) most * sharers / answered;
    }

    double switches() {
        return answered == 0 ? Double.NaN : switchesPerSecond / perSecond();
    }

    /** How many processors the server used. */
    double serverBusy() {
        return (double) serverNanos / windowNanos;
    }

    /** How much of a processor the load used. */
    double loadBusy() {
        return (double) loadNanos / windowNanos;
    }

    /**
     * Whether the window was too short for cost and fairness: what was on its way at its ends is not small beside it.
     */
    boolean isShort() {
        return answered < 3L * sharers;
    }

    /** Whether the load held messages up for so long that it shows in the latencies. */
    boolean isSentLate() {
        return sentLateNanos > p99Nanos / 10;
    }

    /** Whether a byte was wrong or a connection broke. */
    boolean isBad() {
        return failed > 0 || wrong > 0;
    }
}
