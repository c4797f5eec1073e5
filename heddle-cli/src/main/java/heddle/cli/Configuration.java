package heddle.cli;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/**
 * What {@code serve} was started with: its command line, and the file that this names. Both can be read again. What is
 * read is a {@link Serve} of its own each time, so a mistake leaves the one that runs alone.
 */
final class Configuration {
    private final CommandLine started;
    private final ConfigArguments config;

    /**
     * The configuration of a command.
     *
     * @param started as it was parsed, without the file
     * @param config its options about the file
     */
    Configuration(CommandLine started, ConfigArguments config) {
        this.started = started;
        this.config = config;
    }

    /**
     * Reads the file and all files that it names.
     *
     * @param problems gets all that is wrong; then what is returned must not run
     */
    Serve read(Problems problems) {
        var heddle = Main.commandLine().setOut(started.getOut()).setErr(started.getErr());
        var here = started.getParseResult();
        List<String> arguments = new ArrayList<>(
                started.getCommandSpec().root().commandLine().getParseResult().originalArgs());
        if (config.file() != null) {
            var serve = Objects.requireNonNull(heddle.getSubcommands().get(started.getCommandName()));
            var file = new ConfigFile(config.file(), heddle, serve, problems);
            for (Map.Entry<OptionSpec, List<String>> option : file.read().entrySet()) {
                String name = option.getKey().longestName();
                if (here.hasMatchedOption(name)) {
                    problems.overruled(name);
                } else {
                    arguments.addAll(option.getValue());
                }
            }
        }
        var read =
                heddle.parseArgs(arguments.toArray(String[]::new)).subcommand().commandSpec();
        var serve = (Serve) read.userObject();
        serve.check(problems);
        return serve;
    }

    /** The options that a file may have, by their names. */
    static List<OptionSpec> keys(Serve serve) {
        return serve.spec().options().stream()
                .filter(ConfigFile::isKey)
                .sorted(Comparator.comparing(OptionSpec::longestName))
                .toList();
    }

    /** Whether a running server takes an option over. */
    static boolean isReloaded(OptionSpec option) {
        return has(option, Reloaded.class);
    }

    /** An option's value as people write it. */
    static String text(OptionSpec option) {
        @Nullable Object value = option.getValue();
        if (value == null) {
            return "(none)";
        }
        if (has(option, Secret.class)) {
            return "(secret)";
        }
        List<String> given = option.stringValues();
        return given.isEmpty()
                ? Objects.requireNonNullElse(option.defaultValue(), value.toString())
                : String.join(",", given);
    }

    private static boolean has(OptionSpec option, Class<? extends java.lang.annotation.Annotation> annotation) {
        return option.userObject() instanceof Field field && field.isAnnotationPresent(annotation);
    }
}
