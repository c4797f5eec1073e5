package heddle.cli;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlTable;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/**
 * The file of {@code --config}: TOML 1.0, in which each key is an option of {@code serve}. A key's path joined with
 * {@code -} is the option's long name; an array repeats the option. Each value goes through picocli as if it had been
 * given on the command line, so that there is one set of rules.
 */
final class ConfigFile {
    private final Path file;
    private final CommandLine heddle;
    private final CommandLine serve;

    /** What may be a key, by its long name. */
    private final Map<String, OptionSpec> options = new TreeMap<>();

    private final Problems problems;

    /** Options whose value is of no use. */
    private final Set<OptionSpec> bad = new HashSet<>();

    /**
     * The file, not read yet.
     *
     * @param heddle the whole command, which tries the values
     * @param serve its subcommand
     * @param problems gets what is wrong, and where each option is
     */
    ConfigFile(Path file, CommandLine heddle, CommandLine serve, Problems problems) {
        this.file = file;
        this.heddle = heddle;
        this.serve = serve;
        this.problems = problems;
        for (var option : serve.getCommandSpec().options()) {
            if (isKey(option)) {
                options.put(option.longestName().substring(2), option);
            }
        }
    }

    /** Whether an option may stand in the file. */
    static boolean isKey(OptionSpec option) {
        return !option.usageHelp()
                && !option.versionHelp()
                && !(option.userObject() instanceof java.lang.reflect.Field field
                        && field.getDeclaringClass() == ConfigArguments.class);
    }

    /** The options in it that make sense, each with its arguments for the command line. */
    Map<OptionSpec, List<String>> read() {
        var found = parse();
        if (found == null) {
            return Map.of();
        }
        Map<OptionSpec, List<String>> arguments = new HashMap<>();
        List<List<String>> paths = new ArrayList<>(found.keyPathSet(true));
        paths.sort(Comparator.comparingInt(path -> line(found, path)));
        for (var path : paths) {
            Object value = Objects.requireNonNull(found.get(path));
            String name = String.join("-", path);
            String line = file + ":" + line(found, path);
            String key = String.join(".", path);
            if (value instanceof TomlTable table && isPart(name, table)) {
                continue;
            }
            var option = options.get(name);
            if (option == null) {
                problems.at(line + ": " + key, "unknown key: " + nearest(path, name));
            } else if (arguments.containsKey(option)) {
                problems.at(line + ": " + key, "is given twice, as it is --" + name + " too");
            } else {
                problems.found(option.longestName(), line, key);
                arguments.put(option, arguments(option, value));
            }
        }
        arguments.keySet().removeAll(bad);
        return arguments;
    }

    private @Nullable TomlParseResult parse() {
        try {
            var found = Toml.parse(Files.readString(file));
            found.errors().forEach(this::refuse);
            return found.hasErrors() ? null : found;
        } catch (CharacterCodingException e) {
            problems.at(file.toString(), "is not UTF-8");
        } catch (IOException e) {
            problems.at("--config", Main.text(e));
        } catch (TomlParseError e) { // some it throws, as a bad escape within the name of a table
            refuse(e);
        } catch (RuntimeException e) {
            // The parser fails at a date whose offset is cut off; it knows no place then.
            problems.at(file.toString(), "is no TOML: look for a date or a time that is not whole (" + e + ")");
        }
        return null;
    }

    private void refuse(TomlParseError error) {
        problems.at(file + ":" + error.position().line(), said(error.getMessage()));
    }

    /** What the parser says, and beside it the mistakes that are made most. */
    private static String said(@Nullable String message) {
        if (message == null) {
            return "is no TOML";
        }
        if (message.contains("escape sequence")) {
            return message + "; write a backslash twice, or the text in single quotes";
        }
        return message + (message.contains("a number, a boolean") ? "; a text, a time and a size stand in quotes" : "");
    }

    private static int line(TomlTable found, List<String> path) {
        var position = found.inputPositionOf(path);
        return position == null ? 0 : position.line();
    }

    /** Whether a table holds others' keys, which are looked at by themselves, or may hold some. */
    private boolean isPart(String name, TomlTable table) {
        return !table.isEmpty() || options.keySet().stream().anyMatch(key -> key.startsWith(name + "-"));
    }

    private List<String> arguments(OptionSpec option, Object value) {
        List<String> arguments = new ArrayList<>();
        if (!(value instanceof TomlArray array)) {
            arguments.add(argument(option, value));
        } else if (option.isMultiValue()) {
            for (Object element : array.toList()) {
                arguments.add(argument(option, element));
            }
        } else {
            refuse(option, "want one value, not an array");
        }
        return arguments;
    }

    /** The option with one value, which is tried. */
    private String argument(OptionSpec option, Object value) {
        boolean isFlag = option.arity().max() == 0;
        String argument = option.longestName() + "=" + value;
        if (isFlag ? !(value instanceof Boolean) : !(value instanceof String || value instanceof Long)) {
            refuse(option, isFlag ? "want true or false" : "want a text or a whole number");
            return argument;
        }
        try {
            // The whole command: picocli parses no subcommand by itself.
            heddle.parseArgs(serve.getCommandName(), argument);
        } catch (ParameterException e) {
            refuse(option, reason(e));
        }
        return argument;
    }

    private void refuse(OptionSpec option, String text) {
        bad.add(option);
        problems.add(option.longestName(), text);
    }

    /** Without picocli's words about an option, as the place is known. */
    static String reason(ParameterException failure) {
        var told = failure.getCause() instanceof TypeConversionException cause ? cause : failure;
        return String.valueOf(told.getMessage());
    }

    /** Of all keys the one that was meant, probably. */
    private String nearest(List<String> path, String name) {
        String nearest = options.keySet().stream()
                .min(Comparator.comparingInt(key -> distance(name, key)))
                .orElseThrow();
        String table = String.join("-", path.subList(0, path.size() - 1)) + "-";
        boolean sameTable = path.size() > 1 && nearest.startsWith(table);
        return "the nearest is "
                + (sameTable
                        ? String.join(".", path.subList(0, path.size() - 1)) + "." + nearest.substring(table.length())
                        : nearest);
    }

    /** How many letters must be put in, taken out or changed to make one of the other (Levenshtein). */
    static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int changed = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(changed, Math.min(row[j - 1], diagonal) + 1);
            }
        }
        return row[row.length - 1];
    }
}
