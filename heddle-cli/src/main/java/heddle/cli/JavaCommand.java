package heddle.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/** Stands in the list of commands for {@code ./heddle java}, which the script runs by itself: it never gets here. */
@Command(
        name = "java",
        description = {
            "Runs Java with Heddle on the class path and the flags that Heddle uses.",
            "All arguments are Java's: ./heddle java MyServer.java, ./heddle java --help."
        },
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {
            "0:the program ended well",
            "1:the program failed; any other code is its own",
            ExitCodes.USAGE_TEXT
        })
final class JavaCommand implements Runnable {
    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "java is a command of the script: call ./heddle java ...");
    }
}
