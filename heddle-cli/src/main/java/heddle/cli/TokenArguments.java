package heddle.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of a client that tell which token to send. */
final class TokenArguments {

    private static final String ENVIRONMENT = "HEDDLE_TOKEN";

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--token",
            paramLabel = "TOKEN",
            description = "What the server wants to know. Better in a file, or in the environment as " + ENVIRONMENT
                    + ": others see arguments.")
    private @Nullable String token;

    @Option(names = "--token-file", paramLabel = "FILE", description = "A file whose only line is the token.")
    private @Nullable Path file;

    /**
     * The token; null for none.
     *
     * @throws IOException the file cannot be read, or is not one line
     */
    @Nullable
    String token() throws IOException {
        if (token != null && file != null) {
            throw new ParameterException(spec.commandLine(), "--token and --token-file exclude each other");
        }
        if (file == null) {
            return token != null ? token : System.getenv(ENVIRONMENT);
        }
        String text = Files.readString(file, StandardCharsets.UTF_8).stripTrailing();
        if (text.isEmpty() || text.lines().count() > 1) {
            throw new IOException(file + ": want one line, the token");
        }
        return text;
    }
}
