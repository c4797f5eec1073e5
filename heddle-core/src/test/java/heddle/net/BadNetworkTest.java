package heddle.net;

import static org.junit.jupiter.api.Assumptions.abort;

import heddle.testing.ForkedJvm;
import heddle.testing.Repeat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * {@link BadNetwork} in each way of running, all at a time, each in a JVM that starts in a network of its own: so the
 * threads of its carriers and pollers are there too. Needs root, unshare(1), ip(8), ss(8) and nft(8).
 */
@Tag("thorough")
class BadNetworkTest {

    private static final List<String> IN_A_NETWORK_OF_ITS_OWN =
            List.of("unshare", "--net", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh");

    /** All that the tests need of a system, tried where it harms nobody. */
    private static final String TRIAL = "ip link add near type veth peer name far"
            + " && nft add table inet trial && nft flush ruleset && ss -K dport = 1";

    @Test
    @Timeout(300)
    void bothEndsOfABadNetworkInEachWay() throws Exception {
        String missing = missing();
        if (!missing.isEmpty()) {
            System.err.println("BadNetworkTest is SKIPPED: " + missing);
            abort(missing);
        }
        List<ForkedJvm> jvms = new ArrayList<>();
        String only = System.getProperty("heddle.way");
        for (Way mode : Way.values()) {
            String way = mode.name().toLowerCase(Locale.ROOT);
            if (only == null || only.equals(way)) {
                jvms.add(ForkedJvm.startBy(
                        IN_A_NETWORK_OF_ITS_OWN,
                        Repeat.class,
                        List.of("-ea", "-Dheddle.way=" + way),
                        System.getProperty("heddle.times", "1"),
                        BadNetwork.class.getName()));
            }
        }
        var failures = new AssertionError("see below");
        for (ForkedJvm jvm : jvms) {
            try {
                System.out.print(jvm.output());
            } catch (AssertionError failed) {
                failures.addSuppressed(failed);
            }
        }
        if (failures.getSuppressed().length > 0) {
            throw failures;
        }
    }

    /** What this system lacks; empty if nothing. */
    private static String missing() throws InterruptedException {
        List<String> command = new ArrayList<>(IN_A_NETWORK_OF_ITS_OWN);
        command.addAll(List.of("sh", "-c", TRIAL));
        try {
            Process trial =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String printed = new String(trial.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return trial.waitFor() == 0 ? "" : "needs root, iproute2 and nftables: " + printed;
        } catch (IOException noUnshare) {
            return String.valueOf(noUnshare.getMessage());
        }
    }
}
