package heddle.cli;

import static heddle.cli.Ran.heddle;
import static org.assertj.core.api.Assertions.assertThat;

import heddle.testing.Conformance;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** examples/heddle.toml has every option of serve, with its default. */
class ConfigExampleTest {
    private static final Pattern KEY = Pattern.compile("#([a-z][a-z0-9-]*) = .+");
    private static final Pattern SECTION = Pattern.compile("\\[(.+)]");

    @TempDir
    private Path folder;

    private final List<String> lines = readLines();
    private final CommandLine command = Main.commandLine();
    private final CommandLine serve =
            Objects.requireNonNull(command.getSubcommands().get("serve"));
    private final TreeMap<String, OptionSpec> options = new TreeMap<>();

    ConfigExampleTest() {
        command.parseArgs("serve");
        for (var option : Configuration.keys(serve.getCommand())) {
            options.put(option.longestName().substring(2), option);
        }
    }

    private static List<String> readLines() {
        try {
            return Files.readAllLines(Conformance.root().resolve("examples/heddle.toml"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The names of the options in it, each with the number of its line. */
    private Map<String, Integer> keys() {
        Map<String, Integer> keys = new TreeMap<>();
        String prefix = "";
        for (int i = 0; i < lines.size(); i++) {
            var section = SECTION.matcher(lines.get(i));
            if (section.matches()) {
                prefix = section.group(1) + "-";
            }
            var key = KEY.matcher(lines.get(i));
            if (key.matches()) {
                assertThat(lines.get(i - 1))
                        .as("examples/heddle.toml:%d: above a key stands what it is for", i + 1)
                        .startsWith("# ");
                keys.put(prefix + key.group(1), i);
            }
        }
        return keys;
    }

    @Test
    void everyOptionIsInIt() {
        String missing = options.values().stream()
                .filter(option -> !keys().containsKey(option.longestName().substring(2)))
                .map(option -> "# %s\n#%s = \"%s\""
                        .formatted(
                                String.join(" ", option.description()),
                                option.longestName().substring(2),
                                Configuration.text(option)))
                .collect(Collectors.joining("\n\n"));
        assertThat(missing)
                .as("to be added to examples/heddle.toml; in a section [x] the key loses its x-")
                .isEmpty();
        assertThat(options.keySet()).as("all that is in it is an option").containsAll(keys().keySet());
    }

    @Test
    void itsDefaultsAreThoseOfTheCommand() throws IOException {
        List<String> set = new ArrayList<>(lines);
        keys().forEach((name, line) -> {
            if (options.containsKey(name) && options.get(name).getValue() != null) {
                set.set(line, lines.get(line).substring(1));
            }
        });
        Path file = Files.write(folder.resolve("heddle.toml"), set);
        var withFile = heddle("serve", "--check-config", "--config", file.toString());
        assertThat(withFile.exit()).as(withFile.err()).isZero();
        assertThat(withFile.out().replaceAll(" \\(\\S+heddle.toml:\\d+\\)", ""))
                .isEqualTo(heddle("serve", "--check-config").out());
    }

    /** Files that they name need not be there. */
    @Test
    void itsExamplesAreValuesThatAreAllowed() throws IOException {
        List<String> set = new ArrayList<>(lines);
        keys().values().forEach(line -> set.set(line, lines.get(line).substring(1)));
        Path file = Files.write(folder.resolve("heddle.toml"), set);
        var problems = new Problems();
        var found = new ConfigFile(file, command, serve, problems).read();
        assertThat(problems.all()).isEmpty();
        assertThat(found).hasSameSizeAs(options.keySet());
    }

    @Test
    void asItStandsItChangesNothing() {
        String file = Conformance.root().resolve("examples/heddle.toml").toString();
        var ran = heddle("serve", "--check-config", "--config", file);
        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(ran.out()).isEqualTo(heddle("serve", "--check-config").out());
    }
}
