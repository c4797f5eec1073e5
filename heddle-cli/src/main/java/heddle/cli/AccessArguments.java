package heddle.cli;

import heddle.gateway.GatewayOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** The options of {@code serve} that say who may. */
final class AccessArguments implements Arguments {

    @Secret
    @Reloaded
    @Option(
            names = "--token",
            paramLabel = "TOKEN",
            defaultValue = "${env:HEDDLE_TOKEN}",
            showDefaultValue = CommandLine.Help.Visibility.NEVER,
            description = "What clients must send to be let in. Better in the environment as"
                    + " HEDDLE_TOKEN: others see arguments.")
    private @Nullable String token;

    @Override
    public void check(Problems problems) {
        // Any token will do.
    }

    GatewayOptions into(GatewayOptions options) {
        return options.token(token);
    }
}
