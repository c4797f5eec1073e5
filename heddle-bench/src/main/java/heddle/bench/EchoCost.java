package heddle.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What one echo of 64 bytes costs a server in processor time: Heddle's three ways and java.net.Socket on virtual threads, each a process
 * pinned to processor 0, loaded in turn, round after round, by a loop pinned to processor 1 (start this under taskset -c 1). Prints for each
 * number of connections the median, the spread, and the ratio to the JDK's pair by pair.
 *
 * <p>Arguments: rounds (7), requests a round (100000), connections (1,64,1000), ways of Heddle
 * (carriers,jdk,nio).
 */
public final class EchoCost {

    private static final int REQUEST_BYTES = 64;

    private EchoCost() {}

    /** See the class comment. */
    public static void main(String[] args) throws IOException {
        int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 7;
        long requests = args.length > 1 ? Long.parseLong(args[1]) : 100_000;
        String[] connections = (args.length > 2 ? args[2] : "1,64,1000").split(",", -1);
        List<String> names =
                new ArrayList<>(
                        List.of((args.length > 3 ? args[3] : "carriers,jdk,nio").split(",", -1)));
        names.add(Contender.JAVA_NET);
        List<Contender> contenders = new ArrayList<>();
        try {
            for (String name : names) {
                contenders.add(Contender.echoServer(name, 0));
            }
            for (Contender contender : contenders) { // Until the JIT has seen it all.
                for (String count : connections) {
                    measure(contender, Integer.parseInt(count), 2 * requests);
                }
            }
            for (String count : connections) {
                compare(contenders, Integer.parseInt(count), rounds, requests);
            }
        } finally {
            for (Contender contender : contenders) {
                contender.close();
            }
        }
    }

    private static void compare(
            List<Contender> contenders, int connections, int rounds, long requests)
            throws IOException {
        double[][] costs = new double[contenders.size()][rounds];
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < contenders.size(); i++) {
                int turn = (i + round) % contenders.size();
                costs[turn][round] = measure(contenders.get(turn), connections, requests);
            }
        }
        double[] peer = costs[contenders.size() - 1];
        System.out.printf(
                Locale.ROOT,
                "%d connections, %d rounds of %d requests%n",
                connections,
                rounds,
                requests);
        for (int i = 0; i < contenders.size(); i++) {
            double[] ratios = new double[rounds];
            for (int round = 0; round < rounds; round++) {
                ratios[round] = costs[i][round] / peer[round];
            }
            System.out.printf(
                    Locale.ROOT,
                    "  %-16s %6.2f us CPU/request  (%.2f-%.2f)   of %s %.2f (%.2f-%.2f)%n",
                    contenders.get(i).name,
                    Spread.median(costs[i]),
                    Spread.min(costs[i]),
                    Spread.max(costs[i]),
                    Contender.JAVA_NET,
                    Spread.median(ratios),
                    Spread.min(ratios),
                    Spread.max(ratios));
        }
    }

    /** Microseconds of the server's processor time a request. */
    private static double measure(Contender contender, int connections, long requests)
            throws IOException {
        try (EchoLoad load = new EchoLoad(contender.port, connections, REQUEST_BYTES)) {
            load.run(connections * 4L); // Connected, accepted, every thread started.
            long before = contender.cpuNanos();
            load.run(requests);
            return (contender.cpuNanos() - before) / 1e3 / requests;
        }
    }
}
