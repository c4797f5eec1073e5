package heddle.cli;

import picocli.CommandLine.Model.CommandSpec;

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
    @SuppressWarnings("SystemConsoleNull") // 22 to 24 had always one; 25 is as it was before
    static boolean isWatched() {
        var console = System.console();
        return console != null && console.isTerminal();
    }
}
