package heddle.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A test waits for a state ({@link Await}) or moves a clock; one that sleeps says why real time is its subject. */
class SleepTest {

    private static final String SLEEP = "Thread.sleep" + "(";
    private static final String REASON = "// Real time: ";

    @Test
    void whoSleepsSaysWhy() throws IOException {
        List<String> silent = new ArrayList<>();
        try (Stream<Path> modules = Files.list(Conformance.root())) {
            for (Path module : modules.sorted().toList()) {
                Path tests = module.resolve("src/test/java");
                if (Files.isDirectory(tests)) {
                    try (Stream<Path> files = Files.walk(tests)) {
                        for (Path file :
                                files.filter(Files::isRegularFile).sorted().toList()) {
                            silent.addAll(silentIn(file));
                        }
                    }
                }
            }
        }
        assertThat(silent).as("without \"" + REASON + "\" in the line above").isEmpty();
    }

    private static List<String> silentIn(Path file) throws IOException {
        List<String> lines = Files.readAllLines(file);
        List<String> silent = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).contains(SLEEP)
                    && (i == 0 || !lines.get(i - 1).strip().startsWith(REASON))) {
                silent.add(file + ":" + (i + 1) + " " + lines.get(i).strip());
            }
        }
        return silent;
    }
}
