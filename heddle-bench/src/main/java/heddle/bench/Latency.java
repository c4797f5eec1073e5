package heddle.bench;

import org.HdrHistogram.Histogram;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * How long 64 bytes there and back take on one connection, each time waking a server whose threads all sleep: Heddle's three ways and
 * java.net.Socket on virtual threads, each with one processor (carrier) and with two, in turn, round after round. The client is a bare epoll
 * loop; pin it by starting this under taskset -c 1. Prints the median of the rounds and their spread, of p50 and of p99.
 *
 * <p>Arguments: rounds (7), round trips a round (20000).
 */
public final class Latency {

    private static final int REQUEST_BYTES = 64;

    /** A server and what its rounds showed, in microseconds. */
    private static final class Row {

        final Contender server;
        final int processors;
        final double[] p50;
        final double[] p99;

        Row(Contender server, int processors, int rounds) {
            this.server = server;
            this.processors = processors;
            p50 = new double[rounds];
            p99 = new double[rounds];
        }
    }

    private Latency() {}

    /** See the class comment. */
    public static void main(String[] args) throws IOException {
        int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 7;
        long requests = args.length > 1 ? Long.parseLong(args[1]) : 20_000;
        List<Row> rows = new ArrayList<>();
        try {
            for (int processors : new int[] {1, 2}) {
                for (String name : List.of("carriers", "jdk", "nio", Contender.JAVA_NET)) {
                    rows.add(new Row(server(name, processors), processors, rounds));
                }
            }
            for (Row row : rows) {
                measure(row.server, 2 * requests); // Until the JIT has seen it all.
            }
            for (int round = 0; round < rounds; round++) {
                for (int i = 0; i < rows.size(); i++) {
                    Row row = rows.get((i + round) % rows.size());
                    Histogram nanos = measure(row.server, requests);
                    row.p50[round] = nanos.getValueAtPercentile(50) / 1e3;
                    row.p99[round] = nanos.getValueAtPercentile(99) / 1e3;
                }
            }
            System.out.printf(
                    Locale.ROOT, "1 connection, %d rounds of %d round trips%n", rounds, requests);
            rows.forEach(Latency::print);
        } finally {
            for (Row row : rows) {
                row.server.close();
            }
        }
    }

    private static Contender server(String name, int processors) throws IOException {
        return Contender.echoServer(
                name,
                -1,
                "-Dheddle.parallelism=" + processors,
                "-Djdk.virtualThreadScheduler.parallelism=" + processors);
    }

    private static Histogram measure(Contender server, long requests) {
        Histogram nanos = new Histogram(TimeUnit.MINUTES.toNanos(1), 3);
        try (EchoLoad load = new EchoLoad(server.port, 1, REQUEST_BYTES)) {
            load.run(100); // Accepted, its thread started.
            load.measure(requests, nanos);
        }
        return nanos;
    }

    private static void print(Row row) {
        System.out.printf(
                Locale.ROOT,
                "  %-16s %d processor(s)  p50 %7.1f us (%.1f-%.1f)  p99 %7.1f us (%.1f-%.1f)%n",
                row.server.name,
                row.processors,
                Spread.median(row.p50),
                Spread.min(row.p50),
                Spread.max(row.p50),
                Spread.median(row.p99),
                Spread.min(row.p99),
                Spread.max(row.p99));
    }
}
