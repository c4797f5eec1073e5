package heddle.stress;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.JCStress;
import org.openjdk.jcstress.Options;
import org.openjdk.jcstress.infra.Status;
import org.openjdk.jcstress.infra.collectors.DiskReadCollector;
import org.openjdk.jcstress.infra.collectors.TestResult;
import org.openjdk.jcstress.infra.grading.GradingResult;
import org.openjdk.jcstress.infra.runners.TestList;

/**
 * Runs the jcstress tests in the current folder and says whether they passed: {@code quick} or {@code thorough}, and a
 * pattern of test names if not all shall run. jcstress's own words go to a log, its report to a folder.
 *
 * <p>On a busy machine the two threads of a test may never meet, or not get anywhere. So a twin that has not shown its
 * forbidden outcome, or a test that did not end, has a second, longer run before it fails.
 */
final class StressMain {

    /** What our forks need. */
    private static final String JVM = "--add-opens java.base/java.lang=ALL-UNNAMED";

    private enum Tier {
        /** One JVM and a quarter of a second a test. */
        QUICK(250),
        /** Every way to compile and to place the two threads that jcstress knows. */
        THOROUGH(500);

        private final int testMillis;

        Tier(int testMillis) {
            this.testMillis = testMillis;
        }

        List<String> options(String tests, int timesLonger, Path report) {
            List<String> options = new ArrayList<>();
            switch (this) {
                case QUICK -> {
                    // Giving the JVM's options fixes them; otherwise jcstress varies them.
                    Collections.addAll(options, "-jvmArgs", JVM + " -XX:+UseSerialGC");
                    Collections.addAll(options, "-sc", "false", "-af", "NONE");
                    Collections.addAll(options, "-hs", "128", "-pth", "false");
                }
                case THOROUGH -> Collections.addAll(options, "-jvmArgsPrepend", JVM);
            }
            Collections.addAll(options, "-f", "1", "-fsm", "1", "-iters", "1");
            Collections.addAll(options, "-time", String.valueOf(testMillis * timesLonger));
            Collections.addAll(options, "-t", tests, "-r", report.toString());
            return options;
        }
    }

    private static final int TIMES_LONGER = 16;

    private StressMain() {}

    /** Exits with 0 if all passed, else with 1. */
    public static void main(String[] args) throws Exception {
        Tier tier = Tier.valueOf((args.length > 0 ? args[0] : "quick").toUpperCase(Locale.ROOT));
        String tests = args.length > 1 ? args[1] : ".*";
        Map<String, Verdict> verdicts = new TreeMap<>();
        for (String test : TestList.tests()) {
            if (Pattern.compile(tests).matcher(test).find()) {
                verdicts.put(test, new Verdict(test));
            }
        }
        Path report = Path.of("report").toAbsolutePath();
        System.out.printf("jcstress: %d tests, report in %s%n", verdicts.size(), report);

        run(tier.options(tests, 1, report), Path.of("log.txt"), verdicts);
        String unsettled = String.join(
                "|",
                verdicts.entrySet().stream()
                        .filter(entry -> entry.getValue().isUnsettled())
                        .map(entry -> "^" + Pattern.quote(entry.getKey()) + "$")
                        .toList());
        if (!unsettled.isEmpty()) {
            Path again = Path.of("report-again").toAbsolutePath();
            run(tier.options(unsettled, TIMES_LONGER, again), Path.of("log-again.txt"), verdicts);
        }
        System.exit(print(verdicts) ? 0 : 1);
    }

    private static void run(List<String> arguments, Path log, Map<String, Verdict> verdicts) throws Exception {
        Options options = new Options(arguments.toArray(String[]::new));
        PrintStream console = System.out;
        try (PrintStream file = new PrintStream(log.toFile(), StandardCharsets.UTF_8)) {
            System.setOut(file);
            if (!options.parse()) {
                throw new IllegalArgumentException("jcstress refuses " + arguments);
            }
            new JCStress(options).run();
        } catch (AssertionError failures) {
            // Its way of saying that tests failed, after all of them; we look at the results ourselves.
            console.println("jcstress: looking at what failed");
        } finally {
            System.setOut(console);
        }
        read(options.getResultFile(), verdicts);
    }

    private static void read(String results, Map<String, Verdict> verdicts) throws IOException, ClassNotFoundException {
        var reader = new DiskReadCollector(results, result -> record(verdicts.get(result.getName()), result));
        reader.dump();
        reader.close();
    }

    private static void record(@Nullable Verdict verdict, TestResult result) {
        if (verdict == null) {
            throw new AssertionError("a result of " + result.getName() + ", which did not run");
        }
        if (result.status() == Status.TIMEOUT_ERROR) {
            verdict.addTimeout();
        } else if (result.status() != Status.NORMAL) {
            verdict.addFailure("%s %s"
                    .formatted(
                            result.status(), String.join(System.lineSeparator() + "        ", result.getMessages())));
        }
        for (GradingResult grade : result.grading().gradingResults.values()) {
            verdict.add(new Verdict.Seen(grade.id, grade.expect, grade.count, grade.description));
        }
    }

    private static boolean print(Map<String, Verdict> verdicts) {
        boolean passed = !verdicts.isEmpty();
        for (Verdict verdict : verdicts.values()) {
            System.out.println(verdict.line());
            List<String> complaints = verdict.complaints();
            if (!complaints.isEmpty()) {
                passed = false;
                complaints.forEach(complaint -> System.out.println("    " + complaint));
                verdict.table().forEach(line -> System.out.println("    " + line));
            }
        }
        System.out.println(passed ? "jcstress: passed" : "jcstress: FAILED");
        return passed;
    }
}
