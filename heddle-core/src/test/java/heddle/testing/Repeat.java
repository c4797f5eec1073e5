package heddle.testing;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Runs test classes (or methods, {@code Class#method}) many times in one JVM: {@code Repeat TIMES CLASS...}. Goes on after a failure,
 * tells at the end how many runs failed, and exits with 1 if any did. From Maven: {@code mvn -pl heddle-core test -Prepeat}, see there.
 */
public final class Repeat {

    private Repeat() {}

    public static void main(String[] args) {
        int times = Integer.parseInt(args[0]);
        var request = LauncherDiscoveryRequestBuilder.request();
        Arrays.stream(args)
                .skip(1)
                .flatMap(arg -> Arrays.stream(arg.split(",")))
                .forEach(name ->
                        request.selectors(
                                name.contains("#") ? selectMethod(name) : selectClass(name)));
        var tests = new AtomicLong();
        int failed = repeat(times, request.build(), tests);
        System.out.println(
                failed
                        + " of "
                        + times
                        + " runs failed, "
                        + tests
                        + " tests ran, heddle.mode="
                        + System.getProperty("heddle.mode"));
        System.exit(failed == 0 ? 0 : 1);
    }

    private static int repeat(int times, LauncherDiscoveryRequest request, AtomicLong tests) {
        var launcher = LauncherFactory.create();
        int failed = 0;
        for (int i = 1; i <= times; i++) {
            var listener = new SummaryGeneratingListener();
            launcher.execute(request, listener);
            TestExecutionSummary summary = listener.getSummary();
            if (summary.getTestsFoundCount() == 0) {
                throw new IllegalArgumentException("no tests found");
            }
            tests.addAndGet(summary.getTestsStartedCount());
            if (summary.getTotalFailureCount() > 0) {
                failed++;
                var text = new StringWriter();
                summary.printFailuresTo(new PrintWriter(text), 60);
                System.out.println("run " + i + ":" + text);
            }
        }
        return failed;
    }
}
