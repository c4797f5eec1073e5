package heddle.testing;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClasspathRoots;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.platform.engine.discovery.ClassNameFilter;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TagFilter;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/**
 * Runs test classes (or methods, {@code Class#method}, or all classes below a folder) many times in one JVM: {@code
 * Repeat TIMES WHAT...}. A folder stands for the tests of the quick tier, as the build has it. Goes on after a failure,
 * tells at the end how many runs failed, and exits with 1 if any did. From Maven: {@code mvn test -Prepeat -Dtimes=20},
 * see pom.xml.
 */
public final class Repeat {

    private Repeat() {}

    public static void main(String[] args) {
        int times = Integer.parseInt(args[0]);
        var request = LauncherDiscoveryRequestBuilder.request();
        Arrays.stream(args)
                .skip(1)
                .flatMap(arg -> Arrays.stream(arg.split(",")))
                .forEach(what -> select(request, what));
        var tests = new AtomicLong();
        int failed = repeat(times, request.build(), tests);
        System.out.println(failed + " of " + times + " runs failed, " + tests + " tests ran");
        System.exit(failed == 0 ? 0 : 1);
    }

    private static void select(LauncherDiscoveryRequestBuilder request, String what) {
        Path folder = Path.of(what);
        if (Files.isDirectory(folder)) {
            request.selectors(selectClasspathRoots(Set.of(folder)))
                    .filters(ClassNameFilter.includeClassNamePatterns(".*Test"), TagFilter.excludeTags("thorough"));
        } else {
            request.selectors(what.contains("#") ? selectMethod(what) : selectClass(what));
        }
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
            System.out.printf(
                    "run %d of %d: %d tests, %d failed, %.1f s%n",
                    i,
                    times,
                    summary.getTestsStartedCount(),
                    summary.getTotalFailureCount(),
                    (summary.getTimeFinished() - summary.getTimeStarted()) / 1000.0);
            if (summary.getTotalFailureCount() > 0) {
                failed++;
                var text = new StringWriter();
                summary.printFailuresTo(new PrintWriter(text), 60);
                System.out.println(text);
            }
        }
        return failed;
    }
}
