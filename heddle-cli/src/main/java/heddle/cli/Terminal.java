package heddle.cli;

import picocli.CommandLine.Model.CommandSpec;

import java.util.Objects;

/** What a command says to people: answers go to stdout, notes and errors to stderr, behind the command's name. */
final class Terminal {
    private Terminal() {}

    /** A line of the answer. */
    static void say(CommandSpec command, String line) {
        var out = command.commandLine().getOut();
        out.println(line);
        out.flush();
    }

    /** A line beside the answer. */
    static void note(CommandSpec command, String line) {
        var err = command.commandLine().getErr();
        err.println(command.qualifiedName() + ": " + line);
        err.flush();
    }

    /** Whether a person looks at it: then a progress bar makes sense, in a file or a pipe it does not. */
    static boolean isWatched() {
        // Never null since JDK 22, whose annotations do not say so yet.
        return Objects.requireNonNull(System.console()).isTerminal();
    }
}
